#include "actors/group/decision_queue.hpp"
#include "protocol/batch/record_batch.hpp"
#include "protocol/model/mark.hpp"
#include "tests/unit/actors/group/mixed_world.hpp"

/// What is decided as one comes to the log as one batch, which a crash leaves whole or takes whole.
namespace barnabas::group::decisions_test {
namespace {

using sizes = std::vector<std::size_t>;

effects of_decisions(const sizes& counts) {
    effects made;
    for (const auto count : counts) {
        for (std::size_t i = 0; i < count; ++i)
            made.records.emplace_back(classic_record{std::string(100, 'g'), std::nullopt});
        made.end_decision();
    }
    return made;
}

/// Records of each batch that is written until nothing is left.
sizes written(decision_queue& queue, std::size_t bytes_max) {
    sizes batches;
    while (auto next = queue.next_batch(timestamp_ms(1), bytes_max)) {
        EXPECT_FALSE(queue.next_batch(timestamp_ms(1), bytes_max)) << "one is under way";
        const auto whole = batch::split_batches(*next);
        EXPECT_TRUE(whole.has_value());
        EXPECT_EQ(whole->size(), 1u);
        batches.push_back(static_cast<std::size_t>(whole->front().header.record_count));
        queue.on_committed();
    }
    EXPECT_EQ(queue.committed(), queue.decided());
    return batches;
}

TEST(decision_queue, small_decisions_share_a_batch_and_none_is_torn) {
    decision_queue queue;
    ASSERT_FALSE(queue.take(of_decisions({1, 2, 1}), 10'000));
    ASSERT_FALSE(queue.take(of_decisions({3}), 10'000));
    EXPECT_EQ(queue.decided(), 4u);
    // Four records take more than 400 bytes and less than 600.
    EXPECT_EQ(written(queue, 600), (sizes{4, 3}));
}

TEST(decision_queue, a_large_decision_goes_alone) {
    decision_queue queue;
    ASSERT_FALSE(queue.take(of_decisions({1, 50, 1, 1}), 10'000));
    EXPECT_EQ(written(queue, 600), (sizes{1, 50, 2}));
}

TEST(decision_queue, of_a_turn_with_a_decision_that_is_too_large_nothing_is_taken) {
    decision_queue queue;
    EXPECT_EQ(queue.take(of_decisions({1, 50, 2, 60}), 1'000), (decision_queue::refusal{1, 50}));
    EXPECT_EQ(queue.decided(), 0u);
    EXPECT_TRUE(written(queue, 600).empty());
}

class decisions_test : public testing::Test {
protected:
    /// How many records each decision has that a request leads to.
    sizes decided(request_body body) {
        return decided_by([&](turn& now) { world.machine->on_request({0, "g", std::move(body)}, 0, now); });
    }
    template <class Step>
    sizes decided_by(const Step& step) {
        effects out;
        turn now{world.clock, world.wall, out};
        step(now);
        out.end_decision();
        sizes counts;
        std::size_t at = 0;
        for (const auto end : out.decision_ends)
            counts.push_back(end - std::exchange(at, end));
        EXPECT_EQ(at, out.records.size());
        for (auto& record : out.records)
            world.log.push_back(std::move(record));
        answered = std::move(out.answers);
        return counts;
    }
    /// From now on.
    void use(std::size_t decision_bytes_max) {
        world.options.decision_bytes_max = decision_bytes_max;
        world.machine->on_options(world.options);
    }
    std::string hear_of_old_member() {
        old_consumer one;
        const auto ticket = world.ask(world.joining(one));
        world.pass(world.options.initial_rebalance_delay);
        const auto told = world.joined(ticket);
        const sync_request sync{
            {told.member_id, {}}, told.generation, {}, {}, {{told.member_id, world.assignment({0, 1})}}};
        EXPECT_EQ(world.take<sync_response>(world.ask(sync)).code, errc::ok);
        return told.member_id;
    }
    commit_request commit_of(int partitions) {
        commit_request request;
        for (int i = 0; i < partitions; ++i) {
            commit_request::partition one;
            one.topic = "t";
            one.index = partition_index(i);
            one.offset = log_offset(i);
            request.partitions.push_back(one);
        }
        return request;
    }
    consumer_heartbeat_request request_of(const std::string& id, member_epoch epoch) {
        consumer one;
        one.id = id;
        auto request = world.request_of(one);
        request.epoch = epoch;
        return request;
    }
    template <class Response>
    Response answer() {
        EXPECT_EQ(answered.size(), 1u);
        return std::get<Response>(answered.at(0).body);
    }

    mixed_world world;
    std::vector<effects::answer> answered;
};

TEST(group_of, each_kind_of_record_names_its_group) {
    EXPECT_EQ(group_of(group_record(offset_record{"a", "topic", partition_index(0), {}})), "a");
    EXPECT_EQ(group_of(group_record(classic_record{"b", {}})), "b");
    EXPECT_EQ(group_of(group_record(consumer_record(target_record{"c", "member", {}}))), "c");
}

TEST_F(decisions_test, a_commit_of_many_partitions_is_one) {
    EXPECT_EQ(decided(commit_of(3'000)), (sizes{3'000}));
}

TEST_F(decisions_test, a_group_goes_as_one_with_all_its_offsets) {
    decided(commit_of(3'000));
    EXPECT_EQ(decided(delete_request{}), (sizes{3'000}));
    EXPECT_EQ(answer<delete_response>().code, errc::ok);
    EXPECT_EQ(world.machine->group_count(), 0u);
}

TEST_F(decisions_test, going_over_to_the_other_protocol_and_back_are_one_each) {
    hear_of_old_member();
    const auto over = decided(request_of("new", joining_epoch));
    ASSERT_EQ(over.size(), 1u);
    // The classic group's end, and of each member what it says, has and is to have.
    EXPECT_GT(over[0], 6u);
    const auto back = decided(request_of("new", leaving_epoch));
    ASSERT_EQ(back.size(), 1u);
    EXPECT_GT(back[0], 6u);
    EXPECT_EQ(world.describe().members.size(), 1u);
}

TEST_F(decisions_test, offsets_that_grew_old_are_one_each) {
    decided(commit_of(30));
    world.wall = world.wall + world.options.offsets_retention.count();
    world.clock = later(world.clock, world.options.expiry_interval);
    EXPECT_EQ(decided_by([&](turn& now) { world.machine->on_time(now); }), sizes(30, 1));
}

TEST_F(decisions_test, offsets_of_a_topic_that_is_gone_are_one_each) {
    decided(commit_of(3));
    EXPECT_EQ(decided_by([&](turn& now) { world.machine->on_topics_gone({"t"}, now); }), sizes(3, 1));
}

TEST_F(decisions_test, a_commit_that_cannot_be_kept_at_once_is_refused_and_changes_nothing) {
    const auto marks = mark_hits("commit_too_large");
    use(10'000);
    EXPECT_TRUE(decided(commit_of(3'000)).empty());
    EXPECT_EQ(answer<commit_response>().code, errc::internal);
    EXPECT_EQ(world.machine->offset_count(), 0u);
    EXPECT_EQ(decided(commit_of(30)), (sizes{30}));
    EXPECT_EQ(mark_hits("commit_too_large") - marks, 1u);
}

TEST_F(decisions_test, a_group_with_more_than_can_be_removed_at_once_stays_whole) {
    const auto marks = mark_hits("deletion_too_large");
    decided(commit_of(3'000));
    use(10'000);
    EXPECT_TRUE(decided(delete_request{}).empty());
    EXPECT_EQ(answer<delete_response>().code, errc::internal);
    EXPECT_EQ(world.machine->offset_count(), 3'000u);
    EXPECT_EQ(mark_hits("deletion_too_large") - marks, 1u);
}

TEST_F(decisions_test, a_group_that_cannot_go_over_at_once_keeps_its_protocol) {
    hear_of_old_member();
    use(300);
    const auto marks = mark_hits("upgrade_too_large_at_once");
    EXPECT_TRUE(decided(request_of("new", joining_epoch)).empty());
    EXPECT_EQ(answer<consumer_heartbeat_response>().code, errc::group_id_not_found);
    EXPECT_EQ(mark_hits("upgrade_too_large_at_once"), marks + 1);
    EXPECT_EQ(world.describe().state, "Stable");
}

TEST_F(decisions_test, members_that_cannot_go_back_at_once_stay_what_they_are) {
    hear_of_old_member();
    decided(request_of("new", joining_epoch));
    use(300);
    const auto marks = mark_hits("downgrade_too_large");
    decided(request_of("new", leaving_epoch));
    EXPECT_GT(mark_hits("downgrade_too_large"), marks);
    EXPECT_EQ(world.shown().members.size(), 1u);
}

} // namespace
} // namespace barnabas::group::decisions_test
