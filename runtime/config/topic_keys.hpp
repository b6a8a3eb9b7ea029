#pragma once

#include "runtime/config/config_value.hpp"
#include "runtime/config/topic_config.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

/// The table behind topic_config.
namespace barnabas {

/// A broker key that gives a topic key its default; its number counts in units of `factor`.
struct server_synonym {
    std::string_view name;
    std::int64_t factor = 1;
};

using topic_field = std::variant<std::monostate, bool topic_config::*, std::int32_t topic_config::*,
                                 std::int64_t topic_config::*, double topic_config::*,
                                 std::string topic_config::*, void (*)(topic_config&, const config_value&)>;

struct topic_key {
    std::string_view name;
    config_type type;
    const char* default_text;
    value_check check;
    std::string_view documentation;
    topic_field field = {};
    /// The strongest first.
    std::array<server_synonym, 3> synonyms = {};
    /// For tests: accepted, but neither listed nor documented.
    bool hidden = false;
};

/// Sorted by name.
std::span<const topic_key> topic_keys();
const topic_key* find_topic_key(std::string_view name);

} // namespace barnabas
