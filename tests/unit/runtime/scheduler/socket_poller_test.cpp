#include "runtime/scheduler/socket_poller.hpp"

#include <gtest/gtest.h>

#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <utility>
#include <vector>

namespace barnabas::runtime::socket_poller_test {
namespace {

struct heard_edges final : polled_socket {
    void on_edge(socket_edge edge) override { edges.push_back(edge); }
    std::vector<socket_edge> edges;
};

struct socket_pair {
    socket_pair() {
        int both[2] = {-1, -1};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, both), 0);
        ours = descriptor(both[0]);
        theirs = descriptor(both[1]);
    }
    void send(std::string_view text) const {
        EXPECT_EQ(::send(theirs.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    }
    descriptor ours;
    descriptor theirs;
};

struct socket_poller_test : testing::Test {
    socket_poller poller;

    /// Adds a socket and takes the first edge, which says that it may be written.
    void add(const socket_pair& pair, heard_edges& heard) {
        ASSERT_TRUE(poller.add(pair.ours.get(), heard));
        look();
        ASSERT_EQ(heard.edges.size(), 1u);
        EXPECT_TRUE(heard.edges[0].writable);
        EXPECT_FALSE(heard.edges[0].readable);
        heard.edges.clear();
    }
    void look(std::size_t most = 8) {
        poller.look();
        poller.tell(most);
    }
};

TEST_F(socket_poller_test, an_edge_is_told_once) {
    socket_pair pair;
    heard_edges heard;
    add(pair, heard);
    pair.send("one");
    look();
    look();
    ASSERT_EQ(heard.edges.size(), 1u);
    EXPECT_TRUE(heard.edges[0].readable);
    EXPECT_FALSE(heard.edges[0].ended);
    pair.send("two");
    look();
    EXPECT_EQ(heard.edges.size(), 2u);
}

TEST_F(socket_poller_test, an_end_that_comes_with_bytes_is_told_with_them) {
    socket_pair pair;
    heard_edges heard;
    add(pair, heard);
    pair.send("last words");
    pair.theirs.reset();
    look();
    ASSERT_EQ(heard.edges.size(), 1u);
    EXPECT_TRUE(heard.edges[0].readable && heard.edges[0].ended);
}

TEST_F(socket_poller_test, nothing_is_told_of_what_was_removed) {
    socket_pair first;
    socket_pair second;
    heard_edges of_first;
    heard_edges of_second;
    add(first, of_first);
    add(second, of_second);
    first.send("x");
    second.send("x");
    poller.look();
    // Its edge is on its way already.
    poller.remove(second.ours.get(), of_second);
    poller.remove(first.ours.get(), of_first);
    poller.tell(8);
    first.send("y");
    look();
    EXPECT_TRUE(of_first.edges.empty() && of_second.edges.empty());
}

TEST_F(socket_poller_test, what_is_left_to_tell_comes_before_a_sleep) {
    std::vector<socket_pair> pairs(3);
    std::vector<heard_edges> heard(3);
    for (std::size_t i = 0; i < pairs.size(); ++i)
        add(pairs[i], heard[i]);
    for (const auto& pair : pairs)
        pair.send("x");
    std::size_t told = 0;
    const auto count = [&] {
        told = 0;
        for (const auto& one : heard)
            told += one.edges.size();
    };
    look(2);
    count();
    EXPECT_EQ(told, 2u);
    // For ever, if it slept.
    poller.wait(std::nullopt);
    poller.tell(2);
    count();
    EXPECT_EQ(told, 3u);
}

TEST_F(socket_poller_test, a_sleep_ends_when_it_is_woken_and_when_its_time_has_come) {
    std::thread other([this] { poller.wake(); });
    poller.wait(std::nullopt);
    other.join();
    poller.tell(8);
    const auto moment = std::chrono::steady_clock::now() + std::chrono::milliseconds(3);
    poller.wait(moment);
    EXPECT_GE(std::chrono::steady_clock::now(), moment);
}

} // namespace
} // namespace barnabas::runtime::socket_poller_test
