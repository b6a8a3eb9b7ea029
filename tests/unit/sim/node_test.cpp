#include "sim/faults/disk_faults.hpp"
#include "sim/faults/network_faults.hpp"
#include "sim/network/network_fabric.hpp"
#include "sim/node/host.hpp"
#include "sim/node/simulated_node.hpp"
#include "sim/world/world.hpp"
#include "tests/unit/sim/toy_node.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <vector>

namespace barnabas::sim::node_test {
namespace {

/// One server and two client hosts with drawn clocks, schedulers and faults; crashes at drawn times if
/// wanted.
struct toy_cluster {
    toy_cluster(std::uint64_t seed, bool with_faults, bool with_crashes)
        : run(seed), draws(run.draws(draw_stream::process).split("cluster")),
          fabric(run, with_faults ? network_faults::drawn(draws) : network_faults{}) {
        for (const char* name : {"server", "client-a", "client-b"}) {
            host_options options{.name = name, .clock = {}, .disk = {}};
            options.clock.drift_ppm = draws.between(-500, 500);
            options.clock.monotonic_start_ns = draws.between(second, 1'000 * second);
            if (with_faults)
                options.disk = disk_faults::drawn(draws);
            hosts.push_back(std::make_unique<host>(run, fabric, options));
        }
        for (std::size_t index = 0; index < hosts.size(); ++index)
            start(index);
        if (with_crashes)
            plan_crash();
    }
    void start(std::size_t index) {
        const node_options options{.scheduler = scheduler_options::drawn(draws, 2), .furnish = {}};
        hosts[index]->start(index == 0 ? toy::echo_server(book) : toy::echo_clients(book, "server", 3),
                            options);
    }
    void plan_crash() {
        run.schedule_after(draws.between(1, second), world_owner, [this] {
            const auto index = draws.below(hosts.size());
            const auto kind = draws.chance(1, 2) ? crash_kind::kill : crash_kind::power_cut;
            hosts[index]->crash(kind, power_cut_faults::drawn(draws));
            run.schedule_after(draws.between(0, 100 * millisecond), world_owner, [this, index] {
                if (!hosts[index]->running())
                    start(index);
            });
            plan_crash();
        });
    }
    std::uint64_t leaked() const {
        std::uint64_t sum = 0;
        for (const auto& each : hosts)
            sum += each->leaked_actors();
        return sum;
    }

    toy::ledger book;
    world run;
    runtime::random draws;
    network_fabric fabric;
    std::vector<std::unique_ptr<host>> hosts;
};

std::uint64_t hash_of_run(std::uint64_t seed) {
    toy_cluster cluster(seed, true, true);
    EXPECT_TRUE(cluster.run.run_for(5 * second)) << cluster.run.failure();
    EXPECT_EQ(cluster.book.wrong_bytes, 0U);
    return cluster.run.trace_hash();
}

TEST(simulated_node, clients_and_server_exchange_bytes_without_faults) {
    toy_cluster cluster(1, false, false);
    ASSERT_TRUE(cluster.run.run_for(5 * second));
    EXPECT_EQ(cluster.book.connections, 6U);
    EXPECT_EQ(cluster.book.ended_early, 0U);
    EXPECT_EQ(cluster.book.wrong_bytes, 0U);
    EXPECT_GT(cluster.book.bytes_echoed, 100'000U);
    EXPECT_GT(cluster.book.disk_jobs_done, 100U);
    EXPECT_GT(cluster.book.ticks, 400U);
    EXPECT_LE(cluster.book.ticks, 501U);
}

TEST(simulated_node, no_byte_is_reordered_or_invented_under_faults) {
    std::uint64_t ended_early = 0, failed_connects = 0, echoed = 0;
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        toy_cluster cluster(seed, true, false);
        ASSERT_TRUE(cluster.run.run_for(5 * second));
        EXPECT_EQ(cluster.book.wrong_bytes, 0U) << "seed " << seed;
        ended_early += cluster.book.ended_early;
        failed_connects += cluster.book.failed_connects;
        echoed += cluster.book.bytes_echoed;
    }
    EXPECT_GT(ended_early, 5U);
    EXPECT_GT(failed_connects, 1U);
    EXPECT_GT(echoed, 1'000'000U);
}

TEST(simulated_node, everybody_makes_progress_after_healing) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        toy_cluster cluster(seed, true, true);
        ASSERT_TRUE(cluster.run.run_for(5 * second));
        cluster.fabric.heal();
        const auto before = cluster.book.bytes_echoed;
        ASSERT_TRUE(cluster.run.run_for(10 * second));
        EXPECT_GT(cluster.book.bytes_echoed, before) << "seed " << seed;
    }
}

TEST(determinism, the_same_seed_gives_the_same_trace_and_others_differ) {
    std::set<std::uint64_t> hashes;
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        const auto hash = hash_of_run(seed);
        // Memory that stays allocated moves everything to other addresses the second time.
        std::vector<std::unique_ptr<std::byte[]>> ballast;
        for (std::size_t size = 16; size < 200'000; size = size * 5 / 4 + 1)
            ballast.push_back(std::make_unique<std::byte[]>(size));
        EXPECT_EQ(hash_of_run(seed), hash) << "seed " << seed;
        hashes.insert(hash);
        if (seed <= 3)
            std::printf("trace hash of seed %d: %016llx\n", static_cast<int>(seed),
                        static_cast<unsigned long long>(hash));
    }
    EXPECT_EQ(hashes.size(), 10U);
}

TEST(simulated_node, a_thousand_crashes_leak_nothing) {
    world run(7);
    toy::ledger book;
    network_fabric fabric(run, network_faults::drawn(run.draws(draw_stream::network)));
    host server(run, fabric, {.name = "server", .clock = {}, .disk = {}});
    host client(run, fabric, {.name = "client", .clock = {}, .disk = {}});
    auto draws = run.draws(draw_stream::process).split("crashes");
    for (int count = 0; count < 1'000; ++count) {
        auto& victim = count % 2 == 0 ? server : client;
        if (!server.running())
            server.start(toy::echo_server(book),
                         {.scheduler = scheduler_options::drawn(draws, 3), .furnish = {}});
        if (!client.running())
            client.start(toy::echo_clients(book, "server", 4),
                         {.scheduler = scheduler_options::drawn(draws, 2), .furnish = {}});
        const auto kind = draws.chance(1, 2) ? crash_kind::kill : crash_kind::power_cut;
        if (draws.chance(1, 4))
            victim.crash_after_operations(draws.below(20), kind);
        ASSERT_TRUE(run.run_for(static_cast<std::int64_t>(draws.log_between(1, 50'000'000))))
            << run.failure();
        victim.crash(kind, power_cut_faults::drawn(draws));
        EXPECT_FALSE(victim.running());
    }
    EXPECT_EQ(server.leaked_actors() + client.leaked_actors(), 0U);
    EXPECT_EQ(book.wrong_bytes, 0U);
    EXPECT_GT(book.bytes_echoed, 0U);
}

TEST(simulated_node, an_exception_in_an_actor_fails_the_run) {
    world run(1);
    network_fabric fabric(run);
    host one(run, fabric, {.name = "one", .clock = {}, .disk = {}});
    one.start(toy::thrower());
    EXPECT_FALSE(run.run_for(second));
    EXPECT_EQ(run.failure(), "node one: the actor 'toy' failed: planned");
}

TEST(simulated_node, a_clean_stop_ends_when_all_actors_have) {
    world run(1);
    toy::ledger book;
    network_fabric fabric(run);
    host one(run, fabric, {.name = "server", .clock = {}, .disk = {}});
    one.start(toy::echo_server(book));
    run.run_for(second);
    bool clean = false, told = false;
    one.clean_stop({}, second, [&](bool ended_itself) {
        told = true;
        clean = ended_itself;
    });
    run.run_for(100 * millisecond);
    EXPECT_TRUE(told && clean);
    EXPECT_FALSE(one.running());
    one.start(toy::echo_server(book));
    one.clean_stop([] {}, second, [&](bool ended_itself) { clean = ended_itself; });
    run.run_for(2 * second);
    EXPECT_FALSE(clean);
    EXPECT_FALSE(one.running());
    EXPECT_EQ(one.incarnations(), 2U);
}

TEST(simulated_node, a_paused_node_stands_still_while_time_goes_on) {
    world run(1);
    toy::ledger book;
    network_fabric fabric(run);
    host one(run, fabric, {.name = "server", .clock = {}, .disk = {}});
    one.start(toy::echo_server(book));
    run.run_for(second);
    const auto ticks = book.ticks;
    one.pause(3 * second);
    run.run_for(2 * second);
    EXPECT_LE(book.ticks, ticks + 1);
    run.run_for(2 * second);
    EXPECT_GT(book.ticks, ticks + 50);
}

TEST(simulated_node, a_slowed_node_does_less_until_it_is_fast_again) {
    world run(1);
    network_fabric fabric(run);
    host one(run, fabric, {.name = "one", .clock = {}, .disk = {}});
    one.start(toy::ring(20));
    run.run_for(second);
    const auto usual = run.actor_steps();
    one.slow_down(100);
    run.run_for(second);
    const auto slow = run.actor_steps() - usual;
    EXPECT_LT(slow, usual / 50);
    one.slow_down(1);
    run.run_for(second);
    EXPECT_GT(run.actor_steps() - usual - slow, usual * 9 / 10);
}

TEST(simulated_node, timers_follow_a_clock_that_drifts) {
    const auto ticks_with = [](std::int64_t drift_ppm) {
        world run(1);
        toy::ledger book;
        network_fabric fabric(run);
        host one(run, fabric, {.name = "server", .clock = {}, .disk = {}});
        one.start(toy::echo_server(book));
        run.run_for(second);
        one.set_clock_drift(drift_ppm);
        run.run_for(100 * second);
        return static_cast<std::int64_t>(book.ticks);
    };
    const auto usual = ticks_with(0);
    EXPECT_GT(ticks_with(50'000), usual * 1'020 / 1'000);
    EXPECT_LT(ticks_with(-50'000), usual * 980 / 1'000);
}

TEST(simulated_node, the_disk_crashes_the_node_after_the_chosen_operation) {
    for (std::uint64_t n = 1; n <= 30; ++n) {
        toy_cluster cluster(5, false, false);
        auto& server = *cluster.hosts[0];
        const auto before = server.disk().operations();
        server.crash_after_operations(n, crash_kind::kill);
        ASSERT_TRUE(cluster.run.run_until([&] { return !server.running(); }, virtual_time(10 * second)));
        EXPECT_EQ(server.disk().operations(), before + n);
    }
}

TEST(simulated_node, one_policy_after_another_finishes_the_same_work) {
    for (const auto policy :
         {choice_policy::uniform, choice_policy::first_in_first_out, choice_policy::priorities}) {
        world run(3);
        network_fabric fabric(run);
        host one(run, fabric, {.name = "one", .clock = {}, .disk = {}});
        scheduler_options options;
        options.policy = policy;
        one.start(toy::ring(20), {.scheduler = options, .furnish = {}});
        ASSERT_TRUE(run.run_for(second));
        EXPECT_GT(run.actor_steps(), 100'000U);
    }
}

} // namespace
} // namespace barnabas::sim::node_test
