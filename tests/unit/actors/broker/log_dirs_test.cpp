#include "actors/broker/directory_jobs.hpp"
#include "actors/broker/log_dirs_actor.hpp"
#include "actors/partition/log_size_messages.hpp"
#include "runtime/logging/logger.hpp"
#include "runtime/memory/reserve.hpp"
#include "runtime/metrics/registry.hpp"
#include "runtime/node/spawn.hpp"
#include "sim/faults/network_faults.hpp"
#include "sim/network/network_fabric.hpp"
#include "sim/node/host.hpp"
#include "sim/world/virtual_time.hpp"
#include "sim/world/world.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <gtest/gtest.h>

#include <optional>

/// What DescribeLogDirs says of partitions that answer, that end, and that say nothing.
namespace barnabas::log_dirs_test {

namespace {

struct furniture {
    memory_logger log;
    runtime::metric_registry metrics;
    runtime::memory_reserves memory{
        {"client_input", 1 << 20}, {"fetch_output", 1 << 20}, {"control", 1 << 20}};
};

enum class manner { answers, ends, is_silent };

class some_partition final : public caf::event_based_actor {
public:
    some_partition(caf::actor_config& config, runtime::node_services&, manner how)
        : event_based_actor(config), how_(how) {}
    caf::behavior make_behavior() override {
        return {[this](const log_size_query& query) {
            if (how_ == manner::ends)
                quit();
            else if (how_ == manner::answers)
                send(caf::actor_cast<caf::actor>(current_sender()), log_size_response{query.token, 42});
        }};
    }

private:
    manner how_;
};

class asking_client final : public caf::event_based_actor {
public:
    asking_client(caf::actor_config& config, runtime::node_services&,
                  std::shared_ptr<std::optional<log_dirs_response>> into)
        : event_based_actor(config), into_(std::move(into)) {}
    caf::behavior make_behavior() override {
        return {[this](const log_dirs_response& answer) {
            *into_ = answer;
            quit();
        }};
    }

private:
    std::shared_ptr<std::optional<log_dirs_response>> into_;
};

struct outcome {
    std::optional<log_dirs_response> answer;
    std::int64_t took_ns = 0;
};

/// One inquiry about a directory with these partitions; `looks`: somebody looks at its room, for ever.
outcome ask(const std::vector<manner>& manners, bool looks = false) {
    sim::world run(1);
    sim::network_fabric fabric(run, sim::network_faults{});
    sim::host machine(run, fabric, {.name = "node", .clock = {}, .disk = {}});
    auto gate = std::make_shared<runtime::directory_gate>("/data", 0, runtime::directory_gate::listeners{});
    gate->note_free(77);
    EXPECT_TRUE(!looks || gate->begin_look());
    auto answer = std::make_shared<std::optional<log_dirs_response>>();
    sim::node_options options;
    options.furnish = [](runtime::node_services& node) {
        auto made = std::make_shared<furniture>();
        node.log = &made->log;
        node.metrics = &made->metrics;
        node.memory = &made->memory;
        return std::shared_ptr<void>(made);
    };
    machine.start(
        [&](runtime::node_services& node) {
            const auto asker =
                runtime::spawn<caf::actor, asking_client>(node, {loop_index(0), "client"}, answer);
            described_log_dir directory;
            directory.path = "/data";
            std::map<topic_partition, caf::actor> partitions;
            for (const auto how : manners) {
                const topic_partition id{topic_id{},
                                         partition_index(static_cast<std::int32_t>(partitions.size()))};
                directory.partitions.push_back({"t", id, 0});
                partitions[id] =
                    runtime::spawn<caf::actor, some_partition>(node, {loop_index(0), "partition"}, how);
            }
            log_dirs_response known;
            known.directories.push_back(directory);
            spawn_log_dirs_inquiry(
                node, {{node, caf::actor_cast<caf::strong_actor_ptr>(asker), 5}, known, {{"/data", gate}}},
                [&](const topic_partition& id) {
                    const auto found = partitions.find(id);
                    return found == partitions.end() ? caf::actor() : found->second;
                });
        },
        options);
    run.run_until([&] { return answer->has_value(); }, run.now() + 60 * sim::second);
    EXPECT_FALSE(run.failed()) << run.failure();
    const auto took = run.now().get();
    machine.crash(sim::crash_kind::kill);
    return {*answer, took};
}

} // namespace

TEST(log_dirs, partition_that_ends_is_not_waited_for_and_left_out) {
    const auto found = ask({manner::answers, manner::ends, manner::answers});
    ASSERT_TRUE(found.answer);
    const auto& directory = found.answer->directories.at(0);
    ASSERT_EQ(directory.partitions.size(), 2u);
    EXPECT_EQ(directory.partitions[0].bytes, 42);
    EXPECT_EQ(directory.partitions[1].id.partition, partition_index(2));
    EXPECT_LT(found.took_ns, sim::second);
}

TEST(log_dirs, partition_that_says_nothing_has_no_size_instead_of_a_wrong_one) {
    const auto found = ask({manner::answers, manner::is_silent});
    ASSERT_TRUE(found.answer);
    EXPECT_EQ(found.answer->directories.at(0).partitions.size(), 1u);
    EXPECT_GE(found.took_ns, 5 * sim::second);
}

TEST(log_dirs, look_that_hangs_is_not_joined) {
    const auto found = ask({manner::answers}, true);
    ASSERT_TRUE(found.answer);
    EXPECT_EQ(found.answer->directories.at(0).free_bytes, 77);
    EXPECT_LT(found.took_ns, sim::second);
}

} // namespace barnabas::log_dirs_test
