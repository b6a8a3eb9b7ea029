#include "tests/unit/actors/broker/partition_set_fixture.hpp"

#include <gtest/gtest.h>

/// How open partitions hear of altered configs, and of who leads them.
namespace barnabas::partition_configs_test {
namespace {

using texts = std::map<std::string, std::string>;

/// The topic 't' with these configs, altered by the record before `applied`.
metadata_image_ptr altered(const metadata_image_ptr& image, std::int64_t applied, texts configs) {
    auto next = changed(image);
    next->applied = log_offset(applied);
    next->topics.find("t")->second.configs = std::move(configs);
    next->topics.find("t")->second.configs_at = log_offset(applied);
    return next;
}

TEST(partition_configs, open_partitions_hear_before_the_image_is_confirmed) {
    partition_set set(usual, directories_with());
    const auto first = image_of(5, {{"t", 1, 2}, {"u", 2}});
    apply(set, first);
    for (const auto& id : {place(1, 0), place(1, 1), place(2, 0)})
        EXPECT_TRUE(all<effects::configure_partition>(opened(set, id)).empty());
    const auto out = apply(set, altered(first, 6, {{"retention.ms", "7"}}));
    const auto told = all<effects::configure_partition>(out);
    ASSERT_EQ(told.size(), 2u);
    EXPECT_EQ(told[0].id, place(1, 0));
    EXPECT_EQ(told[1].configs, (texts{{"retention.ms", "7"}}));
    EXPECT_FALSE(told[0].was_compacted);
    EXPECT_TRUE(std::holds_alternative<effects::configure_partition>(out.front()));
    EXPECT_TRUE(std::holds_alternative<effects::confirm_applied>(out.back()));
    // Once.
    auto later = changed(altered(first, 6, {{"retention.ms", "7"}}));
    later->applied = log_offset(7);
    EXPECT_TRUE(all<effects::configure_partition>(apply(set, metadata_image_ptr(later))).empty());
}

TEST(partition_configs, configs_of_the_broker_come_first_and_reach_all) {
    partition_set set(usual, directories_with());
    const auto first = image_of(5, {{"t", 1}});
    apply(set, first);
    opened(set, place(1, 0));
    auto next = changed(first);
    next->applied = next->broker_configs_at = log_offset(6);
    next->configs_of_all = {{"log.retention.ms", "1"}};
    next->broker_configs[node_id(1)] = {{"log.retention.ms", "2"}};
    next->broker_configs[node_id(2)] = {{"log.retention.ms", "3"}};
    next->default_policy_altered = true;
    const auto out = apply(set, metadata_image_ptr(next));
    const auto broker = all<effects::configure_broker>(out);
    ASSERT_EQ(broker.size(), 1u);
    EXPECT_EQ(broker[0].for_all, (texts{{"log.retention.ms", "1"}}));
    EXPECT_EQ(broker[0].here, (texts{{"log.retention.ms", "2"}}));
    EXPECT_TRUE(std::holds_alternative<effects::configure_broker>(out.front()));
    ASSERT_EQ(all<effects::configure_partition>(out).size(), 1u);
    EXPECT_TRUE(all<effects::configure_partition>(out)[0].was_compacted);
}

/// At a start the first image has it all.
TEST(partition_configs, what_was_altered_in_an_earlier_life_comes_with_the_opening) {
    partition_set set(usual, directories_with({stored("t", 0, id_of(1))}));
    auto image = changed(altered(image_of(5, {{"t", 1}}), 9, {{"cleanup.policy", "delete"}}));
    image->topics.find("t")->second.policy_altered = true;
    const auto out = apply(set, metadata_image_ptr(image));
    ASSERT_EQ(all<effects::open_partition>(out).size(), 1u);
    EXPECT_EQ(all<effects::open_partition>(out)[0].configs, (texts{{"cleanup.policy", "delete"}}));
    EXPECT_TRUE(all<effects::open_partition>(out)[0].was_compacted);
    EXPECT_TRUE(all<effects::configure_partition>(opened(set, place(1, 0))).empty());
}

/// It was opened by the image before, for the next one came while it had no room.
TEST(partition_configs, a_partition_that_opens_late_hears_of_what_came_meanwhile) {
    partition_set set(usual, directories_with({stored("t", 0, id_of(1))}));
    const auto first = image_of(5, {{"t", 1}});
    apply(set, first);
    opened(set, place(1, 0), errc::disk_full);
    effects::effects out;
    set.on_reopen_due(out);
    ASSERT_EQ(all<effects::open_partition>(out).size(), 1u);
    EXPECT_TRUE(
        all<effects::configure_partition>(apply(set, altered(first, 6, {{"segment.ms", "7"}}))).empty());
    const auto told = all<effects::configure_partition>(opened(set, place(1, 0)));
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].configs, (texts{{"segment.ms", "7"}}));
}

/// The partition of 't' led so, by the record before `applied`.
metadata_image_ptr led(const metadata_image_ptr& image, std::int64_t applied, std::int32_t leader,
                       std::int32_t epoch) {
    auto next = changed(image);
    next->applied = log_offset(applied);
    auto& partition = next->topics.find("t")->second.partitions.at(0);
    partition.leader = node_id(leader);
    partition.leader_epoch = leader_epoch(epoch);
    return next;
}

TEST(partition_leadership, open_partitions_hear_of_a_new_epoch_and_of_a_new_leader) {
    partition_set set(usual, directories_with());
    const auto first = image_of(5, {{"t", 1, 2}});
    const auto opening = all<effects::open_partition>(apply(set, first));
    ASSERT_EQ(opening.size(), 2u);
    EXPECT_EQ(opening[0].led, (leadership{leader_epoch(0), true}));
    for (const auto& id : {place(1, 0), place(1, 1)})
        EXPECT_TRUE(all<effects::configure_partition>(opened(set, id)).empty());
    const auto out = apply(set, led(first, 6, 1, 1));
    const auto raised = all<effects::configure_partition>(out);
    ASSERT_EQ(raised.size(), 1u);
    EXPECT_EQ(raised[0].id, place(1, 0));
    EXPECT_EQ(raised[0].led, (leadership{leader_epoch(1), true}));
    // Before anybody else: coordinators follow what connections see.
    EXPECT_TRUE(std::holds_alternative<effects::configure_partition>(out.front()));
    EXPECT_TRUE(all<effects::configure_partition>(apply(set, led(first, 7, 1, 1))).empty());
    const auto lost = all<effects::configure_partition>(apply(set, led(first, 8, 2, 2)));
    ASSERT_EQ(lost.size(), 1u);
    EXPECT_EQ(lost[0].led, (leadership{leader_epoch(2), false}));
}

TEST(partition_leadership, a_partition_that_another_broker_leads_is_opened_as_such) {
    partition_set set(usual, directories_with({stored("t", 0, id_of(1))}));
    auto image = changed(led(image_of(5, {{"t", 1}}), 9, 2, 3));
    image->topics.find("t")->second.partitions[0].replicas = {node_id(1), node_id(2)};
    const auto opening = all<effects::open_partition>(apply(set, metadata_image_ptr(image)));
    ASSERT_EQ(opening.size(), 1u);
    EXPECT_EQ(opening[0].led, (leadership{leader_epoch(3), false}));
}

TEST(partition_leadership, a_partition_that_opens_late_hears_of_its_leader) {
    partition_set set(usual, directories_with({stored("t", 0, id_of(1))}));
    const auto first = image_of(5, {{"t", 1}});
    apply(set, first);
    opened(set, place(1, 0), errc::disk_full);
    effects::effects out;
    set.on_reopen_due(out);
    ASSERT_EQ(all<effects::open_partition>(out).size(), 1u);
    EXPECT_TRUE(all<effects::configure_partition>(apply(set, led(first, 6, 1, 4))).empty());
    const auto told = all<effects::configure_partition>(opened(set, place(1, 0)));
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].led, (leadership{leader_epoch(4), true}));
}

TEST(partition_configs, cordoned_directories_are_followed_by_the_partitions_of_the_same_image) {
    auto directories = directories_with();
    directories[0].cordoned = true;
    partition_set set(usual, directories);
    const auto first = image_of(5, {{"t", 1, 2}});
    for (const auto& one : all<effects::open_partition>(apply(set, first)))
        EXPECT_EQ(one.data_directory, "/b") << "by the file";
    opened(set, place(1, 0));
    opened(set, place(1, 1));
    auto next = changed(image_of(7, {{"t", 1, 2}, {"u", 2, 2}}));
    next->broker_configs_at = log_offset(6);
    next->broker_configs[node_id(1)] = {{"cordoned.log.dirs", "/b"}};
    const auto out = apply(set, metadata_image_ptr(next));
    ASSERT_EQ(all<effects::open_partition>(out).size(), 2u);
    for (const auto& one : all<effects::open_partition>(out))
        EXPECT_EQ(one.data_directory, "/a") << "by what was altered";
    EXPECT_FALSE(set.is_cordoned("/a"));
    EXPECT_TRUE(set.is_cordoned("/b"));
    opened(set, place(2, 0));
    opened(set, place(2, 1));
    auto last = changed(metadata_image_ptr(next));
    last->applied = last->broker_configs_at = log_offset(8);
    last->broker_configs.clear();
    apply(set, metadata_image_ptr(last));
    EXPECT_TRUE(set.is_cordoned("/a")) << "the file's again";
    EXPECT_FALSE(set.is_cordoned("/b"));
}

} // namespace
} // namespace barnabas::partition_configs_test
