#include "runtime/node/spawn.hpp"
#include "tests/unit/runtime/test_node.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <sys/resource.h>
#include <vector>

namespace barnabas::runtime {

namespace {

struct visit {
    std::uint32_t hops_left;
};
struct question {
    std::uint32_t number;
};
struct answer {
    std::uint32_t number;
};
struct acquaintance {
    caf::actor who;
};
struct turn {};
struct look {};

} // namespace
} // namespace barnabas::runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::runtime::visit)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::runtime::question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::runtime::answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::runtime::acquaintance)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::runtime::turn)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::runtime::look)

namespace barnabas::runtime::home_loop_test {
namespace {

/// What the walkers of a test share.
struct walk {
    std::atomic<std::uint64_t> steps{0};
    std::atomic<std::uint64_t> strays{0};
    std::atomic<std::int64_t> alive{0};
    reports<bool> ended;
};

/// Sends its visitor on: to other loops, through timers, requests and new actors. Counts each step that it
/// takes anywhere but at home.
class walker final : public caf::event_based_actor {
public:
    walker(caf::actor_config& config, node_services& node, walk& shared, loop_index home)
        : event_based_actor(config), node_(node), walk_(shared), home_(home) {
        ++walk_.alive;
    }
    ~walker() override { --walk_.alive; }

    caf::behavior make_behavior() override {
        step();
        return {
            [this](const acquaintance& other) {
                step();
                others_.push_back(other.who);
            },
            [this](const visit& visitor) {
                step();
                send_on(visitor.hops_left);
            },
            [this](const question& asked) {
                step();
                return answer{asked.number};
            },
        };
    }
    void on_exit() override { others_.clear(); }

private:
    void step() {
        ++walk_.steps;
        const auto* here = event_loop::current();
        if (here == nullptr || here->index() != home_ || id() % node_.scheduling->loop_count() != home_.get())
            ++walk_.strays;
    }
    void send_on(std::uint32_t hops) {
        if (hops == 0)
            return walk_.ended.push(true);
        const auto& next = others_[hops % others_.size()];
        if (hops % 7 == 0) {
            delayed_send(next, std::chrono::microseconds(hops % 50), visit{hops - 1});
        } else if (hops % 11 == 0) {
            request(next, std::chrono::seconds(20), question{hops}).then([this, next](const answer& got) {
                step();
                send(next, visit{got.number - 1});
            });
        } else if (hops % 13 == 0) {
            const loop_index home(hops % node_.scheduling->loop_count());
            auto child = runtime::spawn<caf::actor, walker>(node_, {home, "walker"}, walk_, home);
            send(child, acquaintance{next});
            send(child, visit{hops - 1});
        } else {
            send(next, visit{hops - 1});
        }
    }

    node_services& node_;
    walk& walk_;
    loop_index home_;
    std::vector<caf::actor> others_;
};

TEST(home_loop, no_actor_ever_runs_elsewhere) {
    walk shared;
    {
        auto node = make_node(3);
        auto& services = node->services();
        std::vector<caf::actor> walkers;
        for (std::uint32_t i = 0; i < 9; ++i)
            walkers.push_back(spawn<caf::actor, walker>(services, {loop_index(i % 3), "walker"}, shared,
                                                        loop_index(i % 3)));
        for (const auto& one : walkers)
            for (const auto& other : walkers)
                caf::anon_send(one, acquaintance{other});
        for (const auto& one : walkers)
            caf::anon_send(one, visit{3'000});
        for (std::size_t i = 0; i < walkers.size(); ++i)
            ASSERT_TRUE(shared.ended.take().has_value());
        for (const auto& one : walkers)
            caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
    }
    EXPECT_GT(shared.steps, 27'000u);
    EXPECT_EQ(shared.strays, 0u);
    EXPECT_EQ(shared.alive, 0);
}

TEST(home_loop, actors_on_several_loops_spread_by_the_asked_home) {
    auto node = make_node(4);
    auto& services = node->services();
    walk shared;
    for (std::uint32_t i = 0; i < 32; ++i) {
        const loop_index home(i % 4);
        auto one = spawn<caf::actor, walker>(services, {home, "walker"}, shared, home);
        EXPECT_EQ(one.id() % 4, home.get());
    }
}

/// Wakes itself for ever.
class spinner final : public caf::event_based_actor {
public:
    spinner(caf::actor_config& config, node_services&, std::atomic<std::int64_t>& alive)
        : event_based_actor(config), alive_(alive) {
        ++alive_;
    }
    ~spinner() override { --alive_; }
    caf::behavior make_behavior() override {
        return {[this](const turn&) { send(this, turn{}); }};
    }

private:
    std::atomic<std::int64_t>& alive_;
};

class looker final : public caf::event_based_actor {
public:
    looker(caf::actor_config& config, node_services&, reports<bool>& looked)
        : event_based_actor(config), looked_(looked) {}
    caf::behavior make_behavior() override {
        return {[this](const look&) { looked_.push(true); }};
    }

private:
    reports<bool>& looked_;
};

TEST(event_loop, busy_actors_starve_neither_others_nor_timers_nor_calls) {
    std::atomic<std::int64_t> alive{0};
    reports<bool> looked;
    auto node = make_node(1);
    auto& services = node->services();
    for (int i = 0; i < 300; ++i)
        caf::anon_send(spawn<caf::actor, spinner>(services, {loop_index(0), "spinner"}, alive), turn{});
    auto other = spawn<caf::actor, looker>(services, {loop_index(0), "looker"}, looked);
    caf::anon_send(other, look{});
    ASSERT_TRUE(looked.take().has_value());
    caf::delayed_anon_send(other, std::chrono::milliseconds(1), look{});
    ASSERT_TRUE(looked.take().has_value());
    run_on(loop_of(*node, loop_index(0)), [] {});
    other = nullptr;
    // The end comes although they would go on for ever, and none of them is left.
    node.reset();
    EXPECT_EQ(alive, 0);
}

TEST(event_loop, end_with_waiting_timers_and_messages_leaves_nothing) {
    std::atomic<std::int64_t> alive{0};
    {
        auto node = make_node(2);
        for (std::uint32_t i = 0; i < 100; ++i) {
            auto one = spawn<caf::actor, spinner>(node->services(), {loop_index(i % 2), "spinner"}, alive);
            caf::delayed_anon_send(one, std::chrono::hours(1), turn{});
            caf::anon_send(one, turn{});
        }
    }
    EXPECT_EQ(alive, 0);
}

TEST(event_loop, idle_loops_use_no_processor_time) {
    auto node = make_node(2);
    reports<bool> looked;
    auto one = spawn<caf::actor, looker>(node->services(), {loop_index(1), "looker"}, looked);
    const auto used = [] {
        rusage usage{};
        ::getrusage(RUSAGE_SELF, &usage);
        return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1'000'000 + usage.ru_utime.tv_usec +
               usage.ru_stime.tv_usec;
    };
    const auto before = used();
    caf::delayed_anon_send(one, std::chrono::milliseconds(300), look{});
    ASSERT_TRUE(looked.take().has_value());
    EXPECT_LT(used() - before, 60'000);
}

} // namespace
} // namespace barnabas::runtime::home_loop_test
