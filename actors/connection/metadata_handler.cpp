#include "actors/connection/authorized_operations.hpp"
#include "actors/connection/created_topics.hpp"
#include "actors/connection/handlers.hpp"
#include "actors/connection/metadata_partition.hpp"
#include "actors/group/group_names.hpp"
#include "protocol/kafka/metadata.hpp"

#include <algorithm>
#include <optional>
#include <vector>

namespace barnabas {

namespace {

void describe_brokers(const metadata_image& image, kafka::metadata_response& response) {
    response.cluster_id = image.cluster_id;
    response.controller_id = image.controller.get();
    for (const auto& [id, broker] : image.brokers) {
        auto& entry = response.brokers.emplace_back();
        entry.node_id = id.get();
        entry.host = broker.host;
        entry.port = broker.port;
        entry.rack = broker.rack;
    }
}

void describe_topic(connection& self, const topic_metadata& topic, kafka::metadata_response& response) {
    auto& entry = response.topics.emplace_back();
    entry.name = topic.name;
    entry.topic_id = topic.id;
    entry.is_internal = group::is_internal_topic(topic.name);
    entry.partitions.reserve(topic.partitions.size());
    for (const auto& partition : topic.partitions) {
        auto& one = entry.partitions.emplace_back();
        if (!describe_partition(self, topic, partition, one))
            one.error_code = wire_code(errc::leader_not_available);
    }
}

void describe_missing(std::optional<std::string> name, const topic_id& id, errc code,
                      kafka::metadata_response& response) {
    auto& entry = response.topics.emplace_back();
    entry.name = std::move(name);
    entry.topic_id = id;
    entry.error_code = wire_code(code);
}

/// A Metadata request, which waits if it creates the topics that it names.
class metadata final : public operation {
public:
    metadata(connection& owner, std::uint64_t number, request_context context,
             kafka::metadata_request request)
        : operation(owner, number, std::move(context)), request_(std::move(request)) {}

    bool wants_all() const {
        // Version 0 cannot say null and means "all" by an empty list.
        return !request_.topics || (context().version == 0 && request_.topics->empty());
    }

    /// Topics to create: named, unknown, and both sides allow it. The client's side is part of the request.
    std::vector<new_topic> missing() const {
        std::vector<new_topic> topics;
        constexpr std::int16_t first_that_can_refuse = 4;
        const bool client_allows =
            context().version < first_that_can_refuse || request_.allow_auto_topic_creation;
        if (wants_all() || !client_allows || !owner().config().auto_create_topics_enable)
            return topics;
        auto image = owner().port().image();
        for (const auto& wanted : *request_.topics) {
            if (!wanted.name || image->find_topic(*wanted.name) != nullptr)
                continue;
            const bool named_twice = std::any_of(topics.begin(), topics.end(), [&](const new_topic& topic) {
                return topic.name == *wanted.name;
            });
            if (named_twice ||
                !owner().allowed(context(), acl_operation::create, resource_type::topic, *wanted.name))
                continue;
            topics.push_back(topic_by_name(owner(), *wanted.name));
        }
        return topics;
    }

    void on_topics_response(const topics_response& answer) override {
        created_ = answer.topics;
        respond();
    }
    void on_timer() override { respond(); }

    void respond() {
        auto image = owner().port().image();
        kafka::metadata_response response;
        describe_brokers(*image, response);
        if (wants_all()) {
            for (const auto& [name, topic] : image->topics)
                if (owner().allowed(context(), acl_operation::describe, resource_type::topic, name))
                    describe_topic(owner(), topic, response);
        } else {
            for (const auto& wanted : *request_.topics)
                wanted.name ? describe_named(*image, *wanted.name, response)
                            : describe_by_id(*image, wanted.topic_id, response);
        }
        tell_operations(response);
        answer_with(owner(), number(), context(), response);
    }

private:
    void describe_named(const metadata_image& image, const std::string& name,
                        kafka::metadata_response& response) {
        if (!owner().allowed(context(), acl_operation::describe, resource_type::topic, name))
            return describe_missing(name, {}, errc::topic_authorization_failed, response);
        if (const auto* topic = image.find_topic(name))
            return describe_topic(owner(), *topic, response);
        auto created = std::find_if(created_.begin(), created_.end(),
                                    [&](const topic_result& result) { return result.name == name; });
        const bool refused = created != created_.end() && created->code == errc::invalid_topic;
        describe_missing(name, {}, refused ? errc::invalid_topic : errc::unknown_topic_or_partition,
                         response);
    }

    void describe_by_id(const metadata_image& image, const topic_id& id, kafka::metadata_response& response) {
        const auto* topic = image.find_topic(id);
        if (topic != nullptr &&
            owner().allowed(context(), acl_operation::describe, resource_type::topic, topic->name))
            return describe_topic(owner(), *topic, response);
        describe_missing(std::nullopt, id, errc::unknown_topic_id, response);
    }

    /// Also of topics that are not there yet; but of none that it may not know of.
    void tell_operations(kafka::metadata_response& response) {
        if (request_.include_cluster_authorized_operations)
            response.cluster_authorized_operations = authorized_cluster_operations(owner(), context());
        if (!request_.include_topic_authorized_operations)
            return;
        for (auto& topic : response.topics)
            if (topic.name && topic.error_code != wire_code(errc::topic_authorization_failed))
                topic.topic_authorized_operations =
                    authorized_operations(owner(), context(), resource_type::topic, *topic.name);
    }

    kafka::metadata_request request_;
    std::vector<topic_result> created_;
};

} // namespace

result<void> handle_metadata(connection& self, request_context context, kafka::wire_reader& body) {
    auto request = decode_body<kafka::metadata_request>(body, context);
    if (!request)
        return request.failure();
    auto waiting = std::make_unique<metadata>(self, self.current(), context, std::move(*request));
    auto missing = waiting->missing();
    if (missing.empty()) {
        waiting->respond();
        return {};
    }
    const auto token = self.park(std::move(waiting), self.request_timeout()).token();
    self.port().send_controller(create_topics_request{token, false, std::move(missing)});
    return {};
}

} // namespace barnabas
