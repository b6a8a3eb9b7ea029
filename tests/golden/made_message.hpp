#pragma once

#include "protocol/model/slice.hpp"
#include "tests/golden/description.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// Messages of any schema and version, made from a number.
namespace barnabas::golden {

/// What messages filled with what is known name: a topic, and whatever else has a name.
inline constexpr std::string_view known_name = "orders";
/// And its id: all zero but for the last byte.
inline constexpr std::uint8_t known_id_byte = 7;

/// How a message is filled.
enum class filling : std::uint8_t {
    drawn,   ///< sizes, nulls and tagged fields as they come
    minimal, ///< zero, empty and null as far as the version allows; no tagged fields
    known,   ///< one element in each array, names of a topic that tests have, small numbers, nothing null
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
