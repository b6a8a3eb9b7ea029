#include "actors/group/assignors/subscriptions.hpp"

#include "protocol/model/assert.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <type_traits>
#include <utility>

namespace barnabas::group {

namespace {

bool topic_before(const topic_shape& topic, const topic_id& id) {
    return topic.id < id;
}

/// Any total order; not that of the ids.
bool before(const std::vector<topic_id>& left, const std::vector<topic_id>& right) {
    static_assert(sizeof(topic_id) == 16 && std::has_unique_object_representations_v<topic_id>);
    if (left.size() != right.size())
        return left.size() < right.size();
    return !left.empty() && std::memcmp(left.data(), right.data(), left.size() * sizeof(topic_id)) < 0;
}

/// Places in `topics` of what is wanted and exists; both sorted.
std::vector<std::uint32_t> topics_among(const std::vector<topic_shape>& topics,
                                        const std::vector<topic_id>& wanted) {
    std::vector<std::uint32_t> places;
    auto at = topics.begin();
    for (const auto& id : wanted) {
        at = std::lower_bound(at, topics.end(), id, topic_before);
        if (at == topics.end())
            break;
        if (at->id == id)
            places.push_back(static_cast<std::uint32_t>(at++ - topics.begin()));
    }
    return places;
}

} // namespace

subscriptions::subscriptions(const assignor_input& input) : input_(input) {
    number_topics();
    form_classes();
}

void subscriptions::number_topics() {
    first_.push_back(0);
    for (std::uint32_t topic = 0; topic < input_.topics.size(); ++topic) {
        const auto count = input_.topics[topic].partitions;
        BARNABAS_ASSERT(count >= 0);
        first_.push_back(first_.back() + static_cast<std::uint32_t>(count));
        topic_of_.resize(first_.back(), topic);
    }
}

void subscriptions::form_classes() {
    const auto& members = input_.members;
    std::vector<std::uint32_t> by_id(members.size());
    std::iota(by_id.begin(), by_id.end(), 0);
    std::sort(by_id.begin(), by_id.end(), [&](std::uint32_t left, std::uint32_t right) {
        return members[left].member_id < members[right].member_id;
    });
    // What members say is long and mostly the same: it is compared as bytes, and with the topics once for
    // each text.
    const auto less = [](const auto* left, const auto* right) { return before(*left, *right); };
    std::map<const std::vector<topic_id>*, std::uint32_t, decltype(less)> said(less);
    std::map<std::vector<std::uint32_t>, std::uint32_t> known;
    for (const auto member : by_id) {
        const auto [at, made] = said.try_emplace(&members[member].subscribed, 0);
        if (made) {
            auto topics = topics_among(input_.topics, members[member].subscribed);
            const auto [place, is_new] =
                known.try_emplace(topics, static_cast<std::uint32_t>(classes_.size()));
            if (is_new)
                classes_.push_back({{}, std::move(topics)});
            at->second = place->second;
        }
        classes_[at->second].members.push_back(member);
    }
    wishes_.resize(input_.topics.size());
    for (std::uint32_t of_class = 0; of_class < classes_.size(); ++of_class)
        for (std::uint32_t slot = 0; slot < classes_[of_class].topics.size(); ++slot)
            wishes_[classes_[of_class].topics[slot]].push_back({of_class, slot});
}

std::vector<std::uint32_t> subscriptions::owners() const {
    std::vector<std::uint32_t> owners(partitions(), nobody);
    std::vector<bool> wanted(topics());
    for (const auto& of : classes_) {
        for (const auto topic : of.topics)
            wanted[topic] = true;
        for (const auto member : of.members)
            keep_target(member, wanted, owners);
        for (const auto topic : of.topics)
            wanted[topic] = false;
    }
    return owners;
}

void subscriptions::keep_target(std::uint32_t member, const std::vector<bool>& wanted,
                                std::vector<std::uint32_t>& owners) const {
    auto at = input_.topics.begin();
    for (const auto& [id, partitions] : input_.members[member].target) {
        at = std::lower_bound(at, input_.topics.end(), id, topic_before);
        if (at == input_.topics.end())
            return;
        const auto topic = static_cast<std::uint32_t>(at - input_.topics.begin());
        if (at->id != id || !wanted[topic])
            continue;
        for (const auto partition : partitions) {
            if (partition.get() < 0 || partition.get() >= at->partitions)
                continue;
            auto& owner = owners[first(topic) + static_cast<std::uint32_t>(partition.get())];
            owner = owner == nobody ? member : owner;
        }
    }
}

member_targets subscriptions::targets(const std::vector<std::uint32_t>& owners) const {
    BARNABAS_ASSERT(owners.size() == partitions());
    member_targets given(input_.members.size());
    for (std::uint32_t topic = 0; topic < topics(); ++topic)
        for (auto at = first(topic); at < first(topic + 1); ++at)
            if (owners[at] != nobody) {
                auto& of = given[owners[at]];
                const auto place = of.try_emplace(of.end(), input_.topics[topic].id);
                place->second.emplace_back(static_cast<std::int32_t>(at - first(topic)));
            }
    return given;
}

} // namespace barnabas::group
