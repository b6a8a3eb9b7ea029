#include "runtime/network/asio_network.hpp"

#include "tests/unit/runtime/network/stream_end.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

namespace barnabas::runtime::network_test {
namespace {

struct network_test : testing::Test {
    std::unique_ptr<production_node> node = make_node(3);

    network& net() { return *node->services().network; }
};

TEST_F(network_test, bytes_travel_in_the_order_written) {
    auto [client, server] = connected_pair(*node);
    client->write({slice::copy_of("one "), slice::copy_of("two ")});
    client->write({slice::copy_of("three")});
    EXPECT_EQ(server->read_text(13), "one two three");
    server->write({slice::copy_of("back")});
    EXPECT_EQ(client->read_text(4), "back");
}

TEST_F(network_test, events_come_on_the_home_loop) {
    auto [client, server] = connected_pair(*node);
    EXPECT_NE(client->home(), server->home());
    client->write({slice::copy_of("x")});
    EXPECT_EQ(server->read_text(1), "x");
    ASSERT_TRUE(client->wait_drained());
    EXPECT_EQ(server->strays() + client->strays(), 0);
}

TEST_F(network_test, one_listener_spreads_its_streams_over_the_loops) {
    reports<loop_index> homes;
    auto port = net().listen({"127.0.0.1", 0}, [&](std::shared_ptr<byte_stream> stream) {
        EXPECT_EQ(event_loop::current()->index(), stream->home());
        homes.push(stream->home());
    });
    ASSERT_TRUE(port.has_value());
    std::multiset<loop_index> seen;
    for (int i = 0; i < 6; ++i) {
        net().connect((*port)->local(), loop_index(0), [](auto) {});
        auto home = homes.take();
        ASSERT_TRUE(home.has_value());
        seen.insert(*home);
    }
    for (std::uint32_t i = 0; i < 3; ++i)
        EXPECT_EQ(seen.count(loop_index(i)), 2u);
}

TEST_F(network_test, read_without_target_allocates_no_more_than_what_came) {
    auto [client, server] = connected_pair(*node);
    server->ask(nullptr, 0, 1 << 20);
    client->write({slice::copy_of("small")});
    auto got = server->wait_read();
    EXPECT_EQ(got.count, 5u);
    EXPECT_LE(got.into->capacity(), 512u);
}

TEST_F(network_test, read_with_target_lands_where_asked) {
    auto [client, server] = connected_pair(*node);
    auto target = chunk::allocate(64);
    std::memset(target->data(), '.', 64);
    server->ask(target, 10, 4);
    client->write({slice::copy_of("abcdefgh")});
    auto got = server->wait_read();
    EXPECT_EQ(got.into, target);
    EXPECT_EQ(got.at, 10u);
    EXPECT_EQ(got.count, 4u);
    EXPECT_EQ(slice(target, 8, 8).text(), "..abcd..");
    // What is left is there at once.
    EXPECT_EQ(server->read_text(4), "efgh");
}

TEST_F(network_test, large_writes_arrive_whole_and_then_are_drained) {
    auto [client, server] = connected_pair(*node);
    std::string whole;
    std::vector<slice> parts;
    for (int i = 0; i < 3'000; ++i) {
        parts.push_back(slice::copy_of(std::string(3'000, static_cast<char>('a' + i % 26))));
        whole += parts.back().text();
    }
    client->write(parts);
    EXPECT_EQ(server->read_text(whole.size()), whole);
    ASSERT_TRUE(client->wait_drained());
    EXPECT_EQ(client->unsent(), 0u);
}

TEST_F(network_test, writer_with_a_mark_hears_only_of_what_was_above_it) {
    auto [client, server] = connected_pair(*node, 1'000);
    client->write({slice::copy_of("small")});
    EXPECT_EQ(server->read_text(5), "small");
    server->write({slice::copy_of("answer")});
    EXPECT_EQ(client->read_text(6), "answer");
    EXPECT_EQ(client->events(), 0u);
    const std::string large(2'000, 'x');
    client->write({slice::copy_of(large)});
    EXPECT_EQ(server->read_text(large.size()), large);
    EXPECT_TRUE(client->wait_drained());
}

TEST_F(network_test, small_write_is_drained_as_well) {
    auto [client, server] = connected_pair(*node);
    client->write({slice::copy_of("x")});
    EXPECT_TRUE(client->wait_drained());
}

TEST_F(network_test, close_sends_what_was_written_and_no_event_follows) {
    auto [client, server] = connected_pair(*node);
    const std::string whole(6'000'000, 'z');
    client->ask(nullptr, 0, 100);
    client->write_and_close({slice::copy_of(whole)});
    server->write({slice::copy_of("too late")});
    EXPECT_EQ(server->read_text(whole.size()), whole);
    EXPECT_EQ(server->wait_read_of(100).count, 0u);
    EXPECT_EQ(client->events(), 0u);
}

TEST_F(network_test, unread_input_does_not_cost_the_peer_the_last_answer) {
    auto [client, server] = connected_pair(*node);
    client->write({slice::copy_of(std::string(100'000, 'q'))});
    EXPECT_EQ(server->read_text(10).size(), 10u);
    server->write_and_close({slice::copy_of("refused")});
    EXPECT_EQ(client->read_text(7), "refused");
    EXPECT_EQ(client->wait_read_of(10).count, 0u);
}

TEST_F(network_test, end_is_heard_that_came_together_with_the_last_bytes) {
    auto [client, server] = connected_pair(*node);
    // Both are there before the first read, so that the system tells of them at once.
    client->write_and_close({slice::copy_of("last words")});
    EXPECT_EQ(server->wait_read_of(100).count, 10u);
    EXPECT_EQ(server->wait_read_of(100).count, 0u);
}

TEST_F(network_test, reads_that_are_filled_to_the_last_byte_go_on) {
    auto [client, server] = connected_pair(*node);
    client->write({slice::copy_of("12345678")});
    EXPECT_EQ(server->wait_read_of(4).count, 4u);
    EXPECT_EQ(server->wait_read_of(4).count, 4u);
    server->ask(nullptr, 0, 4);
    client->write({slice::copy_of("more")});
    EXPECT_EQ(server->wait_read().count, 4u);
}

TEST_F(network_test, stream_whose_owner_is_gone_still_sends_the_rest) {
    auto [client, server] = connected_pair(*node);
    const std::string much(8 << 20, 'x');
    client->write_and_close({slice::copy_of(much)});
    client->drop();
    EXPECT_EQ(server->read_text(much.size()).size(), much.size());
    EXPECT_EQ(server->wait_read_of(1).count, 0u);
}

TEST_F(network_test, abort_ends_both_sides) {
    auto [client, server] = connected_pair(*node);
    client->abort();
    EXPECT_EQ(server->wait_read_of(10).count, 0u);
    EXPECT_EQ(client->events(), 0u);
}

TEST_F(network_test, dropped_stream_ends_its_peer) {
    auto [client, server] = connected_pair(*node);
    client->drop();
    EXPECT_EQ(server->wait_read_of(10).count, 0u);
}

TEST_F(network_test, writer_to_a_lost_peer_is_not_left_waiting) {
    auto [client, server] = connected_pair(*node);
    client->write({slice::copy_of(std::string(30'000'000, 'z'))});
    server->abort();
    ASSERT_TRUE(client->wait_drained());
    EXPECT_EQ(client->unsent(), 0u);
    EXPECT_EQ(client->wait_read_of(10).count, 0u);
}

TEST_F(network_test, refused_connection_says_so) {
    reports<error> failures;
    endpoint nobody;
    {
        auto port = net().listen({"127.0.0.1", 0}, [](auto) {});
        nobody = (*port)->local();
    }
    net().connect(nobody, loop_index(2), [&](auto outcome) {
        EXPECT_EQ(event_loop::current()->index(), loop_index(2));
        failures.push(outcome ? error{errc::ok, ""} : outcome.failure());
    });
    auto failure = failures.take();
    ASSERT_TRUE(failure.has_value());
    EXPECT_EQ(failure->code, errc::connection_refused);
    EXPECT_NE(failure->detail.find(to_string(nobody)), std::string::npos);
}

TEST_F(network_test, port_in_use_is_one_clear_line) {
    auto first = net().listen({"127.0.0.1", 0}, [](auto) {});
    ASSERT_TRUE(first.has_value());
    auto second = net().listen((*first)->local(), [](auto) {});
    ASSERT_EQ(second.code(), errc::address_in_use);
    EXPECT_EQ(second.failure().detail.rfind(to_string((*first)->local()) + " is in use: ", 0), 0u);
}

TEST_F(network_test, port_is_free_as_soon_as_its_listener_is_destroyed) {
    auto first = net().listen({"127.0.0.1", 0}, [](auto) {});
    ASSERT_TRUE(first.has_value());
    const auto where = (*first)->local();
    for (int i = 0; i < 20; ++i) {
        *first = nullptr;
        first = net().listen(where, [](auto) {});
        ASSERT_TRUE(first.has_value()) << first.failure().detail;
    }
}

TEST_F(network_test, localhost_and_ipv6_literals_are_understood) {
    auto port = net().listen({"localhost", 0}, [](auto) {});
    ASSERT_TRUE(port.has_value());
    EXPECT_EQ((*port)->local().host, "localhost");
    reports<bool> connected;
    net().connect((*port)->local(), loop_index(0),
                  [&](auto outcome) { connected.push(outcome.has_value()); });
    EXPECT_EQ(connected.take(), true);
    auto six = net().listen({"::1", 0}, [](auto) {});
    if (!six)
        GTEST_SKIP() << "this machine has no IPv6: " << six.failure().detail;
    net().connect((*six)->local(), loop_index(0), [&](auto outcome) { connected.push(outcome.has_value()); });
    EXPECT_EQ(connected.take(), true);
}

TEST_F(network_test, listener_without_host_takes_ipv4) {
    auto port = net().listen({"", 0}, [](auto) {});
    ASSERT_TRUE(port.has_value());
    reports<bool> connected;
    net().connect({"127.0.0.1", (*port)->local().port}, loop_index(0),
                  [&](auto outcome) { connected.push(outcome.has_value()); });
    EXPECT_EQ(connected.take(), true);
}

TEST_F(network_test, accepting_pauses_without_descriptors_and_goes_on_with_them) {
    auto& asio = static_cast<asio_network&>(net());
    reports<std::shared_ptr<byte_stream>> accepted;
    auto port = net().listen({"127.0.0.1", 0}, [&](auto stream) { accepted.push(std::move(stream)); });
    ASSERT_TRUE(port.has_value());
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    reports<std::shared_ptr<byte_stream>> connected;
    std::vector<int> taken{::dup(0)};
    ASSERT_GE(taken.front(), 0);
    rlimit tight = before;
    tight.rlim_cur = static_cast<rlim_t>(taken.front()) + 64;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
    for (int next = ::dup(0); next >= 0; next = ::dup(0))
        taken.push_back(next);
    // The client's descriptor is the last one that the process may have. What its threads give back behind
    // our counting lets one be accepted: that stream then holds the descriptor, and the next client tries.
    std::vector<std::shared_ptr<byte_stream>> held;
    for (bool waits = false; !waits && !taken.empty();) {
        ::close(taken.back());
        taken.pop_back();
        net().connect((*port)->local(), loop_index(0),
                      [&](auto outcome) { connected.push(outcome ? std::move(outcome).value() : nullptr); });
        held.push_back(connected.take().value_or(nullptr));
        EXPECT_NE(held.back(), nullptr);
        auto early = accepted.take(std::chrono::milliseconds(250));
        waits = !early.has_value();
        if (early)
            held.push_back(*std::move(early));
    }
    for (const int one : taken)
        ::close(one);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_TRUE(accepted.take().has_value());
    EXPECT_GE(asio.accept_pauses(), 1u);
    EXPECT_LE(asio.accept_pauses(), 10u);
}

TEST_F(network_test, node_ends_with_streams_open) {
    auto [client, server] = connected_pair(*node);
    server->ask(nullptr, 0, 100);
    client->write({slice::copy_of(std::string(30'000'000, 'z'))});
    node.reset();
    EXPECT_LE(server->events(), 1u);
}

} // namespace
} // namespace barnabas::runtime::network_test
