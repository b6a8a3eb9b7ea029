#include "actors/group/coordinator.hpp"

#include "actors/group/group_names.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <utility>

// Groups of the consumer protocol (KIP-848).
namespace barnabas::group {

namespace {

template <class Response>
Response refused(errc code, std::string detail) {
    Response response;
    response.code = code;
    response.detail = std::move(detail);
    return response;
}

error no_consumer_group(const std::string& name) {
    return {errc::group_id_not_found, "Group " + name + " is no group of the consumer protocol."};
}

bool allows_upgrade(migration_policy policy) {
    return policy == migration_policy::upgrade || policy == migration_policy::bidirectional;
}

/// Whether a classic group that may go over has as many members as it may have then, and this one has no
/// place among them. Going over for its sake, and back when it is refused, would cost the others a rebalance
/// with each time that it asks.
bool is_full_for(const member_name& who, const classic_group& classic,
                 const consumer_group_options& options) {
    if (!allows_upgrade(options.migration) || classic.protocol_type() != consumer_type ||
        classic.member_count() != static_cast<std::size_t>(options.members_max))
        return false;
    const auto from = classic.handover();
    return std::none_of(from.members.begin(), from.members.end(), [&](const auto& member) {
        return member.who.member_id == who.member_id ||
               (who.instance_id && member.who.instance_id == who.instance_id);
    });
}

} // namespace

consumer_group* coordinator::find_consumer(const std::string& name) {
    const auto found = groups_.find(name);
    return found == groups_.end() ? nullptr : found->second.consumer.get();
}

consumer_group& coordinator::consumer_of(one_group& group, const std::string& name) {
    if (!group.consumer)
        group.consumer =
            std::make_unique<consumer_group>(name, group_surroundings{options_, timers_, topics_});
    return *group.consumer;
}

void coordinator::answer(const consumer_heartbeat_request& request, const std::string& name,
                         request_ticket ticket, turn& now) {
    now.out.reply(ticket, heartbeat(request, name, now));
}

consumer_heartbeat_response coordinator::heartbeat(const consumer_heartbeat_request& request,
                                                   const std::string& name, turn& now) {
    using response = consumer_heartbeat_response;
    if (auto checked = consumer_group::check(name, request, options_); !checked)
        return refused<response>(checked.code(), checked.failure().detail);
    auto found = groups_.find(name);
    const bool is_there = found != groups_.end() && found->second.consumer;
    const auto* classic = found == groups_.end() ? nullptr : found->second.classic.get();
    const bool joins_classic = request.epoch == joining_epoch && classic != nullptr;
    if (joins_classic && BARNABAS_MARK_IF(is_full_for(request.who, *classic, options_.consumer),
                                          classic_group_full_for_consumers))
        return refused<response>(errc::group_max_size_reached,
                                 "The group has as many members as it may have.");
    if (!is_there && request.epoch != joining_epoch) {
        const auto why = no_consumer_group(name);
        return refused<response>(why.code, why.detail);
    }
    if (!is_there)
        if (auto way = make_way_for_consumers(name, now); !way)
            return refused<response>(way.code(), way.failure().detail);
    auto drawn = request.who.member_id.empty() ? to_string(draw_uuid()) : std::string();
    // Making way may have taken the name's entry away.
    if (!is_there)
        found = groups_.place(name);
    auto& group = consumer_of(found->second, name);
    auto told = group.on_heartbeat(request, std::move(drawn), now);
    if (!group.is_recorded()) {
        found->second.consumer.reset();
        erase_if_nothing_is_left(name);
    } else if (group.is_all_classic()) {
        downgrade_if_due(name, now);
    }
    return told;
}

/// A classic group without members gives its name away; its offsets stay. One with members goes over with
/// them, or else keeps it.
result<void> coordinator::make_way_for_consumers(const std::string& name, turn& now) {
    auto* classic = find_classic(name);
    if (classic == nullptr)
        return {};
    if (!classic->is_empty())
        return upgrade(name, *classic, now);
    BARNABAS_MARK(empty_classic_group_became_consumer_group);
    hand_over(name, classic->handover(), now);
    return {};
}

result<void> coordinator::upgrade(const std::string& name, classic_group& classic, turn& now) {
    const auto most = static_cast<std::size_t>(options_.consumer.members_max);
    const auto handover = classic.handover();
    if (!allows_upgrade(options_.consumer.migration) || classic.protocol_type() != consumer_type ||
        classic.member_count() > most)
        return no_consumer_group(name);
    if (auto can = consumer_group(name, {options_, timers_, topics_}).can_take_over(handover); !can)
        return can.failure();
    BARNABAS_MARK(classic_group_became_consumer_group);
    classic.turn_away(now);
    hand_over(name, handover, now);
    return {};
}

/// Epochs go on where generations ended, also when nobody is left: what a member of before says is old.
void coordinator::hand_over(const std::string& name, const classic_handover& from, turn& now) {
    write(classic_record{name, std::nullopt}, now);
    consumer_of(groups_[name], name).take_over(from, now);
}

/// When the last member of the consumer protocol has gone, the others go on as a classic group. `joined` is
/// what a member is told that took its place and can look after the group's topics: where nothing else
/// changes, nobody has to join again for its sake. Another one between JoinGroup and SyncGroup has to: it was
/// told a protocol that need not be the one that all go on with, and the classic group sets it no limit.
void coordinator::downgrade_if_due(const std::string& name, turn& now, join_response* joined) {
    const auto* consumers = find_consumer(name);
    if (consumers == nullptr || !consumers->is_to_be_classic())
        return;
    auto state = consumers->as_classic(now.wall);
    const bool all_stay =
        joined != nullptr && joined->code == errc::ok && consumers->is_settled_but_for(joined->member_id);
    // Who loads this must begin anew as well: nobody has yet what belonged to those that went.
    state.leader = all_stay ? std::optional(joined->member_id) : std::nullopt;
    BARNABAS_MARK(consumer_group_became_classic_group);
    end(*consumers, now);
    write(classic_record{name, std::move(state)}, now);
    if (BARNABAS_MARK_IF(all_stay, classic_group_goes_on_with_returned_static))
        find_classic(name)->go_on_with(*joined, now);
    else
        find_classic(name)->begin_anew(now);
}

/// And the other way.
bool coordinator::make_way_for_classic(const std::string& name, turn& now) {
    const auto* consumers = find_consumer(name);
    if (consumers == nullptr)
        return true;
    if (!consumers->is_empty())
        return false;
    BARNABAS_MARK(empty_consumer_group_became_classic_group);
    // Its offsets are kept from when its last member left, whoever comes or is refused now.
    auto state =
        consumers->as_classic(options_.planted.empty_since_forgotten ? no_timestamp : consumers->since());
    end(*consumers, now);
    write(classic_record{name, std::move(state)}, now);
    return true;
}

/// The last of the records takes the group away.
void coordinator::end(const consumer_group& group, turn& now) {
    for (auto& record : group.end_records())
        write(std::move(record), now);
}

void coordinator::answer(const consumer_describe_request&, const std::string& name, request_ticket ticket,
                         turn& now) {
    using response = consumer_describe_response;
    if (const auto* group = find_consumer(name))
        return now.out.reply(ticket, group->describe());
    const bool is_other = groups_.contains(name);
    now.out.reply(
        ticket, refused<response>(errc::group_id_not_found,
                                  "Group " + name +
                                      (is_other ? " is no group of the consumer protocol." : " not found.")));
}

} // namespace barnabas::group
