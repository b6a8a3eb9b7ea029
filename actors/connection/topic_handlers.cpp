#include "actors/connection/handlers.hpp"
#include "actors/connection/limits.hpp"
#include "actors/group/group_names.hpp"
#include "protocol/kafka/create_partitions.hpp"
#include "protocol/kafka/create_topics.hpp"
#include "protocol/kafka/delete_topics.hpp"
#include "runtime/config/topic_config.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

// CreateTopics, DeleteTopics, CreatePartitions: the controller decides, these only translate.
namespace barnabas {

namespace {

/// What the controller did not answer in time: it may or may not happen, and the client may ask again.
topics_response timed_out() {
    topics_response late;
    late.code = errc::request_timed_out;
    late.detail = "the controller has not answered within the request's timeout; the change may still happen";
    return late;
}

std::vector<node_id> to_nodes(const std::vector<std::int32_t>& ids) {
    std::vector<node_id> nodes;
    nodes.reserve(ids.size());
    for (auto id : ids)
        nodes.emplace_back(id);
    return nodes;
}

/// Shared by the three: the response is filled per topic in the order asked.
template <class Request>
class topics_operation : public operation {
public:
    topics_operation(connection& owner, std::uint64_t number, request_context context, Request request)
        : operation(owner, number, std::move(context)), request_(std::move(request)) {}
    void on_timer() override { on_topics_response(timed_out()); }

protected:
    const Request& request() const { return request_; }

private:
    Request request_;
};

class create_topics final : public topics_operation<kafka::create_topics_request> {
public:
    using topics_operation::topics_operation;

    void on_topics_response(const topics_response& answer) override {
        kafka::create_topics_response response;
        // A topic that is named again is answered once: clients refuse a response that names it twice.
        std::set<std::string_view> named;
        for (std::size_t i = 0; i < request().topics.size(); ++i) {
            if (!named.insert(request().topics[i].name).second)
                continue;
            auto& entry = response.topics.emplace_back();
            entry.name = request().topics[i].name;
            const bool whole = answer.code != errc::ok || i >= answer.topics.size();
            const errc code = whole ? answer.code : answer.topics[i].code;
            entry.error_code = wire_code(code);
            if (code != errc::ok) {
                entry.error_message = whole ? answer.detail : answer.topics[i].detail;
                entry.configs.reset();
                continue;
            }
            entry.topic_id = answer.topics[i].id;
            entry.num_partitions = answer.topics[i].partition_count;
            entry.replication_factor = answer.topics[i].replication_factor;
            describe(entry, request().topics[i]);
        }
        answer_with(owner(), number(), context(), response);
    }

private:
    template <class Entry, class Topic>
    void describe(Entry& entry, const Topic& topic) {
        std::map<std::string, std::string> overrides;
        for (const auto& config : topic.configs)
            if (config.value)
                overrides[config.name] = *config.value;
        auto& configs = entry.configs.emplace();
        for (const auto& row : describe_topic_configs(owner().config(), overrides)) {
            auto& one = configs.emplace_back();
            one.name = row.name;
            one.value = row.value;
            one.read_only = row.read_only;
            one.config_source = static_cast<std::int8_t>(row.source);
            one.is_sensitive = row.sensitive;
        }
    }
};

class delete_topics final : public topics_operation<kafka::delete_topics_request> {
public:
    using topics_operation::topics_operation;

    std::vector<delete_topics_request::item> wanted() const {
        std::vector<delete_topics_request::item> items;
        constexpr std::int16_t first_version_with_ids = 6;
        if (context().version < first_version_with_ids)
            for (const auto& name : request().topic_names)
                items.push_back({name, {}});
        else
            for (const auto& topic : request().topics)
                items.push_back({topic.name, topic.topic_id});
        return items;
    }

    void on_topics_response(const topics_response& answer) override {
        kafka::delete_topics_response response;
        const auto asked = wanted();
        for (std::size_t i = 0; i < asked.size(); ++i) {
            auto& entry = response.responses.emplace_back();
            const bool whole = answer.code != errc::ok || i >= answer.topics.size();
            const errc code = whole ? answer.code : answer.topics[i].code;
            entry.name = asked[i].name;
            entry.topic_id = asked[i].id;
            if (!whole && code == errc::ok) {
                entry.name = answer.topics[i].name;
                entry.topic_id = answer.topics[i].id;
            }
            entry.error_code = wire_code(code);
            if (code != errc::ok)
                entry.error_message = whole ? answer.detail : answer.topics[i].detail;
        }
        answer_with(owner(), number(), context(), response);
    }
};

class create_partitions final : public topics_operation<kafka::create_partitions_request> {
public:
    using topics_operation::topics_operation;

    void on_topics_response(const topics_response& answer) override {
        kafka::create_partitions_response response;
        // A topic that is named again is answered once: clients refuse a response that names it twice.
        std::set<std::string_view> named;
        for (std::size_t i = 0; i < request().topics.size(); ++i) {
            if (!named.insert(request().topics[i].name).second)
                continue;
            auto& entry = response.results.emplace_back();
            entry.name = request().topics[i].name;
            const bool whole = answer.code != errc::ok || i >= answer.topics.size();
            const errc code = whole ? answer.code : answer.topics[i].code;
            entry.error_code = wire_code(code);
            if (code != errc::ok)
                entry.error_message = whole ? answer.detail : answer.topics[i].detail;
        }
        answer_with(owner(), number(), context(), response);
    }
};

/// Answers at once when one of the resources may not be touched: the whole request is refused, since the
/// controller is asked for all or nothing.
template <class Names>
bool refuse_forbidden(connection& self, operation& waiting, acl_operation what, const Names& names) {
    const bool all = std::all_of(names.begin(), names.end(), [&](const std::string& name) {
        return self.allowed(waiting.context(), what, resource_type::topic, name);
    });
    if (all)
        return false;
    topics_response refused;
    refused.code = errc::topic_authorization_failed;
    refused.detail = "not allowed on one of the topics";
    waiting.on_topics_response(refused);
    return true;
}

} // namespace

result<void> handle_create_topics(connection& self, request_context context, kafka::wire_reader& body) {
    auto request = decode_body<kafka::create_topics_request>(body, context);
    if (!request)
        return request.failure();
    create_topics_request message;
    message.validate_only = request->validate_only;
    std::vector<std::string> names;
    for (const auto& wanted : request->topics) {
        names.push_back(wanted.name);
        auto& topic = message.topics.emplace_back();
        topic.name = wanted.name;
        topic.partition_count = wanted.num_partitions;
        topic.replication_factor = wanted.replication_factor;
        for (const auto& assignment : wanted.assignments)
            topic.assignments[assignment.partition_index] = to_nodes(assignment.broker_ids);
        for (const auto& config : wanted.configs)
            topic.configs[config.name] = config.value;
    }
    std::size_t bytes = 0;
    for (const auto& topic : message.topics)
        for (const auto& [name, value] : topic.configs)
            bytes += name.size() + (value ? value->size() : 0);
    const std::chrono::milliseconds timeout(request->timeout_ms);
    auto waiting = std::make_unique<create_topics>(self, self.current(), context, std::move(*request));
    if (bytes > connection_limits::topic_request_bytes_max) {
        topics_response refused;
        refused.code = errc::policy_violation;
        refused.detail = "the configurations of one request are larger than " +
                         std::to_string(connection_limits::topic_request_bytes_max) + " bytes";
        waiting->on_topics_response(refused);
        return {};
    }
    if (refuse_forbidden(self, *waiting, acl_operation::create, names))
        return {};
    message.token = self.park(std::move(waiting), timeout).token();
    self.port().send_controller(std::move(message));
    return {};
}

result<void> handle_delete_topics(connection& self, request_context context, kafka::wire_reader& body) {
    auto request = decode_body<kafka::delete_topics_request>(body, context);
    if (!request)
        return request.failure();
    const std::chrono::milliseconds timeout(request->timeout_ms);
    auto waiting = std::make_unique<delete_topics>(self, self.current(), context, std::move(*request));
    delete_topics_request message;
    message.topics = waiting->wanted();
    std::vector<std::string> names;
    for (const auto& item : message.topics)
        if (item.name)
            names.push_back(*item.name);
        else if (const auto* topic = self.port().image()->find_topic(item.id))
            names.push_back(topic->name);
    if (refuse_forbidden(self, *waiting, acl_operation::remove, names))
        return {};
    message.token = self.park(std::move(waiting), timeout).token();
    self.port().send_controller(std::move(message));
    return {};
}

result<void> handle_create_partitions(connection& self, request_context context, kafka::wire_reader& body) {
    auto request = decode_body<kafka::create_partitions_request>(body, context);
    if (!request)
        return request.failure();
    create_partitions_request message;
    message.validate_only = request->validate_only;
    std::vector<std::string> names;
    for (const auto& wanted : request->topics) {
        names.push_back(wanted.name);
        auto& item = message.topics.emplace_back();
        item.name = wanted.name;
        item.count = wanted.count;
        if (wanted.assignments) {
            item.assignments.emplace();
            for (const auto& assignment : *wanted.assignments)
                item.assignments->push_back(to_nodes(assignment.broker_ids));
        }
    }
    const std::chrono::milliseconds timeout(request->timeout_ms);
    auto waiting = std::make_unique<create_partitions>(self, self.current(), context, std::move(*request));
    if (refuse_forbidden(self, *waiting, acl_operation::alter, names))
        return {};
    message.token = self.park(std::move(waiting), timeout).token();
    self.port().send_controller(std::move(message));
    return {};
}

} // namespace barnabas
