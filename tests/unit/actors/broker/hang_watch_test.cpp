#include "actors/broker/broker_events.hpp"
#include "actors/broker/hang_watch_actor.hpp"
#include "runtime/disk/call_watch.hpp"
#include "runtime/node/spawn.hpp"
#include "sim/faults/network_faults.hpp"
#include "sim/network/network_fabric.hpp"
#include "sim/node/host.hpp"
#include "sim/world/virtual_time.hpp"
#include "sim/world/world.hpp"

#include <caf/event_based_actor.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <vector>

/// What is told of calls that do not return, and of those that seem so because the process stood still.
namespace barnabas::hang_watch_test {

namespace {

using kind = directory_wait::kind;

/// A disk on which one call is under way, or none.
class watched_disk final : public runtime::disk, public runtime::call_watch {
public:
    explicit watched_disk(sim::world& time) : time_(time) {}
    void submit(runtime::disk_lane, runtime::disk_job_kind, std::function<void(runtime::file_system&)>,
                std::function<void()>) override {}
    std::optional<runtime::call_under_way> oldest_call(const std::string&) const override {
        if (!began_)
            return std::nullopt;
        return runtime::call_under_way{"sync", std::chrono::nanoseconds(time_.now() - *began_)};
    }
    void begin() { began_ = time_.now(); }
    void end() { began_.reset(); }

private:
    sim::world& time_;
    std::optional<sim::virtual_time> began_;
};

class hearing_broker final : public caf::event_based_actor {
public:
    hearing_broker(caf::actor_config& config, runtime::node_services&, std::vector<kind>& told)
        : event_based_actor(config), told_(told) {}
    caf::behavior make_behavior() override {
        return {[this](const directory_waits& message) { told_.push_back(message.wait.how); }};
    }

private:
    std::vector<kind>& told_;
};

/// With the usual limits: told after ten seconds, too long after two minutes.
class hang_watch : public testing::Test {
protected:
    hang_watch() {
        config.log_dirs = {"/data"};
        config.metadata_log_dir = "/data";
        machine.start([this](runtime::node_services& node) {
            node.disk = &disk;
            auto broker =
                runtime::spawn<caf::actor, hearing_broker>(node, {loop_index(0), "broker"}, std::ref(told));
            spawn_hang_watch(node, config, broker);
        });
        run.run_for(5 * sim::second);
    }

    sim::world run{1};
    sim::network_fabric fabric{run, sim::network_faults{}};
    std::vector<kind> told;
    watched_disk disk{run};
    broker_config config;
    sim::host machine{run, fabric, {.name = "node", .clock = {}, .disk = {}}};
};

} // namespace

TEST_F(hang_watch, tells_of_a_hang_then_that_it_is_too_long_then_that_it_is_over) {
    disk.begin();
    run.run_for(9 * sim::second);
    EXPECT_TRUE(told.empty());
    run.run_for(3 * sim::second);
    EXPECT_EQ(told, std::vector{kind::hangs});
    run.run_for(100 * sim::second);
    EXPECT_EQ(told, std::vector{kind::hangs});
    run.run_for(15 * sim::second);
    EXPECT_EQ(told, (std::vector{kind::hangs, kind::too_long}));
    disk.end();
    run.run_for(2 * sim::second);
    EXPECT_EQ(told, (std::vector{kind::hangs, kind::too_long, kind::answers}));
}

TEST_F(hang_watch, call_under_way_while_the_process_stood_still_is_not_too_long_at_the_first_look) {
    disk.begin();
    machine.pause(300 * sim::second);
    run.run_for(300 * sim::second + 100 * sim::millisecond);
    EXPECT_EQ(told, std::vector{kind::hangs});
    disk.end();
    run.run_for(5 * sim::second);
    EXPECT_EQ(told, (std::vector{kind::hangs, kind::answers}));
}

TEST_F(hang_watch, nor_is_one_that_was_told_of_before) {
    disk.begin();
    run.run_for(12 * sim::second);
    EXPECT_EQ(told, std::vector{kind::hangs});
    machine.pause(300 * sim::second);
    run.run_for(300 * sim::second + 100 * sim::millisecond);
    EXPECT_EQ(told, std::vector{kind::hangs});
    // This one does not return after all.
    run.run_for(5 * sim::second);
    EXPECT_EQ(told, (std::vector{kind::hangs, kind::too_long}));
}

} // namespace barnabas::hang_watch_test
