#include "actors/partition/handover_actor.hpp"

#include "runtime/node/spawn.hpp"
#include "tests/unit/runtime/test_node.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>

/// Questions of a client while a partition moves on and on.
namespace barnabas::handover_test {
namespace {

using runtime::reports;

/// A partition's actor whose log is closed.
class parked final : public caf::event_based_actor {
public:
    parked(caf::actor_config& config, runtime::node_services&, reports<std::string>& ends, std::string called)
        : event_based_actor(config), ends_(ends), called_(std::move(called)) {}
    caf::behavior make_behavior() override {
        set_default_handler(caf::skip);
        return handover::parked(this);
    }
    void on_exit() override { ends_.push(called_); }

private:
    reports<std::string>& ends_;
    std::string called_;
};

class open final : public caf::event_based_actor {
public:
    open(caf::actor_config& config, runtime::node_services&, reports<std::uint64_t>& questions)
        : event_based_actor(config), questions_(questions) {}
    caf::behavior make_behavior() override {
        return {[this](const log_size_query& question) { questions_.push(question.token); }};
    }

private:
    reports<std::uint64_t>& questions_;
};

TEST(handover, partition_that_moves_again_leaves_one_actor_on_the_way_and_no_question_overtakes) {
    reports<std::uint64_t> questions;
    reports<std::string> ends;
    const auto node = runtime::make_node(3);
    auto& services = node->services();
    const auto spawn_parked = [&](std::uint32_t loop, const char* called) {
        return runtime::spawn<caf::actor, parked>(services, {loop_index(loop), "partition"}, ends,
                                                  std::string(called));
    };
    const auto first = spawn_parked(0, "first");
    auto present = spawn_parked(1, "second");
    caf::anon_send(first, pass_on_partition{present});
    std::uint64_t asked = 0;
    const auto ask = [&] {
        for (int i = 0; i < 100; ++i)
            caf::anon_send(first, log_size_query{++asked});
    };
    for (const auto* called : {"third", "fourth"}) {
        ask();
        const auto next = spawn_parked(2, called);
        caf::anon_send(present, pass_on_partition{next});
        ask();
        caf::anon_send(first, shorten_way{present, next});
        ask();
        present = next;
    }
    const auto last = runtime::spawn<caf::actor, open>(services, {loop_index(1), "partition"}, questions);
    caf::anon_send(present, pass_on_partition{last});
    caf::anon_send(first, shorten_way{present, last});
    ask();
    for (std::uint64_t next = 1; next <= asked; ++next)
        ASSERT_EQ(questions.take(), next);
    std::set<std::string> ended;
    for (int i = 0; i < 3; ++i)
        ended.insert(ends.take().value_or("none"));
    EXPECT_EQ(ended, (std::set<std::string>{"second", "third", "fourth"}));
    ask();
    for (std::uint64_t next = asked - 99; next <= asked; ++next)
        ASSERT_EQ(questions.take(), next);
}

} // namespace
} // namespace barnabas::handover_test
