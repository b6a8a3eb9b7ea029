#include "actors/broker/limits.hpp"
#include "actors/broker/moving/moves.hpp"
#include "actors/broker/moving/moving_names.hpp"
#include "protocol/model/mark.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace barnabas::moves_test {

namespace {

using replica::move_step;

topic_partition place(std::int32_t index) {
    topic_id id;
    id.bytes.fill(5);
    return {id, partition_index(index)};
}

/// Remembers what the machine wants; the test plays the world.
class recorded_port final : public moves_port {
public:
    void submit(const topic_partition& id, replica::move_job job) override {
        jobs.emplace_back(id, std::move(job));
    }
    void discard_later(const broker_effects::begin_move&, replica::move_job job) override {
        discarded.push_back(job.discarded_directory);
    }
    void ask_log(const topic_partition& id) override { asked.push_back(id); }
    void wake(const topic_partition& id, std::uint64_t turn, std::chrono::nanoseconds delay) override {
        woken.push_back({id, turn, delay});
    }
    void clear_in_target(const broker_effects::begin_move& order) override {
        cleared.push_back(order.target);
    }
    void keep_in_target(const broker_effects::begin_move& order, const checkpointed_offsets& marks) override {
        kept.emplace_back(order.target, marks);
    }
    void forget_in(const std::string& directory, const broker_effects::begin_move&) override {
        forgotten.push_back(directory);
    }
    void report_begun(const topic_partition&, const result<void>& outcome) override {
        told.push_back(outcome ? "begun" : "not begun");
    }
    void report_caught_up(const topic_partition&) override { told.push_back("caught up"); }
    void report_ended(const topic_partition&, bool moved, const result<void>& outcome) override {
        told.push_back(std::string(moved ? "moved" : "stays") +
                       (outcome ? "" : ": " + outcome.failure().detail));
    }
    void note(std::string_view event, const std::string&, bool) override { noted.emplace_back(event); }
    monotonic_ns now() const override { return time; }

    struct waking {
        topic_partition id;
        std::uint64_t turn = 0;
        std::chrono::nanoseconds delay{0};
    };
    std::vector<std::pair<topic_partition, replica::move_job>> jobs;
    std::vector<std::string> discarded;
    std::vector<topic_partition> asked;
    std::vector<waking> woken;
    std::vector<std::string> cleared;
    std::vector<std::pair<std::string, checkpointed_offsets>> kept;
    std::vector<std::string> forgotten;
    std::vector<std::string> told;
    std::vector<std::string> noted;
    monotonic_ns time{0};
};

struct fixture {
    explicit fixture(const moves_options& options = {}) : machine(options, port) {}

    void start(std::int32_t index = 0) {
        machine.on_start({place(index), "orders", "/a", "/b", "", {}}, std::string(32, 'a'), 4096);
    }
    /// The last job comes back.
    void done(const result<void>& outcome = {}, const replica::copy_progress& progress = {},
              bool decided = false) {
        auto [id, job] = std::move(port.jobs.back());
        port.jobs.pop_back();
        job.outcome = outcome;
        job.progress = progress;
        job.decided = decided;
        machine.on_step_done(id, job);
    }
    void log_says(std::int32_t index = 0, bool cleaning = false) {
        machine.on_log_size(place(index), {0, 5000, log_offset(40), log_offset(42), cleaning});
    }
    move_step step() const { return port.jobs.empty() ? move_step::discard : port.jobs.back().second.step; }
    void catch_up() {
        start();
        done();
        log_says();
        done({}, {1000, true});
    }

    /// Up to the exchange.
    void finish() {
        catch_up();
        machine.on_complete({place(0), {}});
        done();
        machine.on_cleared(place(0), {});
        machine.on_kept(place(0), {});
    }

    recorded_port port;
    moves machine;
};

const error broken{errc::storage_error, "broken"};
const error full{errc::disk_full, "full"};

} // namespace

TEST(moves, names_are_kafkas_and_found_again) {
    const moving_name name{"a.b-c-12", std::string(32, 'f'), moving_kind::discarded};
    EXPECT_EQ(to_string(name), "a.b-c-12." + std::string(32, 'f') + "-delete");
    const auto again = parse_moving_name(to_string(name));
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->partition_directory, name.partition_directory);
    EXPECT_EQ(again->unique_id, name.unique_id);
    EXPECT_EQ(again->kind, moving_kind::discarded);
    for (const auto* other : {"orders-0", "orders-0-future", "orders-0.xyz-delete", "-future"})
        EXPECT_FALSE(parse_moving_name(other).has_value()) << other;
}

TEST(moves, from_begin_to_end) {
    fixture f;
    f.start();
    ASSERT_EQ(f.step(), move_step::begin);
    f.done();
    ASSERT_EQ(f.port.asked.size(), 1u);
    f.log_says();
    ASSERT_EQ(f.step(), move_step::copy);
    EXPECT_EQ(f.port.jobs.back().second.upto, log_offset(40));
    f.done({}, {1 << 20, false});
    EXPECT_EQ(f.machine.bytes_copied(), 1u << 20);
    ASSERT_EQ(f.port.woken.size(), 1u);
    f.machine.on_due(place(0), f.port.woken[0].turn);
    f.log_says();
    f.done({}, {1000, true});
    EXPECT_EQ(f.port.told, (std::vector<std::string>{"begun", "caught up"}));
    checkpointed_offsets marks;
    marks.log_start = log_offset(3);
    f.machine.on_complete({place(0), marks});
    ASSERT_EQ(f.step(), move_step::finish);
    f.done();
    EXPECT_EQ(f.port.cleared, std::vector<std::string>{"/b"});
    EXPECT_TRUE(f.port.kept.empty()) << "what is there may be of another topic of that name";
    f.machine.on_cleared(place(0), {});
    ASSERT_EQ(f.port.kept.size(), 1u);
    EXPECT_EQ(f.port.kept[0].first, "/b");
    EXPECT_EQ(f.port.kept[0].second, marks);
    EXPECT_TRUE(f.port.jobs.empty()) << "the checkpoints come before the exchange";
    f.machine.on_kept(place(0), {});
    ASSERT_EQ(f.step(), move_step::exchange);
    f.done({}, {}, true);
    EXPECT_EQ(f.port.forgotten, std::vector<std::string>{"/a"});
    EXPECT_EQ(f.port.discarded, std::vector<std::string>{"/a/orders-0." + std::string(32, 'a') + "-delete"});
    EXPECT_EQ(f.port.told.back(), "moved");
    EXPECT_EQ(f.machine.count(), 0u);
}

TEST(moves, compaction_that_runs_is_waited_for) {
    fixture f;
    f.start();
    f.done();
    f.log_says(0, true);
    EXPECT_TRUE(f.port.jobs.empty());
    ASSERT_EQ(f.port.woken.size(), 1u);
    EXPECT_EQ(f.port.woken[0].delay, broker_limits::move_retry_interval);
    f.machine.on_due(place(0), f.port.woken[0].turn);
    EXPECT_EQ(f.port.asked.size(), 2u);
}

TEST(moves, copy_keeps_to_the_speed_that_all_moves_share) {
    moves_options options;
    options.bytes_per_second = 1000;
    options.copying_max = 2;
    fixture f(options);
    f.start(0);
    f.done();
    f.log_says(0);
    f.done({}, {500, false});
    EXPECT_EQ(f.port.woken.back().delay, std::chrono::milliseconds(500));
    f.start(1);
    f.done();
    f.log_says(1);
    f.done({}, {1000, false});
    EXPECT_EQ(f.port.woken.back().delay, std::chrono::milliseconds(1500));
    f.port.time = monotonic_ns(3'000'000'000);
    f.machine.on_due(place(0), f.port.woken.front().turn);
    f.log_says(0);
    f.done({}, {100, false});
    EXPECT_EQ(f.port.woken.back().delay, std::chrono::milliseconds(100));
}

TEST(moves, partitions_that_fit_into_one_step_keep_to_the_speed_as_well) {
    moves_options options;
    options.bytes_per_second = 1000;
    fixture f(options);
    f.finish();
    f.start(1);
    f.done();
    const auto asked = f.port.asked.size();
    f.done({}, {0, false}, true);
    EXPECT_EQ(f.port.told.back(), "moved");
    EXPECT_EQ(f.port.asked.size(), asked);
    ASSERT_EQ(f.port.woken.size(), 1u);
    EXPECT_EQ(f.port.woken[0].id, place(1));
    EXPECT_EQ(f.port.woken[0].delay, std::chrono::milliseconds(1000)) << "for the first one";
    f.port.time = monotonic_ns(1'000'000'000);
    f.machine.on_due(place(1), f.port.woken[0].turn);
    EXPECT_EQ(f.port.asked.size(), asked + 1);
    f.log_says(1);
    f.done({}, {400, true});
    f.machine.on_complete({place(1), {}});
    f.done({}, {600, false});
    f.start(2);
    f.done();
    f.machine.on_cancel({place(1), false});
    f.machine.on_cleared(place(1), {});
    f.done();
    EXPECT_EQ(f.port.woken.back().id, place(2));
    EXPECT_EQ(f.port.woken.back().delay, std::chrono::milliseconds(1000)) << "with what was left at the end";
    EXPECT_EQ(f.machine.bytes_copied(), 2000u);
}

TEST(moves, more_than_may_copy_wait_for_their_turn_but_begin_at_once) {
    fixture f;
    f.start(0);
    f.done();
    f.start(1);
    f.done();
    EXPECT_EQ(f.port.asked.size(), 1u);
    EXPECT_EQ(f.port.told.size(), 2u);
    f.machine.on_cancel({place(0), false});
    ASSERT_EQ(f.step(), move_step::drop);
    f.done();
    ASSERT_EQ(f.port.asked.size(), 2u);
    EXPECT_EQ(f.port.asked[1], place(1));
}

TEST(moves, failure_before_the_exchange_leaves_the_log_where_it_is) {
    for (int failing = 0; failing < 6; ++failing) {
        fixture f;
        int step = 0;
        const auto outcome = [&] { return step++ == failing ? result<void>(broken) : result<void>(); };
        f.start();
        f.done(outcome());
        if (f.step() != move_step::drop) {
            f.log_says();
            f.done(outcome(), {10, true});
        }
        if (f.step() != move_step::drop) {
            f.machine.on_complete({place(0), {}});
            f.done(outcome());
        }
        if (f.step() != move_step::drop)
            f.machine.on_cleared(place(0), outcome());
        if (f.step() != move_step::drop)
            f.machine.on_kept(place(0), outcome());
        if (f.step() == move_step::exchange)
            f.done(outcome(), {}, false);
        SCOPED_TRACE(failing);
        ASSERT_EQ(f.step(), move_step::drop);
        f.done();
        EXPECT_EQ(f.port.told.back(), "stays: broken");
        EXPECT_TRUE(f.port.discarded.empty());
        EXPECT_EQ(f.machine.count(), 0u);
        if (failing >= 4) {
            EXPECT_EQ(f.port.forgotten, std::vector<std::string>{"/b"});
        }
    }
}

TEST(moves, clients_of_a_closed_log_do_not_wait_for_the_removal_of_its_copy) {
    fixture f;
    f.catch_up();
    f.machine.on_complete({place(0), {}});
    f.done(broken);
    ASSERT_EQ(f.step(), move_step::drop);
    EXPECT_EQ(f.port.told.back(), "stays: broken");
    const auto told = f.port.told.size();
    const auto marks = mark_hits("move_waits_for_removal");
    f.start();
    EXPECT_EQ(f.port.jobs.size(), 1u) << "the next move of that partition waits";
    EXPECT_EQ(mark_hits("move_waits_for_removal"), marks + 1);
    f.done(full);
    EXPECT_EQ(f.port.noted.back(), "moved_directory_not_removed");
    EXPECT_EQ(f.port.told.size(), told) << "each move ends once";
    ASSERT_EQ(f.step(), move_step::begin);
    f.done();
    EXPECT_EQ(f.port.told.back(), "begun");
}

TEST(moves, order_that_waits_for_a_removal_may_be_cancelled) {
    fixture f;
    f.catch_up();
    f.machine.on_complete({place(0), {}});
    f.done(broken);
    f.start();
    f.machine.on_cancel({place(0), true});
    EXPECT_EQ(f.port.told.at(f.port.told.size() - 2), "not begun");
    EXPECT_EQ(f.port.told.back(), "stays");
    f.done();
    EXPECT_TRUE(f.port.jobs.empty());
    EXPECT_EQ(f.machine.count(), 0u);
}

TEST(moves, exchange_that_nobody_knows_of_keeps_the_copy_and_its_checkpoints) {
    fixture f;
    f.finish();
    f.port.jobs.back().second.source_unclear = true;
    f.done(broken);
    EXPECT_EQ(f.port.told.back(), "stays: broken");
    EXPECT_TRUE(f.port.jobs.empty());
    EXPECT_TRUE(f.port.forgotten.empty());
}

TEST(moves, failure_behind_the_decision_leaves_the_log_in_the_target) {
    fixture f;
    f.finish();
    f.done(broken, {}, true);
    EXPECT_EQ(f.port.told.back(), "moved: broken");
    EXPECT_TRUE(f.port.discarded.empty()) << "it proves that the copy is the log";
}

TEST(moves, exchange_that_lacks_room_goes_on_when_there_is_some) {
    fixture f;
    f.finish();
    f.port.jobs.back().second.lacks_room = true;
    f.port.jobs.back().second.exchanged = 1;
    const auto marks = mark_hits("exchange_waits_for_room");
    f.done(full);
    EXPECT_EQ(mark_hits("exchange_waits_for_room"), marks + 1);
    ASSERT_TRUE(f.port.jobs.empty());
    ASSERT_EQ(f.port.woken.size(), 1u);
    EXPECT_EQ(f.port.woken[0].delay, broker_limits::move_retry_interval);
    f.machine.on_cancel({place(0), false});
    f.machine.on_due(place(0), f.port.woken[0].turn);
    ASSERT_EQ(f.step(), move_step::exchange);
    EXPECT_EQ(f.port.jobs.back().second.exchanged, 1);
    f.done({}, {}, true);
    EXPECT_EQ(f.port.told.back(), "moved");
}

TEST(moves, stop_leaves_an_exchange_that_lacks_room_to_the_next_start) {
    for (const bool decided : {false, true})
        for (const bool in_flight : {false, true}) {
            fixture f;
            f.finish();
            if (in_flight)
                f.machine.on_cancel({place(0), true});
            f.port.jobs.back().second.lacks_room = true;
            f.port.jobs.back().second.exchanged = decided ? 2 : 1;
            const auto marks = mark_hits("exchange_left_to_the_next_start");
            f.done(full, {}, decided);
            if (!in_flight)
                f.machine.on_cancel({place(0), true});
            EXPECT_EQ(mark_hits("exchange_left_to_the_next_start"), marks + 1);
            EXPECT_EQ(f.port.told.back(), decided ? "moved: full" : "stays: full");
            EXPECT_TRUE(f.port.jobs.empty()) << "the copy may be the log";
            EXPECT_TRUE(f.port.discarded.empty());
            EXPECT_EQ(f.machine.count(), 0u);
        }
}

TEST(moves, cancelled_at_any_time_ends_once) {
    for (const bool keeps : {false, true}) {
        const auto last = keeps ? move_step::close : move_step::drop;
        fixture beginning;
        beginning.start();
        beginning.machine.on_cancel({place(0), keeps});
        beginning.done();
        ASSERT_EQ(beginning.step(), last);
        beginning.done();
        EXPECT_EQ(beginning.port.told.back(), "stays");

        fixture caught_up;
        caught_up.catch_up();
        caught_up.machine.on_cancel({place(0), keeps});
        ASSERT_EQ(caught_up.step(), last);
        caught_up.machine.on_complete({place(0), {}});
        caught_up.done();
        EXPECT_EQ(caught_up.port.told.back(), "stays");

        fixture keeping;
        keeping.catch_up();
        keeping.machine.on_complete({place(0), {}});
        keeping.done();
        keeping.machine.on_cleared(place(0), {});
        keeping.machine.on_cancel({place(0), keeps});
        EXPECT_TRUE(keeping.port.jobs.empty()) << "its checkpoints are being written";
        keeping.machine.on_kept(place(0), {});
        ASSERT_EQ(keeping.step(), last);

        fixture clearing;
        clearing.catch_up();
        clearing.machine.on_complete({place(0), {}});
        clearing.done();
        clearing.machine.on_cancel({place(0), keeps});
        EXPECT_TRUE(clearing.port.jobs.empty()) << "its checkpoints are being written";
        clearing.machine.on_cleared(place(0), {});
        ASSERT_EQ(clearing.step(), last);
        EXPECT_TRUE(clearing.port.kept.empty());

        fixture exchanging;
        exchanging.finish();
        exchanging.machine.on_cancel({place(0), keeps});
        exchanging.done({}, {}, true);
        EXPECT_EQ(exchanging.port.told.back(), "moved") << "too late";
    }
}

TEST(moves, stop_does_not_keep_the_copy_of_a_move_that_was_cancelled) {
    fixture f;
    f.start();
    f.machine.on_cancel({place(0), false});
    f.machine.on_cancel({place(0), true});
    f.done();
    EXPECT_EQ(f.step(), move_step::drop) << "the next start would begin it anew";

    fixture stopped;
    stopped.start();
    stopped.machine.on_cancel({place(0), true});
    stopped.machine.on_cancel({place(0), false});
    stopped.done();
    EXPECT_EQ(stopped.step(), move_step::drop);
}

TEST(moves, size_and_lag_are_of_the_copy) {
    fixture f;
    EXPECT_FALSE(f.machine.size_of(place(0)).has_value());
    f.start();
    f.done();
    f.log_says();
    EXPECT_EQ(f.machine.bytes_left(), 5000u);
    EXPECT_EQ(f.machine.size_of(place(0))->offset_lag, 42);
}

} // namespace barnabas::moves_test
