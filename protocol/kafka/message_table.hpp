#pragma once

#include "protocol/kafka/wire.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Every message by name. Tests, fuzzing and tools work on this table, so that a new schema is covered at
/// once.
namespace barnabas::kafka {

/// What came of decoding some bytes and encoding the message again.
struct round_trip {
    std::string json;
    /// Bytes of the input that belong to the message.
    std::size_t consumed = 0;
    std::vector<slice> encoded;
    std::size_t encoded_size = 0;
};

enum class message_kind : std::uint8_t { request, response, header, record_key, record_value, data };

struct message_type {
    std::string_view name;
    message_kind kind;
    /// Of requests and responses; the record type of keys and values of records; else -1.
    std::int16_t api_key;
    std::int16_t lowest_version;
    std::int16_t highest_known_version;
    std::int16_t first_flexible_version;
    result<round_trip> (*run_round_trip)(const slice& bytes, std::int16_t version);
};

std::span<const message_type> message_table() noexcept;

/// Nothing for a name that no schema has.
const message_type* find_message(std::string_view name) noexcept;

template <class Message>
result<round_trip> run_round_trip(const slice& bytes, std::int16_t version) {
    wire_reader in(bytes);
    const auto message = Message::decode(in, version);
    if (!message)
        return message.failure();
    wire_writer out;
    message->encode(out, version);
    round_trip done;
    done.json = message->to_json(version);
    done.consumed = in.position();
    done.encoded = out.finish();
    done.encoded_size = message->encoded_size(version);
    return done;
}

template <class Message>
constexpr message_type message_type_of(std::string_view name, message_kind kind) {
    return {name,
            kind,
            Message::api_key,
            Message::lowest_version,
            Message::highest_known_version,
            Message::first_flexible_version,
            &run_round_trip<Message>};
}

} // namespace barnabas::kafka
