#include "actors/connection/config_resources.hpp"
#include "actors/connection/handlers.hpp"
#include "actors/connection/limits.hpp"
#include "protocol/kafka/alter_configs.hpp"
#include "protocol/kafka/incremental_alter_configs.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

// IncrementalAlterConfigs and AlterConfigs: what the controller cannot know of is refused here, the rest it
// decides, each resource by itself.
namespace barnabas {

namespace {

using resource_name = decltype(alter_configs_request::item::resource);

error bad_request(std::string why) {
    return {errc::invalid_request, std::move(why)};
}

result<resource_name> broker_of(connection& self, const request_context& context, const std::string& name) {
    if (!self.allowed(context, acl_operation::alter_configs, resource_type::cluster, "kafka-cluster"))
        return error{errc::cluster_authorization_failed, "not allowed to alter the configuration of brokers"};
    if (name.empty())
        return resource_name(cluster_resource{});
    std::int32_t id = -1;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), id);
    if (read.ec != std::errc() || read.ptr != name.data() + name.size())
        return bad_request("Node id must be an integer, but it is: " + name);
    return resource_name(node_id(id));
}

result<resource_name> group_of(connection& self, const request_context& context, const std::string& name) {
    if (!self.allowed(context, acl_operation::alter_configs, resource_type::group, name))
        return error{errc::group_authorization_failed, "not allowed to alter the configuration of " + name};
    if (name.empty())
        return bad_request("Default group resources are not allowed.");
    return resource_name(named_group{name});
}

/// What the controller is to be asked about.
result<resource_name> resource_of(connection& self, const request_context& context, std::int8_t type,
                                  const std::string& name) {
    switch (type) {
    case topic_resource:
        if (!self.allowed(context, acl_operation::alter_configs, resource_type::topic, name))
            return error{errc::topic_authorization_failed,
                         "not allowed to alter the configuration of " + name};
        if (name.empty())
            return bad_request("Default topic resources are not allowed.");
        return resource_name(name);
    case broker_resource: return broker_of(self, context, name);
    case broker_logger_resource:
        return bad_request("log levels are not configured per logger in Barnabas; barnabas.log.level is set "
                           "in the broker's file");
    case group_resource: return group_of(self, context, name);
    case client_metrics_resource: return bad_request("client metrics are not collected by Barnabas");
    default: return bad_request("Unexpected resource type " + std::to_string(type));
    }
}

/// The operation of a change; AlterConfigs only sets.
template <class Config>
result<config_operation> operation_of(const Config& config) {
    if constexpr (requires { config.config_operation; }) {
        if (config.config_operation < 0 ||
            config.config_operation > static_cast<std::int8_t>(config_operation::subtract))
            return bad_request("Unknown operation type " + std::to_string(config.config_operation));
        return static_cast<barnabas::config_operation>(config.config_operation);
    } else
        return config_operation::set;
}

template <class Resource>
result<std::vector<alter_configs_request::change>> changes_of(const Resource& resource) {
    std::vector<alter_configs_request::change> changes;
    std::set<std::string> keys;
    for (const auto& config : resource.configs) {
        if (!keys.insert(config.name).second)
            return bad_request("Error due to duplicate config keys");
        const auto what = operation_of(config);
        if (!what)
            return what.failure();
        if (!config.value && *what != config_operation::remove)
            return bad_request("Null value not supported for : " + config.name);
        changes.push_back({config.name, *what, config.value.value_or("")});
    }
    return changes;
}

/// Both requests: resources that were refused here have their reason, the others wait for the controller.
template <class Request, class Response>
class alter_configs_operation final : public operation {
public:
    alter_configs_operation(connection& owner, std::uint64_t number, request_context context, Request request)
        : operation(owner, number, std::move(context)), request_(std::move(request)) {}

    /// What to ask the controller.
    alter_configs_request question(bool replaces) {
        alter_configs_request asked;
        asked.validate_only = request_.validate_only;
        std::map<std::pair<std::int8_t, std::string>, int> times_named;
        for (const auto& resource : request_.resources)
            ++times_named[{resource.resource_type, resource.resource_name}];
        for (const auto& resource : request_.resources) {
            const bool twice = times_named.at({resource.resource_type, resource.resource_name}) > 1;
            auto item = item_of(resource, twice);
            auto& refused = refused_.emplace_back();
            if (!item) {
                refused = item.failure();
                continue;
            }
            item->replaces = replaces;
            asked.resources.push_back(std::move(*item));
        }
        return asked;
    }

    void on_topics_response(const topics_response& answer) override {
        Response response;
        std::size_t next = 0;
        for (std::size_t i = 0; i < request_.resources.size(); ++i) {
            auto& entry = response.responses.emplace_back();
            entry.resource_type = request_.resources[i].resource_type;
            entry.resource_name = request_.resources[i].resource_name;
            const auto why = refused_[i] ? *refused_[i] : outcome(answer, next++);
            entry.error_code = wire_code(why.code);
            entry.error_message.reset();
            if (why.code != errc::ok)
                entry.error_message = why.detail;
        }
        answer_with(owner(), number(), context(), response);
    }
    void on_timer() override {
        topics_response late;
        late.code = errc::request_timed_out;
        late.detail = "the controller has not answered in time; the change may still happen";
        on_topics_response(late);
    }

private:
    template <class Resource>
    result<alter_configs_request::item> item_of(const Resource& resource, bool twice) {
        if (BARNABAS_MARK_IF(twice, config_resource_named_twice))
            return bad_request("Each resource must appear at most once.");
        auto named = resource_of(owner(), context(), resource.resource_type, resource.resource_name);
        if (!named)
            return named.failure();
        auto changes = changes_of(resource);
        if (!changes)
            return changes.failure();
        std::size_t bytes = 0;
        for (const auto& one : *changes)
            bytes += resource.resource_name.size() + one.key.size() + one.value.size();
        if ((bytes_ += bytes) > connection_limits::topic_request_bytes_max)
            return error{errc::policy_violation,
                         "the configurations of one request are larger than " +
                             std::to_string(connection_limits::topic_request_bytes_max) + " bytes"};
        return alter_configs_request::item{std::move(*named), std::move(*changes)};
    }
    static error outcome(const topics_response& answer, std::size_t place) {
        if (answer.code != errc::ok)
            return {answer.code, answer.detail};
        if (place >= answer.topics.size())
            return {errc::internal, "the controller has left this resource out"};
        return {answer.topics[place].code, answer.topics[place].detail};
    }

    Request request_;
    std::vector<std::optional<error>> refused_;
    std::size_t bytes_ = 0;
};

template <class Request, class Response>
result<void> handle_altering(connection& self, request_context context, kafka::wire_reader& body,
                             bool replaces) {
    auto request = decode_body<Request>(body, context);
    if (!request)
        return request.failure();
    auto waiting = std::make_unique<alter_configs_operation<Request, Response>>(self, self.current(), context,
                                                                                std::move(*request));
    auto asked = waiting->question(replaces);
    if (asked.resources.empty()) {
        waiting->on_topics_response({});
        return {};
    }
    asked.token = self.park(std::move(waiting), self.request_timeout()).token();
    self.port().send_controller(std::move(asked));
    return {};
}

} // namespace

result<void> handle_alter_configs(connection& self, request_context context, kafka::wire_reader& body) {
    return handle_altering<kafka::alter_configs_request, kafka::alter_configs_response>(
        self, std::move(context), body, true);
}

result<void> handle_incremental_alter_configs(connection& self, request_context context,
                                              kafka::wire_reader& body) {
    return handle_altering<kafka::incremental_alter_configs_request,
                           kafka::incremental_alter_configs_response>(self, std::move(context), body, false);
}

} // namespace barnabas
