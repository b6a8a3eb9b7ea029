#include "runtime/node/spawn.hpp"

#include "runtime/metrics/registry.hpp"
#include "runtime/node/pending_reply.hpp"
#include "tests/unit/runtime/test_node.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace barnabas::runtime {
namespace {

struct fail {};
struct hello {};
struct reply {
    std::uint64_t token = 0;
    errc code = errc::ok;
    static reply dropped(std::uint64_t token) { return {token, errc::dropped}; }
};

} // namespace
} // namespace barnabas::runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::runtime::fail)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::runtime::hello)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::runtime::reply)

namespace barnabas::runtime::spawn_test {
namespace {

class fragile final : public caf::event_based_actor {
public:
    fragile(caf::actor_config& config, node_services&, reports<std::string>& to)
        : event_based_actor(config), to_(to) {}
    caf::behavior make_behavior() override {
        return {
            [](const fail&) { throw std::runtime_error("planted"); },
            [this](const hello&) { to_.push("hello"); },
            [this](const reply& got) {
                to_.push(std::string(name_of(got.code)) + std::to_string(got.token));
            },
        };
    }
    void on_exit() override { to_.push("gone"); }

private:
    reports<std::string>& to_;
};

/// A node of which only the scheduler is there, and whose failure is reported.
struct bare_node {
    reports<std::string> failures;
    metric_registry metrics;
    caf::actor_system_config config;
    std::unique_ptr<caf::actor_system> system;
    node_services services;

    bare_node() {
        config.module_factories.push_back(
            loop_scheduler::factory({2, [this](const char* role, const char* what) {
                                         failures.push(std::string(role) + ": " + what);
                                     }}));
        system = std::make_unique<caf::actor_system>(config);
        system->await_actors_before_shutdown(false);
        services.system = system.get();
        services.scheduling = &loop_scheduler::of(*system);
        services.metrics = &metrics;
    }
};

TEST(spawn, exception_of_an_actor_ends_the_node) {
    reports<std::string> to;
    bare_node node;
    auto one = spawn<caf::actor, fragile>(node.services, {loop_index(1), "partition"}, to);
    caf::anon_send(one, fail{});
    EXPECT_EQ(node.failures.take(), "partition: planted");
}

TEST(spawn, exception_of_an_actor_that_may_fail_alone_ends_only_that) {
    reports<std::string> to;
    bare_node node;
    auto one = spawn<caf::actor, fragile>(node.services, {loop_index(1), "connection", true}, to);
    auto other = spawn<caf::actor, fragile>(node.services, {loop_index(1), "connection", true}, to);
    caf::anon_send(one, fail{});
    EXPECT_EQ(to.take(), "gone");
    caf::anon_send(other, hello{});
    EXPECT_EQ(to.take(), "hello");
    EXPECT_EQ(node.failures.size(), 0u);
}

TEST(spawn, counts_actors_by_role) {
    reports<std::string> to;
    bare_node node;
    for (int i = 0; i < 3; ++i)
        spawn<caf::actor, fragile>(node.services, {loop_index(0), "replica"}, to);
    EXPECT_EQ(node.metrics.counter_of("actors_spawned_total", "", {{"role", "replica"}}).value(), 3u);
}

TEST(pending_reply, destroyed_unanswered_says_so_and_is_counted) {
    reports<std::string> to;
    bare_node node;
    auto asker = spawn<caf::actor, fragile>(node.services, {loop_index(1), "connection"}, to);
    { pending_reply<reply> lost(node.services, caf::actor_cast<caf::strong_actor_ptr>(asker), 42); }
    EXPECT_EQ(to.take(), std::string(name_of(errc::dropped)) + "42");
    EXPECT_EQ(node.metrics.counter_of("replies_dropped", "").value(), 1u);
}

} // namespace
} // namespace barnabas::runtime::spawn_test
