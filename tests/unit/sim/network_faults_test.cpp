#include "sim/faults/swizzle.hpp"
#include "tests/unit/sim/stream_pair.hpp"

#include <gtest/gtest.h>

#include <set>

namespace barnabas::sim::network_faults_test {
namespace {

using toy::letters;
using toy::pair_of_streams;
using toy::reader;

TEST(network_faults, a_clogged_link_holds_new_connections_and_their_bytes) {
    pair_of_streams both;
    both.fabric.clog(0, 1, 3 * second);
    both.connect();
    EXPECT_EQ(both.made, nullptr);
    both.run.run_for(3 * second);
    ASSERT_NE(both.made, nullptr);
    reader at_right(both.accepted);
    both.made->attach({[](auto) {}, [] {}});
    both.made->write({both.text("late")});
    both.run.run_for(second);
    EXPECT_EQ(at_right.received, "late");
}

TEST(network_faults, a_clog_in_one_direction_lets_the_other_through) {
    pair_of_streams both;
    both.connect();
    reader at_right(both.accepted);
    reader at_left(both.made);
    both.fabric.clog(0, 1, 5 * second);
    both.made->write({both.text("held")});
    both.accepted->write({both.text("free")});
    both.run.run_for(second);
    EXPECT_EQ(at_left.received, "free");
    EXPECT_EQ(at_right.received, "");
    both.fabric.unclog(0, 1);
    both.run.run_for(second);
    EXPECT_EQ(at_right.received, "held");
}

TEST(network_faults, a_one_way_partition_stops_one_direction_only) {
    network_faults faults;
    faults.silence_low = faults.silence_high = 60 * second;
    pair_of_streams both(faults);
    both.connect();
    reader at_right(both.accepted);
    reader at_left(both.made);
    both.fabric.block(1, 0);
    both.made->write({both.text("there")});
    both.accepted->write({both.text("and back")});
    both.run.run_for(second);
    EXPECT_EQ(at_right.received, "there");
    EXPECT_EQ(at_left.received, "");
    both.fabric.unblock(1, 0);
    both.run.run_for(second);
    EXPECT_EQ(at_left.received, "and back");
}

TEST(network_faults, a_link_that_flaps_loses_and_reorders_nothing) {
    pair_of_streams both;
    both.connect();
    reader at_right(both.accepted);
    both.made->attach({[](auto) {}, [] {}});
    for (int turn = 0; turn < 20; ++turn) {
        both.fabric.block(0, 1);
        both.made->write({both.text(letters(2'600))});
        both.run.run_for(100 * millisecond);
        both.fabric.unblock(0, 1);
        both.run.run_for(100 * millisecond);
    }
    std::string expected;
    for (int turn = 0; turn < 20; ++turn)
        expected += letters(2'600);
    EXPECT_TRUE(at_right.received == expected);
}

TEST(network_faults, a_slow_link_carries_its_rate_and_is_fast_again_at_once) {
    pair_of_streams both;
    both.connect();
    reader at_right(both.accepted);
    both.made->attach({[](auto) {}, [] {}});
    both.fabric.slow_down(0, 1, {10'000, 4'096}, 20 * second);
    both.made->write({both.text(letters(500'000))});
    both.run.run_for(10 * second);
    EXPECT_GT(at_right.received.size(), 90'000U);
    EXPECT_LT(at_right.received.size(), 110'000U);
    EXPECT_GT(both.made->unsent_bytes(), 300'000U);
    both.fabric.heal();
    both.run.run_for(100 * millisecond);
    EXPECT_TRUE(at_right.received == letters(500'000));
}

TEST(network_faults, a_slow_link_ends_by_itself) {
    pair_of_streams both;
    both.connect();
    reader at_right(both.accepted);
    both.made->attach({[](auto) {}, [] {}});
    both.fabric.slow_down(0, 1, {1'000, 1'024}, 5 * second);
    both.made->write({both.text(letters(500'000))});
    both.run.run_for(4 * second);
    EXPECT_LT(at_right.received.size(), 5'000U);
    both.run.run_for(2 * second);
    EXPECT_TRUE(at_right.received == letters(500'000));
}

TEST(network_faults, a_reset_inside_a_frame_lets_exactly_these_bytes_leave) {
    for (std::uint64_t bytes = 1; bytes <= 5; ++bytes) {
        pair_of_streams both({}, bytes);
        both.connect();
        reader at_right(both.accepted);
        reader at_left(both.made);
        both.made->write({both.text(letters(100))});
        both.run.run_for(second);
        both.fabric.reset_after(0, 1, bytes);
        both.made->write({both.text(letters(100))});
        both.run.run_for(second);
        EXPECT_TRUE(at_right.ended && at_left.ended);
        EXPECT_LE(at_right.received.size(), 100 + bytes);
        EXPECT_GE(at_right.received.size(), 100U);
    }
}

TEST(network_faults, a_reset_without_a_connection_meets_the_next_one_only) {
    pair_of_streams both;
    both.fabric.reset_after(0, 1, 2);
    both.connect();
    reader at_right(both.accepted);
    both.made->attach({[](auto) {}, [] {}});
    both.made->write({both.text("abcd")});
    both.run.run_for(second);
    EXPECT_TRUE(at_right.ended);
    both.listener.reset();
    both.connect();
    reader again(both.accepted);
    both.made->attach({[](auto) {}, [] {}});
    both.made->write({both.text("abcd")});
    both.run.run_for(second);
    EXPECT_EQ(again.received, "abcd");
}

TEST(network_faults, one_end_vanishes_and_the_other_learns_it_after_silence) {
    network_faults faults;
    faults.silence_low = 5 * second;
    faults.silence_high = 6 * second;
    pair_of_streams both(faults);
    both.connect();
    reader at_right(both.accepted);
    reader at_left(both.made);
    both.fabric.vanish(0, 1);
    both.accepted->write({both.text("anybody?")});
    both.run.run_for(4 * second);
    EXPECT_TRUE(at_left.ended);
    EXPECT_FALSE(at_right.ended);
    EXPECT_EQ(at_left.received, "");
    both.run.run_for(3 * second);
    EXPECT_TRUE(at_right.ended);
}

TEST(network_faults, who_writes_into_the_void_is_told_when_the_network_is_healed) {
    network_faults faults;
    faults.silence_low = faults.silence_high = 600 * second;
    pair_of_streams both(faults);
    both.connect();
    reader at_right(both.accepted);
    both.fabric.vanish(0, 1);
    both.accepted->write({both.text("anybody?")});
    both.run.run_for(60 * second);
    EXPECT_FALSE(at_right.ended);
    both.fabric.heal();
    both.run.run_for(5 * second);
    EXPECT_TRUE(at_right.ended);
}

TEST(network_faults, death_behind_a_cut_link_is_told_when_the_network_is_healed) {
    network_faults faults;
    faults.silence_low = faults.silence_high = 600 * second;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        pair_of_streams both(faults, seed);
        both.connect();
        reader at_left(both.made);
        both.fabric.block(1, 0);
        both.fabric.end(*both.right, false);
        both.run.run_for(60 * second);
        EXPECT_FALSE(at_left.ended);
        both.fabric.heal();
        both.run.run_for(5 * second);
        EXPECT_TRUE(at_left.ended) << "seed " << seed;
    }
}

TEST(network_faults, connects_are_refused_hang_or_stay_silent_for_a_time) {
    pair_of_streams both;
    both.fabric.set_connects(0, 1, connect_mode::refused, second);
    both.connect();
    EXPECT_EQ(both.code, errc::connection_refused);
    both.listener.reset();

    both.fabric.set_connects(0, 1, connect_mode::hanging, second);
    both.connect();
    both.run.run_for(20 * second);
    EXPECT_EQ(both.code, errc::request_timed_out);
    both.listener.reset();

    both.fabric.set_connects(0, 1, connect_mode::silent, 5 * second);
    both.connect();
    EXPECT_EQ(both.code, errc::ok);
    reader at_right(both.accepted);
    reader at_left(both.made);
    both.made->write({both.text("hello?")});
    both.accepted->write({both.text("hello!")});
    both.run.run_for(3 * second);
    EXPECT_EQ(at_right.received + at_left.received, "");
    both.run.run_for(3 * second);
    EXPECT_EQ(at_right.received + at_left.received, "hello?hello!");
}

/// Many connections, one after another, that send and are closed.
struct busy_run {
    explicit busy_run(const network_faults& faults, std::vector<connection_harm> planned = {})
        : both(faults, 7) {
        both.fabric.watch_harm([this](const connection_harm& harm) { harms.push_back(harm); });
        both.fabric.set_planned_harm(std::move(planned));
        for (int turn = 0; turn < 60; ++turn)
            talk();
    }

    void talk() {
        both.made.reset();
        both.accepted.reset();
        both.listener.reset();
        both.connect();
        if (both.made == nullptr || both.accepted == nullptr)
            return;
        reader at_right(both.accepted);
        reader at_left(both.made);
        for (int part = 0; part < 20; ++part) {
            both.made->write({both.text(letters(1'000))});
            both.accepted->write({both.text(letters(500))});
            both.run.run_for(100 * millisecond);
        }
        both.made->close();
        both.accepted->close();
    }

    pair_of_streams both;
    std::vector<connection_harm> harms;
};

TEST(network_faults, reported_harm_given_back_as_a_table_gives_the_same_run) {
    network_faults faults;
    faults.reset_chance = 100'000;
    faults.reset_after_bytes_high = 20'000;
    faults.half_open_chance = 100'000;
    faults.half_open_after_high = second;
    faults.refuse_chance = 100'000;
    faults.hang_chance = 100'000;
    faults.mute_chance = 100'000;
    faults.clog_chance = 20'000;
    faults.clog_high = second;
    const busy_run drawn(faults);
    std::set<harm_kind> kinds;
    for (const auto& each : drawn.harms)
        kinds.insert(each.kind);
    EXPECT_EQ(kinds.size(), all_of(harm_kind{}).size());

    auto without_chance = faults;
    without_chance.reset_chance = without_chance.half_open_chance = without_chance.refuse_chance = 0;
    without_chance.hang_chance = without_chance.mute_chance = without_chance.clog_chance = 0;
    const busy_run unharmed(without_chance);
    EXPECT_TRUE(unharmed.harms.empty());
    const busy_run replayed(without_chance, drawn.harms);
    EXPECT_TRUE(replayed.harms.empty());
    EXPECT_EQ(replayed.both.run.trace_hash(), drawn.both.run.trace_hash());
    EXPECT_NE(replayed.both.run.trace_hash(), unharmed.both.run.trace_hash());
}

TEST(swizzle, half_of_the_links_stop_one_by_one_and_open_in_another_order) {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> links;
    for (std::uint32_t host = 1; host <= 6; ++host) {
        links.emplace_back(0, host);
        links.emplace_back(host, 0);
    }
    bool reordered = false;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const auto made = swizzled(links, 10 * second, runtime::random(seed));
        ASSERT_EQ(made.size(), 6U);
        std::set<std::pair<std::uint32_t, std::uint32_t>> stopped;
        std::set<std::int64_t> ends;
        for (std::size_t i = 0; i < made.size(); ++i) {
            stopped.emplace(made[i].from, made[i].to);
            ends.insert(made[i].end_ns);
            EXPECT_LT(made[i].begin_ns, 5 * second);
            EXPECT_GT(made[i].end_ns, 5 * second);
            EXPECT_LE(made[i].end_ns, 10 * second);
            reordered = reordered || (i > 0 && made[i].end_ns < made[i - 1].end_ns);
        }
        EXPECT_EQ(stopped.size(), 6U);
        EXPECT_EQ(ends.size(), 6U);
    }
    EXPECT_TRUE(reordered);
}

} // namespace
} // namespace barnabas::sim::network_faults_test
