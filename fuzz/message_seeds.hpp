#pragma once

#include "fuzz/messages.hpp"
#include "protocol/model/error.hpp"

#include <cstdint>
#include <string>

/// Seeds of the targets of generated messages: each message, filled, in the versions at which forms change.
namespace barnabas::fuzz {

/// A message of that version, filled as far as a few hundred bytes go; an error if it does not decode.
result<slice> filled_message(const kafka::message_type& type, std::int16_t version);

/// What the target reads: the number of the message, the version, the bytes.
std::string as_input(const kafka::message_type& type, std::int16_t version, const slice& bytes);

/// A stream for the target `connection`: a client asks for what there is, in one version of one API.
result<std::string> asked_stream(const kafka::message_type& type, std::int16_t version);

} // namespace barnabas::fuzz
