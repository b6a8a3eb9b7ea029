#include "sim/network/network_fabric.hpp"
#include "sim/node/host.hpp"
#include "sim/node/simulated_node.hpp"
#include "sim/scheduler/simulated_scheduler.hpp"
#include "sim/world/world.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_config.hpp>
#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/make_actor.hpp>
#include <caf/send.hpp>

#include <gtest/gtest.h>

namespace barnabas::sim::mailbox_test {
namespace {

class slow_actor final : public caf::event_based_actor {
public:
    explicit slow_actor(caf::actor_config& config) : event_based_actor(config) {}
    caf::behavior make_behavior() override {
        return {[](int) {}};
    }
    const char* name() const override { return "slow"; }
};

TEST(simulated_scheduler, the_longest_mailbox_is_seen) {
    world run(1);
    network_fabric fabric(run);
    host machine(run, fabric, {.name = "one", .clock = {}, .disk = {}});
    machine.start([](runtime::node_services& node) {
        caf::actor_config config{node.scheduling->unit(loop_index(0))};
        auto actor = caf::make_actor<slow_actor, caf::actor>(node.system->next_actor_id(),
                                                             node.system->node(), node.system, config);
        auto* self = static_cast<slow_actor*>(caf::actor_cast<caf::abstract_actor*>(actor));
        self->launch(node.scheduling->unit(loop_index(0)), true, false);
        for (int message = 0; message < 20; ++message)
            caf::anon_send(actor, message);
    });
    run.run_for(second);
    const auto& scheduler = machine.node()->scheduler();
    // The one that is handled next does not wait any more.
    EXPECT_GE(scheduler.longest_mailbox(), 18U);
    EXPECT_LE(scheduler.longest_mailbox(), 20U);
    EXPECT_EQ(scheduler.longest_mailbox_of(), "slow");
}

} // namespace
} // namespace barnabas::sim::mailbox_test
