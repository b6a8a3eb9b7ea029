#pragma once

#include "protocol/kafka/wire.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/slice.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

/// What all records of `__consumer_offsets` share: keys begin with the number of their kind, values with
/// their version, both as int16.
namespace barnabas::group {

template <class Message>
std::vector<std::byte> encode_versioned(std::int16_t number, const Message& message, std::int16_t version) {
    kafka::wire_writer out;
    out.int16(number);
    message.encode(out, version);
    const slice whole = out.finish_contiguous();
    return {whole.bytes().begin(), whole.bytes().end()};
}

template <class Message>
result<Message> decode_versioned(std::span<const std::byte> bytes, std::int16_t version) {
    kafka::wire_reader in(slice::copy_of(bytes));
    in.int16("version");
    auto message = Message::decode(in, version);
    if (!message)
        return error{errc::corrupt_message, message.failure().detail};
    if (!in.at_end())
        return error{errc::corrupt_message,
                     std::to_string(in.remaining()) + " bytes are left over behind the last field"};
    return message;
}

inline std::int16_t leading_int16(std::span<const std::byte> bytes) {
    return static_cast<std::int16_t>(std::to_integer<int>(bytes[0]) << 8 | std::to_integer<int>(bytes[1]));
}

/// Decodes a value in the version that it says it has, if that is one that is known.
template <class Message>
result<Message> decode_value(std::span<const std::byte> value) {
    if (value.size() < 2)
        return error{errc::corrupt_message, "its value has no room for a version"};
    const auto version = leading_int16(value);
    if (version < 0 || version > Message::highest_version)
        return error{errc::unsupported_version, "its value has version " + std::to_string(version) +
                                                    ", this Barnabas reads up to " +
                                                    std::to_string(Message::highest_version)};
    return decode_versioned<Message>(value, version);
}

inline std::int32_t saturated_ms(std::chrono::milliseconds duration) {
    constexpr auto most = std::numeric_limits<std::int32_t>::max();
    return duration.count() > most ? most : static_cast<std::int32_t>(duration.count());
}

} // namespace barnabas::group
