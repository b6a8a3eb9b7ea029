#include "actors/client/consumer/client_assignors.hpp"

#include <algorithm>
#include <iterator>

namespace barnabas::client {

namespace {

using ordered = std::vector<const member_wish*>;

/// Static members come first, so that a restart changes nothing.
ordered in_order(const std::vector<member_wish>& members) {
    ordered all;
    for (const auto& one : members)
        all.push_back(&one);
    std::sort(all.begin(), all.end(), [](const auto* a, const auto* b) {
        if (a->instance.has_value() != b->instance.has_value())
            return a->instance.has_value();
        return a->instance ? *a->instance < *b->instance : a->id < b->id;
    });
    return all;
}

group_plan empty_plan(const std::vector<member_wish>& members) {
    group_plan plan;
    for (const auto& one : members)
        plan[one.id];
    return plan;
}

std::vector<partition_name> all_partitions(const std::vector<member_wish>& members,
                                           const partition_counts& topics) {
    std::vector<partition_name> all;
    for (const auto& [topic, count] : topics) {
        const bool wanted = std::any_of(members.begin(), members.end(),
                                        [&](const auto& one) { return one.topics.contains(topic); });
        for (std::int32_t partition = 0; wanted && partition < count; ++partition)
            all.push_back({topic, partition});
    }
    return all;
}

/// Who has each partition now: of two who say so, the one of the later generation.
std::map<partition_name, const member_wish*> owners_of(const std::vector<member_wish>& members,
                                                       const partition_counts& topics) {
    std::map<partition_name, const member_wish*> owners;
    for (const auto& one : members)
        for (const auto& name : one.owned) {
            const auto topic = topics.find(name.topic);
            if (topic == topics.end() || name.partition >= topic->second || !one.topics.contains(name.topic))
                continue;
            auto& owner = owners[name];
            if (owner == nullptr || owner->generation < one.generation)
                owner = &one;
        }
    return owners;
}

const member_wish* least_loaded(const ordered& members, const group_plan& plan, const std::string& topic) {
    const member_wish* best = nullptr;
    for (const auto* one : members)
        if (one->topics.contains(topic) &&
            (best == nullptr || plan.at(one->id).size() < plan.at(best->id).size()))
            best = one;
    return best;
}

/// Moves one partition of the member to somebody with two fewer, if one wants it.
bool give_one_away(const member_wish& from, const ordered& members, group_plan& plan) {
    auto& mine = plan[from.id];
    for (auto at = mine.rbegin(); at != mine.rend(); ++at) {
        const auto* to = least_loaded(members, plan, at->topic);
        if (to == nullptr || plan[to->id].size() + 1 >= mine.size())
            continue;
        plan[to->id].insert(*at);
        mine.erase(std::next(at).base());
        return true;
    }
    return false;
}

} // namespace

group_plan assign_range(const std::vector<member_wish>& members, const partition_counts& topics) {
    auto plan = empty_plan(members);
    for (const auto& [topic, count] : topics) {
        auto wanting = in_order(members);
        std::erase_if(wanting, [&](const auto* one) { return !one->topics.contains(topic); });
        if (wanting.empty())
            continue;
        const auto many = static_cast<std::int32_t>(wanting.size());
        std::int32_t next = 0;
        for (std::int32_t place = 0; place < many; ++place) {
            const auto share = count / many + (place < count % many ? 1 : 0);
            for (std::int32_t i = 0; i < share; ++i)
                plan[wanting[static_cast<std::size_t>(place)]->id].insert({topic, next++});
        }
    }
    return plan;
}

group_plan assign_round_robin(const std::vector<member_wish>& members, const partition_counts& topics) {
    auto plan = empty_plan(members);
    const auto order = in_order(members);
    std::size_t turn = 0;
    for (const auto& name : all_partitions(members, topics)) {
        while (!order[turn % order.size()]->topics.contains(name.topic))
            ++turn;
        plan[order[turn++ % order.size()]->id].insert(name);
    }
    return plan;
}

group_plan assign_sticky(const std::vector<member_wish>& members, const partition_counts& topics) {
    auto plan = empty_plan(members);
    const auto order = in_order(members);
    const auto owners = owners_of(members, topics);
    for (const auto& [name, owner] : owners)
        plan[owner->id].insert(name);
    for (const auto& name : all_partitions(members, topics))
        if (!owners.contains(name))
            plan[least_loaded(order, plan, name.topic)->id].insert(name);
    // Each move makes the sum of squares smaller, so this ends.
    bool moved = true;
    while (moved) {
        moved = false;
        for (const auto* one : order)
            while (give_one_away(*one, order, plan))
                moved = true;
    }
    return plan;
}

group_plan assign_cooperatively(const std::vector<member_wish>& members, const partition_counts& topics) {
    auto plan = assign_sticky(members, topics);
    for (const auto& [name, owner] : owners_of(members, topics))
        for (auto& [member, given] : plan)
            if (member != owner->id)
                given.erase(name);
    return plan;
}

std::optional<group_plan> assign_by(std::string_view assignor, const std::vector<member_wish>& members,
                                    const partition_counts& topics) {
    if (assignor == "range")
        return assign_range(members, topics);
    if (assignor == "roundrobin")
        return assign_round_robin(members, topics);
    if (assignor == "sticky")
        return assign_sticky(members, topics);
    if (assignor == "cooperative-sticky")
        return assign_cooperatively(members, topics);
    return std::nullopt;
}

} // namespace barnabas::client
