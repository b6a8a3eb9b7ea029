#include "actors/connection/group_question.hpp"
#include "actors/group/group_names.hpp"
#include "protocol/kafka/delete_groups.hpp"
#include "protocol/kafka/describe_groups.hpp"
#include "protocol/kafka/list_groups.hpp"

#include <algorithm>
#include <vector>

// What administrators ask about groups: DescribeGroups, ListGroups, DeleteGroups.
namespace barnabas {

namespace {

class describe_groups final : public named_groups_question<kafka::describe_groups_response,
                                                           &kafka::describe_groups_response::groups> {
public:
    describe_groups(connection& owner, std::uint64_t number, request_context context,
                    kafka::describe_groups_request request)
        : named_groups_question(owner, number, std::move(context), std::move(request.groups)),
          tells_operations_(request.include_authorized_operations) {}

protected:
    void settle(std::uint32_t index, errc code, const group::response_body& body) override {
        auto& entry = entry_of(index);
        if (code != errc::ok) {
            entry.error_code = wire_code(code);
            return;
        }
        const auto& answer = std::get<group::describe_response>(body);
        // Older clients know a group that is not there by its state (KIP-1043).
        constexpr std::int16_t first_with_missing_groups = 6;
        if (answer.code != errc::ok && context().version >= first_with_missing_groups) {
            entry.error_code = wire_code(answer.code);
            entry.error_message = "Group " + entry.group_id + " not found.";
        }
        if (tells_operations_ && entry.error_code == wire_code(errc::ok))
            entry.authorized_operations = operations_on(entry.group_id);
        entry.group_state = answer.state;
        entry.protocol_type = answer.protocol_type;
        entry.protocol_data = answer.protocol;
        for (const auto& member : answer.members) {
            auto& one = entry.members.emplace_back();
            one.member_id = member.who.member_id;
            one.group_instance_id = member.who.instance_id;
            one.client_id = member.client.client_id;
            one.client_host = member.client.host;
            one.member_metadata = member.metadata;
            one.member_assignment = member.assignment;
        }
    }

private:
    bool tells_operations_;
};

/// For people, who get it from version 3 on.
std::string why_not_deleted(const std::string& group, errc outcome) {
    switch (outcome) {
    case errc::non_empty_group: return "Group " + group + " has members; only an empty group can be deleted.";
    case errc::group_id_not_found: return "Group " + group + " not found.";
    case errc::group_authorization_failed: return "You may not delete group " + group + ".";
    case errc::invalid_group_id: return "A group cannot have the name '" + group + "'.";
    default: return "The coordinator of group " + group + " cannot delete it now; try again.";
    }
}

class delete_groups final
    : public named_groups_question<kafka::delete_groups_response, &kafka::delete_groups_response::results> {
public:
    using named_groups_question::named_groups_question;

protected:
    void settle(std::uint32_t index, errc code, const group::response_body& body) override {
        const auto outcome = code != errc::ok ? code : std::get<group::delete_response>(body).code;
        auto& entry = entry_of(index);
        entry.error_code = wire_code(outcome);
        if (outcome != errc::ok)
            entry.error_message = why_not_deleted(entry.group_id, outcome);
    }
};

bool same_text_but_for_case(const std::string& a, const std::string& b) {
    const auto lower = [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter;
    };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](char x, char y) { return lower(x) == lower(y); });
}

/// Empty filters let everything through.
bool passes(const std::vector<std::string>& filter, const std::string& value) {
    return filter.empty() || std::any_of(filter.begin(), filter.end(), [&](const auto& wanted) {
               return same_text_but_for_case(wanted, value);
           });
}

/// Asks every coordinator of this broker; what one of them cannot tell yet makes the client ask again.
class list_groups final : public group_question {
public:
    list_groups(connection& owner, std::uint64_t number, request_context context,
                kafka::list_groups_request request)
        : group_question(owner, number, std::move(context)), request_(std::move(request)) {}

    void take(std::uint32_t, errc code, const group::response_body& body) override {
        if (code == errc::ok)
            add(std::get<group::list_response>(body));
        else
            response_.error_code = wire_code(code);
        ++answered_;
        respond_if_complete();
    }
    void on_timer() override {
        response_.error_code = wire_code(errc::coordinator_not_available);
        answer_with(owner(), number(), context(), response_);
    }
    void will_ask() { ++open_; }
    void note(errc code) { response_.error_code = wire_code(code); }
    bool all_asked() {
        asking_ = false;
        return respond_if_complete();
    }

private:
    void add(const group::list_response& answer) {
        for (const auto& group : answer.groups) {
            if (!passes(request_.states_filter, group.state) || !passes(request_.types_filter, group.type) ||
                !owner().allowed(context(), acl_operation::describe, resource_type::group, group.name))
                continue;
            auto& entry = response_.groups.emplace_back();
            entry.group_id = group.name;
            entry.protocol_type = group.protocol_type;
            entry.group_state = group.state;
            entry.group_type = group.type;
        }
    }
    bool respond_if_complete() {
        if (!asking_ && answered_ == open_) {
            answer_with(owner(), number(), context(), response_);
            return true;
        }
        return false;
    }

    kafka::list_groups_request request_;
    kafka::list_groups_response response_;
    std::size_t open_ = 0;
    std::size_t answered_ = 0;
    bool asking_ = true;
};

} // namespace

result<void> handle_describe_groups(connection& self, request_context context, kafka::wire_reader& body) {
    auto request = decode_body<kafka::describe_groups_request>(body, context);
    if (!request)
        return request.failure();
    std::vector<group::describe_request> questions(request->groups.size());
    auto waiting = std::make_unique<describe_groups>(self, self.current(), context, std::move(*request));
    return ask_groups(self, std::move(waiting), acl_operation::describe, std::move(questions));
}

result<void> handle_delete_groups(connection& self, request_context context, kafka::wire_reader& body) {
    auto request = decode_body<kafka::delete_groups_request>(body, context);
    if (!request)
        return request.failure();
    std::vector<group::delete_request> questions(request->groups_names.size());
    auto waiting =
        std::make_unique<delete_groups>(self, self.current(), context, std::move(request->groups_names));
    return ask_groups(self, std::move(waiting), acl_operation::remove, std::move(questions));
}

result<void> handle_list_groups(connection& self, request_context context, kafka::wire_reader& body) {
    auto request = decode_body<kafka::list_groups_request>(body, context);
    if (!request)
        return request.failure();
    auto waiting = std::make_unique<list_groups>(self, self.current(), context, std::move(*request));
    auto image = self.port().image();
    const auto* topic = image->find_topic(group::offsets_topic);
    // Without the topic there is no group yet.
    for (std::size_t i = 0; topic != nullptr && i < topic->partitions.size(); ++i) {
        const auto& partition = topic->partitions[i];
        if (partition.leader != node_id(self.config().node_id))
            continue;
        group::coordinator_request question;
        question.token = waiting->token(static_cast<std::uint32_t>(i));
        question.body = group::list_request{};
        if (self.port().send_coordinator(partition.index, std::move(question)))
            waiting->will_ask();
        else
            waiting->note(errc::coordinator_not_available);
    }
    if (waiting->all_asked())
        return {};
    self.park(std::move(waiting), self.request_timeout());
    return {};
}

} // namespace barnabas
