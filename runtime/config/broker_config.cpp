#include "runtime/config/broker_config.hpp"

#include "protocol/model/assert.hpp"
#include "runtime/config/broker_keys.hpp"
#include "runtime/config/closest.hpp"

#include <algorithm>
#include <array>

namespace barnabas {

namespace {

/// Puts a checked value into its typed field.
struct assigner {
    broker_config& config;
    const config_value& value;

    result<void> operator()(std::monostate) const { return {}; }
    result<void> operator()(bool broker_config::*field) const {
        config.*field = value.boolean;
        return {};
    }
    result<void> operator()(std::int32_t broker_config::*field) const {
        config.*field = static_cast<std::int32_t>(value.number);
        return {};
    }
    result<void> operator()(std::int64_t broker_config::*field) const {
        config.*field = value.number;
        return {};
    }
    result<void> operator()(double broker_config::*field) const {
        config.*field = value.real;
        return {};
    }
    result<void> operator()(std::string broker_config::*field) const {
        config.*field = value.text;
        return {};
    }
    result<void> operator()(std::vector<std::string> broker_config::*field) const {
        config.*field = value.list;
        return {};
    }
    result<void> operator()(result<void> (*take)(broker_config&, const config_value&)) const {
        return take(config, value);
    }
};

std::string shown_value(const broker_key& key, std::string_view text) {
    return key.type == config_type::password ? "(hidden)" : "'" + std::string(text) + "'";
}

/// Why the row does not take this text; nothing when it did. Fields that follow from several keys are left
/// alone.
std::optional<std::string> assign(broker_config& config, const broker_key& key, std::string_view text) {
    if (key.use == key_use::java_class) {
        const bool known = !key.check.words.empty() && parse_config_value(config_type::list, key.check, text);
        if (!known && !trimmed(text).empty())
            return std::string(key.name) + " names the Java class '" + std::string(trimmed(text)) +
                   "', and Barnabas runs no Java classes; remove the key";
        return std::nullopt;
    }
    auto value = parse_config_value(key.type, key.check, text);
    if (!value)
        return "invalid value " + shown_value(key, text) + " for " + std::string(key.name) + ": " +
               value.failure().detail + "; allowed is " + allowed_values(key.type, key.check);
    if (auto taken = std::visit(assigner{config, *value}, key.field); !taken)
        return "invalid value " + shown_value(key, text) + " for " + std::string(key.name) + ": " +
               taken.failure().detail;
    return std::nullopt;
}

std::string unknown_key(const std::string& key, const std::string& consequence) {
    std::vector<std::string_view> names;
    for (const auto table : {used_broker_keys(), accepted_broker_keys()})
        for (const auto& row : table)
            if (!row.hidden)
                names.push_back(row.name);
    const auto meant = closest(key, names);
    return "no configuration is named " + key + consequence +
           (meant ? " (did you mean " + std::string(*meant) + "?)" : "");
}

/// What a person should know about a key that is accepted; nothing when there is nothing to say.
std::optional<std::string> warning_for(const std::string& key, std::string_view value,
                                       const broker_key* row) {
    if (row != nullptr && row->use == key_use::used)
        return std::nullopt;
    if (row != nullptr && row->use == key_use::java_class && trimmed(value).empty())
        return std::nullopt;
    if (row != nullptr)
        return key + " is known, but this version does not use it yet";
    if (const auto* removed = find_removed_key(key))
        return key + " has no meaning any more and is ignored: " + std::string(removed->why);
    if (key.starts_with("listener.name."))
        return key + " is known, but this version does not use settings of single listeners yet";
    return unknown_key(key, "; it is ignored");
}

/// One key of the file or of the overrides. Returns the error, if any.
std::optional<error> take(loaded_config& loaded, const property& one) {
    const auto* row = find_broker_key(one.key);
    if (row != nullptr) {
        if (auto why = assign(loaded.config, *row, one.value))
            return error{errc::invalid_config, one.origin + ": " + *why};
        loaded.config.set_values[one.key] = std::string(trimmed(one.value));
    }
    if (auto warning = warning_for(one.key, one.value, row))
        loaded.warnings.push_back(one.origin + ": " + *warning);
    return std::nullopt;
}

std::string origin_of(const std::vector<property>& all, const std::string& key) {
    std::string origin = "default";
    for (const auto& one : all)
        if (one.key == key)
            origin = one.origin;
    return origin;
}

} // namespace

broker_config::broker_config() {
    for (const auto& key : used_broker_keys()) {
        if (key.default_text == nullptr)
            continue;
        const auto problem = assign(*this, key, key.default_text);
        BARNABAS_ASSERT(!problem);
    }
    const auto problem = resolve(*this);
    BARNABAS_ASSERT(!problem);
}

result<void> broker_config::set(std::string_view key, std::string_view value) {
    const auto* row = find_broker_key(key);
    if (row == nullptr)
        return error{errc::invalid_config, unknown_key(std::string(key), "")};
    broker_config changed = *this;
    if (auto why = assign(changed, *row, value))
        return error{errc::invalid_config, *why};
    changed.set_values[std::string(key)] = std::string(trimmed(value));
    if (auto problem = resolve(changed))
        return error{errc::invalid_config, problem->why};
    *this = std::move(changed);
    return {};
}

std::optional<std::string> broker_config::text_of(std::string_view key) const {
    const auto found = set_values.find(std::string(key));
    if (found != set_values.end())
        return found->second;
    const auto* row = find_broker_key(key);
    if (row == nullptr || row->default_text == nullptr)
        return std::nullopt;
    return row->default_text;
}

result<loaded_config> load(std::string_view file_name, std::string_view text,
                           const std::vector<property>& on_top) {
    auto properties = parse_properties(file_name, text);
    if (!properties)
        return properties.failure();
    properties->insert(properties->end(), on_top.begin(), on_top.end());
    loaded_config loaded;
    for (const auto& one : *properties)
        if (auto failure = take(loaded, one))
            return *failure;
    if (auto problem = resolve(loaded.config))
        return error{errc::invalid_config, origin_of(*properties, problem->key) + ": " + problem->why};
    for (auto& warning : warnings_of(loaded.config))
        loaded.warnings.push_back(std::move(warning));
    return loaded;
}

result<property> parse_override(std::string_view text) {
    const auto sign = text.find('=');
    const auto key = trimmed(text.substr(0, std::min(sign, text.size())));
    if (sign == std::string_view::npos || key.empty())
        return error{errc::invalid_config,
                     "--override: '" + std::string(text) + "' has no value; write key=value"};
    return property{std::string(key), std::string(text.substr(sign + 1)), "--override"};
}

} // namespace barnabas
