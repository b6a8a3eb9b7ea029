#include "sim/replay/expanded_text.hpp"
#include "sim/replay/minimize.hpp"
#include "sim/replay/scenario.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace barnabas::sim::minimize_test {
namespace {

constexpr const char* guilty = "wanted";

run_report report(bool broken) {
    run_report made;
    made.passed = !broken;
    made.checker = broken ? guilty : "";
    return made;
}

/// Much of everything that can be left out, none of it needed but what the test names.
constexpr const char* large_text = R"([scenario]
seed = 5
[broker]
policy = as_recorded
loops = 2
config.num.partitions = 3
config.log.segment.bytes = 2000000
[clients]
policy = as_recorded
[topic]
partitions = 3
config.retention.ms = 1000000
[topic]
partitions = 4
config.segment.ms = 100000
config.retention.ms = 1000000
[producer]
[producer]
[producer]
[reader]
count = 4
[hostile]
kinds = noise bad_length never_reads
[faults]
draw = no
[fault]
kind = crash
at = 1s..30s
repeat = 20
[fault]
kind = clock_jump
at = 17s
jump_ms = 40
[harm]
connection = 3
kind = refuse
[harm]
connection = 4
kind = hang
[sends]
1s producer 0 to t0-1 none 1
2s producer 1 to t1-3 none 1
3s producer 2 to t1-2 lz4 7
3s producer 2 to t0-2 lz4 3
[attacks]
1s noise 4
2s bad_length 5
[choices]
broker life 1 loop 0: 3:1 10:2 12:1
broker life 1 loop 1: 4:1
producer-2 life 1 loop 0: 4:1
reader-3 life 1 loop 0: 4:1
)";

produce_consume_options large_run() {
    const auto read = scenario::read("x", large_text);
    EXPECT_TRUE(read) << read.failure().detail;
    return *read->options(5);
}

bool jumps(const produce_consume_options& of) {
    const auto& faults = of.faults.faults;
    return std::any_of(faults.begin(), faults.end(),
                       [](const auto& each) { return each.kind == fault_kind::clock_jump; });
}

bool sends_seven_bytes(const produce_consume_options& of) {
    return std::any_of(of.sends->begin(), of.sends->end(),
                       [](const auto& each) { return each.value_bytes.front() == 7; });
}

TEST(minimize, leaves_what_the_failure_needs_of_every_list) {
    const auto made = minimize(large_run(), {},
                               [](const auto& of) { return report(jumps(of) && sends_seven_bytes(of)); }, {});
    ASSERT_TRUE(made);
    const auto& small = made->options;
    ASSERT_EQ(small.faults.faults.size(), 1u);
    EXPECT_EQ(small.faults.faults[0].kind, fault_kind::clock_jump);
    ASSERT_EQ(small.sends->size(), 1u);
    EXPECT_EQ(small.sends->front().producer, 0u);
    EXPECT_EQ(to_string(small.sends->front().where), "t0-2");
    EXPECT_EQ(small.producers.size(), 1u);
    ASSERT_EQ(small.topics.size(), 1u);
    EXPECT_EQ(small.topics[0].name, "t0");
    EXPECT_EQ(small.topics[0].partitions, 3);
    EXPECT_TRUE(small.topics[0].configs.empty());
    EXPECT_TRUE(small.broker_config.empty());
    EXPECT_TRUE(small.readers.empty());
    EXPECT_TRUE(small.faults.harms.empty());
    EXPECT_TRUE(small.attacks->empty());
    EXPECT_LT(made->runs, 80u);
    EXPECT_TRUE(scenario::read("x", expanded_text(small)));
}

TEST(minimize, leaves_the_choices_that_the_failure_needs) {
    const auto needed = [](const produce_consume_options& of) {
        const auto found = of.choices
                               ? of.choices->picks.find({"broker", 1, 0})
                               : std::map<choice_log::loop, std::vector<choice_log::pick>>::const_iterator{};
        return of.choices && found != of.choices->picks.end() &&
               std::count(found->second.begin(), found->second.end(), choice_log::pick{10, 2}) == 1;
    };
    const auto made = minimize(large_run(), {}, [&](const auto& of) { return report(needed(of)); }, {});
    ASSERT_TRUE(made);
    ASSERT_EQ(made->options.choices->picks.size(), 1u);
    EXPECT_EQ(made->options.choices->picks.begin()->second.size(), 1u);
    EXPECT_TRUE(scenario::read("x", expanded_text(made->options)));
}

TEST(minimize, keeps_what_fails_without_the_planted_bug_out_of_the_schedule) {
    auto from = large_run();
    from.planted.planted.canary = true;
    minimize_limits limits;
    limits.passes_unplanted = true;
    // Without readers it fails even without the bug.
    const auto made =
        minimize(from, limits,
                 [](const auto& of) { return report(of.planted.planted.canary || of.readers.empty()); }, {});
    ASSERT_TRUE(made);
    EXPECT_EQ(made->options.readers.size(), 1u);
    EXPECT_TRUE(made->options.sends->empty());
}

TEST(minimize, tries_no_more_runs_than_it_may) {
    minimize_limits limits;
    limits.runs = 7;
    std::uint64_t runs = 0;
    const auto made = minimize(large_run(), limits,
                               [&](const auto&) {
                                   ++runs;
                                   return report(true);
                               },
                               {});
    ASSERT_TRUE(made);
    EXPECT_EQ(made->runs, 7u);
    EXPECT_EQ(runs, 8u);
}

TEST(minimize, drops_producers_of_a_run_whose_sends_are_drawn) {
    auto from = produce_consume_options::drawn(3, 24);
    const auto made = minimize(from, {}, [](const auto& of) { return report(!of.topics.empty()); }, {});
    ASSERT_TRUE(made);
    EXPECT_TRUE(made->options.producers.empty());
    EXPECT_FALSE(made->options.sends.has_value());
}

TEST(minimize, refuses_a_run_that_breaks_nothing) {
    EXPECT_FALSE(minimize(large_run(), {}, [](const auto&) { return report(false); }, {}));
}

TEST(minimize, refuses_a_schedule_that_breaks_nothing) {
    produce_consume first(produce_consume_options::drawn(3, 24), {}, true);
    ASSERT_TRUE(first.run().passed);
    EXPECT_FALSE(minimize(first.frozen(), {}, run_of, {}));
}

} // namespace
} // namespace barnabas::sim::minimize_test
