#pragma once

#include "protocol/kafka/message_table.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

/// What the targets of generated messages share. An input is two bytes that choose the message, one for the
/// version, then the message's bytes; a new schema is covered by being in the table.
namespace barnabas::fuzz {

enum class message_group : std::uint8_t { requests, responses, others };

constexpr message_group group_of(kafka::message_kind kind) noexcept {
    switch (kind) {
    case kafka::message_kind::request: return message_group::requests;
    case kafka::message_kind::response: return message_group::responses;
    default: return message_group::others;
    }
}

/// The message that `number` chooses of a group: the api key of requests and responses, which stays when
/// schemas are added; the others are counted. Whatever names none chooses one anyhow.
const kafka::message_type& message_named(message_group group, std::uint16_t number);

/// The number by which an input chooses this message.
std::uint16_t number_of(const kafka::message_type& type);

/// The versions at which a message's form is worth a seed: the lowest, the first flexible and the highest,
/// each once.
std::vector<std::int16_t> telling_versions(const kafka::message_type& type);
/// The same of some of its versions.
std::vector<std::int16_t> telling_versions(std::int16_t lowest, std::int16_t first_flexible,
                                           std::int16_t highest);

/// What an input of that group decodes to.
struct read_input {
    const kafka::message_type* type;
    std::int16_t version;
    slice bytes;
    kafka::round_trip done;
};

/// Nothing for an input that is refused.
std::optional<read_input> read_message(message_group group, const std::uint8_t* data, std::size_t size);

/// What decodes is written back to something that decodes to the same and has the size foretold; what does
/// not is refused without a trace.
void check_message(message_group group, const std::uint8_t* data, std::size_t size);

} // namespace barnabas::fuzz
