#include "runtime/config/topic_config.hpp"

#include "protocol/model/assert.hpp"
#include "runtime/config/topic_keys.hpp"

#include <algorithm>
#include <charconv>

namespace barnabas {

namespace {

error invalid(std::string why) {
    return {errc::invalid_config, std::move(why)};
}

/// Puts a checked value into its typed field.
struct assigner {
    topic_config& config;
    const config_value& value;

    void operator()(std::monostate) const {}
    void operator()(bool topic_config::*field) const { config.*field = value.boolean; }
    void operator()(std::int32_t topic_config::*field) const {
        config.*field = static_cast<std::int32_t>(value.number);
    }
    void operator()(std::int64_t topic_config::*field) const { config.*field = value.number; }
    void operator()(double topic_config::*field) const { config.*field = value.real; }
    void operator()(std::string topic_config::*field) const { config.*field = value.text; }
    void operator()(void (*take)(topic_config&, const config_value&)) const { take(config, value); }
};

/// The broker key's text in the unit of the topic key.
std::string converted(const std::string& text, std::int64_t factor) {
    std::int64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (factor == 1 || read.ec != std::errc())
        return text;
    return std::to_string(number < 0 ? -1 : number * factor);
}

/// What the broker says for this topic key, the strongest first.
std::vector<config_synonym> broker_values(const broker_config& broker, const topic_key& key) {
    std::vector<config_synonym> values;
    const auto take = [&](const std::map<std::string, std::string>& from, int source) {
        for (const auto& synonym : key.synonyms) {
            const auto set = from.find(std::string(synonym.name));
            if (!synonym.name.empty() && set != from.end())
                values.push_back({set->first, converted(set->second, synonym.factor), source});
        }
    };
    take(broker.altered_here, source_altered_here);
    take(broker.altered_for_all, source_altered_for_all);
    take(broker.set_values, source_static_broker);
    return values;
}

std::optional<std::string> default_of(const topic_key& key) {
    return key.default_text == nullptr ? std::nullopt : std::optional<std::string>(key.default_text);
}

/// The text that holds for the topic; nothing when the key has no value.
std::optional<std::string> text_for(const broker_config& broker, const topic_key& key,
                                    const std::map<std::string, std::string>& overrides) {
    if (const auto own = overrides.find(std::string(key.name)); own != overrides.end())
        return own->second;
    if (auto from_broker = broker_values(broker, key); !from_broker.empty())
        return from_broker.front().value;
    return default_of(key);
}

using given_configs = std::map<std::string, std::optional<std::string>>;

std::int64_t number_or_default(const given_configs& configs, const std::string& name) {
    const auto* key = find_topic_key(name);
    const auto given = configs.find(name);
    const auto text =
        given != configs.end() && given->second ? *given->second : std::string(key->default_text);
    auto value = parse_config_value(key->type, key->check, text);
    BARNABAS_ASSERT(value.has_value());
    return value->number;
}

/// Rules about several keys at once. Each value alone has passed.
result<void> check_together(const given_configs& configs) {
    const auto min_lag = number_or_default(configs, "min.compaction.lag.ms");
    const auto max_lag = number_or_default(configs, "max.compaction.lag.ms");
    if (min_lag > max_lag)
        return invalid("conflict topic config setting min.compaction.lag.ms (" + std::to_string(min_lag) +
                       ") > max.compaction.lag.ms (" + std::to_string(max_lag) + ")");
    const auto remote = configs.find("remote.storage.enable");
    const auto& key = *find_topic_key("remote.storage.enable");
    if (remote != configs.end() && remote->second &&
        parse_config_value(key.type, key.check, *remote->second)->boolean)
        return invalid("remote.storage.enable=true needs tiered storage, which this broker does not have");
    return {};
}

config_row describe(const broker_config& broker, const topic_key& key,
                    const std::map<std::string, std::string>& overrides) {
    config_row row;
    row.name = key.name;
    row.type = key.type;
    row.documentation = key.documentation;
    if (const auto own = overrides.find(row.name); own != overrides.end())
        row.synonyms.push_back({row.name, own->second, source_topic});
    for (auto& synonym : broker_values(broker, key))
        row.synonyms.push_back(std::move(synonym));
    const auto& last = key.synonyms.front().name;
    row.synonyms.push_back({last.empty() ? row.name : std::string(last), default_of(key), source_default});
    row.value = row.synonyms.front().value;
    row.source = row.synonyms.front().source;
    return row;
}

} // namespace

result<void> check_topic_configs(const given_configs& configs) {
    for (const auto& [name, value] : configs) {
        const auto* key = find_topic_key(name);
        if (key == nullptr)
            return invalid("Unknown topic config name: " + name);
        if (!value)
            return invalid("Null value not supported for topic configs: " + name);
        if (auto parsed = parse_config_value(key->type, key->check, *value); !parsed)
            return invalid("Invalid value " + *value + " for configuration " + name + ": " +
                           parsed.failure().detail);
    }
    return check_together(configs);
}

result<std::string> changed_list(const std::string& key, config_type type, config_operation what,
                                 std::string_view text, std::string_view change) {
    const bool adds = what == config_operation::append;
    if (type != config_type::list)
        return invalid(std::string("Can't ") + (adds ? "APPEND" : "SUBTRACT") + " to key " + key +
                       " because its type is not LIST.");
    auto elements = split_list(text);
    for (const auto& one : split_list(change)) {
        const auto found = std::find(elements.begin(), elements.end(), one);
        if (adds && found == elements.end())
            elements.push_back(one);
        else if (!adds && found != elements.end())
            elements.erase(found);
    }
    std::string joined;
    for (const auto& one : elements)
        joined += (joined.empty() ? "" : ",") + one;
    return joined;
}

topic_config effective(const broker_config& broker, const std::map<std::string, std::string>& overrides) {
    topic_config config;
    for (const auto& key : topic_keys()) {
        const auto text = text_for(broker, key, overrides);
        if (!text)
            continue;
        auto value = parse_config_value(key.type, key.check, *text);
        // A value that an older or newer version let pass must not end the node: the default holds.
        if (!value)
            value =
                parse_config_value(key.type, key.check, key.default_text == nullptr ? "" : key.default_text);
        if (value)
            std::visit(assigner{config, *value}, key.field);
    }
    if (const auto small = text_for(broker, *find_topic_key("internal.segment.bytes"), overrides)) {
        const auto& key = *find_topic_key("internal.segment.bytes");
        if (auto value = parse_config_value(key.type, key.check, *small))
            config.segment_bytes = static_cast<std::int32_t>(value->number);
    }
    return config;
}

std::vector<config_row> describe_topic_configs(const broker_config& broker,
                                               const std::map<std::string, std::string>& overrides) {
    std::vector<config_row> rows;
    for (const auto& key : topic_keys())
        if (!key.hidden)
            rows.push_back(describe(broker, key, overrides));
    return rows;
}

} // namespace barnabas
