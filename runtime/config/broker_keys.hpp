#pragma once

#include "runtime/config/broker_config.hpp"
#include "runtime/config/config_value.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The tables behind broker_config: everything that is said about a key stands in its row.
namespace barnabas {

enum class key_use : std::uint8_t {
    used,       ///< the broker goes by it
    accepted,   ///< known, checked, without effect yet; a warning says so
    java_class, ///< names a Java class: refused unless empty or one of the check's words
};

/// Where the value goes. A function stands for values that need more than a copy.
using broker_field = std::variant<std::monostate, bool broker_config::*, std::int32_t broker_config::*,
                                  std::int64_t broker_config::*, double broker_config::*,
                                  std::string broker_config::*, std::vector<std::string> broker_config::*,
                                  result<void> (*)(broker_config&, const config_value&)>;

/// What becomes of it when clients alter a key while the broker runs. Those that give topics their defaults
/// can be altered without a mark here.
struct key_alteration {
    enum class outcome : std::uint8_t {
        refused,   ///< the broker reads the key at its start alone
        read_anew, ///< the field follows, and each pass of compaction looks at it
        of_image,  ///< who needs it asks for what was altered (cordon.hpp); the field stays
        no_effect, ///< taken, so that tools which tune Kafka's threads go on
    };
    outcome what = outcome::refused;
    /// Beside the key's own check: it comes over the wire, where the file's reader trusts whoever starts the
    /// broker.
    value_check check = {};
    /// `check.min` is no allowed value itself.
    bool above_min = false;
};

struct broker_key {
    std::string_view name;
    config_type type;
    /// Null when the key has no default.
    const char* default_text;
    value_check check;
    std::string_view documentation;
    broker_field field = {};
    key_alteration altered = {};
    key_use use = key_use::used;
    /// For tests: accepted, but neither listed nor documented.
    bool hidden = false;
};

/// Keys that the broker goes by.
std::span<const broker_key> used_broker_keys();
/// Keys that are known and have no effect yet, among them the Java classes.
std::span<const broker_key> accepted_broker_keys();
/// Null when the key is in neither table.
const broker_key* find_broker_key(std::string_view name);

/// A key of older versions of Kafka: why it has no meaning here. `name` ending in '.' stands for all that
/// begin so.
struct removed_key {
    std::string_view name;
    std::string_view why;
};
std::span<const removed_key> removed_broker_keys();
const removed_key* find_removed_key(std::string_view name);

/// Why a configuration cannot be used; `key` is the key to look at.
struct config_problem {
    std::string key;
    std::string why;
};

/// Computes what follows from several keys: id, directories, durations in several units, listeners.
std::optional<config_problem> resolve(broker_config& config);
/// Sentences about what is accepted and hardly meant: listeners that are not opened, keys that do not go
/// together.
std::vector<std::string> warnings_of(const broker_config& config);

} // namespace barnabas
