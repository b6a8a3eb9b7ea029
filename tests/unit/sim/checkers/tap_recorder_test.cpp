#include "sim/checkers/tap_recorder.hpp"

#include "protocol/batch/builder.hpp"
#include "sim/network/network_fabric.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What a partition's and a connection's taps say reaches the checkers, with virtual time and the broker's
/// life, and the trace.
namespace barnabas::sim::tap_recorder_test {
namespace {

/// Keeps what it hears, and is never content with the end of a log.
class listener final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "listener"; }
    void on_log_opened(const log_opened& event) override { opened.push_back(event); }
    void on_log_appended(const log_appended& event) override { appended.push_back(event); }
    void on_read_answered(const read_answered& event) override { reads.push_back(event); }
    void on_request_begun(const request_begun& event) override { requests.push_back(event); }
    void on_life_ended(std::uint64_t life) override { ended_lives.push_back(life); }
    void on_end_told(const end_told&) override { violated("an end was told"); }

    std::vector<log_opened> opened;
    std::vector<log_appended> appended;
    std::vector<read_answered> reads;
    std::vector<request_begun> requests;
    std::vector<std::uint64_t> ended_lives;
};

class tap_recorder_test : public testing::Test {
protected:
    tap_recorder_test() : machine(run, fabric, {.name = "broker", .clock = {}, .disk = {}}) {
        auto made = std::make_unique<listener>(told);
        heard = made.get();
        told.add(std::move(made));
        taps.watch(machine);
        start();
    }
    void start() {
        machine.start([](runtime::node_services&) {});
    }

    static slice batch_at(std::int64_t offset) {
        batch::builder_options options;
        options.base_offset = log_offset(offset);
        options.leader_epoch = leader_epoch(0);
        options.producer_id = producer_id(7);
        options.producer_epoch = producer_epoch(2);
        options.base_sequence = 5;
        batch::batch_builder builder(options);
        builder.append_text(timestamp_ms(1'000), "key", "one");
        builder.append_text(timestamp_ms(1'000), "key", "two");
        return builder.build();
    }

    world run{1};
    network_fabric fabric{run};
    history told;
    int broken = 0;
    tap_recorder taps{{&run, &told,
                       [](const std::string& topic, const topic_partition& id) {
                           return place{topic == "orders" ? 3U : 0U, id.partition.get()};
                       },
                       [this] { ++broken; }}};
    host machine;
    listener* heard = nullptr;
};

TEST_F(tap_recorder_test, batches_are_told_as_their_headers_stand_in_the_log) {
    const auto tap = taps.open("orders", {topic_id{}, partition_index(1)}, "/data/orders-1");
    tap->opened({}, {}, false);
    tap->appended({batch_at(4)}, {});
    ASSERT_EQ(heard->opened.size(), 1U);
    EXPECT_EQ(heard->opened[0].life, 1U);
    ASSERT_EQ(heard->appended.size(), 1U);
    const auto& one = heard->appended[0];
    EXPECT_EQ(one.where, (place{3, 1}));
    EXPECT_EQ(one.batch.base_offset, log_offset(4));
    EXPECT_EQ(one.batch.last_offset, log_offset(5));
    EXPECT_EQ(one.batch.producer_id, producer_id(7));
    EXPECT_EQ(one.batch.producer_epoch, producer_epoch(2));
    EXPECT_EQ(one.batch.base_sequence, 5);
    tap->answered_read(log_offset(0), batch_at(4), {});
    ASSERT_EQ(heard->reads.size(), 1U);
    ASSERT_EQ(heard->reads[0].batches.size(), 1U);
    EXPECT_EQ(heard->reads[0].batches[0], one.batch);
    EXPECT_FALSE(heard->reads[0].torn);
}

TEST_F(tap_recorder_test, a_read_that_ends_in_the_middle_of_a_batch_is_torn) {
    const auto tap = taps.open("orders", {topic_id{}, partition_index(1)}, "/data/orders-1");
    const auto whole = batch_at(0);
    tap->answered_read(log_offset(0), whole.sub(0, whole.size() - 1), {});
    ASSERT_EQ(heard->reads.size(), 1U);
    EXPECT_TRUE(heard->reads[0].torn);
}

TEST_F(tap_recorder_test, a_new_life_ends_the_one_before) {
    taps.request_begun({1, 1}, kafka::api_key::fetch, 0);
    machine.crash(crash_kind::kill);
    start();
    taps.request_begun({1, 1}, kafka::api_key::fetch, 0);
    EXPECT_EQ(heard->ended_lives, std::vector<std::uint64_t>{1});
    ASSERT_EQ(heard->requests.size(), 2U);
    EXPECT_EQ(heard->requests[1].on, (connection_id{2, 1}));
}

class worked_time_test : public tap_recorder_test {
protected:
    /// Time for work during `what`, as a request at its beginning and one at its end have it.
    template <class What>
    std::int64_t worked_in(What&& what) {
        taps.request_begun({1, 1}, kafka::api_key::fetch, 0);
        what();
        taps.request_begun({1, 2}, kafka::api_key::fetch, 0);
        const auto& all = heard->requests;
        return all.back().when.worked_ns - all[all.size() - 2].when.worked_ns;
    }
};

TEST_F(worked_time_test, a_process_that_stands_still_does_not_work) {
    EXPECT_EQ(worked_in([&] {
                  run.run_for(3 * millisecond);
                  machine.pause(10 * millisecond);
                  machine.pause(4 * millisecond);
                  run.run_for(6 * millisecond);
                  machine.pause(10 * millisecond);
                  run.run_for(17 * millisecond);
              }),
              10 * millisecond);
}

TEST_F(worked_time_test, a_pause_and_a_slowness_end_with_the_process) {
    machine.pause(100 * millisecond);
    machine.slow_down(10);
    machine.crash(crash_kind::kill);
    start();
    EXPECT_EQ(worked_in([&] {
                  run.run_for(5 * millisecond);
                  machine.pause(10 * millisecond);
                  run.run_for(20 * millisecond);
              }),
              15 * millisecond);
}

TEST_F(worked_time_test, a_clock_that_drifts_and_a_slow_loop_change_what_time_is_worth) {
    EXPECT_EQ(worked_in([&] {
                  machine.set_clock_drift(-50'000);
                  run.run_for(10 * second);
                  machine.pause(2 * second);
                  run.run_for(1 * second);
                  machine.set_clock_drift(50'000);
                  run.run_for(2 * second);
                  machine.slow_down(4);
                  run.run_for(8 * second);
                  machine.slow_down(1);
              }),
              9'500 * millisecond + 1'050 * millisecond + 2'100 * millisecond);
}

TEST_F(tap_recorder_test, a_broken_invariant_is_reported_at_its_event) {
    const auto tap = taps.open("orders", {topic_id{}, partition_index(1)}, "/data/orders-1");
    tap->moved({});
    EXPECT_EQ(broken, 0);
    tap->told_end(log_offset(0));
    EXPECT_EQ(broken, 1);
}

TEST_F(tap_recorder_test, what_the_taps_say_enters_the_trace) {
    const auto tap = taps.open("orders", {topic_id{}, partition_index(1)}, "/data/orders-1");
    const auto before = run.trace_hash();
    tap->told_end(log_offset(7));
    EXPECT_NE(run.trace_hash(), before);
}

} // namespace
} // namespace barnabas::sim::tap_recorder_test
