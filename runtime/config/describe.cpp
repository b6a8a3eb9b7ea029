#include "runtime/config/altered_config.hpp"
#include "runtime/config/broker_config.hpp"
#include "runtime/config/broker_keys.hpp"
#include "runtime/config/group_config.hpp"
#include "runtime/config/topic_keys.hpp"

#include <algorithm>

namespace barnabas {

namespace {

std::string code(std::string_view text) {
    return text.empty() ? "" : "`" + std::string(text) + "`";
}

std::string default_cell(const char* text) {
    return text == nullptr ? "none" : *text == 0 ? "empty" : code(text);
}

/// Where it may not be altered to all that the file may say, that is told too.
std::string allowed_cell(const broker_key& key) {
    const auto& altered = key.altered;
    const auto allowed = allowed_values(key.type, key.check);
    const auto then = allowed_values(key.type, altered.check);
    if (then == allowed_values(key.type, {}))
        return allowed;
    return allowed + "; altered: " + then +
           (altered.above_min ? ", but not " + std::to_string(altered.check.min) : "");
}

void add_row(std::string& page, const broker_key& key) {
    page += "| " + code(key.name) + " | " + default_cell(key.default_text) + " | " + allowed_cell(key) +
            " | " + (is_dynamic_broker_key(key.name) ? "yes" : "no") + " | " +
            std::string(key.documentation) + " |\n";
}

constexpr std::string_view head =
    "\n| key | default | allowed | dynamic | meaning |\n|---|---|---|---|---|\n";

void add_broker_keys(std::string& page) {
    page += "\n## Keys that the broker goes by\n";
    page += head;
    for (const auto& key : used_broker_keys())
        if (!key.hidden)
            add_row(page, key);
    page += "\n## Keys that are known and have no effect yet\n\n"
            "They are checked, and a warning says that they are not used.\n";
    page += head;
    for (const auto& key : accepted_broker_keys())
        if (key.use == key_use::accepted)
            add_row(page, key);
}

void add_other_keys(std::string& page) {
    page += "\n## Java classes\n\nBarnabas runs no Java classes: these keys must be empty, or one of the "
            "names here.\n"
            "\n| key | allowed | meaning |\n|---|---|---|\n";
    for (const auto& key : accepted_broker_keys())
        if (key.use == key_use::java_class)
            page += "| " + code(key.name) + " | " +
                    (key.check.words.empty() ? "empty" : "empty, " + std::string(key.check.words)) + " | " +
                    std::string(key.documentation) + " |\n";
    page += "\n## Keys without a meaning any more\n\nThey are ignored, and a warning names them.\n"
            "\n| key | why |\n|---|---|\n";
    for (const auto& key : removed_broker_keys())
        page += "| " + code(std::string(key.name) + (key.name.ends_with('.') ? "*" : "")) + " | " +
                std::string(key.why) + " |\n";
}

void add_topic_keys(std::string& page) {
    page +=
        "\n## Topic configuration\n\n"
        "A topic's own value wins over the broker's key in the last column, which wins over the default.\n"
        "\n| key | default | allowed | meaning | broker key |\n|---|---|---|---|---|\n";
    for (const auto& key : topic_keys()) {
        if (key.hidden)
            continue;
        page += "| " + code(key.name) + " | " + default_cell(key.default_text) + " | " +
                allowed_values(key.type, key.check) + " | " + std::string(key.documentation) + " | ";
        for (std::size_t i = 0; i < key.synonyms.size() && !key.synonyms[i].name.empty(); ++i)
            page += (i > 0 ? ", " : "") + code(key.synonyms[i].name);
        page += " |\n";
    }
}

void add_group_keys(std::string& page) {
    page += "\n## Group configuration\n\n"
            "A group of the consumer protocol (KIP-848) can have its own of these, set by its name while the "
            "cluster runs (`barnabas configs --group NAME`), whether the group exists or not. A value lies "
            "between the two bounds that the broker has, and the session is longer than the time between "
            "heartbeats; a group without its own goes by the broker's key. Members follow with their next "
            "heartbeat. If the broker is started with narrower bounds, a value outside of them counts as the "
            "nearest bound. Where the session then leaves no time for heartbeats, the time between "
            "heartbeats counts as not set, and the session too if that is not enough. Keys of share "
            "and streams groups are not known.\n"
            "\n| key | default | allowed | meaning | broker key | bounds |\n|---|---|---|---|---|---|\n";
    for (const auto& key : group_keys())
        page += "| " + code(key.name) + " | " + default_cell(key.default_text) + " | " +
                allowed_values(key.type, key.check) + " | " + std::string(key.documentation) + " | " +
                code(key.broker_key) + " | " + code(key.least_key) + ", " + code(key.most_key) + " |\n";
}

config_row describe(const broker_config& config, const broker_key& key) {
    config_row row;
    row.name = key.name;
    row.type = key.type;
    row.read_only = !is_dynamic_broker_key(key.name);
    row.sensitive = key.type == config_type::password;
    row.documentation = key.documentation;
    const auto take = [&](const std::map<std::string, std::string>& from, int source) {
        if (const auto set = from.find(row.name); set != from.end())
            row.synonyms.push_back({row.name, set->second, source});
    };
    take(config.altered_here, source_altered_here);
    take(config.altered_for_all, source_altered_for_all);
    take(config.set_values, source_static_broker);
    if (key.default_text != nullptr)
        row.synonyms.push_back({row.name, key.default_text, source_default});
    if (!row.synonyms.empty()) {
        row.value = row.synonyms.front().value;
        row.source = row.synonyms.front().source;
    }
    return row;
}

} // namespace

std::vector<config_row> describe_broker_configs(const broker_config& config) {
    std::vector<config_row> rows;
    for (const auto table : {used_broker_keys(), accepted_broker_keys()})
        for (const auto& key : table)
            if (!key.hidden)
                rows.push_back(describe(config, key));
    std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return rows;
}

std::vector<config_row> describe_altered_for_all(const broker_config& config) {
    broker_config alone = config;
    alone.altered_here.clear();
    std::vector<config_row> rows;
    for (const auto& [name, value] : config.altered_for_all)
        if (const auto* key = find_broker_key(name))
            rows.push_back(describe(alone, *key));
    return rows;
}

bool is_dynamic_broker_key(std::string_view name) {
    const auto keys = topic_keys();
    return is_changed_while_running(name) || std::any_of(keys.begin(), keys.end(), [&](const topic_key& key) {
               return !key.hidden && !name.empty() && key.synonyms.front().name == name;
           });
}

result<void> check_altered_broker_config(const std::string& name, const std::string& value) {
    const auto* key = find_broker_key(name);
    if (key == nullptr || key->hidden)
        return error{errc::invalid_request, "no configuration of brokers is named " + name};
    if (!is_dynamic_broker_key(name))
        return error{errc::invalid_request, "Cannot update these configs dynamically: Set(" + name + "); " +
                                                why_not_while_running(name)};
    if (const auto fits = parse_altered(*key, value); !fits)
        return error{errc::invalid_config,
                     "Invalid value " + value + " for configuration " + name + ": " + fits.failure().detail};
    return {};
}

std::string configuration_markdown() {
    std::string page =
        "# Configuration\n\n"
        "This page is made from the tables in `runtime/config/`; a unit test compares them, so edit the "
        "tables.\n\n"
        "`barnabas start --config server.properties` reads Kafka's own keys in Java's properties format. "
        "`--override key=value` wins over the file. A value that is not allowed is an error that names file "
        "and line; "
        "an unknown key is a warning with the closest known one.\n"
        "\n"
        "Keys that are dynamic can be altered without a restart (IncrementalAlterConfigs, AlterConfigs), for "
        "one broker or for all: they give topics their defaults, the next pass of compaction goes by them, "
        "or "
        "new partitions do (`cordoned.log.dirs`); numbers of threads are taken and change nothing. Kafka "
        "alters more of them: "
        "`log.cleaner.threads`, "
        "`log.cleaner.backoff.ms`, `max.connections`, `listeners`, `advertised.listeners`, "
        "`listener.security.protocol.map`, `num.recovery.threads.per.data.dir` and "
        "`producer.id.expiration.ms` are read at the start alone here, and what has no effect yet cannot be "
        "altered either, unless it gives topics a default; the answer says which it is. What was altered for "
        "one broker wins over what was altered for all, and that over the file. Every key of a topic is "
        "dynamic.\n";
    add_broker_keys(page);
    add_other_keys(page);
    add_topic_keys(page);
    add_group_keys(page);
    return page;
}

} // namespace barnabas
