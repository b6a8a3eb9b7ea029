#pragma once

#include <cstdint>
#include <span>
#include <string_view>

/// The schemas as data (`describe.py` writes them). Tests make messages from these with a codec of their own,
/// so that a mistake of the generated one is not made twice.
namespace barnabas::golden {

enum class wire_type : std::uint8_t {
    bool_type,
    int8_type,
    int16_type,
    uint16_type,
    int32_type,
    uint32_type,
    int64_type,
    float64_type,
    uuid_type,
    string_type,
    bytes_type,
    records_type,
    structure,
};

struct struct_description;

struct field_description {
    std::string_view name;
    wire_type type;
    bool is_array;
    /// Not compact, even in flexible versions.
    bool plain;
    /// A nullable field whose default is empty instead of null.
    bool default_is_empty;
    std::int16_t lowest_version;
    std::int16_t highest_version;
    /// Versions in which it may be null; none when the first is greater.
    std::int16_t lowest_nullable;
    std::int16_t highest_nullable;
    /// -1 if it is not tagged.
    std::int32_t tag;
    std::int64_t default_number;
    const struct_description* fields;
};

struct struct_description {
    std::span<const field_description> fields;
};

struct message_description {
    std::string_view name;
    std::int16_t lowest_version;
    std::int16_t highest_version;
    std::int16_t first_flexible_version;
    const struct_description* fields;
};

std::span<const message_description> message_descriptions() noexcept;

} // namespace barnabas::golden
