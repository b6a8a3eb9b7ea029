#include "actors/group/coordinator.hpp"

#include "actors/group/limits.hpp"
#include "actors/group/record_sizes.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"

#include <utility>

namespace barnabas::group {

namespace {

template <class Response>
Response with_code(errc code) {
    Response response;
    response.code = code;
    return response;
}

} // namespace

void coordinator::on_request(const coordinator_request& request, request_ticket ticket, turn& now) {
    std::visit([&](const auto& body) { answer(body, request.group, ticket, now); }, request.body);
}

void coordinator::on_loaded(turn& now) {
    for (auto& [name, group] : groups_)
        if (group.classic)
            group.classic->on_loaded(now);
    for (auto& [name, group] : groups_)
        if (group.consumer)
            group.consumer->on_loaded(now.now);
    if (!options_.planted.offsets_of_namesake_kept)
        remove_offsets([this](const std::string& topic,
                              const committed_offset& value) { return is_of_deleted(topic, value); },
                       now);
    timers_.arm(later(now.now, options_.expiry_interval), {timer_kind::expiry, {}, {}, 0});
}

void coordinator::on_time(turn& now) {
    for (; auto due = timers_.take_due(now.now); now.out.end_decision()) {
        if (due->kind == timer_kind::expiry) {
            expire_all(now);
            timers_.arm(later(now.now, options_.expiry_interval), std::move(*due));
            continue;
        }
        if (auto* consumers = find_consumer(due->group)) {
            consumers->on_timer(*due, now);
            downgrade_if_due(due->group, now);
        } else if (auto* group = find_classic(due->group)) {
            group->on_timer(*due, now);
        }
    }
}

std::size_t coordinator::offset_count() const {
    std::size_t count = 0;
    for (const auto& [name, group] : groups_)
        count += group.offsets.size();
    return count;
}

classic_group* coordinator::find_classic(const std::string& name) {
    const auto found = groups_.find(name);
    return found == groups_.end() ? nullptr : found->second.classic.get();
}

classic_group& coordinator::classic_of(one_group& group, const std::string& name) {
    if (!group.classic)
        group.classic = std::make_unique<classic_group>(name, options_, timers_);
    return *group.classic;
}

/// Where it comes from, for people, and something that nobody else has (KIP-394; card GRP-06).
std::string coordinator::draw_member_id(const join_request& request) {
    const auto& prefix = request.who.instance_id ? *request.who.instance_id : request.client.client_id;
    return prefix.substr(0, group_limits::id_prefix_bytes_max) + "-" + to_string(draw_uuid());
}

uuid coordinator::draw_uuid() {
    uuid drawn;
    for (std::size_t i = 0; i < drawn.bytes.size(); i += 8) {
        auto bits = ids_.next();
        for (std::size_t byte = i; byte < i + 8; ++byte, bits >>= 8)
            drawn.bytes[byte] = static_cast<std::uint8_t>(bits);
    }
    return drawn;
}

void coordinator::answer(const join_request& request, const std::string& name, request_ticket ticket,
                         turn& now) {
    const auto refuse = [&](errc code) {
        auto refused = with_code<join_response>(code);
        refused.member_id = request.who.member_id;
        now.out.reply(ticket, std::move(refused));
    };
    if (name.empty())
        return refuse(errc::invalid_group_id);
    if (request.session_timeout < options_.session_timeout_min ||
        request.session_timeout > options_.session_timeout_max)
        return refuse(errc::invalid_session_timeout);
    // Also for who has an id: kept runs know the draws that follow.
    auto drawn = draw_member_id(request);
    const auto& id = request.who.member_id.empty() ? drawn : request.who.member_id;
    if (BARNABAS_MARK_IF(least_bytes_of(name, id, request) > options_.record_bytes_max, join_too_large))
        return refuse(errc::message_too_large);
    const auto* consumers = find_consumer(name);
    if (consumers != nullptr && consumers->is_empty()) {
        if (!request.who.member_id.empty())
            return refuse(errc::unknown_member_id);
        if (request.protocol_type.empty() || request.protocols.empty())
            return refuse(errc::inconsistent_group_protocol);
    }
    if (!make_way_for_classic(name, now)) {
        auto told = find_consumer(name)->on_join(request, std::move(drawn), now);
        downgrade_if_due(name, now, request.may_skip_assignment ? &told : nullptr);
        return now.out.reply(ticket, std::move(told));
    }
    if (!request.who.member_id.empty() && find_classic(name) == nullptr)
        return refuse(errc::unknown_member_id);
    classic_of(groups_[name], name).on_join(request, std::move(drawn), ticket, now);
}

void coordinator::answer(const sync_request& request, const std::string& name, request_ticket ticket,
                         turn& now) {
    if (name.empty())
        return now.out.reply(ticket, with_code<sync_response>(errc::invalid_group_id));
    if (auto* consumers = find_consumer(name))
        return now.out.reply(ticket, consumers->on_sync(request, now));
    if (auto* group = find_classic(name))
        return group->on_sync(request, ticket, now);
    now.out.reply(ticket, with_code<sync_response>(errc::unknown_member_id));
}

void coordinator::answer(const heartbeat_request& request, const std::string& name, request_ticket ticket,
                         turn& now) {
    const auto found = groups_.find(name);
    const bool is_there = found != groups_.end();
    const errc code = name.empty() ? errc::invalid_group_id
                      : is_there && found->second.consumer
                          ? found->second.consumer->on_classic_heartbeat(request, now)
                      : is_there && found->second.classic ? found->second.classic->on_heartbeat(request, now)
                                                          : errc::unknown_member_id;
    now.out.reply(ticket, heartbeat_response{code});
}

void coordinator::answer(const leave_request& request, const std::string& name, request_ticket ticket,
                         turn& now) {
    leave_response response;
    response.code = name.empty() ? errc::invalid_group_id : errc::ok;
    auto* group = find_classic(name);
    auto* consumers = find_consumer(name);
    for (const auto& leaving : request.members)
        response.members.push_back(consumers != nullptr ? consumers->on_classic_leave(leaving.who, now)
                                   : group == nullptr   ? errc::unknown_member_id
                                                        : group->on_leave(leaving.who, leaving.reason, now));
    now.out.reply(ticket, std::move(response));
    downgrade_if_due(name, now);
}

} // namespace barnabas::group
