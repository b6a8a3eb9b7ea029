#pragma once

#include "actors/group/assignors/assignors.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <ostream>
#include <set>
#include <string>
#include <vector>

/// Groups for the tests of assignors.
namespace barnabas::group {

inline topic_id topic_numbered(std::uint64_t number) {
    topic_id id;
    id.bytes[14] = static_cast<std::uint8_t>(number / 256);
    id.bytes[15] = static_cast<std::uint8_t>(number % 256);
    return id;
}

inline std::string member_numbered(std::uint64_t number) {
    return std::string(1, static_cast<char>('a' + number / 26)) + static_cast<char>('a' + number % 26);
}

inline std::vector<topic_shape> topics_of(const std::vector<std::int32_t>& partitions) {
    std::vector<topic_shape> topics;
    for (const auto count : partitions)
        topics.push_back({topic_numbered(topics.size()), count});
    return topics;
}

/// As many members, each of which wants all topics.
inline assignor_input alike(std::uint64_t members, const std::vector<std::int32_t>& partitions) {
    assignor_input input;
    input.topics = topics_of(partitions);
    for (std::uint64_t number = 0; number < members; ++number) {
        auto& one = input.members.emplace_back();
        one.member_id = member_numbered(number);
        for (const auto& topic : input.topics)
            one.subscribed.push_back(topic.id);
    }
    return input;
}

inline std::size_t size_of(const std::map<topic_id, std::vector<partition_index>>& target) {
    std::size_t size = 0;
    for (const auto& [topic, partitions] : target)
        size += partitions.size();
    return size;
}

inline std::vector<std::size_t> sizes_of(const member_targets& targets) {
    std::vector<std::size_t> sizes;
    for (const auto& target : targets)
        sizes.push_back(size_of(target));
    return sizes;
}

/// The group after the coordinator took the targets.
inline assignor_input with_targets(assignor_input input, const member_targets& targets) {
    for (std::size_t i = 0; i < targets.size(); ++i)
        input.members[i].target = targets[i];
    return input;
}

/// Who has what, by name.
inline std::map<topic_partition, std::string> owners_of(const assignor_input& input,
                                                        const member_targets& targets) {
    std::map<topic_partition, std::string> owners;
    for (std::size_t i = 0; i < targets.size(); ++i)
        for (const auto& [topic, partitions] : targets[i])
            for (const auto partition : partitions)
                owners[{topic, partition}] = input.members[i].member_id;
    return owners;
}

/// Members that want the same, or each something else; with targets that nobody promised to be sound.
inline rc::Gen<assignor_input> any_group(bool all_alike) {
    return rc::gen::exec([all_alike] {
        const auto partitions = *rc::gen::container<std::vector<std::int32_t>>(
            *rc::gen::inRange<std::size_t>(1, 8), rc::gen::inRange<std::int32_t>(0, 13));
        auto input = alike(*rc::gen::inRange<std::uint64_t>(1, 14), partitions);
        for (auto& member : input.members) {
            if (!all_alike)
                std::erase_if(member.subscribed,
                              [](const auto&) { return *rc::gen::inRange<int>(0, 3) == 0; });
            if (*rc::gen::inRange<int>(0, 3) == 0)
                member.instance_id =
                    "i" + member_numbered(*rc::gen::inRange<std::uint64_t>(0, 20)) + member.member_id;
            for (const auto& [topic, partition] : *rc::gen::container<std::set<std::pair<int, int>>>(
                     rc::gen::pair(rc::gen::inRange<int>(0, 9), rc::gen::inRange<int>(0, 14))))
                member.target[topic_numbered(static_cast<std::uint64_t>(topic))].emplace_back(partition);
        }
        return input;
    });
}

inline void showValue(const assignor_input& input, std::ostream& out) {
    for (const auto& topic : input.topics)
        out << "topic " << to_string(topic.id) << " of " << topic.partitions << "\n";
    for (const auto& member : input.members) {
        out << "member " << member.member_id << " wants";
        for (const auto& topic : member.subscribed)
            out << " " << to_string(topic);
        out << ", has";
        for (const auto& [topic, partitions] : member.target)
            for (const auto partition : partitions)
                out << " " << to_string(topic) << "-" << partition.get();
        out << "\n";
    }
}

inline bool wants(const assignor_member& member, const topic_id& topic) {
    return std::binary_search(member.subscribed.begin(), member.subscribed.end(), topic);
}

/// Everything that somebody wants is given to exactly one of those who want it, and nothing else is given.
inline void check_complete(const assignor_input& input, const member_targets& targets) {
    RC_ASSERT(targets.size() == input.members.size());
    std::size_t wanted = 0;
    for (const auto& topic : input.topics)
        if (std::any_of(input.members.begin(), input.members.end(),
                        [&](const auto& member) { return wants(member, topic.id); }))
            wanted += static_cast<std::size_t>(topic.partitions);
    std::set<topic_partition> given;
    for (std::size_t i = 0; i < targets.size(); ++i)
        for (const auto& [topic, partitions] : targets[i]) {
            RC_ASSERT(wants(input.members[i], topic));
            RC_ASSERT(!partitions.empty());
            RC_ASSERT(std::is_sorted(partitions.begin(), partitions.end()));
            const auto shape = std::find_if(input.topics.begin(), input.topics.end(),
                                            [id = topic](const auto& one) { return one.id == id; });
            RC_ASSERT(shape != input.topics.end());
            RC_ASSERT(partitions.front().get() >= 0);
            RC_ASSERT(partitions.back().get() < shape->partitions);
            for (const auto partition : partitions)
                RC_ASSERT(given.insert({topic, partition}).second);
        }
    RC_ASSERT(given.size() == wanted);
}

} // namespace barnabas::group
