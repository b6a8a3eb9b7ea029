#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/json_text.hpp"
#include "cmd/barnabas/tools/configs_tool.hpp"

#include <algorithm>
#include <set>

// `barnabas configs`: what is asked of the cluster, and shown.
namespace barnabas::configs {

using client::config_entry;
using client::config_origin;
using client::config_resource;

namespace {

std::string_view name_of(config_origin origin) {
    switch (origin) {
    case config_origin::unknown: return "UNKNOWN";
    case config_origin::topic: return "DYNAMIC_TOPIC_CONFIG";
    case config_origin::dynamic_broker: return "DYNAMIC_BROKER_CONFIG";
    case config_origin::dynamic_default_broker: return "DYNAMIC_DEFAULT_BROKER_CONFIG";
    case config_origin::static_broker: return "STATIC_BROKER_CONFIG";
    case config_origin::default_value: return "DEFAULT_CONFIG";
    case config_origin::dynamic_broker_logger: return "DYNAMIC_BROKER_LOGGER_CONFIG";
    case config_origin::client_metrics: return "DYNAMIC_CLIENT_METRICS_CONFIG";
    case config_origin::group: return "DYNAMIC_GROUP_CONFIG";
    }
    return "UNKNOWN";
}

std::string value_text(const std::optional<std::string>& value) {
    return value.value_or("null");
}

result<std::vector<std::string>> topic_names(const client::admin& calls) {
    const auto found = calls.list_topics().get();
    if (!found)
        return found.failure();
    std::vector<std::string> names;
    for (const auto& one : *found)
        names.push_back(one.name);
    return names;
}

result<std::vector<std::string>> broker_names(const client::admin& calls) {
    const auto found = calls.describe_cluster().get();
    if (!found)
        return found.failure();
    std::vector<std::string> names;
    for (const auto& one : found->brokers)
        names.push_back(std::to_string(one.id));
    return names;
}

/// Those that there are, and those that have settings, whether they are there or not.
result<std::vector<std::string>> group_names(const client::admin& calls) {
    const auto found = calls.list_groups().get();
    if (!found)
        return found.failure();
    std::set<std::string> names;
    for (const auto& one : found->groups)
        names.insert(one.id);
    const auto configured = calls.list_config_resources({client::resource_kind::group}).get();
    // Older brokers have no such question.
    if (!configured && configured.code() != errc::unsupported_version)
        return configured.failure();
    if (configured)
        for (const auto& one : *configured)
            names.insert(one.name);
    return std::vector<std::string>(names.begin(), names.end());
}

/// All entities of the type, by name.
result<std::vector<std::string>> all_names(const client::admin& calls, const std::string& type) {
    if (type == "topics")
        return topic_names(calls);
    if (type == "groups")
        return group_names(calls);
    if (type == "client-metrics")
        return std::vector<std::string>{};
    auto names = broker_names(calls);
    if (names && type == "brokers")
        names->emplace_back();
    return names;
}

std::string line_of(const config_entry& entry) {
    std::vector<std::string> synonyms;
    for (const auto& one : entry.synonyms)
        synonyms.push_back(std::string(name_of(one.origin)) + ":" + one.name + "=" + value_text(one.value));
    return "  " + entry.name + "=" + value_text(entry.value) +
           " sensitive=" + (entry.is_sensitive ? "true" : "false") + " synonyms={" +
           tools::joined(synonyms, ", ") + "}\n";
}

json_object json_of(const config_entry& entry) {
    std::vector<json_object> synonyms;
    for (const auto& one : entry.synonyms)
        synonyms.push_back(
            json_object().add("source", name_of(one.origin)).add("name", one.name).add("value", one.value));
    json_object made;
    made.add("name", entry.name).add("value", entry.value).add("source", name_of(entry.origin));
    made.add("sensitive", entry.is_sensitive).add("readOnly", entry.is_read_only);
    return made.add("synonyms", synonyms);
}

std::string headline(const entity& which, const std::string& name, bool all) {
    if (name.empty())
        return "Default configs for " + which.type + " in the cluster are:\n";
    return std::string(all ? "All" : "Dynamic") + " configs for " + singular(which.type) + " " + name +
           " are:\n";
}

/// The entries of one entity that are to be seen, by name.
std::vector<config_entry> shown_entries(const config_resource& resource, std::vector<config_entry> entries,
                                        bool all) {
    if (!all || resource.name.empty())
        std::erase_if(entries, [&](const auto& one) { return !is_its_own(resource, one); });
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return entries;
}

/// Kafka's tool takes it for no failure; under its name neither does ours.
said told_absent(const entity& which, bool json) {
    const auto sentence = "The " + singular(which.type) + " '" + *which.name +
                          "' doesn't exist and doesn't have dynamic config.";
    if (json)
        return said{tools::error_json({errc::not_found, sentence}), {}, exit_told};
    return said{sentence + "\n", {}, exit_told};
}

} // namespace

client::resource_kind kind_of(const entity& which) {
    using client::resource_kind;
    if (which.type == "topics")
        return resource_kind::topic;
    if (which.type == "brokers")
        return resource_kind::broker;
    if (which.type == "broker-loggers")
        return resource_kind::broker_logger;
    return which.type == "groups" ? resource_kind::group : resource_kind::client_metrics;
}

std::string singular(const std::string& type) {
    return type.substr(0, type.size() - 1);
}

bool is_its_own(const config_resource& resource, const config_entry& entry) {
    using client::resource_kind;
    switch (resource.kind) {
    case resource_kind::topic: return entry.origin == config_origin::topic;
    case resource_kind::broker:
        return entry.origin == (resource.name.empty() ? config_origin::dynamic_default_broker
                                                      : config_origin::dynamic_broker);
    case resource_kind::broker_logger: return entry.origin == config_origin::dynamic_broker_logger;
    case resource_kind::client_metrics: return entry.origin == config_origin::client_metrics;
    case resource_kind::group: return entry.origin == config_origin::group;
    }
    return false;
}

result<said> describe(const client::admin& calls, const cli::parsed_options& options, const entity& which) {
    const bool all = options.has("all");
    const auto names = all_names(calls, which.type);
    if (!names)
        return names.failure();
    auto wanted = *names;
    if (which.name) {
        const bool there = std::find(names->begin(), names->end(), *which.name) != names->end();
        if (!there && !all)
            return told_absent(which, tools::wants_json(options));
        wanted = {*which.name};
    }
    std::vector<config_resource> resources;
    for (const auto& name : wanted)
        resources.push_back({kind_of(which), name});
    const auto found = calls.describe_configs(resources).get();
    said told;
    std::vector<json_object> shown;
    for (const auto& resource : resources) {
        const auto& entries = found.at(resource);
        if (!entries)
            return error{entries.code(),
                         singular(which.type) + " '" + resource.name + "': " + entries.failure().detail};
        std::vector<json_object> rows;
        told.out += headline(which, resource.name, all);
        for (const auto& entry : shown_entries(resource, *entries, all)) {
            told.out += line_of(entry);
            rows.push_back(json_of(entry));
        }
        shown.push_back(
            json_object().add("type", singular(which.type)).add("name", resource.name).add("entries", rows));
    }
    if (tools::wants_json(options))
        told.out = json_object().add("configs", shown).text() + "\n";
    return told;
}

namespace {

/// What is to be deleted must be set.
result<void> check_deleted(const client::admin& calls, const config_resource& resource,
                           const std::vector<client::config_change>& changes) {
    std::vector<std::string> deleted;
    for (const auto& one : changes)
        if (one.what == client::config_change::operation::remove)
            deleted.push_back(one.name);
    if (deleted.empty())
        return {};
    const auto found = calls.describe_configs({resource}).get();
    const auto& entries = found.at(resource);
    if (!entries)
        return entries.failure();
    std::erase_if(deleted, [&](const std::string& name) {
        return std::any_of(entries->begin(), entries->end(),
                           [&](const auto& one) { return one.name == name && is_its_own(resource, one); });
    });
    if (deleted.empty())
        return {};
    return tools::wrong("Invalid config(s): " + tools::joined(deleted, ","));
}

} // namespace

result<said> alter(const client::admin& calls, const cli::parsed_options& options, const entity& which) {
    const config_resource resource{kind_of(which), *which.name};
    auto changes = chosen_changes(options);
    if (!changes)
        return changes.failure();
    if (auto fit = check_deleted(calls, resource, *changes); !fit)
        return fit.failure();
    const auto outcome = calls.alter_configs({{resource, std::move(*changes)}}).get().at(resource);
    if (!outcome)
        return outcome.failure();
    if (tools::wants_json(options)) {
        json_object what;
        what.add("type", singular(which.type)).add("name", resource.name);
        return said{json_object().add("altered", what).text() + "\n", {}};
    }
    if (resource.name.empty())
        return said{"Completed updating default config for " + which.type + " in the cluster.\n", {}};
    return said{"Completed updating config for " + singular(which.type) + " " + resource.name + ".\n", {}};
}

} // namespace barnabas::configs
