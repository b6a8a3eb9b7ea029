#pragma once

#include "protocol/model/error.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What configuration values are made of, for broker and topic configuration alike.
namespace barnabas {

/// Numbers as in DescribeConfigs.
enum class config_type : std::int8_t {
    boolean = 1,
    string = 2,
    int32 = 3,
    int16 = 4,
    int64 = 5,
    real = 6,
    list = 7,
    class_name = 8,
    password = 9,
};

/// "INT", "LONG", ... as Kafka's messages and documentation call them.
std::string_view name_of(config_type type) noexcept;

/// Which values of the type are allowed. Numbers lie in [min, max] or equal `also`; strings and elements of
/// lists are one of `words` (separated by blanks; empty means any).
struct value_check {
    std::int64_t min = std::numeric_limits<std::int64_t>::min();
    std::int64_t max = std::numeric_limits<std::int64_t>::max();
    std::optional<std::int64_t> also;
    std::string_view words;
    /// An empty text or list is refused.
    bool not_empty = false;
    /// A word may be written in capitals, too; it is read as it stands in `words`.
    bool any_case = false;
};

constexpr value_check at_least(std::int64_t min) {
    value_check check;
    check.min = min;
    return check;
}
constexpr value_check between(std::int64_t min, std::int64_t max) {
    value_check check;
    check.min = min;
    check.max = max;
    return check;
}
constexpr value_check between_or(std::int64_t min, std::int64_t max, std::int64_t also) {
    value_check check = between(min, max);
    check.also = also;
    return check;
}
constexpr value_check not_empty() {
    value_check check;
    check.not_empty = true;
    return check;
}
constexpr value_check one_of(std::string_view words) {
    value_check check;
    check.words = words;
    check.not_empty = true;
    return check;
}
constexpr value_check one_of_any_case(std::string_view words) {
    value_check check = one_of(words);
    check.any_case = true;
    return check;
}
constexpr value_check any_of_list(std::string_view words) {
    value_check check;
    check.words = words;
    return check;
}

/// A value that its type and its check allow.
struct config_value {
    bool boolean = false;
    std::int64_t number = 0;
    double real = 0;
    std::string text;
    std::vector<std::string> list;
};

/// Blanks around the text are dropped. The error's detail is Kafka's reason ("Value must be at least 1").
result<config_value> parse_config_value(config_type type, const value_check& check, std::string_view text);

/// Which values are allowed, for people: "a whole number of at least 1", "one of: delete, compact".
std::string allowed_values(config_type type, const value_check& check);

/// Elements between commas, without blanks around them; empty ones are dropped.
std::vector<std::string> split_list(std::string_view text);
std::string_view trimmed(std::string_view text) noexcept;

/// One row of DescribeConfigs.
struct config_synonym {
    std::string name;
    std::optional<std::string> value;
    int source = 5;
};
struct config_row {
    std::string name;
    std::optional<std::string> value;
    /// Kafka's ConfigSource, one of those below.
    int source = 5;
    config_type type = config_type::string;
    bool read_only = false;
    bool sensitive = false;
    /// From the strongest to the default.
    std::vector<config_synonym> synonyms;
    std::string documentation;
};

inline constexpr int source_topic = 1;
/// Altered while the cluster runs: for one broker, for all of them.
inline constexpr int source_altered_here = 2;
inline constexpr int source_altered_for_all = 3;
/// The broker's file.
inline constexpr int source_static_broker = 4;
inline constexpr int source_default = 5;

} // namespace barnabas
