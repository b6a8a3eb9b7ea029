#include "actors/connection/group_question.hpp"
#include "actors/connection/limits.hpp"
#include "protocol/kafka/heartbeat.hpp"
#include "protocol/kafka/join_group.hpp"
#include "protocol/kafka/leave_group.hpp"
#include "protocol/kafka/sync_group.hpp"

#include <algorithm>
#include <vector>

// Members of classic groups: JoinGroup, SyncGroup, Heartbeat, LeaveGroup. The coordinator decides.
namespace barnabas {

namespace {

using std::chrono::milliseconds;

/// Members wait for each other, up to the rebalance timeout of the slowest.
constexpr milliseconds patience_of_members = connection_limits::deadline_max;

class join_group final : public single_group_question<group::join_response> {
public:
    using single_group_question::single_group_question;

    void on_timer() override {
        group::join_response late;
        late.code = errc::rebalance_in_progress;
        respond(late);
    }

protected:
    void respond(const group::join_response& answer) override {
        kafka::join_group_response response;
        response.error_code = wire_code(answer.code);
        response.member_id = answer.member_id;
        response.protocol_name.reset();
        if (answer.code == errc::ok) {
            response.generation_id = answer.generation.get();
            response.protocol_type = answer.protocol_type;
            response.protocol_name = answer.protocol;
            response.leader = answer.leader;
            response.skip_assignment = answer.skip_assignment;
        }
        for (const auto& member : answer.members) {
            auto& one = response.members.emplace_back();
            one.member_id = member.who.member_id;
            one.group_instance_id = member.who.instance_id;
            one.metadata = member.metadata;
        }
        answer_with(owner(), number(), context(), response);
    }
};

class sync_group final : public single_group_question<group::sync_response> {
public:
    using single_group_question::single_group_question;

    void on_timer() override {
        group::sync_response late;
        late.code = errc::rebalance_in_progress;
        respond(late);
    }

protected:
    void respond(const group::sync_response& answer) override {
        kafka::sync_group_response response;
        response.error_code = wire_code(answer.code);
        if (answer.code == errc::ok) {
            response.protocol_type = answer.protocol_type;
            response.protocol_name = answer.protocol;
            response.assignment = answer.assignment;
        }
        answer_with(owner(), number(), context(), response);
    }
};

class heartbeat final : public single_group_question<group::heartbeat_response> {
public:
    using single_group_question::single_group_question;

protected:
    void respond(const group::heartbeat_response& answer) override {
        kafka::heartbeat_response response;
        response.error_code = wire_code(answer.code);
        answer_with(owner(), number(), context(), response);
    }
};

constexpr std::int16_t first_leave_of_several = 3;

class leave_group final : public single_group_question<group::leave_response> {
public:
    leave_group(connection& owner, std::uint64_t number, request_context context,
                std::vector<group::member_name> leaving)
        : single_group_question(owner, number, std::move(context)), leaving_(std::move(leaving)) {}

protected:
    void respond(const group::leave_response& answer) override {
        kafka::leave_group_response response;
        response.error_code = wire_code(answer.code);
        if (context().version < first_leave_of_several) {
            if (answer.code == errc::ok && !answer.members.empty())
                response.error_code = wire_code(answer.members.front());
        } else if (answer.code == errc::ok) {
            for (std::size_t i = 0; i < leaving_.size(); ++i) {
                auto& one = response.members.emplace_back();
                one.member_id = leaving_[i].member_id;
                one.group_instance_id = leaving_[i].instance_id;
                one.error_code = wire_code(answer.members[i]);
            }
        }
        answer_with(owner(), number(), context(), response);
    }

private:
    std::vector<group::member_name> leaving_;
};

} // namespace

result<void> handle_join_group(connection& self, request_context context, kafka::wire_reader& body) {
    auto request = decode_body<kafka::join_group_request>(body, context);
    if (!request)
        return request.failure();
    constexpr std::int16_t first_with_id_first = 4;
    constexpr std::int16_t first_that_may_skip = 9;
    group::join_request question;
    question.client = client_of(self, context);
    question.who = {std::move(request->member_id), std::move(request->group_instance_id)};
    question.session_timeout = milliseconds(request->session_timeout_ms);
    // Version 0 has one timeout for both.
    question.rebalance_timeout = milliseconds(
        context.version == 0 ? request->session_timeout_ms : std::max(request->rebalance_timeout_ms, 0));
    question.protocol_type = std::move(request->protocol_type);
    for (auto& protocol : request->protocols)
        question.protocols.push_back({std::move(protocol.name), std::move(protocol.metadata)});
    question.id_first = context.version >= first_with_id_first;
    question.may_skip_assignment = context.version >= first_that_may_skip;
    question.reason = request->reason.value_or("");
    ask_one(self, std::make_unique<join_group>(self, self.current(), context), acl_operation::read,
            {0, std::move(request->group_id), std::move(question)}, patience_of_members);
    return {};
}

result<void> handle_sync_group(connection& self, request_context context, kafka::wire_reader& body) {
    auto request = decode_body<kafka::sync_group_request>(body, context);
    if (!request)
        return request.failure();
    constexpr std::int16_t first_with_protocol = 5;
    auto waiting = std::make_unique<sync_group>(self, self.current(), context);
    // Both are nullable on the wire only (KIP-559).
    if (context.version >= first_with_protocol && (!request->protocol_type || !request->protocol_name)) {
        waiting->take(0, errc::inconsistent_group_protocol, {});
        return {};
    }
    group::sync_request question;
    question.who = {std::move(request->member_id), std::move(request->group_instance_id)};
    question.generation = group::generation_id(request->generation_id);
    question.protocol_type = std::move(request->protocol_type);
    question.protocol = std::move(request->protocol_name);
    for (auto& one : request->assignments)
        question.assignments.push_back({std::move(one.member_id), std::move(one.assignment)});
    ask_one(self, std::move(waiting), acl_operation::read,
            {0, std::move(request->group_id), std::move(question)}, patience_of_members);
    return {};
}

result<void> handle_heartbeat(connection& self, request_context context, kafka::wire_reader& body) {
    auto request = decode_body<kafka::heartbeat_request>(body, context);
    if (!request)
        return request.failure();
    group::heartbeat_request question{{std::move(request->member_id), std::move(request->group_instance_id)},
                                      group::generation_id(request->generation_id)};
    ask_one(self, std::make_unique<heartbeat>(self, self.current(), std::move(context)), acl_operation::read,
            {0, std::move(request->group_id), std::move(question)}, self.request_timeout());
    return {};
}

result<void> handle_leave_group(connection& self, request_context context, kafka::wire_reader& body) {
    auto request = decode_body<kafka::leave_group_request>(body, context);
    if (!request)
        return request.failure();
    group::leave_request question;
    std::vector<group::member_name> leaving;
    if (context.version < first_leave_of_several)
        question.members.push_back({{std::move(request->member_id), std::nullopt}, {}});
    for (auto& member : request->members)
        question.members.push_back(
            {{std::move(member.member_id), std::move(member.group_instance_id)}, member.reason.value_or("")});
    for (const auto& member : question.members)
        leaving.push_back(member.who);
    ask_one(self, std::make_unique<leave_group>(self, self.current(), context, std::move(leaving)),
            acl_operation::read, {0, std::move(request->group_id), std::move(question)},
            self.request_timeout());
    return {};
}

} // namespace barnabas
