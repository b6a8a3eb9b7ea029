#include "actors/group/classic_group.hpp"

#include <utility>

// A group that goes over to the consumer protocol while it runs.
namespace barnabas::group {

classic_handover classic_group::handover() const {
    classic_handover all;
    all.generation = options_.planted.conversion_restarts_epoch ? generation_id(0) : generation_;
    all.protocol = protocol_;
    for (const auto& [id, one] : members_)
        all.members.push_back({{id, one.instance_id},
                               one.client,
                               one.session_timeout,
                               one.rebalance_timeout,
                               one.protocols,
                               one.assignment});
    return all;
}

void classic_group::turn_away(turn& now) {
    for (auto& [id, one] : members_) {
        if (!one.join)
            continue;
        join_response again;
        again.code = errc::rebalance_in_progress;
        again.member_id = id;
        now.out.reply(std::exchange(one.join, std::nullopt)->ticket, std::move(again));
    }
    answer_assignments(errc::rebalance_in_progress, now);
}

void classic_group::begin_anew(turn& now) {
    begin_sessions(now.now);
    prepare_rebalance({"the group goes back to the classic protocol", {}, {}}, now);
}

/// Somebody must lead, or nobody would see that the topics grow: a member that joins is told so (KIP-814).
void classic_group::go_on_with(join_response& told, turn& now) {
    begin_sessions(now.now);
    told.generation = generation_;
    told.protocol = protocol_;
    told.leader = leader_;
    told.skip_assignment = true;
    told.members = listed_members();
}

} // namespace barnabas::group
