#include "tests/unit/actors/group/assignors/groups.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace barnabas::group::range_test {

namespace {

std::vector<partition_index> between(std::int32_t first, std::int32_t end) {
    std::vector<partition_index> partitions;
    for (; first < end; ++first)
        partitions.emplace_back(first);
    return partitions;
}

} // namespace

TEST(range, the_first_get_one_more) {
    const auto targets = assign_range(alike(3, {8}));
    const auto topic = topic_numbered(0);
    EXPECT_EQ(targets[0].at(topic), between(0, 3));
    EXPECT_EQ(targets[1].at(topic), between(3, 6));
    EXPECT_EQ(targets[2].at(topic), between(6, 8));
}

TEST(range, members_behind_the_last_partition_get_none) {
    EXPECT_EQ(sizes_of(assign_range(alike(4, {2, 2}))), (std::vector<std::size_t>{2, 2, 0, 0}));
}

TEST(range, names_come_before_ids) {
    auto input = alike(3, {3});
    input.members[2].instance_id = "first";
    input.members[1].instance_id = "second";
    const auto targets = assign_range(input);
    const auto topic = topic_numbered(0);
    EXPECT_EQ(targets[2].at(topic), between(0, 1));
    EXPECT_EQ(targets[1].at(topic), between(1, 2));
    EXPECT_EQ(targets[0].at(topic), between(2, 3));
}

/// A static member that comes back with another member id finds its range again.
TEST(range, a_name_keeps_its_range) {
    auto input = alike(3, {9});
    for (auto& member : input.members)
        member.instance_id = "i" + member.member_id;
    const auto before = assign_range(input);
    auto back = input.members[0];
    back.member_id = "zz";
    input.members.erase(input.members.begin());
    input.members.push_back(back);
    EXPECT_EQ(assign_range(input).back(), before.front());
}

TEST(range, only_subscribers_share_a_topic) {
    auto input = alike(3, {4, 4});
    input.members[1].subscribed = {topic_numbered(1)};
    const auto targets = assign_range(input);
    EXPECT_EQ(targets[0].at(topic_numbered(0)), between(0, 2));
    EXPECT_EQ(targets[2].at(topic_numbered(0)), between(2, 4));
    EXPECT_EQ(targets[1].at(topic_numbered(1)), between(2, 3));
}

RC_GTEST_PROP(range, everything_wanted_is_given_once, ()) {
    const auto input = *any_group(*rc::gen::arbitrary<bool>());
    check_complete(input, assign_range(input));
}

RC_GTEST_PROP(range, ranges_are_even_and_without_gaps, ()) {
    const auto input = *any_group(*rc::gen::arbitrary<bool>());
    const auto targets = assign_range(input);
    for (const auto& topic : input.topics) {
        std::set<std::size_t> sizes;
        for (std::size_t i = 0; i < targets.size(); ++i) {
            const auto& wanted = input.members[i].subscribed;
            if (!std::binary_search(wanted.begin(), wanted.end(), topic.id))
                continue;
            const auto got = targets[i].find(topic.id);
            sizes.insert(got == targets[i].end() ? 0 : got->second.size());
            if (got != targets[i].end())
                RC_ASSERT(got->second == between(got->second.front().get(), got->second.back().get() + 1));
        }
        if (!sizes.empty())
            RC_ASSERT(*sizes.rbegin() - *sizes.begin() <= 1);
    }
}

RC_GTEST_PROP(range, topics_of_one_size_go_together, ()) {
    const auto partitions = *rc::gen::inRange<std::int32_t>(1, 20);
    const auto targets =
        assign_range(alike(*rc::gen::inRange<std::uint64_t>(1, 20), {partitions, partitions}));
    for (const auto& target : targets)
        if (!target.empty())
            RC_ASSERT(target.at(topic_numbered(0)) == target.at(topic_numbered(1)));
}

RC_GTEST_PROP(range, what_members_had_does_not_matter, ()) {
    const auto input = *any_group(*rc::gen::arbitrary<bool>());
    const auto targets = assign_range(input);
    RC_ASSERT(assign_range(with_targets(input, targets)) == targets);
}

RC_GTEST_PROP(range, order_of_members_does_not_matter, ()) {
    auto input = *any_group(*rc::gen::arbitrary<bool>());
    const auto in_order = owners_of(input, assign_range(input));
    for (std::size_t i = input.members.size(); i > 1; --i)
        std::swap(input.members[i - 1], input.members[*rc::gen::inRange<std::size_t>(0, i)]);
    RC_ASSERT(owners_of(input, assign_range(input)) == in_order);
}

} // namespace barnabas::group::range_test
