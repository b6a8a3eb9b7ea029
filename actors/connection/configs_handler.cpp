#include "actors/connection/config_resources.hpp"
#include "actors/connection/handlers.hpp"
#include "protocol/kafka/describe_configs.hpp"
#include "protocol/kafka/list_config_resources.hpp"
#include "runtime/config/group_config.hpp"
#include "runtime/config/topic_config.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace barnabas {

namespace {

constexpr int default_source = 5;

template <class Result>
void describe_row(Result& result, const config_row& row, const kafka::describe_configs_request& request) {
    auto& entry = result.configs.emplace_back();
    entry.name = row.name;
    entry.value = row.sensitive ? std::nullopt : row.value;
    entry.read_only = row.read_only;
    entry.is_default = row.source == default_source;
    entry.config_source = static_cast<std::int8_t>(row.source);
    entry.is_sensitive = row.sensitive;
    entry.config_type = static_cast<std::int8_t>(row.type);
    if (request.include_documentation)
        entry.documentation = row.documentation;
    if (!request.include_synonyms)
        return;
    for (const auto& synonym : row.synonyms) {
        auto& one = entry.synonyms.emplace_back();
        one.name = synonym.name;
        one.value = row.sensitive ? std::nullopt : synonym.value;
        one.source = static_cast<std::int8_t>(synonym.source);
    }
}

/// The rows of one resource, or why it has none.
result<std::vector<config_row>> rows_of(connection& self, const request_context& context, std::int8_t type,
                                        const std::string& name) {
    auto image = self.port().image();
    switch (type) {
    case topic_resource: {
        if (!self.allowed(context, acl_operation::describe_configs, resource_type::topic, name))
            return error{errc::topic_authorization_failed,
                         "not allowed to describe the configuration of " + name};
        const auto* topic = image->find_topic(name);
        if (topic == nullptr)
            return error{errc::unknown_topic_or_partition, "no topic is named " + name};
        return describe_topic_configs(self.config(), topic->configs);
    }
    case broker_resource: {
        if (!self.allowed(context, acl_operation::describe_configs, resource_type::cluster, "kafka-cluster"))
            return error{errc::cluster_authorization_failed,
                         "not allowed to describe the broker's configuration"};
        if (name.empty())
            return describe_altered_for_all(self.config());
        const bool known = std::any_of(image->brokers.begin(), image->brokers.end(), [&](const auto& one) {
            return std::to_string(one.first.get()) == name;
        });
        if (!known)
            return error{errc::invalid_request, "no broker of this cluster has the id '" + name + "'"};
        return describe_broker_configs(self.config());
    }
    case group_resource: {
        if (!self.allowed(context, acl_operation::describe_configs, resource_type::group, name))
            return error{errc::group_authorization_failed,
                         "not allowed to describe the configuration of " + name};
        if (name.empty())
            return error{errc::invalid_request, "Group name must not be empty"};
        const auto found = image->group_configs.find(name);
        return describe_group_configs(
            self.config(), found == image->group_configs.end() ? group_config_texts{} : found->second);
    }
    case broker_logger_resource:
        return error{errc::invalid_request, "log levels are not configured per logger in Barnabas"};
    case client_metrics_resource:
        return error{errc::invalid_request, "client metrics are not collected by Barnabas"};
    default:
        return error{errc::invalid_request,
                     "resource type " + std::to_string(type) +
                         " has no configuration; topics are 2, brokers are 4 and groups are 32"};
    }
}

} // namespace

result<void> handle_describe_configs(connection& self, request_context context, kafka::wire_reader& body) {
    auto request = decode_body<kafka::describe_configs_request>(body, context);
    if (!request)
        return request.failure();
    kafka::describe_configs_response response;
    // An answer is a thousand times as long as its question: what is named again is not told again.
    std::set<std::pair<std::int8_t, std::string_view>> told;
    for (const auto& resource : request->resources) {
        if (!told.emplace(resource.resource_type, resource.resource_name).second)
            continue;
        auto& entry = response.results.emplace_back();
        entry.resource_type = resource.resource_type;
        entry.resource_name = resource.resource_name;
        auto rows = rows_of(self, context, resource.resource_type, resource.resource_name);
        if (!rows) {
            entry.error_code = wire_code(rows.code());
            entry.error_message = rows.failure().detail;
            continue;
        }
        const auto& keys = resource.configuration_keys;
        for (const auto& row : *rows)
            if (!keys || std::find(keys->begin(), keys->end(), row.name) != keys->end())
                describe_row(entry, row, *request);
    }
    answer_with(self, self.current(), context, response);
    return {};
}

result<void> handle_list_config_resources(connection& self, request_context context,
                                          kafka::wire_reader& body) {
    auto request = decode_body<kafka::list_config_resources_request>(body, context);
    if (!request)
        return request.failure();
    kafka::list_config_resources_response response;
    if (!self.allowed(context, acl_operation::describe_configs, resource_type::cluster, "kafka-cluster")) {
        response.error_code = wire_code(errc::cluster_authorization_failed);
        answer_with(self, self.current(), context, response);
        return {};
    }
    // Version 0 asks for subscriptions to client metrics, and there are none.
    const auto& types = request->resource_types;
    const auto wanted = [&](std::int8_t type) {
        return context.version > 0 &&
               (types.empty() || std::find(types.begin(), types.end(), type) != types.end());
    };
    const auto add = [&](std::int8_t type, std::string name) {
        auto& entry = response.config_resources.emplace_back();
        entry.resource_type = type;
        entry.resource_name = std::move(name);
    };
    constexpr std::array known{topic_resource, broker_resource, broker_logger_resource,
                               client_metrics_resource, group_resource};
    const bool all_known = std::all_of(types.begin(), types.end(), [&](std::int8_t type) {
        return std::find(known.begin(), known.end(), type) != known.end();
    });
    if (!all_known)
        response.error_code = wire_code(errc::unsupported_version);
    auto image = self.port().image();
    if (all_known && wanted(topic_resource))
        for (const auto& [name, topic] : image->topics)
            add(topic_resource, name);
    if (all_known && wanted(broker_resource))
        for (const auto& [id, broker] : image->brokers)
            add(broker_resource, std::to_string(id.get()));
    if (all_known && wanted(group_resource))
        for (const auto& [name, configs] : image->group_configs)
            add(group_resource, name);
    answer_with(self, self.current(), context, response);
    return {};
}

} // namespace barnabas
