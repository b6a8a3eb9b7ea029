#include "actors/controller/controller_actor.hpp"

#include "actors/broker/small_files.hpp"
#include "actors/controller/controller_messages.hpp"
#include "actors/controller/replay_messages.hpp"
#include "runtime/disk/directory_gate.hpp"
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

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>

namespace barnabas {

namespace {

/// What a run learnt, over all incarnations of the node.
struct findings {
    metadata_image_ptr image;
    std::optional<error> failure;
    bool closed = false;
    std::map<std::string, topic_id> acknowledged;
    std::set<std::int64_t> producer_id_blocks;
};

struct next_question {};

} // namespace

} // namespace barnabas

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::next_question)

namespace barnabas::controller_actor_test {

namespace {

/// Stands for the broker and for the clients: applies images at once, and keeps creating topics.
class asker final : public caf::event_based_actor {
public:
    asker(caf::actor_config& config, runtime::node_services& node, findings& found, int questions)
        : event_based_actor(config), node_(node), found_(found), questions_(questions) {}

    const char* name() const override { return "asker"; }
    void on_exit() override { controller_ = nullptr; }

    caf::behavior make_behavior() override {
        controller_actor_options options;
        options.machine.node = node_id(1);
        options.machine.cluster_id = "cluster";
        options.directory = "/data/__cluster_metadata-0";
        options.gate =
            std::make_shared<runtime::directory_gate>("/data", 0, runtime::directory_gate::listeners{});
        options.broker = {node_id(1), {{"PLAINTEXT", "localhost", 9092}}, std::nullopt};
        controller_ = spawn_controller(node_, options, caf::actor_cast<caf::actor>(this));
        return {
            [this](const metadata_committed& message) {
                const bool first = found_.image == nullptr || !asked_;
                found_.image = message.image;
                send(controller_, metadata_applied{message.image->applied});
                if (first)
                    ask();
            },
            [](const metadata_replayed&) {},
            [this](const topics_response& answer) { on_answer(answer); },
            [this](const allocate_producer_ids_response& answer) {
                if (answer.code == errc::ok) {
                    EXPECT_TRUE(found_.producer_id_blocks.insert(answer.first.get()).second);
                }
            },
            [this](const controller_failed& message) {
                found_.failure = error{message.code, message.detail};
            },
            [this](const controller_closed&) {
                found_.closed = true;
                quit();
            },
        };
    }

private:
    void ask() {
        asked_ = true;
        for (int i = 0; i < questions_; ++i) {
            create_topics_request request;
            request.token = static_cast<std::uint64_t>(i);
            new_topic topic;
            topic.name = "t" + std::to_string(found_.image->applied.get()) + "-" + std::to_string(i);
            topic.partition_count = 2;
            request.topics.push_back(topic);
            send(controller_, request);
            send(controller_, allocate_producer_ids_request{});
        }
        if (questions_ == 0)
            send(controller_, close_controller{});
    }

    void on_answer(const topics_response& answer) {
        if (answer.code != errc::ok)
            return;
        const auto& topic = answer.topics.front();
        EXPECT_EQ(topic.code, errc::ok) << topic.detail;
        // Whoever got the answer finds the topic.
        const auto* known = found_.image->find_topic(topic.name);
        ASSERT_NE(known, nullptr);
        EXPECT_EQ(known->id, topic.id);
        found_.acknowledged[topic.name] = topic.id;
        if (++answered_ == questions_)
            send(controller_, close_controller{});
    }

    runtime::node_services& node_;
    findings& found_;
    int questions_;
    int answered_ = 0;
    bool asked_ = false;
    caf::actor controller_;
};

struct furniture {
    memory_logger log;
    runtime::metric_registry metrics;
    runtime::memory_reserves memory{
        {"client_input", 1 << 20}, {"fetch_output", 1 << 20}, {"control", 1 << 20}};
};

sim::node_options furnished() {
    sim::node_options options;
    options.furnish = [](runtime::node_services& node) {
        auto made = std::make_shared<furniture>();
        node.log = &made->log;
        node.metrics = &made->metrics;
        node.memory = &made->memory;
        return std::shared_ptr<void>(made);
    };
    return options;
}

/// A host on which a controller lives and dies.
struct controller_host {
    explicit controller_host(std::uint64_t seed)
        : run(seed), fabric(run, sim::network_faults{}),
          machine(run, fabric, {.name = "node", .clock = {}, .disk = {}}) {
        EXPECT_TRUE(machine.disk().files().create_directory("/data").has_value());
        EXPECT_TRUE(machine.disk().files().sync_directory("/").has_value());
    }

    void start(int questions) {
        found.closed = false;
        found.failure.reset();
        machine.start(
            [this, questions](runtime::node_services& node) {
                runtime::spawn<caf::actor, asker>(node, {loop_index(0), "asker"}, found, questions);
            },
            furnished());
    }
    void run_until_over() {
        run.run_until([this] { return found.closed || found.failure || !machine.running(); },
                      run.now() + 60 * sim::second);
        EXPECT_FALSE(run.failed()) << run.failure();
        if (machine.running())
            machine.crash(sim::crash_kind::kill);
    }
    void expect_all_acknowledged_are_there() {
        for (const auto& [name, id] : found.acknowledged) {
            const auto* topic = found.image->find_topic(name);
            ASSERT_NE(topic, nullptr) << name;
            EXPECT_EQ(topic->id, id);
            EXPECT_EQ(topic->partitions.size(), 2u);
        }
        for (const auto& [name, topic] : found.image->topics)
            EXPECT_EQ(topic.partitions.size(), 2u) << "half of a decision was replayed: " << name;
    }

    sim::world run;
    sim::network_fabric fabric;
    sim::host machine;
    findings found;
};

} // namespace

TEST(controller_actor, creates_answers_and_closes) {
    controller_host host(1);
    host.start(10);
    host.run_until_over();
    EXPECT_TRUE(host.found.closed);
    EXPECT_EQ(host.found.acknowledged.size(), 10u);
    EXPECT_EQ(host.found.producer_id_blocks.size(), 10u);
    EXPECT_EQ(host.machine.leaked_actors(), 0u);
}

TEST(controller_actor, restart_replays_what_was_there) {
    controller_host host(2);
    for (int life = 0; life < 5; ++life) {
        host.start(5);
        host.run_until_over();
        ASSERT_TRUE(host.found.closed) << (host.found.failure ? to_string(*host.found.failure) : "");
        host.expect_all_acknowledged_are_there();
    }
    EXPECT_EQ(host.found.acknowledged.size(), 25u);
}

TEST(controller_actor, acknowledged_topics_survive_a_power_cut_at_any_operation) {
    for (std::uint64_t n = 1; n <= 120; ++n) {
        controller_host host(n);
        host.machine.crash_after_operations(n,
                                            n % 2 == 0 ? sim::crash_kind::kill : sim::crash_kind::power_cut);
        host.start(6);
        host.run_until_over();
        host.start(0);
        host.run_until_over();
        ASSERT_FALSE(host.found.failure.has_value()) << n << ": " << to_string(*host.found.failure);
        ASSERT_TRUE(host.found.closed) << n;
        host.expect_all_acknowledged_are_there();
        EXPECT_EQ(host.machine.leaked_actors(), 0u);
    }
}

TEST(controller_actor, failed_disk_operation_is_told_to_the_broker) {
    int failures = 0;
    for (std::uint64_t n = 1; n <= 60; ++n) {
        controller_host host(n);
        host.machine.disk().fail_nth(n, errc::storage_error);
        host.start(3);
        host.run_until_over();
        failures += host.found.failure ? 1 : 0;
        EXPECT_TRUE(host.found.closed || host.found.failure) << n;
        host.start(0);
        host.run_until_over();
        ASSERT_FALSE(host.found.failure.has_value()) << n << ": " << to_string(*host.found.failure);
        host.expect_all_acknowledged_are_there();
    }
    EXPECT_GT(failures, 5);
}

TEST(controller_actor, directory_of_kafka_is_refused_untouched) {
    controller_host host(3);
    auto& files = host.machine.disk().files();
    ASSERT_TRUE(files.create_directory("/data/__cluster_metadata-0").has_value());
    ASSERT_TRUE(write_small_file(files, "/data/__cluster_metadata-0", "quorum-state", "{}").has_value());
    host.start(1);
    host.run_until_over();
    ASSERT_TRUE(host.found.failure.has_value());
    EXPECT_EQ(host.found.failure->code, errc::mismatched_directory);
    EXPECT_NE(host.found.failure->detail.find("import"), std::string::npos);
    EXPECT_EQ(files.list("/data/__cluster_metadata-0")->size(), 1u);
}

} // namespace barnabas::controller_actor_test
