#include "sim/checkers/checkers.hpp"

#include <gtest/gtest.h>

#include <memory>

/// Checkers that hear the taps of connections, and looks at the node.
namespace barnabas::sim::bounds_test {
namespace {

constexpr connection_id first{1, 1};
constexpr auto fetch = kafka::api_key::fetch;
constexpr auto produce = kafka::api_key::produce;

host_time at(std::int64_t ms, std::int64_t stalled_ms = 0) {
    return {(ms - stalled_ms) * millisecond};
}

/// A node's life by hand.
class node_story {
public:
    using factory = std::unique_ptr<checker> (*)(const history&, const node_limits&);
    explicit node_story(factory make, const node_limits& limits = {}) {
        history_.add(make(history_, limits));
    }

    void begin(std::uint64_t number, const host_time& when, kafka::api_key key = fetch,
               std::size_t unsent = 0) {
        history_.on_request_begun({first, number, key, unsent, when});
    }
    void may_wait(std::uint64_t number, std::int64_t ms) {
        history_.on_request_may_wait({first, number, ms * millisecond});
    }
    void answer(std::uint64_t number, const host_time& when, std::size_t bytes = 0, std::size_t unsent = 0) {
        history_.on_request_answered({first, number, bytes, unsent, when});
    }
    void look(const host_time& when) {
        node_reading reading;
        reading.life = 1;
        reading.when = when;
        history_.on_reading(reading);
    }
    history& told() noexcept { return history_; }
    bool broken() const { return history_.broken().has_value(); }

private:
    history history_;
};

TEST(requests_answered, refuses_an_answer_that_comes_too_late) {
    node_story told(&make_requests_answered);
    told.begin(1, at(0));
    told.may_wait(1, 500);
    told.answer(1, at(1'700));
    EXPECT_TRUE(told.broken());
}
TEST(requests_answered, refuses_a_request_that_is_forgotten) {
    node_story told(&make_requests_answered);
    told.begin(1, at(0));
    told.may_wait(1, 500);
    told.look(at(1'700));
    EXPECT_TRUE(told.broken());
}
TEST(requests_answered, refuses_a_forgotten_request_without_a_timeout) {
    node_story told(&make_requests_answered);
    told.begin(1, at(0));
    told.look(at(31'101));
    EXPECT_TRUE(told.broken());
}
TEST(requests_answered, refuses_a_broker_that_gives_itself_more_time) {
    node_story told(&make_requests_answered);
    told.begin(1, at(0));
    told.may_wait(1, 500);
    told.may_wait(1, 5'000);
    told.answer(1, at(1'700));
    EXPECT_TRUE(told.broken());
}
TEST(requests_answered, refuses_two_answers) {
    node_story told(&make_requests_answered);
    told.begin(1, at(0));
    told.answer(1, at(1));
    told.answer(1, at(2));
    EXPECT_TRUE(told.broken());
}
TEST(requests_answered, accepts_answers_in_time_while_the_process_stands_still_and_behind_others) {
    node_story told(&make_requests_answered);
    told.begin(1, at(0));
    told.may_wait(1, 500);
    told.look(at(1'500));
    told.answer(1, at(1'500));
    told.begin(2, at(2'000));
    told.may_wait(2, 500);
    told.look(at(9'000, 6'000));
    told.answer(2, at(9'000, 6'000));
    told.begin(3, at(10'000, 6'000), produce);
    told.may_wait(3, 5'000);
    told.begin(4, at(10'000, 6'000), produce);
    told.may_wait(4, 100);
    told.answer(3, at(15'000, 6'000));
    told.answer(4, at(15'000, 6'000));
    EXPECT_FALSE(told.broken());
}
TEST(requests_answered, accepts_a_close_and_the_end_of_a_life_instead_of_an_answer) {
    node_story told(&make_requests_answered);
    told.begin(1, at(0));
    told.told().on_connection_closed(first);
    told.look(at(99'000));
    told.begin(1, at(99'000));
    told.told().on_life_ended(1);
    told.look(at(200'000));
    EXPECT_FALSE(told.broken());
}

TEST(slow_readers_bounded, refuses_a_request_begun_for_a_reader_that_does_not_read) {
    node_story told(&make_slow_readers_bounded);
    told.begin(1, at(0), fetch, (4 << 20) + 1);
    EXPECT_TRUE(told.broken());
}
TEST(slow_readers_bounded, refuses_answer_upon_answer) {
    node_story told(&make_slow_readers_bounded);
    told.answer(1, at(0), 100, 7 << 20);
    EXPECT_TRUE(told.broken());
}
TEST(slow_readers_bounded, accepts_one_large_answer_and_pipelined_small_ones) {
    node_story told(&make_slow_readers_bounded);
    told.begin(1, at(0), fetch, 4 << 20);
    told.answer(1, at(0), 8 << 20, 12 << 20);
    told.begin(2, at(1), produce, 5 << 20);
    told.answer(2, at(1), 100, (4 << 20) + 900);
    EXPECT_FALSE(told.broken());
}

node_reading reserve_of(std::size_t in_use) {
    node_reading reading;
    reading.reserves.push_back({"fetch_output", in_use, 1'000, 100});
    return reading;
}

TEST(memory_bounded, refuses_a_reserve_beyond_its_overdraft) {
    node_story told(&make_memory_bounded);
    told.told().on_reading(reserve_of(1'101));
    EXPECT_TRUE(told.broken());
}
TEST(memory_bounded, accepts_a_reserve_that_one_holder_overdraws) {
    node_story told(&make_memory_bounded);
    told.told().on_reading(reserve_of(1'100));
    EXPECT_FALSE(told.broken());
}
TEST(memory_bounded, refuses_connections_beyond_the_bound) {
    node_limits few;
    few.connections_max = 2;
    node_story told(&make_memory_bounded, few);
    for (std::uint64_t number = 1; number <= 3; ++number)
        told.told().on_connection_opened({1, number});
    EXPECT_TRUE(told.broken());
}
TEST(memory_bounded, accepts_connections_that_come_and_go) {
    node_limits few;
    few.connections_max = 2;
    node_story told(&make_memory_bounded, few);
    for (std::uint64_t number = 1; number <= 3; ++number) {
        told.told().on_connection_opened({1, number});
        told.told().on_connection_closed({1, number});
    }
    told.told().on_connection_opened({1, 4});
    told.told().on_connection_opened({1, 5});
    told.told().on_life_ended(1);
    told.told().on_connection_opened({2, 1});
    EXPECT_FALSE(told.broken());
}

TEST(mailboxes_bounded, refuses_a_mailbox_beyond_the_bound) {
    for (const std::size_t length : {100U, 101U}) {
        node_limits small;
        small.mailbox_max = 100;
        node_story told(&make_mailboxes_bounded, small);
        node_reading reading;
        reading.longest_mailbox = length;
        told.told().on_reading(reading);
        EXPECT_EQ(told.broken(), length > small.mailbox_max);
    }
}
TEST(mailboxes_bounded, accepts_a_backlog_at_the_listener_and_refuses_more) {
    const node_limits usual;
    for (const std::size_t more : {0U, 1U}) {
        node_story told(&make_mailboxes_bounded, usual);
        node_reading reading;
        reading.longest_mailbox = usual.listener_mailbox_max + more;
        reading.longest_mailbox_of = "listener";
        told.told().on_reading(reading);
        EXPECT_EQ(told.broken(), more > 0);
    }
}

} // namespace
} // namespace barnabas::sim::bounds_test
