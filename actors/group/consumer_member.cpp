#include "actors/group/consumer_member.hpp"

#include "protocol/model/assert.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace barnabas::group {

namespace {

using partitions = std::vector<partition_index>;

const partitions& partitions_of(const partitions_by_topic& all, const topic_id& topic) {
    static const partitions none;
    const auto found = all.find(topic);
    return found == all.end() ? none : found->second;
}

/// The topics that either has, with the partitions that `pick` takes from both sides.
template <class Pick>
partitions_by_topic each_topic(const partitions_by_topic& from, const partitions_by_topic& other,
                               const Pick& pick) {
    partitions_by_topic all;
    for (const auto& [topic, ours] : from) {
        partitions picked;
        const auto& theirs = partitions_of(other, topic);
        pick(ours, theirs, std::back_inserter(picked));
        if (!picked.empty())
            all.emplace(topic, std::move(picked));
    }
    return all;
}

partitions_by_topic common(const partitions_by_topic& a, const partitions_by_topic& b) {
    return each_topic(a, b, [](const auto& ours, const auto& theirs, auto out) {
        std::set_intersection(ours.begin(), ours.end(), theirs.begin(), theirs.end(), out);
    });
}

partitions_by_topic without(const partitions_by_topic& a, const partitions_by_topic& b) {
    return each_topic(a, b, [](const auto& ours, const auto& theirs, auto out) {
        std::set_difference(ours.begin(), ours.end(), theirs.begin(), theirs.end(), out);
    });
}

/// Adds what nobody else owns; false when something is left out.
bool add_free(partitions_by_topic& to, const partitions_by_topic& wanted, const current_assignment& has,
              const partition_owners& owners) {
    bool all = true;
    for (const auto& [topic, indexes] : wanted)
        for (const auto index : indexes) {
            // What it is just giving up is its own still.
            const bool others_own_it = owners.is_owned(topic, index) && !contains(has.pending, topic, index);
            if (others_own_it)
                all = false;
            else
                to[topic].push_back(index);
        }
    for (auto& [topic, indexes] : to)
        std::sort(indexes.begin(), indexes.end());
    return all;
}

current_assignment next_step(const current_assignment& has, const reconciliation& towards) {
    current_assignment next;
    next.assigned = common(has.assigned, towards.target);
    auto to_revoke = without(has.assigned, towards.target);
    const bool still_owned = towards.owned == nullptr || overlap(*towards.owned, to_revoke);
    if (!to_revoke.empty() && still_owned) {
        next.epoch = has.epoch;
        next.previous_epoch = has.previous_epoch;
        next.state = member_state::unrevoked;
        next.pending = std::move(to_revoke);
        return next;
    }
    const bool complete = add_free(next.assigned, without(towards.target, has.assigned), has, towards.owners);
    next.epoch = towards.target_epoch;
    // Gaining something within an epoch, it keeps the epoch that it may have missed the end of.
    next.previous_epoch = has.epoch == next.epoch ? has.previous_epoch : has.epoch;
    next.state = complete ? member_state::stable : member_state::unreleased;
    return next;
}

} // namespace

void partition_owners::add(const partitions_by_topic& owned) {
    for (const auto& [topic, indexes] : owned)
        for (auto& counts = counts_[topic]; const auto index : indexes)
            ++counts[index];
}

void partition_owners::remove(const partitions_by_topic& owned) {
    for (const auto& [topic, indexes] : owned) {
        const auto counts = counts_.find(topic);
        BARNABAS_ASSERT(counts != counts_.end());
        for (const auto index : indexes) {
            const auto count = counts->second.find(index);
            BARNABAS_ASSERT(count != counts->second.end());
            if (--count->second == 0)
                counts->second.erase(count);
        }
        if (counts->second.empty())
            counts_.erase(counts);
    }
}

bool partition_owners::is_owned(const topic_id& topic, partition_index index) const {
    const auto counts = counts_.find(topic);
    return counts != counts_.end() && counts->second.contains(index);
}

bool contains(const partitions_by_topic& all, const topic_id& topic, partition_index index) {
    const auto& indexes = partitions_of(all, topic);
    return std::binary_search(indexes.begin(), indexes.end(), index);
}

bool contains_all(const partitions_by_topic& all, const partitions_by_topic& some) {
    return std::all_of(some.begin(), some.end(), [&](const auto& one) {
        const auto& indexes = partitions_of(all, one.first);
        return std::includes(indexes.begin(), indexes.end(), one.second.begin(), one.second.end());
    });
}

bool overlap(const partitions_by_topic& a, const partitions_by_topic& b) {
    return !common(a, b).empty();
}

current_assignment reconcile(const current_assignment& has, const reconciliation& towards) {
    switch (has.state) {
    case member_state::stable: return has.epoch == towards.target_epoch ? has : next_step(has, towards);
    case member_state::unrevoked:
        if (towards.owned == nullptr || overlap(*towards.owned, has.pending))
            return has;
        return next_step(has, towards);
    case member_state::unreleased: return next_step(has, towards);
    }
    BARNABAS_UNREACHABLE("a member in no state");
}

} // namespace barnabas::group
