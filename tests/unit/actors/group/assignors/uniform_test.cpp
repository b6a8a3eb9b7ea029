#include "tests/unit/actors/group/assignors/groups.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <deque>

namespace barnabas::group::uniform_test {

namespace {

using owners = std::map<topic_partition, std::string>;

std::uint64_t partitions_of(const assignor_input& input) {
    std::uint64_t count = 0;
    for (const auto& topic : input.topics)
        count += static_cast<std::uint64_t>(topic.partitions);
    return count;
}

/// How many have another owner; those of one who is gone do not count.
std::uint64_t moved(const owners& before, const owners& after, const std::string& gone = {}) {
    std::uint64_t count = 0;
    for (const auto& [partition, owner] : before)
        if (const auto now = after.find(partition); owner != gone && now != after.end())
            count += now->second != owner;
    return count;
}

/// Whether `to` wants something that `from` has.
bool can_give(std::size_t from, std::size_t to, const assignor_input& input, const member_targets& targets) {
    return std::any_of(targets[from].begin(), targets[from].end(),
                       [&](const auto& has) { return wants(input.members[to], has.first); });
}

/// To whom a partition could go, itself or by a chain of others.
std::vector<bool> reached_from(std::size_t from, const assignor_input& input, const member_targets& targets) {
    std::vector<bool> reached(targets.size());
    reached[from] = true;
    std::deque<std::size_t> open{from};
    for (; !open.empty(); open.pop_front())
        for (std::size_t to = 0; to < targets.size(); ++to)
            if (!reached[to] && can_give(open.front(), to, input, targets)) {
                reached[to] = true;
                open.push_back(to);
            }
    return reached;
}

void check_even(const assignor_input& input, const member_targets& targets) {
    const auto sizes = sizes_of(targets);
    for (std::size_t from = 0; from < sizes.size(); ++from) {
        const auto reached = reached_from(from, input, targets);
        for (std::size_t to = 0; to < sizes.size(); ++to)
            if (reached[to])
                RC_ASSERT(sizes[from] < sizes[to] + 2);
    }
}

} // namespace

TEST(uniform, members_that_want_the_same_differ_by_one) {
    const auto input = alike(3, {4, 3});
    EXPECT_EQ(sizes_of(assign_uniform(input)), (std::vector<std::size_t>{3, 2, 2}));
}

TEST(uniform, topics_are_spread) {
    const auto targets = assign_uniform(alike(5, {5, 5, 5}));
    for (const auto& target : targets)
        EXPECT_EQ(target.size(), 3);
}

TEST(uniform, nobody_gets_nothing) {
    EXPECT_TRUE(assign_uniform({}).empty());
    assignor_input input = alike(2, {3});
    input.topics.clear();
    EXPECT_EQ(sizes_of(assign_uniform(input)), (std::vector<std::size_t>{0, 0}));
}

/// The second wants only what the first has; what the third has too much of reaches it through the first.
TEST(uniform, a_chain_of_moves_makes_even) {
    auto input = alike(3, {2, 4});
    input.members[1].subscribed = {topic_numbered(0)};
    input.members[2].subscribed = {topic_numbered(1)};
    input.members[0].target = {{topic_numbered(0), {partition_index(0), partition_index(1)}}};
    input.members[2].target = {
        {topic_numbered(1),
         {partition_index(0), partition_index(1), partition_index(2), partition_index(3)}}};
    const auto targets = assign_uniform(input);
    EXPECT_EQ(sizes_of(targets), (std::vector<std::size_t>{2, 2, 2}));
}

TEST(uniform, whoever_has_more_keeps_it) {
    auto input = alike(3, {7});
    input.members[2].target = {
        {topic_numbered(0), {partition_index(0), partition_index(1), partition_index(2)}}};
    input.members[0].target = {{topic_numbered(0), {partition_index(3), partition_index(4)}}};
    input.members[1].target = {{topic_numbered(0), {partition_index(5), partition_index(6)}}};
    const auto before = input.members;
    const auto targets = assign_uniform(input);
    for (std::size_t i = 0; i < targets.size(); ++i)
        EXPECT_EQ(targets[i], before[i].target);
}

TEST(uniform, a_member_that_joins_gets_something_of_many_topics) {
    auto input = alike(10, std::vector<std::int32_t>(10, 10));
    const auto targets = assign_uniform(input);
    input = with_targets(input, targets);
    input.members.push_back(input.members.back());
    input.members.back().member_id = "zz";
    input.members.back().target.clear();
    EXPECT_GE(assign_uniform(input).back().size(), 5);
}

RC_GTEST_PROP(uniform, everything_wanted_is_given_once, ()) {
    const auto input = *any_group(*rc::gen::arbitrary<bool>());
    check_complete(input, assign_uniform(input));
}

RC_GTEST_PROP(uniform, is_as_even_as_can_be, ()) {
    const auto input = *any_group(*rc::gen::arbitrary<bool>());
    check_even(input, assign_uniform(input));
}

RC_GTEST_PROP(uniform, alike_members_differ_by_at_most_one, ()) {
    const auto sizes = sizes_of(assign_uniform(*any_group(true)));
    const auto [least, most] = std::minmax_element(sizes.begin(), sizes.end());
    RC_ASSERT(*most - *least <= 1);
}

RC_GTEST_PROP(uniform, what_is_even_stays, ()) {
    const auto input = *any_group(*rc::gen::arbitrary<bool>());
    const auto targets = assign_uniform(input);
    RC_ASSERT(assign_uniform(with_targets(input, targets)) == targets);
}

RC_GTEST_PROP(uniform, a_member_that_joins_takes_its_part_only, ()) {
    auto input = *any_group(true);
    auto targets = assign_uniform(input);
    const auto before = owners_of(input, targets);
    input = with_targets(input, targets);
    auto joins = input.members.back();
    joins.member_id = *rc::gen::element<std::string>("a", "gg", "zz");
    joins.target.clear();
    const auto at = std::lower_bound(
        input.members.begin(), input.members.end(), joins,
        [](const auto& left, const auto& right) { return left.member_id < right.member_id; });
    input.members.insert(at, joins);
    const auto after = owners_of(input, assign_uniform(input));
    for (const auto& [partition, owner] : after)
        if (owner != joins.member_id)
            RC_ASSERT(before.at(partition) == owner);
    RC_ASSERT(moved(before, after) <=
              (partitions_of(input) + input.members.size() - 1) / input.members.size());
}

RC_GTEST_PROP(uniform, a_member_that_leaves_moves_what_it_had_only, ()) {
    auto input = *any_group(true);
    RC_PRE(input.members.size() > 1);
    const auto targets = assign_uniform(input);
    const auto before = owners_of(input, targets);
    input = with_targets(input, targets);
    const auto leaves = *rc::gen::inRange<std::size_t>(0, input.members.size());
    const auto gone = input.members[leaves].member_id;
    input.members.erase(input.members.begin() + static_cast<std::ptrdiff_t>(leaves));
    RC_ASSERT(moved(before, owners_of(input, assign_uniform(input)), gone) == 0);
}

RC_GTEST_PROP(uniform, a_new_topic_moves_nothing, ()) {
    auto input = *any_group(true);
    const auto targets = assign_uniform(input);
    const auto before = owners_of(input, targets);
    input = with_targets(input, targets);
    const auto fresh = topic_numbered(100);
    input.topics.push_back({fresh, *rc::gen::inRange<std::int32_t>(0, 20)});
    for (auto& member : input.members)
        member.subscribed.push_back(fresh);
    RC_ASSERT(moved(before, owners_of(input, assign_uniform(input))) == 0);
}

/// A member that wants what nobody else wants disturbs nobody.
RC_GTEST_PROP(uniform, strangers_disturb_nobody, ()) {
    auto input = *any_group(false);
    const auto targets = assign_uniform(input);
    const auto before = owners_of(input, targets);
    input = with_targets(input, targets);
    input.topics.push_back({topic_numbered(100), 3});
    input.members.push_back({"zz", std::nullopt, {topic_numbered(100)}, {}});
    RC_ASSERT(moved(before, owners_of(input, assign_uniform(input))) == 0);
}

RC_GTEST_PROP(uniform, order_of_members_does_not_matter, ()) {
    auto input = *any_group(*rc::gen::arbitrary<bool>());
    const auto in_order = owners_of(input, assign_uniform(input));
    for (std::size_t i = input.members.size(); i > 1; --i)
        std::swap(input.members[i - 1], input.members[*rc::gen::inRange<std::size_t>(0, i)]);
    RC_ASSERT(owners_of(input, assign_uniform(input)) == in_order);
}

} // namespace barnabas::group::uniform_test
