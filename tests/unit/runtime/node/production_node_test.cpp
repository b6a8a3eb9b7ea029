#include "runtime/clock/clock.hpp"
#include "runtime/disk/disk.hpp"
#include "runtime/memory/reserve.hpp"
#include "runtime/metrics/registry.hpp"
#include "tests/unit/runtime/test_node.hpp"

#include <gtest/gtest.h>

namespace barnabas::runtime::production_node_test {
namespace {

TEST(production_node, has_every_service) {
    auto node = make_node(2);
    auto& services = node->services();
    EXPECT_EQ(services.scheduling->loop_count(), 2u);
    EXPECT_NE(services.network, nullptr);
    EXPECT_NE(services.log, nullptr);
    EXPECT_EQ(services.seed, 1u);
    EXPECT_EQ(services.memory->control.name(), "control");
    EXPECT_GT(services.clock->wall_now(), timestamp_ms(1'600'000'000'000));
    const auto earlier = services.clock->monotonic_now();
    EXPECT_LE(earlier, services.clock->monotonic_now());
    std::size_t families = 0;
    services.metrics->for_each([&](const std::string&, const metric_registry::family&) { ++families; });
    EXPECT_GE(families, 3u);
}

TEST(production_node, seed_differs_from_start_to_start) {
    production_node_options options;
    options.log = std::make_unique<null_logger>();
    auto one = production_node::start(std::move(options));
    production_node_options again;
    again.log = std::make_unique<null_logger>();
    auto other = production_node::start(std::move(again));
    ASSERT_TRUE(one && other);
    EXPECT_NE((*one)->services().seed, (*other)->services().seed);
}

TEST(production_node, refuses_to_have_no_loop) {
    production_node_options options;
    options.loops = 0;
    EXPECT_EQ(production_node::start(std::move(options)).code(), errc::invalid_config);
}

TEST(production_node, end_runs_disk_jobs_that_were_submitted) {
    std::atomic<int> ran{0};
    {
        auto node = make_node(1);
        for (std::uint64_t i = 0; i < 50; ++i)
            node->services().disk->submit(
                disk_lane(i % 3), disk_job_kind::blocking, [&](file_system&) { ++ran; }, [] {});
    }
    EXPECT_EQ(ran, 50);
}

} // namespace
} // namespace barnabas::runtime::production_node_test
