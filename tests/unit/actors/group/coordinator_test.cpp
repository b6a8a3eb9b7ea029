#include "actors/group/group_names.hpp"
#include "protocol/kafka/consumer_protocol.hpp"
#include "protocol/model/mark.hpp"
#include "tests/unit/actors/group/group_world.hpp"

namespace barnabas::group::coordinator_test {

namespace {

/// What a consumer says on joining.
std::string subscription_to(const std::string& topic) {
    kafka::consumer_protocol_subscription subscription;
    subscription.topics = {topic};
    kafka::wire_writer out;
    out.int16(0);
    subscription.encode(out, 0);
    return std::string(out.finish_contiguous().text());
}

std::string stable_subscribed_to(group_world& world, const std::string& topic) {
    const auto ticket = world.ask(world.joining({}, subscription_to(topic)));
    world.pass(milliseconds(3'000));
    const auto member = world.joined(ticket);
    world.synced(member.member_id, member.generation);
    return member.member_id;
}

TEST(coordinator, commit_without_membership_is_kept) {
    group_world world;
    EXPECT_EQ(world.committed("t"), -1);
    EXPECT_EQ(world.commit("t", 7).partitions.at(0), errc::ok);
    EXPECT_EQ(world.committed("t"), 7);
    EXPECT_EQ(world.committed("other"), -1);
    EXPECT_EQ(world.describe().state, "Empty");
    world.reload();
    EXPECT_EQ(world.committed("t"), 7);
}

TEST(coordinator, commits_of_all_groups_are_told_up_to_a_bound) {
    group_world world;
    world.commit("t", 1, {}, -1, "a");
    world.commit("u", 2, {}, -1, "a");
    world.commit("t", 3, {}, -1, "b");
    world.stable_with_one();
    const auto all = world.machine->commits({9, 100});
    EXPECT_EQ(all.token, 9u);
    ASSERT_EQ(all.groups.size(), 3u);
    const std::vector<partition_commit> first = {{partition_index(0), log_offset(1)}};
    const std::vector<partition_commit> second = {{partition_index(0), log_offset(2)}};
    EXPECT_EQ(all.groups.at(0), (group_commits{"a", 0, {{"t", first}, {"u", second}}}));
    EXPECT_EQ(all.groups.at(2), (group_commits{"g", 1, {}}));
    EXPECT_EQ(all.told, 4u);
    EXPECT_EQ(all.left_out, 0u);
    const auto some = world.machine->commits({9, 1});
    ASSERT_EQ(some.groups.size(), 1u) << "a does not fit";
    EXPECT_EQ(some.groups.at(0).name, "b");
    EXPECT_EQ(some.left_out, 3u);
    EXPECT_TRUE(world.machine->commits({9, 0}).groups.empty());
}

TEST(coordinator, only_members_of_the_generation_commit_while_there_are_any) {
    group_world world;
    const auto member = world.stable_with_one();
    EXPECT_EQ(world.commit("t", 1, {member, {}}, 1).code, errc::ok);
    EXPECT_EQ(world.commit("t", 2, {member, {}}, 0).code, errc::illegal_generation);
    EXPECT_EQ(world.commit("t", 3, {"zombie", {}}, 1).code, errc::unknown_member_id);
    EXPECT_EQ(world.commit("t", 4).code, errc::unknown_member_id);
    EXPECT_EQ(world.committed("t"), 1);
}

TEST(coordinator, commit_between_join_and_sync_waits_for_the_assignment) {
    group_world world;
    const auto ticket = world.ask(world.joining());
    world.pass(milliseconds(3'000));
    const auto member = world.joined(ticket);
    EXPECT_EQ(world.commit("t", 1, {member.member_id, {}}, 1).code, errc::rebalance_in_progress);
}

TEST(coordinator, commit_of_an_older_generation_is_refused_whatever_the_group_does) {
    group_world world;
    const auto member = world.stable_with_one();
    world.ask(world.joining({member, {}}, "changed"));
    EXPECT_EQ(world.commit("t", 5, {member, {}}, 1).code, errc::illegal_generation);
    // Nor does it keep the member alive.
    world.pass(milliseconds(9'000));
    world.commit("t", 5, {member, {}}, 1);
    world.pass(milliseconds(2'000));
    EXPECT_TRUE(world.describe().members.empty());
}

TEST(coordinator, deleted_group_is_gone_though_somebody_was_sent_back_to_join_it) {
    group_world world;
    const auto member = world.stable_with_one();
    world.commit("t", 5, {member, {}}, 1);
    world.leave({member, {}});
    auto request = world.joining();
    request.id_first = true;
    const auto sent_back = world.joined(world.ask(request));
    EXPECT_EQ(sent_back.code, errc::member_id_required);
    EXPECT_EQ(world.take<delete_response>(world.ask(delete_request{})).code, errc::ok);
    EXPECT_EQ(world.describe().state, "Dead");
    request.who.member_id = sent_back.member_id;
    EXPECT_EQ(world.joined(world.ask(request)).code, errc::unknown_member_id);
    world.reload();
    EXPECT_EQ(world.describe().state, "Dead");
}

TEST(coordinator, offsets_of_a_deleted_topic_go_for_good) {
    group_world world;
    const auto member = world.stable_with_one();
    world.commit("t", 5, {member, {}}, 1);
    world.commit("other", 6, {member, {}}, 1);
    world.run([&](turn& now) { world.machine->on_topics_gone({"t", "unknown"}, now); });
    EXPECT_EQ(world.committed("t"), -1);
    EXPECT_EQ(world.committed("other"), 6);
    world.reload();
    EXPECT_EQ(world.committed("t"), -1);
}

TEST(coordinator, offsets_of_a_topic_that_was_deleted_unseen_go_when_they_are_loaded) {
    group_world world;
    world.set_topics({{"t", 1}, {"other", 1}});
    world.commit("t", 5);
    world.commit("other", 6);
    world.set_topics({{"t", 0}});
    world.reload();
    EXPECT_EQ(world.committed("t"), -1);
    EXPECT_EQ(world.committed("other"), 6);
    world.set_topics({{"t", 1}});
    world.reload();
    EXPECT_EQ(world.committed("t"), -1) << "and it was written that they go";
}

TEST(coordinator, namesake_of_a_deleted_topic_does_not_get_its_offsets) {
    group_world world;
    world.set_topics({{"t", 1}});
    world.commit("t", 5);
    world.make_again("t");
    world.reload();
    EXPECT_EQ(world.committed("t"), -1);
    world.commit("t", 7);
    world.reload();
    EXPECT_EQ(world.committed("t"), 7);
}

TEST(coordinator, offsets_that_do_not_say_whose_they_are_stay_with_the_name) {
    group_world world;
    world.commit("t", 5);
    world.set_topics({{"t", 1}});
    world.reload();
    EXPECT_EQ(world.committed("t"), 5);
}

TEST(coordinator, commit_that_the_deletion_has_overtaken_is_refused) {
    group_world world;
    world.set_topics({{"t", 1}});
    commit_request request;
    request.partitions.emplace_back().topic = "t";
    request.partitions.back().id = group_world::id_of("t");
    request.partitions.back().offset = log_offset(5);
    world.make_again("t");
    const auto marks = mark_hits("commit_overtaken_by_deletion");
    const auto answer = world.take<commit_response>(world.ask(request));
    EXPECT_EQ(answer.partitions.at(0), errc::unknown_topic_or_partition);
    EXPECT_EQ(mark_hits("commit_overtaken_by_deletion"), marks + 1);
    EXPECT_EQ(world.committed("t"), -1);
}

TEST(coordinator, assignment_that_cannot_be_kept_is_given_to_nobody) {
    group_options options;
    options.record_bytes_max = 10'000;
    group_world world(options);
    const auto member = world.stable_with_one();
    const auto again = world.ask(world.joining({member, {}}, "changed"));
    const auto next = world.joined(again);
    const auto records = world.log.size();
    const auto refused =
        world.synced(member, next.generation, {{member, slice::copy_of(std::string(10'000, 'a'))}});
    EXPECT_EQ(refused.code, errc::message_too_large);
    EXPECT_EQ(world.log.size(), records);
    EXPECT_EQ(world.heartbeat({member, {}}, next.generation.get()), errc::rebalance_in_progress);
}

TEST(coordinator, sessions_of_loaded_members_begin_when_all_is_loaded) {
    group_world world;
    const auto member = world.stable_with_one();
    world.pass(milliseconds(9'999));
    world.reload();
    world.pass(milliseconds(9'999));
    EXPECT_EQ(world.describe().members.size(), 1u);
    world.pass(milliseconds(2));
    EXPECT_TRUE(world.describe().members.empty());
}

TEST(coordinator, client_with_a_name_of_any_length_gets_an_id_that_is_its_own) {
    group_world world;
    auto request = world.joining();
    request.id_first = true;
    request.client.client_id = std::string(32'767, 'c');
    const auto one = world.joined(world.ask(request)).member_id;
    EXPECT_LT(one.size(), 400u);
    EXPECT_NE(one, world.joined(world.ask(request)).member_id);
}

TEST(coordinator, retention_beyond_all_time_is_for_ever) {
    group_world world;
    commit_request request;
    request.generation = generation_id(-1);
    request.retention = milliseconds(std::numeric_limits<std::int64_t>::max());
    request.partitions.emplace_back().topic = "t";
    request.partitions.back().offset = log_offset(7);
    world.take<commit_response>(world.ask(request));
    world.pass(world.options.expiry_interval);
    EXPECT_EQ(world.committed("t"), 7);
}

TEST(coordinator, commit_in_a_group_that_is_not_there_is_illegal) {
    group_world world;
    EXPECT_EQ(world.commit("t", 1, {"member", {}}, 3).code, errc::illegal_generation);
}

TEST(coordinator, commit_of_a_member_in_a_group_that_has_only_offsets_is_unknown) {
    group_world world;
    EXPECT_EQ(world.commit("t", 1, {}, -1).code, errc::ok);
    EXPECT_EQ(world.commit("t", 2, {"member", {}}, 3).code, errc::unknown_member_id);
    EXPECT_EQ(world.committed("t"), 1);
}

TEST(coordinator, too_much_metadata_is_refused_for_its_partition_alone) {
    group_world world;
    commit_request request;
    request.partitions.resize(2);
    request.partitions[0].topic = "t";
    request.partitions[0].metadata = std::string(4097, 'x');
    request.partitions[1].topic = "u";
    request.partitions[1].offset = log_offset(5);
    const auto answer = world.take<commit_response>(world.ask(std::move(request)));
    EXPECT_EQ(answer.partitions, (std::vector<errc>{errc::offset_metadata_too_large, errc::ok}));
    EXPECT_EQ(world.committed("t"), -1);
    EXPECT_EQ(world.committed("u"), 5);
}

TEST(coordinator, metadata_is_measured_in_utf16_units) {
    group_world world;
    const auto times = [](int count, const std::string& text) {
        std::string all;
        for (int i = 0; i < count; ++i)
            all += text;
        return all;
    };
    const std::string two_bytes = "\xc3\xa4";
    const std::string two_units = "\xf0\x9f\x98\x80";
    commit_request request;
    for (const auto& metadata : {times(4096, two_bytes), times(4097, two_bytes), times(2048, two_units),
                                 times(2048, two_units) + "x", times(4096, "\xff"), times(4097, "\xff")}) {
        request.partitions.emplace_back().topic = "t";
        request.partitions.back().metadata = metadata;
    }
    const auto answer = world.take<commit_response>(world.ask(std::move(request)));
    const auto large = errc::offset_metadata_too_large;
    EXPECT_EQ(answer.partitions, (std::vector<errc>{errc::ok, large, errc::ok, large, errc::ok, large}));
}

TEST(coordinator, all_offsets_are_listed_when_none_is_named) {
    group_world world;
    world.commit("b", 2);
    world.commit("a", 1);
    const auto all = world.take<offsets_response>(world.ask(offsets_request{}));
    ASSERT_EQ(all.partitions.size(), 2u);
    EXPECT_EQ(all.partitions[0].topic, "a");
    EXPECT_EQ(all.partitions[1].offset, log_offset(2));
}

TEST(coordinator, offsets_of_an_empty_group_expire_after_the_retention) {
    group_world world;
    const auto member = world.stable_with_one();
    world.commit("t", 9, {member, {}}, 1);
    world.leave({member, {}});
    world.pass(std::chrono::hours(7 * 24) - std::chrono::minutes(1));
    EXPECT_EQ(world.committed("t"), 9);
    world.pass(std::chrono::minutes(20));
    EXPECT_EQ(world.committed("t"), -1);
    EXPECT_EQ(world.describe().code, errc::group_id_not_found);
    world.reload();
    EXPECT_EQ(world.machine->group_count(), 0u);
}

TEST(coordinator, offsets_of_a_living_group_do_not_expire) { // card GRP-01
    group_options options;
    options.offsets_retention = std::chrono::hours(1);
    group_world world(options);
    const auto member = stable_subscribed_to(world, "t");
    world.commit("t", 9, {member, {}}, 1);
    world.commit("left-behind", 3, {member, {}}, 1);
    for (int hour = 0; hour < 3; ++hour)
        for (int second = 0; second < 3'600; second += 9) {
            world.pass(milliseconds(9'000));
            ASSERT_EQ(world.heartbeat({member, {}}, 1), errc::ok);
        }
    EXPECT_EQ(world.committed("t"), 9);
    EXPECT_EQ(world.committed("left-behind"), -1);
}

/// As in Kafka: what nobody reads goes at its own time, though the group lives.
TEST(coordinator, limited_offsets_of_what_a_living_group_does_not_read_expire) {
    group_options options;
    options.offsets_retention = std::chrono::hours(24 * 365);
    group_world world(options);
    const auto member = stable_subscribed_to(world, "t");
    commit_request request;
    request.who = {member, {}};
    request.generation = generation_id(1);
    request.retention = std::chrono::minutes(30);
    request.partitions.resize(2);
    request.partitions[0].topic = "t";
    request.partitions[1].topic = "left-behind";
    request.partitions[0].offset = request.partitions[1].offset = log_offset(3);
    EXPECT_EQ(world.take<commit_response>(world.ask(std::move(request))).code, errc::ok);
    for (int second = 0; second < 3'600; second += 9) {
        world.pass(milliseconds(9'000));
        ASSERT_EQ(world.heartbeat({member, {}}, 1), errc::ok);
    }
    EXPECT_EQ(world.committed("t"), 3);
    EXPECT_EQ(world.committed("left-behind"), -1);
}

TEST(coordinator, offsets_do_not_expire_during_a_rebalance) { // card GRP-03
    group_options options;
    options.offsets_retention = milliseconds(1'000);
    options.expiry_interval = milliseconds(1'000);
    group_world world(options);
    const auto member = stable_subscribed_to(world, "t");
    world.commit("t", 9, {member, {}}, 1);
    const auto newcomer = world.ask(world.joining({}, subscription_to("t")));
    world.pass(milliseconds(9'000));
    EXPECT_FALSE(world.answered(newcomer));
    EXPECT_EQ(world.committed("t"), 9);
}

TEST(coordinator, old_clients_say_how_long_offsets_are_kept) {
    group_world world;
    commit_request request;
    request.retention = std::chrono::hours(1);
    request.partitions.resize(1);
    request.partitions[0].topic = "t";
    request.partitions[0].offset = log_offset(4);
    world.take<commit_response>(world.ask(std::move(request)));
    world.reload();
    world.pass(std::chrono::minutes(55));
    EXPECT_EQ(world.committed("t"), 4);
    world.pass(std::chrono::minutes(20));
    EXPECT_EQ(world.committed("t"), -1);
}

TEST(coordinator, group_with_members_is_not_deleted) {
    group_world world;
    const auto member = world.stable_with_one();
    world.commit("t", 1, {member, {}}, 1);
    EXPECT_EQ(world.take<delete_response>(world.ask(delete_request{})).code, errc::non_empty_group);
    world.leave({member, {}});
    EXPECT_EQ(world.take<delete_response>(world.ask(delete_request{})).code, errc::ok);
    EXPECT_EQ(world.take<delete_response>(world.ask(delete_request{})).code, errc::group_id_not_found);
    world.reload();
    EXPECT_EQ(world.machine->group_count(), 0u);
    EXPECT_EQ(world.committed("t"), -1);
}

TEST(coordinator, offsets_of_a_subscribed_topic_are_not_deleted) {
    group_world world;
    const auto member = stable_subscribed_to(world, "t");
    world.commit("t", 1, {member, {}}, 1);
    world.commit("u", 2, {member, {}}, 1);
    const auto answer = world.take<delete_offsets_response>(
        world.ask(delete_offsets_request{{{"t", partition_index(0)}, {"u", partition_index(0)}}}));
    EXPECT_EQ(answer.partitions, (std::vector<errc>{errc::group_subscribed_to_topic, errc::ok}));
    EXPECT_EQ(world.committed("t"), 1);
    EXPECT_EQ(world.committed("u"), -1);
}

TEST(coordinator, group_that_nobody_joined_goes_with_its_last_offset) {
    group_world world;
    world.commit("t", 1, {}, -1);
    const auto answer = world.take<delete_offsets_response>(world.ask(delete_offsets_request{
        {{"t", partition_index(0)}, {"t", partition_index(1)}, {"t", partition_index(0)}}}));
    EXPECT_EQ(answer.partitions, (std::vector<errc>{errc::ok, errc::ok, errc::ok}));
    EXPECT_EQ(world.machine->group_count(), 0u);
    world.reload();
    EXPECT_EQ(world.machine->group_count(), 0u);
}

/// What deleting its offsets is answered, topic by topic.
std::vector<errc> delete_offsets_of(group_world& world, const std::vector<std::string>& topics) {
    delete_offsets_request deletion;
    for (const auto& topic : topics)
        deletion.partitions.push_back({topic, partition_index(0)});
    return world.take<delete_offsets_response>(world.ask(std::move(deletion))).partitions;
}

TEST(coordinator, rebalance_keeps_from_deletion_only_what_members_want) {
    group_world world;
    const auto member = stable_subscribed_to(world, "t");
    for (const auto* topic : {"t", "u", "v"})
        world.commit(topic, 1, {member, {}}, 1);
    const auto newcomer = world.ask(world.joining({}, subscription_to("u")));
    ASSERT_EQ(world.describe().state, "PreparingRebalance");
    const std::vector<errc> expected{errc::group_subscribed_to_topic, errc::group_subscribed_to_topic,
                                     errc::ok};
    EXPECT_EQ(delete_offsets_of(world, {"t", "u", "v"}), expected);
    const auto again = world.ask(world.joining({member, {}}, subscription_to("t")));
    ASSERT_EQ(world.describe().state, "CompletingRebalance");
    world.joined(newcomer);
    world.joined(again);
    EXPECT_EQ(delete_offsets_of(world, {"t", "u", "v"}), expected);
    EXPECT_EQ(world.committed("t"), 1);
    EXPECT_EQ(world.committed("u"), 1);
    EXPECT_EQ(world.committed("v"), -1);
}

TEST(coordinator, nothing_is_deleted_from_under_a_group_whose_subscriptions_cannot_be_told) {
    group_world world;
    world.commit("v", 1);
    world.ask(world.joining({}, subscription_to("t")));
    ASSERT_EQ(world.describe().state, "PreparingRebalance");
    EXPECT_EQ(delete_offsets_of(world, {"v"}), std::vector<errc>{errc::group_subscribed_to_topic});
    group_world other;
    other.stable_with_one();
    EXPECT_EQ(delete_offsets_of(other, {"v"}), std::vector<errc>{errc::group_subscribed_to_topic});
    EXPECT_EQ(world.committed("v"), 1);
}

TEST(coordinator, lists_its_groups) {
    group_world world;
    world.stable_with_one();
    world.commit("t", 1, {}, -1, "simple");
    const auto listed = world.take<list_response>(world.ask(list_request{}, "")).groups;
    ASSERT_EQ(listed.size(), 2u);
    EXPECT_EQ(listed[0].name, "g");
    EXPECT_EQ(listed[0].state, "Stable");
    EXPECT_EQ(listed[0].protocol_type, "consumer");
    EXPECT_EQ(listed[1].state, "Empty");
    EXPECT_EQ(listed[1].type, "classic");
}

/// A record in a batch as Kafka's transactional producers write it.
batch::batch_view transactional(const offset_record& record, bool control, int kind) {
    batch::builder_options options;
    options.producer_id = producer_id(7);
    options.producer_epoch = producer_epoch(0);
    options.base_sequence = control ? -1 : 0;
    options.transactional = true;
    options.control = control;
    batch::batch_builder builder(options);
    const auto encoded = encode(record);
    const std::vector<std::byte> marker{std::byte{0}, std::byte{0}, std::byte{0},
                                        static_cast<std::byte>(kind)};
    if (control)
        builder.append(timestamp_ms(1), std::span<const std::byte>(marker),
                       std::span<const std::byte>(marker));
    else
        builder.append(timestamp_ms(1), std::span<const std::byte>(encoded.key),
                       std::span<const std::byte>(*encoded.value));
    return batch::split_batches(builder.build())->front();
}

TEST(coordinator, offsets_of_a_transaction_count_when_it_was_committed) {
    group_world world;
    committed_offset value;
    value.offset = log_offset(5);
    const offset_record record{"g", "t", partition_index(0), value};
    const auto replay = [&](bool control, int kind) {
        ASSERT_TRUE(world.machine->replay(transactional(record, control, kind), nullptr).has_value());
    };
    replay(false, 0);
    EXPECT_EQ(world.committed("t"), -1);
    offsets_request stable;
    stable.partitions = {{"t", partition_index(0)}};
    stable.stable_only = true;
    EXPECT_EQ(world.take<offsets_response>(world.ask(stable)).partitions.at(0).code,
              errc::unstable_offset_commit);
    replay(true, 0);
    EXPECT_EQ(world.committed("t"), -1);
    replay(false, 0);
    replay(true, 1);
    EXPECT_EQ(world.committed("t"), 5);
}

TEST(coordinator, record_that_cannot_be_read_is_an_error) {
    group_world world;
    batch::batch_builder builder;
    builder.append_text(timestamp_ms(1), std::string_view("\0\1bad", 5), "value");
    const auto read = world.machine->replay(batch::split_batches(builder.build())->front(), nullptr);
    EXPECT_EQ(read.code(), errc::corrupt_message);
}

} // namespace
} // namespace barnabas::group::coordinator_test
