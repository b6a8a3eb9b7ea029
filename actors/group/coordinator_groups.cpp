#include "actors/group/coordinator.hpp"

#include "actors/group/group_names.hpp"
#include "actors/group/record_sizes.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <utility>

// Groups as a whole: described, listed, deleted.
namespace barnabas::group {

namespace {

constexpr std::string_view classic_type = "classic";

} // namespace

void coordinator::answer(const describe_request&, const std::string& name, request_ticket ticket, turn& now) {
    describe_response response;
    const auto found = groups_.find(name);
    // Groups of the consumer protocol are described by a request of their own.
    if (found == groups_.end() || found->second.consumer) {
        response.code = errc::group_id_not_found;
        response.state = "Dead";
    } else if (found->second.classic) {
        response = found->second.classic->describe();
    } else {
        response.state = name_of(classic_phase::empty);
    }
    now.out.reply(ticket, std::move(response));
}

void coordinator::answer(const list_request&, const std::string&, request_ticket ticket, turn& now) {
    list_response response;
    for (const auto& [name, group] : groups_) {
        auto& one = response.groups.emplace_back();
        one.name = name;
        if (group.consumer) {
            one.type = consumer_type;
            one.protocol_type = consumer_type;
            one.state = group.consumer->state();
            continue;
        }
        one.type = classic_type;
        one.state = name_of(group.classic ? group.classic->phase() : classic_phase::empty);
        if (group.classic)
            one.protocol_type = group.classic->protocol_type();
    }
    now.out.reply(ticket, std::move(response));
}

commits_response coordinator::commits(const commits_query& query) const {
    commits_response response;
    response.token = query.token;
    for (const auto& [name, group] : groups_) {
        const auto count = std::max<std::size_t>(group.offsets.size(), 1);
        if (count > query.partitions_max - response.told) {
            response.left_out += count;
            continue;
        }
        response.told += count;
        auto& one = response.groups.emplace_back();
        one.name = name;
        one.members = group.classic    ? group.classic->member_count()
                      : group.consumer ? group.consumer->size()
                                       : 0;
        group.offsets.for_each(
            [&](const std::string& topic, partition_index index, const committed_offset& value) {
                if (one.topics.empty() || one.topics.back().topic != topic)
                    one.topics.push_back({topic, {}});
                one.topics.back().partitions.push_back({index, value.offset});
            });
    }
    return response;
}

void coordinator::answer(const delete_request&, const std::string& name, request_ticket ticket, turn& now) {
    const auto found = groups_.find(name);
    errc code = errc::ok;
    if (found == groups_.end())
        code = errc::group_id_not_found;
    else if ((found->second.classic && !found->second.classic->is_empty()) ||
             (found->second.consumer && !found->second.consumer->is_empty()))
        code = errc::non_empty_group;
    if (code == errc::ok)
        code = remove_whole(found, now);
    now.out.reply(ticket, delete_response{code});
}

/// All at once or not at all.
errc coordinator::remove_whole(groups::iterator group, turn& now) {
    const std::string name = group->first;
    std::vector<offset_record> gone;
    std::size_t bytes = group->second.consumer ? group->second.consumer->end_bytes() : 0;
    group->second.offsets.for_each(
        [&](const std::string& topic, partition_index index, const committed_offset&) {
            gone.push_back({name, topic, index, std::nullopt});
            bytes += bytes_of(gone.back());
        });
    if (BARNABAS_MARK_IF(bytes > options_.decision_bytes_max, deletion_too_large))
        return errc::internal;
    for (auto& record : gone)
        write(std::move(record), now);
    // The last offset of a group that nobody ever joined takes the group along.
    if (const auto left = groups_.find(name); left != groups_.end())
        forget(left, now);
    return errc::ok;
}

/// A group without members and offsets goes.
void coordinator::forget_if_unused(const std::string& name, turn& now) {
    const auto found = groups_.find(name);
    if (found == groups_.end() || !found->second.offsets.empty())
        return;
    if (found->second.consumer && !found->second.consumer->is_empty())
        return;
    if (found->second.classic &&
        (!found->second.classic->is_empty() || found->second.classic->awaits_members()))
        return;
    forget(found, now);
}

/// If the log knows it, the log is told. Who was sent back with an id, and comes with it, has to begin again.
void coordinator::forget(groups::iterator group, turn& now) {
    if (const auto* consumers = group->second.consumer.get()) {
        BARNABAS_MARK(unused_consumer_group_deleted);
        return end(*consumers, now);
    }
    if (!group->second.classic || !group->second.classic->is_recorded()) {
        groups_.erase(group);
        return;
    }
    BARNABAS_MARK(unused_group_deleted);
    write(classic_record{group->first, std::nullopt}, now);
}

} // namespace barnabas::group
