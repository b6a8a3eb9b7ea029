#include "actors/broker/boot.hpp"
#include "actors/broker/broker_events.hpp"
#include "actors/broker/broker_messages.hpp"
#include "actors/broker/small_files.hpp"
#include "actors/controller/controller_messages.hpp"
#include "actors/partition/partition_messages.hpp"
#include "runtime/logging/logger.hpp"
#include "runtime/memory/reserve.hpp"
#include "runtime/metrics/registry.hpp"
#include "runtime/node/spawn.hpp"
#include "sim/faults/network_faults.hpp"
#include "sim/network/network_fabric.hpp"
#include "sim/node/host.hpp"
#include "sim/node/simulated_node.hpp"
#include "sim/world/virtual_time.hpp"
#include "sim/world/world.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <string>

namespace barnabas::boot_test {

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
        not_closed.clear();
        failure.reset();
        boot_events events;
        events.on_started = [this](const auto&) { started = true; };
        events.on_stopped = [this](const std::set<std::string>& left) {
            stopped = true;
            not_closed = left;
        };
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
            [this, events](runtime::node_services& node) {
                broker = boot_broker(node, config, events);
                if (beside)
                    beside(node);
            },
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
    std::set<std::string> not_closed;
    std::optional<error> failure;
    /// What else is spawned on the node.
    std::function<void(runtime::node_services&)> beside;
};

/// Tells the broker that it has opened, and closes when it is told to.
class late_partition final : public caf::event_based_actor {
public:
    late_partition(caf::actor_config& config, runtime::node_services&, broker_host& host, int& closes)
        : event_based_actor(config), host_(host), closes_(closes) {}
    caf::behavior make_behavior() override {
        return {
            [this](const partition_opened& m) { send(host_.broker, m); },
            [this](const close_partition&) { ++closes_; },
        };
    }

private:
    broker_host& host_;
    int& closes_;
};

/// Two partitions of a topic, which go to the two directories.
metadata_image_ptr image_with_a_topic() {
    auto image = std::make_shared<metadata_image>();
    topic_metadata topic;
    topic.name = "t";
    topic.id.bytes.fill(7);
    for (int i = 0; i < 2; ++i)
        topic.partitions.push_back(
            {partition_index(i), node_id(1), leader_epoch(0), 0, {node_id(1)}, {node_id(1)}});
    image->topic_names[topic.id] = topic.name;
    image->topics[topic.name] = topic;
    return image;
}

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

TEST(boot, stop_says_which_directory_was_left_behind) {
    broker_host host(3);
    host.start();
    ASSERT_TRUE(host.wait_for([&] { return host.started; }));
    host.machine.disk().hang_place("/data/b");
    ASSERT_TRUE(host.stop());
    EXPECT_EQ(host.not_closed, std::set<std::string>{"/data/b"});
}

TEST(boot, partition_that_opens_after_its_topic_was_deleted_closes) {
    broker_host host(4);
    caf::actor late;
    int closes = 0;
    host.beside = [&](runtime::node_services& node) {
        late = runtime::spawn<caf::actor, late_partition>(node, {loop_index(0), "late"}, std::ref(host),
                                                          std::ref(closes));
    };
    host.start();
    ASSERT_TRUE(host.wait_for([&] { return host.started; }));
    host.machine.disk().hang_place("/data/b");
    const auto image = image_with_a_topic();
    caf::anon_send(host.broker, metadata_committed{image});
    ASSERT_TRUE(host.wait_for([&] { return host.status.partitions_opening == 1; }));
    for (const auto how : {directory_wait::kind::hangs, directory_wait::kind::too_long})
        caf::anon_send(host.broker,
                       directory_waits{{"/data/b", how, "open", std::chrono::milliseconds(200'000)}});
    ASSERT_TRUE(host.wait_for([&] { return host.status.partitions_failed == 1; }));
    caf::anon_send(host.broker, metadata_committed{std::make_shared<metadata_image>()});
    ASSERT_TRUE(host.wait_for([&] { return host.status.partitions == 0; }));
    const topic_partition hung{image->topics.at("t").id, partition_index(1)};
    caf::anon_send(late, partition_opened{hung, errc::ok, "", 0});
    EXPECT_TRUE(host.wait_for([&] { return closes == 1; }));
    late = nullptr;
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

} // namespace barnabas::boot_test
