#include "actors/client/admin/submit_plan.hpp"
#include "protocol/kafka/leave_group.hpp"

// Members of groups that shall go.
namespace barnabas::client {

namespace {

/// From version 3 on several members can go, and those without an id of their own.
constexpr std::int16_t first_with_members = 3;

struct remove_members_plan : plan_defaults {
    using request = kafka::leave_group_request;
    using response = kafka::leave_group_response;
    using key = member_name;
    using value = no_value;
    static constexpr bool changes_something = true;

    std::string group;
    std::string reason;

    std::int16_t lowest_version() const { return first_with_members; }
    call_target target(const key&) const { return call_target::coordinator(group); }
    request ask(std::span<const key> members, std::int32_t, std::int16_t) const {
        request asked;
        asked.group_id = group;
        for (const auto& member : members) {
            auto& entry = asked.members.emplace_back();
            entry.member_id = member.member_id;
            entry.group_instance_id = member.instance_id;
            entry.reason = reason;
        }
        return asked;
    }
    void read(const response& said, std::span<const key> members, key_answers<key, value>& out) const {
        if (said.error_code != 0)
            return out.all_bad(said.error_code);
        for (const auto& one : said.members)
            for (const auto& member : members)
                if (is_meant(member, one))
                    out.tell(member, one.error_code, {}, {});
    }

private:
    /// A static member may be told of with the id that the group gave it.
    static bool is_meant(const key& member, const response::member_response& told) {
        return member.instance_id ? told.group_instance_id == member.instance_id
                                  : told.member_id == member.member_id;
    }
};

} // namespace

pending<results<member_name, no_value>> admin::remove_members(std::string group,
                                                              std::vector<member_name> members,
                                                              std::string reason,
                                                              call_options options) const {
    remove_members_plan plan;
    plan.group = std::move(group);
    plan.reason = std::move(reason);
    return submit_plan(submit_, std::move(plan), std::move(members), options);
}

} // namespace barnabas::client
