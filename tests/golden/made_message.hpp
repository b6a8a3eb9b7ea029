#pragma once

#include "protocol/model/slice.hpp"
#include "tests/golden/description.hpp"

#include <cstdint>
#include <string>

/// Messages of any schema and version, made from a number.
namespace barnabas::golden {

/// How a message is filled.
enum class filling : std::uint8_t {
    drawn,   ///< sizes, nulls and tagged fields as they come
    minimal, ///< zero, empty and null as far as the version allows; no tagged fields
};

/// The bytes on the wire and the JSON that they mean, in the conventions of the golden vectors.
struct made_message {
    slice bytes;
    std::string json;
};

/// The same arguments give the same message.
made_message make_message(const message_description& of, std::int16_t version, std::uint64_t seed,
                          filling how = filling::drawn);

} // namespace barnabas::golden
