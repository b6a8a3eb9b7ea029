#include "actors/connection/group_question.hpp"
#include "protocol/kafka/consumer_group_describe.hpp"
#include "protocol/kafka/consumer_group_heartbeat.hpp"

#include <algorithm>
#include <vector>

// Groups of the consumer protocol (KIP-848): ConsumerGroupHeartbeat, ConsumerGroupDescribe. The coordinator
// decides.
namespace barnabas {

namespace {

using std::chrono::milliseconds;

/// Topics without partitions mean nothing.
template <class Entries>
group::partitions_by_topic from_wire(const Entries& entries) {
    group::partitions_by_topic all;
    for (const auto& entry : entries)
        for (const auto index : entry.partitions)
            all[entry.topic_id].emplace_back(index);
    group::put_in_order(all);
    return all;
}

template <class Entries>
void to_wire(Entries& entries, const group::partitions_by_topic& all) {
    for (const auto& [topic, indexes] : all) {
        auto& entry = entries.emplace_back();
        entry.topic_id = topic;
        for (const auto index : indexes)
            entry.partitions.push_back(index.get());
    }
}

class consumer_group_heartbeat final : public single_group_question<group::consumer_heartbeat_response> {
public:
    using single_group_question::single_group_question;

protected:
    void respond(const group::consumer_heartbeat_response& answer) override {
        kafka::consumer_group_heartbeat_response response;
        response.error_code = wire_code(answer.code);
        if (answer.code == errc::ok) {
            response.member_id = answer.member_id;
            response.member_epoch = answer.epoch.get();
            response.heartbeat_interval_ms = static_cast<std::int32_t>(answer.heartbeat_interval.count());
        } else if (!answer.detail.empty()) {
            response.error_message = answer.detail;
        }
        if (answer.assignment)
            to_wire(response.assignment.emplace().topic_partitions, *answer.assignment);
        answer_with(owner(), number(), context(), response);
    }
};

class consumer_group_describe final
    : public named_groups_question<kafka::consumer_group_describe_response,
                                   &kafka::consumer_group_describe_response::groups> {
public:
    consumer_group_describe(connection& owner, std::uint64_t number, request_context context,
                            kafka::consumer_group_describe_request request)
        : named_groups_question(owner, number, std::move(context), std::move(request.group_ids)),
          tells_operations_(request.include_authorized_operations) {}

protected:
    void settle(std::uint32_t index, errc code, const group::response_body& body) override {
        auto& entry = entry_of(index);
        entry.error_code = wire_code(code);
        if (code != errc::ok)
            return;
        const auto& answer = std::get<group::consumer_describe_response>(body);
        entry.error_code = wire_code(answer.code);
        if (answer.code != errc::ok) {
            entry.error_message = answer.detail;
            return;
        }
        if (!may_see(answer)) {
            entry.error_code = wire_code(errc::topic_authorization_failed);
            entry.error_message = "The group has topics that you may not describe.";
            return;
        }
        if (tells_operations_)
            entry.authorized_operations = operations_on(entry.group_id);
        entry.group_state = answer.state;
        entry.group_epoch = answer.group_epoch;
        entry.assignment_epoch = answer.assignment_epoch;
        entry.assignor_name = answer.assignor;
        for (const auto& member : answer.members)
            fill(entry.members.emplace_back(), member);
    }

private:
    bool may_see(const group::consumer_describe_response& answer) {
        const auto allowed = [this](const std::string& name) {
            return owner().allowed(context(), acl_operation::describe, resource_type::topic, name);
        };
        auto image = owner().port().image();
        const auto all_allowed = [&](const group::partitions_by_topic& of) {
            return std::all_of(of.begin(), of.end(), [&](const auto& one) {
                const auto* topic = image->find_topic(one.first);
                return topic == nullptr || allowed(topic->name);
            });
        };
        return std::all_of(answer.members.begin(), answer.members.end(), [&](const auto& member) {
            return std::all_of(member.topics.begin(), member.topics.end(), allowed) &&
                   all_allowed(member.assigned) && all_allowed(member.target);
        });
    }

    template <class Member>
    void fill(Member& entry, const group::described_consumer& member) {
        entry.member_id = member.who.member_id;
        entry.instance_id = member.who.instance_id;
        entry.rack_id = member.rack;
        entry.member_epoch = member.epoch.get();
        entry.client_id = member.client.client_id;
        entry.client_host = member.client.host;
        entry.subscribed_topic_names = member.topics;
        entry.subscribed_topic_regex = member.pattern;
        fill_assignment(entry.assignment, member.assigned);
        fill_assignment(entry.target_assignment, member.target);
        entry.member_type = static_cast<std::int8_t>(member.is_classic ? 0 : 1);
    }

    /// What was deleted since has no name any more, and is left out.
    template <class Assignment>
    void fill_assignment(Assignment& entry, const group::partitions_by_topic& all) {
        auto image = owner().port().image();
        to_wire(entry.topic_partitions, all);
        std::erase_if(entry.topic_partitions, [&](auto& one) {
            const auto* topic = image->find_topic(one.topic_id);
            if (topic != nullptr)
                one.topic_name = topic->name;
            return topic == nullptr;
        });
    }

    bool tells_operations_;
};

bool may_describe(connection& self, const request_context& context, const std::vector<std::string>& topics) {
    return std::all_of(topics.begin(), topics.end(), [&](const std::string& name) {
        return self.allowed(context, acl_operation::describe, resource_type::topic, name);
    });
}

} // namespace

result<void> handle_consumer_group_heartbeat(connection& self, request_context context,
                                             kafka::wire_reader& body) {
    auto request = decode_body<kafka::consumer_group_heartbeat_request>(body, context);
    if (!request)
        return request.failure();
    constexpr std::int16_t first_that_names_itself = 1;
    auto waiting = std::make_unique<consumer_group_heartbeat>(self, self.current(), context);
    if (request->subscribed_topic_names && !may_describe(self, context, *request->subscribed_topic_names)) {
        waiting->take(0, errc::topic_authorization_failed, {});
        return {};
    }
    group::consumer_heartbeat_request question;
    question.client = client_of(self, context);
    question.who = {std::move(request->member_id), std::move(request->instance_id)};
    question.names_itself = context.version >= first_that_names_itself;
    question.epoch = group::member_epoch(request->member_epoch);
    question.rack = std::move(request->rack_id);
    if (request->rebalance_timeout_ms != -1)
        question.rebalance_timeout = milliseconds(request->rebalance_timeout_ms);
    question.topics = std::move(request->subscribed_topic_names);
    question.pattern = std::move(request->subscribed_topic_regex);
    question.assignor = std::move(request->server_assignor);
    if (request->topic_partitions)
        question.owned = from_wire(*request->topic_partitions);
    ask_one(self, std::move(waiting), acl_operation::read,
            {0, std::move(request->group_id), std::move(question)}, self.request_timeout());
    return {};
}

result<void> handle_consumer_group_describe(connection& self, request_context context,
                                            kafka::wire_reader& body) {
    auto request = decode_body<kafka::consumer_group_describe_request>(body, context);
    if (!request)
        return request.failure();
    std::vector<group::consumer_describe_request> questions(request->group_ids.size());
    auto waiting =
        std::make_unique<consumer_group_describe>(self, self.current(), context, std::move(*request));
    return ask_groups(self, std::move(waiting), acl_operation::describe, std::move(questions));
}

} // namespace barnabas
