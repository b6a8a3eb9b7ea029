#include "sim/replay/expanded_text.hpp"
#include "sim/replay/scenario.hpp"
#include "sim/replay/send_text.hpp"
#include "sim/workloads/produce_consume.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace barnabas::sim::replay_test {
namespace {

produce_consume_options options_of(const std::string& text, std::uint64_t seed) {
    const auto read = scenario::read("x", text);
    EXPECT_TRUE(read) << read.failure().detail;
    const auto options = read->options(seed);
    EXPECT_TRUE(options);
    return *options;
}

TEST(scenario, states_nothing_and_draws_what_the_seed_alone_draws) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed)
        EXPECT_EQ(expanded_text(options_of("[scenario]\n", seed)),
                  expanded_text(produce_consume_options::drawn(seed, 60)));
}

TEST(scenario, the_expanded_text_of_a_run_gives_the_same_options_again) {
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        const auto text = expanded_text(produce_consume_options::drawn(seed, 60));
        EXPECT_EQ(expanded_text(options_of(text, seed)), text);
    }
}

TEST(scenario, what_is_stated_holds_for_every_seed_and_the_rest_is_drawn) {
    const std::string text =
        "[topic]\npartitions = 7\n[producer]\nacks = -1\ncount = 3\n[broker]\nloops = 1\n"
        "[fault]\nat = 3s..9s\nkind = crash\n";
    const auto one = options_of(text, 1);
    const auto other = options_of(text, 2);
    for (const auto* options : {&one, &other}) {
        ASSERT_EQ(options->topics.size(), 1u);
        EXPECT_EQ(options->topics[0].partitions, 7);
        ASSERT_EQ(options->producers.size(), 3u);
        EXPECT_EQ(options->producers[2].producer.acks, -1);
        EXPECT_EQ(options->broker_scheduler.loops, 1u);
    }
    EXPECT_NE(one.producers[0].interval_ns, other.producers[0].interval_ns);
    EXPECT_NE(one.producers[0].interval_ns, one.producers[1].interval_ns);
}

TEST(scenario, no_drawn_group_is_lost_to_what_is_stated) {
    std::size_t groups_of_programs = 0;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        const auto drawn = produce_consume_options::drawn_played(seed, 60);
        const auto apart = options_of("[scenario]\n", seed);
        EXPECT_EQ(apart.members.size() + apart.programs.size(), drawn.members.size());
        groups_of_programs += !apart.programs.empty();
        const auto again = options_of("[recreations]\ninterval = 2s\naway = 100ms\n", seed);
        EXPECT_EQ(again.members.size(), drawn.members.size());
        EXPECT_TRUE(again.programs.empty());
        const auto by_hand = options_of("[consumer]\ncount = 2\n", seed);
        EXPECT_EQ(by_hand.members.size(), drawn.members.size());
        EXPECT_EQ(by_hand.programs.size(), 2u);
    }
    EXPECT_GT(groups_of_programs, 0u);
}

/// How many of the runs hold such a fault.
std::size_t runs_with(fault_kind kind, const std::string& text) {
    std::size_t runs = 0;
    for (std::uint64_t seed = 1; seed <= 1'000; ++seed) {
        const auto faults = options_of(text, seed).faults.faults;
        runs += std::any_of(faults.begin(), faults.end(), [&](const auto& one) { return one.kind == kind; });
    }
    return runs;
}

TEST(scenario, what_must_lose_nothing_draws_nothing_that_may) {
    for (const auto kind : {fault_kind::empty_disk, fault_kind::old_image, fault_kind::empty_directory}) {
        EXPECT_GT(runs_with(kind, "[broker]\nconfig.log.dirs = /data,/data1\n"), 0u);
        EXPECT_EQ(runs_with(kind, "[broker]\nconfig.log.dirs = /data,/data1\n[faults]\nlossy = no\n"), 0u);
    }
}

TEST(schedule, a_run_that_was_kept_happens_again_from_its_text) {
    for (std::uint64_t seed = 3; seed <= 12; ++seed) {
        produce_consume first(produce_consume_options::drawn(seed, 24), {}, true);
        const auto before = first.run();
        const auto text = expanded_text(first.frozen());
        const auto stated = options_of(text, seed);
        produce_consume second(stated, {}, true);
        const auto after = second.run();
        EXPECT_EQ(after.batches, before.batches) << "seed " << seed;
        EXPECT_EQ(after.acked, before.acked) << "seed " << seed;
        EXPECT_EQ(after.records_read, before.records_read) << "seed " << seed;
        EXPECT_EQ(after.broker_lives, before.broker_lives) << "seed " << seed;
        EXPECT_EQ(after.passed, before.passed) << "seed " << seed;
        EXPECT_EQ(after.trace_hash, before.trace_hash) << "seed " << seed;
        EXPECT_EQ(expanded_text(second.frozen()), text) << "seed " << seed;
        produce_consume third(stated, {});
        EXPECT_EQ(third.run().trace_hash, after.trace_hash) << "seed " << seed;
    }
}

TEST(schedule, attacks_of_hostile_clients_are_stated) {
    const auto drawn = options_of("[hostile]\nkinds = noise bad_length unknown_api\ninterval = 500ms\n", 4);
    produce_consume first(drawn, {}, true);
    const auto before = first.run();
    const auto stated = first.frozen();
    ASSERT_TRUE(stated.attacks);
    EXPECT_GT(stated.attacks->size(), 20u);
    produce_consume second(options_of(expanded_text(stated), 4), {});
    EXPECT_EQ(second.run().trace_hash, before.trace_hash);
}

TEST(schedule, the_client_that_asks_where_things_are_is_stated) {
    produce_consume first(options_of("[lookups]\ninterval = 100ms\n", 4), {}, true);
    const auto before = first.run();
    const auto text = expanded_text(first.frozen());
    EXPECT_NE(text.find("[lookups]\ninterval = 100ms\n"), std::string::npos);
    produce_consume second(options_of(text, 4), {});
    EXPECT_EQ(second.run().trace_hash, before.trace_hash);
}

TEST(schedule, members_and_who_deletes_their_groups_are_stated) {
    const std::string members = "[member]\ncount = 3\nrude = 2s\nstart = 0ms..9s\njoin_version_max = 0..9\n"
                                "[group_admin]\ninterval = 500ms\n"
                                "[broker]\nconfig.group.min.session.timeout.ms = 1000\n";
    produce_consume first(options_of(members, 4), {}, true);
    const auto before = first.run();
    const auto text = expanded_text(first.frozen());
    EXPECT_NE(text.find("[group_admin]\ninterval = 500ms\n"), std::string::npos);
    EXPECT_NE(text.find("[member]\n"), std::string::npos);
    produce_consume second(options_of(text, 4), {});
    EXPECT_EQ(second.run().trace_hash, before.trace_hash);
}

TEST(schedule, who_makes_topics_again_is_stated) {
    const std::string recreations = "[recreations]\ninterval = 2s\naway = 100ms\n";
    produce_consume first(options_of(recreations, 4), {}, true);
    const auto before = first.run();
    EXPECT_TRUE(before.passed) << before.what;
    const auto text = expanded_text(first.frozen());
    EXPECT_NE(text.find(recreations), std::string::npos);
    produce_consume second(options_of(text, 4), {});
    EXPECT_EQ(second.run().trace_hash, before.trace_hash);
}

TEST(schedule, whoever_watches_the_trace_changes_nothing) {
    struct watcher final : trace_sink {
        void on_event(const trace_event&) override { ++events; }
        void on_step(const std::string& actor, const std::string& message) override {
            named = named || (actor.find("partition_actor") != std::string::npos && message != "nothing");
        }
        std::uint64_t events = 0;
        bool named = false;
    } sink;
    const auto options = produce_consume_options::drawn(7, 24);
    produce_consume plain(options, {});
    produce_consume watched(options, {});
    watched.time().trace().watch(&sink);
    EXPECT_EQ(watched.run().trace_hash, plain.run().trace_hash);
    EXPECT_GT(sink.events, 1'000u);
    EXPECT_TRUE(sink.named);
}

TEST(send_text, is_read_again_as_it_was_written) {
    const planned_send send{virtual_time(1'234'567), 3, {1, 2}, batch::codec::lz4, {1, 300}};
    EXPECT_EQ(send_text(send), "1234567ns producer 3 to t1-2 lz4 1 300");
    const auto back = parse_send(send_text(send));
    ASSERT_TRUE(back);
    EXPECT_EQ(send_text(*back), send_text(send));
    for (const char* wrong : {"", "1s", "1s producer 0 to t0-0 none", "1s producer 0 to x none 1",
                              "1s producer 0 to t0-0 brotli 1", "1s producer 0 to t0-0 none 1 x"})
        EXPECT_FALSE(parse_send(wrong)) << wrong;
}

} // namespace
} // namespace barnabas::sim::replay_test
