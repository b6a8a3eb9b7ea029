#include "actors/connection/handlers.hpp"
#include "protocol/kafka/describe_configs.hpp"
#include "runtime/config/topic_config.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace barnabas {

namespace {

constexpr std::int8_t topic_resource = 2;
constexpr std::int8_t broker_resource = 4;
constexpr std::int8_t broker_logger_resource = 8;
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
        const bool known =
            name.empty() || std::any_of(image->brokers.begin(), image->brokers.end(), [&](const auto& one) {
                return std::to_string(one.first.get()) == name;
            });
        if (!known)
            return error{errc::invalid_request, "no broker of this cluster has the id '" + name + "'"};
        return describe_broker_configs(self.config());
    }
    case broker_logger_resource:
        return error{errc::invalid_request, "log levels are not configured per logger in Barnabas"};
    default:
        return error{errc::invalid_request, "resource type " + std::to_string(type) +
                                                " has no configuration; topics are 2 and brokers are 4"};
    }
}

} // namespace

result<void> handle_describe_configs(connection& self, request_context context, kafka::wire_reader& body) {
    auto request = decode_body<kafka::describe_configs_request>(body, context);
    if (!request)
        return request.failure();
    kafka::describe_configs_response response;
    for (const auto& resource : request->resources) {
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

} // namespace barnabas
