#include "actors/broker/boot.hpp"
#include "actors/broker/broker_messages.hpp"
#include "actors/broker/small_files.hpp"
#include "runtime/logging/logger.hpp"
#include "runtime/memory/reserve.hpp"
#include "runtime/metrics/registry.hpp"
#include "sim/faults/network_faults.hpp"
#include "sim/network/network_fabric.hpp"
#include "sim/node/host.hpp"
#include "sim/node/simulated_node.hpp"
#include "sim/world/virtual_time.hpp"
#include "sim/world/world.hpp"

#include <caf/send.hpp>

#include <gtest/gtest.h>

#include <optional>

namespace barnabas {

namespace {

struct furniture {
    memory_logger log;
    runtime::metric_registry metrics;
    runtime::memory_reserves memory{
        {"client_input", 1 << 20}, {"fetch_output", 1 << 20}, {"control", 1 << 20}};
};

/// A simulated host on which a broker is booted, stopped and crashed.
struct broker_host {
    explicit broker_host(std::uint64_t seed)
        : run(seed), fabric(run, sim::network_faults{}),
          machine(run, fabric, {.name = "node", .clock = {}, .disk = {}}),
          config(std::make_shared<broker_config>()) {
        EXPECT_TRUE(config->set("log.dirs", "/data/a,/data/b").has_value());
    }

    void start() {
        started = stopped = false;
        failure.reset();
        boot_events events;
        events.on_started = [this](const auto&) { started = true; };
        events.on_stopped = [this] { stopped = true; };
        events.on_failed = [this](const error& why) { failure = why; };
        events.on_progress = [this](const broker_status& now) { status = now; };
        sim::node_options options;
        options.furnish = [](runtime::node_services& node) {
            auto made = std::make_shared<furniture>();
            node.log = &made->log;
            node.metrics = &made->metrics;
            node.memory = &made->memory;
            return std::shared_ptr<void>(made);
        };
        machine.start(
            [this, events](runtime::node_services& node) { broker = boot_broker(node, config, events); },
            options);
    }
    template <class Condition>
    bool wait_for(const Condition& condition) {
        run.run_until([&] { return condition() || failure || !machine.running(); },
                      run.now() + 60 * sim::second);
        EXPECT_FALSE(run.failed()) << run.failure();
        return condition();
    }
    bool stop() {
        caf::anon_send(broker, stop_broker{});
        broker = nullptr;
        return wait_for([this] { return stopped; });
    }
    void crash(sim::crash_kind kind) {
        broker = nullptr;
        machine.crash(kind);
    }
    ~broker_host() { crash(sim::crash_kind::kill); }

    sim::world run;
    sim::network_fabric fabric;
    sim::host machine;
    std::shared_ptr<broker_config> config;
    caf::actor broker;
    broker_status status;
    bool started = false;
    bool stopped = false;
    std::optional<error> failure;
};

} // namespace

TEST(boot, starts_on_an_empty_disk_and_stops_cleanly) {
    broker_host host(1);
    host.start();
    ASSERT_TRUE(host.wait_for([&] { return host.started; })) << to_string(host.failure.value_or(error{}));
    EXPECT_TRUE(host.status.is_ready());
    ASSERT_TRUE(host.stop());
    auto& files = host.machine.disk().files();
    for (const auto& directory : {"/data/a", "/data/b"})
        EXPECT_TRUE(*files.exists(join_path(directory, ".kafka_cleanshutdown")));
    host.crash(sim::crash_kind::kill);
    EXPECT_EQ(host.machine.leaked_actors(), 0u);
}

TEST(boot, stop_during_the_boot_ends_it) {
    for (std::int64_t microseconds = 1; microseconds < 4000; microseconds = microseconds * 3 / 2 + 1) {
        broker_host host(static_cast<std::uint64_t>(microseconds));
        host.start();
        host.run.run_for(microseconds * 1000);
        ASSERT_TRUE(host.stop()) << microseconds;
        host.crash(sim::crash_kind::kill);
        EXPECT_EQ(host.machine.leaked_actors(), 0u) << microseconds;
    }
}

TEST(boot, starts_again_after_a_crash_at_any_operation) {
    for (std::uint64_t n = 1; n <= 60; ++n) {
        broker_host host(n);
        host.machine.crash_after_operations(n,
                                            n % 2 == 0 ? sim::crash_kind::kill : sim::crash_kind::power_cut);
        host.start();
        host.wait_for([&] { return host.started; });
        host.crash(sim::crash_kind::power_cut);
        host.start();
        ASSERT_TRUE(host.wait_for([&] { return host.started; }))
            << n << ": " << to_string(host.failure.value_or(error{}));
        ASSERT_TRUE(host.stop());
    }
}

TEST(boot, failing_disk_operation_fails_the_boot_or_harms_nothing) {
    for (std::uint64_t n = 1; n <= 80; ++n) {
        broker_host host(n);
        host.machine.disk().fail_nth(n, errc::storage_error);
        host.start();
        if (host.wait_for([&] { return host.started; })) {
            // A directory that fails while it is closed is told, too.
            EXPECT_TRUE(host.stop() || host.failure.has_value());
        } else {
            ASSERT_TRUE(host.failure.has_value()) << n;
            EXPECT_FALSE(host.failure->detail.empty());
        }
    }
}

TEST(boot, directory_of_another_node_fails_it) {
    broker_host host(5);
    host.start();
    ASSERT_TRUE(host.wait_for([&] { return host.started; }));
    ASSERT_TRUE(host.stop());
    host.crash(sim::crash_kind::kill);
    ASSERT_TRUE(host.config->set("node.id", "2").has_value());
    host.start();
    EXPECT_FALSE(host.wait_for([&] { return host.started; }));
    ASSERT_TRUE(host.failure.has_value());
    EXPECT_EQ(host.failure->code, errc::mismatched_directory);
}

} // namespace barnabas
