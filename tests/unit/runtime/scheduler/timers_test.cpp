#include "runtime/node/spawn.hpp"
#include "tests/unit/runtime/test_node.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <gtest/gtest.h>

#include <chrono>

namespace barnabas::runtime {
namespace {

struct tick {
    int number;
};
struct begin {
    caf::actor target;
};
struct ask {
    caf::actor whom;
    std::chrono::milliseconds limit;
};
struct enquiry {};

} // namespace
} // namespace barnabas::runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::runtime::tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::runtime::begin)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::runtime::ask)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::runtime::enquiry)

namespace barnabas::runtime::timers_test {
namespace {

using steady = std::chrono::steady_clock;

struct heard {
    int number;
    steady::time_point at;
    loop_index on;
};

class listener final : public caf::event_based_actor {
public:
    listener(caf::actor_config& config, node_services&, reports<heard>& to)
        : event_based_actor(config), to_(to) {}
    caf::behavior make_behavior() override {
        return {
            [this](const tick& one) {
                to_.push({one.number, steady::now(), event_loop::current()->index()});
            },
            [this](const enquiry&) { return make_response_promise(); },
        };
    }

private:
    reports<heard>& to_;
};

class scheduler_of_ticks final : public caf::event_based_actor {
public:
    scheduler_of_ticks(caf::actor_config& config, node_services&) : event_based_actor(config) {}
    caf::behavior make_behavior() override {
        return {[this](const begin& wanted) {
            for (int number : {30, 10, 40, 0, 20})
                delayed_send(wanted.target, std::chrono::milliseconds(number), tick{number});
        }};
    }
};

void expect_in_order(loop_index sender, loop_index receiver) {
    reports<heard> to;
    auto node = make_node(2);
    auto& services = node->services();
    auto target = spawn<caf::actor, listener>(services, {receiver, "listener"}, to);
    auto source = spawn<caf::actor, scheduler_of_ticks>(services, {sender, "ticks"});
    const auto started = steady::now();
    caf::anon_send(source, begin{target});
    for (int number : {0, 10, 20, 30, 40}) {
        auto got = to.take();
        ASSERT_TRUE(got.has_value());
        EXPECT_EQ(got->number, number);
        EXPECT_EQ(got->on, receiver);
        EXPECT_GE(got->at - started, std::chrono::milliseconds(number));
    }
}

TEST(loop_timers, delayed_messages_come_in_order_of_time_on_one_loop) {
    expect_in_order(loop_index(1), loop_index(1));
}

TEST(loop_timers, delayed_messages_come_in_order_of_time_across_loops) {
    expect_in_order(loop_index(0), loop_index(1));
}

TEST(loop_timers, delayed_messages_from_outside_of_the_loops_come) {
    reports<heard> to;
    auto node = make_node(2);
    auto target = spawn<caf::actor, listener>(node->services(), {loop_index(1), "listener"}, to);
    caf::delayed_anon_send(target, std::chrono::milliseconds(20), tick{2});
    caf::delayed_anon_send(target, std::chrono::milliseconds(2), tick{1});
    EXPECT_EQ(to.take()->number, 1);
    EXPECT_EQ(to.take()->number, 2);
}

class asker final : public caf::event_based_actor {
public:
    asker(caf::actor_config& config, node_services&, reports<heard>& to)
        : event_based_actor(config), to_(to) {}
    caf::behavior make_behavior() override {
        return {[this](const ask& wanted) {
            request(wanted.whom, wanted.limit, enquiry{})
                .then(
                    [this](const tick& got) {
                        to_.push({got.number, steady::now(), event_loop::current()->index()});
                    },
                    [this](const caf::error&) {
                        to_.push({-1, steady::now(), event_loop::current()->index()});
                    });
        }};
    }

private:
    reports<heard>& to_;
};

class answerer final : public caf::event_based_actor {
public:
    answerer(caf::actor_config& config, node_services&) : event_based_actor(config) {}
    caf::behavior make_behavior() override {
        return {[](const enquiry&) { return tick{7}; }};
    }
};

TEST(loop_timers, request_without_answer_times_out_and_answered_one_does_not) {
    reports<heard> to;
    reports<heard> nobody;
    auto node = make_node(2);
    auto& services = node->services();
    auto silent = spawn<caf::actor, listener>(services, {loop_index(1), "listener"}, nobody);
    auto prompt = spawn<caf::actor, answerer>(services, {loop_index(1), "answerer"});
    auto asking = spawn<caf::actor, asker>(services, {loop_index(0), "asker"}, to);
    caf::anon_send(asking, ask{prompt, std::chrono::milliseconds(20)});
    EXPECT_EQ(to.take()->number, 7);
    caf::anon_send(asking, ask{silent, std::chrono::milliseconds(40)});
    EXPECT_EQ(to.take()->number, -1);
    EXPECT_EQ(to.size(), 0u);
}

} // namespace
} // namespace barnabas::runtime::timers_test
