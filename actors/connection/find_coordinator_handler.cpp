#include "actors/connection/created_topics.hpp"
#include "actors/connection/group_question.hpp"
#include "actors/group/group_names.hpp"
#include "protocol/kafka/find_coordinator.hpp"

#include <algorithm>
#include <vector>

namespace barnabas {

namespace {

constexpr std::int8_t group_key = 0;
constexpr std::int8_t transaction_key = 1;

/// Answers at once, or when the topic that keeps groups has been made.
class find_coordinator final : public operation {
public:
    find_coordinator(connection& owner, std::uint64_t number, request_context context,
                     kafka::find_coordinator_request request)
        : operation(owner, number, std::move(context)), request_(std::move(request)) {
        if (this->context().version < first_with_several_keys)
            request_.coordinator_keys = {request_.key};
    }

    /// Groups are asked for, and there is no place to keep them yet.
    bool needs_topic() const {
        return request_.key_type == group_key && !request_.coordinator_keys.empty() &&
               owner().port().image()->find_topic(group::offsets_topic) == nullptr;
    }
    void on_topics_response(const topics_response& answer) override {
        if (!answer.topics.empty() && answer.topics.front().code != errc::ok)
            why_ = "__consumer_offsets cannot be created: " + answer.topics.front().detail;
        respond();
    }
    void on_timer() override { respond(); }

    void respond() {
        kafka::find_coordinator_response response;
        for (const auto& key : request_.coordinator_keys)
            fill(response.coordinators.emplace_back(), key);
        if (context().version < first_with_several_keys && !response.coordinators.empty()) {
            const auto& only = response.coordinators.front();
            response.error_code = only.error_code;
            response.error_message = only.error_message;
            response.node_id = only.node_id;
            response.host = only.host;
            response.port = only.port;
        }
        answer_with(owner(), number(), context(), response);
    }

private:
    static constexpr std::int16_t first_with_several_keys = 4;

    template <class Entry>
    void fill(Entry& entry, const std::string& key) {
        entry.key = key;
        entry.node_id = -1;
        entry.port = -1;
        const auto where = place_of(key);
        if (!where) {
            entry.error_code = wire_code(where.code());
            entry.error_message = where.failure().detail;
            return;
        }
        entry.node_id = where->id.get();
        entry.host = where->host;
        entry.port = where->port;
    }

    result<broker_metadata> place_of(const std::string& key) {
        if (request_.key_type == transaction_key)
            // Retriable: clients go on trying, and old librdkafka, which asks before it uses lz4, is content
            // with any answer (rule W119).
            return error{errc::coordinator_not_available, "this broker does not serve transactions"};
        if (request_.key_type != group_key)
            return error{errc::invalid_request,
                         "the key type " + std::to_string(request_.key_type) + " is not served"};
        if (!owner().allowed(context(), acl_operation::describe, resource_type::group, key))
            return error{errc::group_authorization_failed, "not allowed to describe the group"};
        auto image = owner().port().image();
        const auto* topic = image->find_topic(group::offsets_topic);
        if (topic == nullptr || topic->partitions.empty())
            return error{errc::coordinator_not_available,
                         why_.empty() ? "__consumer_offsets is being created" : why_};
        const auto count = static_cast<std::int32_t>(topic->partitions.size());
        const auto& partition =
            topic->partitions[static_cast<std::size_t>(group::partition_of_group(key, count).get())];
        const auto broker = image->brokers.find(partition.leader);
        const bool offline = partition.leader == node_id(owner().config().node_id) &&
                             owner().port().is_offline({topic->id, partition.index});
        if (broker == image->brokers.end() || offline)
            return error{errc::coordinator_not_available,
                         "the group's partition of __consumer_offsets has no leader"};
        return broker->second;
    }

    kafka::find_coordinator_request request_;
    std::string why_;
};

create_topics_request topic_to_create(connection& self, std::uint64_t token) {
    create_topics_request message;
    message.token = token;
    message.topics.push_back(topic_by_name(self, std::string(group::offsets_topic)));
    return message;
}

} // namespace

result<void> handle_find_coordinator(connection& self, request_context context, kafka::wire_reader& body) {
    auto request = decode_body<kafka::find_coordinator_request>(body, context);
    if (!request)
        return request.failure();
    auto waiting = std::make_unique<find_coordinator>(self, self.current(), context, std::move(*request));
    if (!waiting->needs_topic()) {
        waiting->respond();
        return {};
    }
    const auto patience = self.request_timeout();
    const operation& parked = self.park(std::move(waiting), patience);
    self.port().send_controller(topic_to_create(self, parked.token()));
    return {};
}

} // namespace barnabas
