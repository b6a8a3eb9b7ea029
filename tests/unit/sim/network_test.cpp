#include "tests/unit/sim/stream_pair.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace barnabas::sim::network_test {
namespace {

using toy::letters;
using toy::pair_of_streams;
using toy::reader;

TEST(network, bytes_arrive_in_order_and_close_ends_the_stream) {
    pair_of_streams both;
    both.connect();
    ASSERT_NE(both.made, nullptr);
    ASSERT_NE(both.accepted, nullptr);
    EXPECT_EQ(both.made->home(), loop_index(1));
    EXPECT_EQ(both.accepted->peer().host, "left");
    reader at_right(both.accepted);
    reader at_left(both.made);
    const auto sent = letters(300'000);
    both.made->write({both.text(sent.substr(0, 10)), both.text(sent.substr(10))});
    both.run.run_for(second);
    EXPECT_EQ(at_right.received, sent);
    EXPECT_EQ(at_left.drained, 1);
    EXPECT_EQ(both.made->unsent_bytes(), 0U);
    both.made->write({both.text("last words")});
    both.made->close();
    both.run.run_for(second);
    EXPECT_EQ(at_right.received, sent + "last words");
    EXPECT_TRUE(at_right.ended);
    EXPECT_FALSE(at_left.ended);
    both.accepted->close();
    both.run.run_for(10 * second);
    EXPECT_EQ(both.fabric.open_connections(), 0U);
}

TEST(network, a_slow_reader_leaves_bytes_unsent) {
    network_faults faults;
    faults.window_low = faults.window_high = 4'096;
    pair_of_streams both(faults);
    both.connect();
    reader at_right(both.accepted);
    at_right.paused = true;
    both.made->attach({[](auto) {}, [] {}});
    both.made->write({both.text(letters(100'000))});
    both.run.run_for(second);
    EXPECT_GE(both.made->unsent_bytes(), 90'000U);
    at_right.paused = false;
    both.accepted->read(nullptr, 0, 1'000);
    both.run.run_for(second);
    EXPECT_EQ(at_right.received, letters(100'000));
}

TEST(network, a_writer_with_a_mark_hears_only_of_what_was_above_it) {
    pair_of_streams both;
    both.connect();
    reader at_right(both.accepted);
    int drained = 0;
    both.made->attach({[](auto) {}, [&drained] { ++drained; }, 1'000});
    both.made->write({both.text(letters(1'000))});
    both.run.run_for(second);
    EXPECT_EQ(drained, 0);
    both.made->write({both.text(letters(600))});
    both.made->write({both.text(letters(600))});
    both.run.run_for(second);
    EXPECT_EQ(drained, 1);
    both.made->write({both.text(letters(10))});
    both.run.run_for(second);
    EXPECT_EQ(drained, 1);
}

TEST(network, reads_are_split_when_faults_say_so) {
    network_faults faults;
    faults.partial_read_chance = 900'000;
    faults.split_chance = 900'000;
    pair_of_streams both(faults);
    both.connect();
    reader at_right(both.accepted);
    both.made->attach({[](auto) {}, [] {}});
    both.made->write({both.text(letters(50'000))});
    both.run.run_for(second);
    EXPECT_EQ(at_right.received, letters(50'000));
    EXPECT_EQ(at_right.smallest, 1U);
}

TEST(network, a_process_that_stands_still_finds_connections_and_their_bytes_when_it_goes_on) {
    pair_of_streams both;
    both.right->watch_pauses([] { return virtual_time(5 * second); });
    both.connect();
    ASSERT_NE(both.made, nullptr);
    EXPECT_EQ(both.accepted, nullptr);
    both.made->attach({[](auto) {}, [] {}});
    both.made->write({both.text("early")});
    both.run.run_until(virtual_time(5 * second) + 1);
    ASSERT_NE(both.accepted, nullptr);
    reader at_right(both.accepted);
    both.run.run_for(second);
    EXPECT_EQ(at_right.received, "early");
}

TEST(network, whoever_meets_a_full_backlog_is_not_answered_until_there_is_room) {
    pair_of_streams both;
    virtual_time paused_until(2 * second);
    both.right->watch_pauses([&] { return paused_until; });
    std::vector<std::shared_ptr<runtime::byte_stream>> taken;
    const auto listening =
        both.right->listen({"", 80}, [&](auto stream) { taken.push_back(std::move(stream)); });
    ASSERT_TRUE(listening);
    std::vector<std::shared_ptr<runtime::byte_stream>> made;
    std::size_t failed = 0;
    const auto come = [&](std::size_t count) {
        for (std::size_t i = 0; i < count; ++i)
            both.left->connect({"right", 80}, loop_index(0), [&](auto answer) {
                failed += !answer;
                if (answer)
                    made.push_back(*answer);
            });
    };
    constexpr auto room = network_fabric::listen_backlog + 1;
    come(room + 3);
    both.run.run_until(virtual_time(2 * second) - 1);
    EXPECT_EQ(made.size(), room);
    EXPECT_TRUE(taken.empty());
    both.run.run_until(virtual_time(10 * second));
    EXPECT_EQ(made.size(), room + 3);
    EXPECT_EQ(taken.size(), room + 3);
    paused_until = end_of_time;
    come(room + 1);
    both.run.run_until(virtual_time(10 * second) + 2 * network_faults{}.connect_timeout);
    EXPECT_EQ(failed, 1U);
}

TEST(network, a_listener_that_ends_resets_what_it_has_not_taken) {
    pair_of_streams both;
    both.right->watch_pauses([] { return virtual_time(60 * second); });
    both.connect();
    ASSERT_NE(both.made, nullptr);
    reader at_left(both.made);
    both.listener.reset();
    both.run.run_for(second);
    EXPECT_TRUE(at_left.ended);
    both.run.run_for(120 * second);
    EXPECT_EQ(both.accepted, nullptr);
    both.made->close();
    both.run.run_for(120 * second);
    EXPECT_EQ(both.fabric.open_connections(), 0U);
}

TEST(network, nobody_listening_is_refused_and_unknown_names_fail) {
    pair_of_streams both;
    both.left->connect({"right", 81}, loop_index(0), [&](auto answer) { both.code = answer.code(); });
    both.run.run_for(second);
    EXPECT_EQ(both.code, errc::connection_refused);
    both.left->connect({"nowhere", 80}, loop_index(0), [&](auto answer) { both.code = answer.code(); });
    both.run.run_for(second);
    EXPECT_EQ(both.code, errc::network_exception);
}

TEST(network, connecting_through_a_blocked_link_times_out) {
    pair_of_streams both;
    both.fabric.block(1, 0);
    both.connect();
    EXPECT_FALSE(both.code.has_value());
    both.run.run_for(20 * second);
    EXPECT_EQ(both.code, errc::request_timed_out);
}

TEST(network, a_port_is_taken_until_its_listener_is_gone) {
    pair_of_streams both;
    auto first = both.right->listen({"", 80}, [](auto) {});
    EXPECT_EQ(both.right->listen({"", 80}, [](auto) {}).code(), errc::address_in_use);
    first = error{errc::closed, "closed"};
    EXPECT_TRUE(both.right->listen({"", 80}, [](auto) {}).has_value());
    EXPECT_GT((*both.right->listen({"", 0}, [](auto) {}))->local().port, 0);
}

TEST(network, a_reset_comes_within_the_drawn_bytes_and_what_came_is_a_prefix) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        network_faults faults;
        faults.reset_chance = 1'000'000;
        faults.reset_after_bytes_high = 20'000;
        pair_of_streams both(faults, seed);
        both.connect();
        reader at_right(both.accepted);
        reader at_left(both.made);
        both.made->write({both.text(letters(30'000))});
        both.run.run_for(10 * second);
        EXPECT_TRUE(at_right.ended);
        EXPECT_TRUE(at_left.ended);
        EXPECT_LE(at_right.received.size(), 20'000U);
        EXPECT_EQ(at_right.received, letters(30'000).substr(0, at_right.received.size()));
    }
}

TEST(network, a_vanished_peer_swallows_writes_until_an_error_after_silence) {
    network_faults faults;
    faults.half_open_chance = 1'000'000;
    faults.half_open_after_high = 0;
    faults.silence_low = 5 * second;
    faults.silence_high = 10 * second;
    pair_of_streams both(faults, 3);
    both.connect();
    reader at_right(both.accepted);
    reader at_left(both.made);
    both.made->write({both.text("into the void")});
    both.run.run_for(3 * second);
    EXPECT_TRUE(at_right.received.empty());
    // One side was told, as if reset; the other must wait.
    EXPECT_NE(at_right.ended, at_left.ended);
    both.run.run_for(10 * second);
    EXPECT_TRUE(at_right.ended && at_left.ended);
}

TEST(network, a_blocked_link_holds_bytes_and_lets_them_go) {
    network_faults faults;
    faults.silence_low = faults.silence_high = 60 * second;
    pair_of_streams both(faults);
    both.connect();
    reader at_right(both.accepted);
    reader at_left(both.made);
    both.fabric.block(0, 1);
    both.made->write({both.text(letters(100'000))});
    both.run.run_for(10 * second);
    EXPECT_TRUE(at_right.received.empty());
    both.fabric.heal();
    both.run.run_for(10 * second);
    EXPECT_EQ(at_right.received, letters(100'000));
    EXPECT_FALSE(at_right.ended || at_left.ended);
}

TEST(network, a_clog_delays_and_loses_nothing) {
    pair_of_streams both;
    both.connect();
    reader at_right(both.accepted);
    both.made->attach({[](auto) {}, [] {}});
    both.fabric.clog(0, 1, 3 * second);
    both.made->write({both.text(letters(5'000))});
    both.run.run_for(2 * second);
    EXPECT_TRUE(at_right.received.empty());
    both.run.run_for(2 * second);
    EXPECT_EQ(at_right.received, letters(5'000));
}

TEST(network, a_dead_process_ends_the_streams_of_its_peers) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        pair_of_streams both({}, seed);
        both.connect();
        reader at_left(both.made);
        both.fabric.end(*both.right, false);
        both.run.run_for(5 * second);
        EXPECT_TRUE(at_left.ended);
    }
}

TEST(network, peers_of_a_host_without_power_learn_when_it_returns) {
    network_faults faults;
    faults.silence_low = faults.silence_high = 600 * second;
    pair_of_streams both(faults);
    both.connect();
    reader at_left(both.made);
    both.fabric.end(*both.right, true);
    both.run.run_for(60 * second);
    EXPECT_FALSE(at_left.ended);
    const auto again = both.fabric.boot(1, 1, both.run.open_owner());
    both.run.run_for(10 * second);
    EXPECT_TRUE(at_left.ended);
}

} // namespace
} // namespace barnabas::sim::network_test
