#include "sim/replay/expanded_text.hpp"
#include "sim/replay/scenario.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace barnabas::sim::refusal_test {
namespace {

using wrong_texts = std::initializer_list<std::pair<const char*, const char*>>;

/// Each text is refused, and the message begins so.
void expect_refused(const wrong_texts& wrong) {
    for (const auto& [text, message] : wrong) {
        const auto read = scenario::read("x", text);
        ASSERT_FALSE(read) << text;
        EXPECT_EQ(read.failure().detail.substr(0, std::string(message).size()), message);
    }
}

TEST(scenario, names_the_line_of_words_that_mean_nothing) {
    expect_refused({
        {"[scenario]\n[topics]\n", "x:2: no section is called [topics]; did you mean [topic]?"},
        {"[topic t5]\n", "x:1: topic number 0 is called t0"},
        {"[fault]\nkind = crahs\nat = 1s\n", "x:2: kind: 'crahs' is none of crash"},
        {"[checks]\nwithout = no_lek\n", "x:2: there is no checker no_lek; did you mean no_leak?"},
        {"[scenario]\nviolates = no_lek\n",
         "x:2: [scenario] there is no checker no_lek; did you mean no_leak?"},
        {"[scenario]\nabout = x\nmutant = nobody\n", "x:3: [scenario] there is no mutant nobody"},
        {"[topic]\n\n[scenario]\n[scenario]\n", "x:4: [scenario] was already there in line 3"},
        {"[faults]\n[faults]\n", "x:2: [faults] was already there in line 1"},
        {"[broker]\n\nconfig.num.partitons = 3\n",
         "x:3: [broker] no configuration is named num.partitons (did you mean num.partitions?)"},
        {"[broker]\nconfig.nonsense = 3\n", "x:2: [broker] no configuration is named nonsense"},
        {"[topic]\npartitions = 1\nconfig.retention.mss = 1\n",
         "x:3: [topic] Unknown topic config name: retention.mss"},
        {"[topic]\nconfig.retention.ms = abc\n", "x:2: [topic] Invalid value abc"},
        {"[hostile]\nkinds = noise rudeness\n",
         "x:2: kinds: 'rudeness' is none of half_request_then_silence,"},
        {"[hostile]\nkinds = 262144\n", "x:2: kinds: 262144 lies outside 0..262143"},
    });
}

TEST(scenario, names_the_line_of_values_that_no_run_can_be_made_of) {
    expect_refused({
        {"[scenario]\nabout = x\nseconds = 3\n", "x:3: [scenario] seconds must be in 24..3600"},
        {"[broker]\n\nloops = 0\n", "x:3: [broker] loops must be in 1..64"},
        {"[broker]\ndrift_ppm = -1000000\n", "x:2: [broker] drift_ppm must be in -100000..100000"},
        {"[broker]\ndrift_ppm = 999999999\n", "x:2: [broker] drift_ppm must be in -100000..100000"},
        {"[broker]\nmonotonic_start = -5s\n", "x:2: [broker] monotonic_start must be in 1ns.."},
        {"[clients]\nstep_cost_low = 1ns\n", "x:2: [clients] step_cost_low must be in 1us..1s"},
        {"[topic]\npartitions = 0\n", "x:2: [topic] partitions must be in 1..1000"},
        {"[producer]\nacks = 5\n", "x:2: [producer] acks must be in -1..1"},
        {"[producer]\nproduce_version_max = -1\n", "x:2: [producer] produce_version_max must be in 0.."},
        {"[producer]\nproduce_version_max = 2\nidempotent = yes\n",
         "x:3: [producer] Produce before version 3 cannot be idempotent"},
        {"[producer]\nproduce_version_max = 6\ncodecs = lz4 zstd\n",
         "x:3: [producer] Produce before version 7 takes no zstd"},
        {"[topic]\n[producer]\ncodecs = zstd\n[reader]\nfetch_version_max = 3\n",
         "x:2: [producer] a [reader] of Fetch before version 4 cannot read zstd"},
        {"[producer]\nabsurd_stamps_percent = 101\n",
         "x:2: [producer] absurd_stamps_percent must be in 0..100"},
        {"[producer]\n\ncount = 100000000\n", "x:3: [producer] a run has 1..64 of these"},
        {"[reader]\ncount = 0\n", "x:2: [reader] a run has 1..64 of these"},
        {"[reader]\nmax_bytes = -5\n", "x:2: [reader] max_bytes must be in 1.."},
        {"[reader]\nmax_wait_ms = -5\n", "x:2: [reader] max_wait_ms must be in 0.."},
        {"[network]\nlatency_low = 3s\n", "x:2: [network] latency_high lies below latency_low"},
        {"[network]\nlatency_high = -1s\n", "x:2: [network] latency_high must not be below zero"},
        {"[network]\nreset_chance_ppm = 1000001\n",
         "x:2: [network] reset_chance_ppm is a chance in a million"},
        {"[faults]\npage_kept_ppm = 1000001\n", "x:2: [faults] page_kept_ppm is a chance in a million"},
        {"[faults]\nhealing = 20s\nprogress_due = 10s\n", "x:3: [faults] progress_due lies before healing"},
        {"[hostile]\nkinds = noise\ninterval = 0s\n", "x:3: [hostile] interval must be in 1ms..1h"},
        {"[hostile]\nconnections = 1000000\n", "x:2: [hostile] connections must be in 1..10000"},
        {"[group_admin]\ninterval = 2h\n", "x:2: [group_admin] interval must be in 1ms..1h"},
        {"[member]\nfetch_version_max = 10\n", "x:2: [member] fetch_version_max must be in 1..9"},
        {"[lookups]\ninterval = 2h\n", "x:2: [lookups] interval must be in 1ms..1h"},
        {"[recreations]\naway = 0s\n", "x:2: [recreations] away must be in 1ms..1h"},
        {"[recreations]\ninterval = 1s\n[producer]\nproduce_version_max = 12\n",
         "x:4: [producer] where [recreations] makes topics again, produce_version_max must be 13"},
        {"[recreations]\ninterval = "
         "1s\n[topic]\n[producer]\n[producer]\n[reader]\n[reader]\nfetch_version_max = 12\n[reader]\n",
         "x:8: [reader] where [recreations] makes topics again, fetch_version_max must be at least 13"},
    });
}

TEST(scenario, names_the_line_of_faults_that_cannot_happen) {
    expect_refused({
        {"[fault]\nat = 5s\n", "x:1: [fault] needs a line that says kind = ..."},
        {"[fault]\nkind = crash\n", "x:1: [fault] needs a line that says at = ..."},
        {"[fault]\nkind = crash\nat = -1s\n", "x:3: [fault] of kind crash at must be in 0s..1h"},
        {"[fault]\nkind = crash\nat = 59s\n", "x:3: [fault] of kind crash at 59s comes after healing"},
        {"[fault]\nkind = crash\nat = 5s\nchoice = 3\n", "x:4: [fault] of kind crash has no choice"},
        {"[fault]\nkind = crash\nat = 5s\nlasts = -3s\n",
         "x:4: [fault] of kind crash lasts must be in 0s..1h"},
        {"[fault]\nkind = crash\nat = 5s\nrepeat = 0\n",
         "x:4: [fault] of kind crash repeat must be in 1..1000"},
        {"[fault]\nkind = crash_loop\nat = 5s\ncount = 0\n",
         "x:4: [fault] of kind crash_loop count must be in 1..1000"},
        {"[fault]\nkind = crash_loop\nat = 5s\ncount = 4000000000\n",
         "x:4: [fault] of kind crash_loop count must be in 1..1000"},
        {"[fault]\nkind = slow_loop\nat = 5s\nfactor = 0\n",
         "x:4: [fault] of kind slow_loop factor must be in 1.."},
        {"[fault]\nkind = slow_link\nat = 5s\n", "x:1: [fault] of kind slow_link bytes must be in 1.."},
        {"[fault]\nkind = reset_in_frame\nat = 5s\nbytes = 0\n",
         "x:4: [fault] of kind reset_in_frame bytes must be in 1.."},
        {"[fault]\nkind = flapping_link\nat = 5s\nlasts = 1s\ninterval = 0s\n",
         "x:5: [fault] of kind flapping_link interval must be in 1ms..1h"},
        {"[fault]\nkind = clock_drift\nat = 5s\ndrift_ppm = -2000000\n",
         "x:4: [fault] of kind clock_drift drift_ppm must be in -100000..100000"},
        {"[harm]\nconnection = 3\n", "x:1: [harm] needs a line that says kind = ..."},
        {"[harm]\nconnection = 0\nkind = refuse\n", "x:2: [harm] of kind refuse connection must be in 1.."},
        {"[harm]\nconnection = 1\nkind = refuse\ndirection = 1\n",
         "x:4: [harm] of kind refuse has no direction"},
        {"[harm]\nconnection = 1\nkind = clog\ndirection = 2\n",
         "x:4: [harm] of kind clog direction must be in 0..1"},
    });
}

TEST(scenario, names_the_line_of_rows_that_cannot_be_followed) {
    const std::string one = "[topic]\n[producer]\n";
    const std::string recorded = one + "[broker]\nloops = 2\npolicy = as_recorded\n[choices]\n";
    const std::pair<std::string, const char*> wrong[] = {
        {one + "[sends]\n1s producer 3 to t0-0 none 1\n", "x:4: there is no producer 3"},
        {one + "[sends]\n1s producer 0 to t0-700 none 1\n", "x:4: there is no partition t0-700"},
        {one + "[sends]\n5s producer 0 to t0-0 none 1\n\n1s producer 0 to t0-0 none 1\n",
         "x:6: the batches must stand in the order of their times"},
        {one + "[sends]\n1min producer 0 to t0-0 none 1\n", "x:4: the load ends when progress is due"},
        {one + "[sends]\n1s producer 0 to t0-0 none 999999999\n", "x:4: a value has at most 16000000 bytes"},
        {one + "[sends]\n1s producer 0 t0-0\n", "x:4: a batch is written as"},
        {"[attacks]\n1s noise\n", "x:2: an attack is written as 'TIME KIND NUMBER'"},
        {"[attacks]\n1s noises 3\n", "x:2: an attack is written as"},
        {"[attacks]\n2s noise 3\n1s noise 3\n", "x:3: the attacks must stand in the order of their times"},
        {"[scenario]\ndraw = no\n\n[producer]\ninterval = 1s\n",
         "x:4: [producer] there is no topic to send to"},
        {recorded + "broker life 1 loop 0: 3:1 2:1\n", "x:7: choices are written as"},
        {recorded + "broker life 1 loop 0: 3:0\n", "x:7: choices are written as"},
        {recorded + "xbroker life 1 loop 0: 3:1\n", "x:7: there is no host xbroker"},
        {recorded + "broker life 1 loop 2: 3:1\n", "x:7: broker has the loops 0..1, and its lives are"},
        {recorded + "broker life 0 loop 1: 3:1\n", "x:7: broker has the loops 0..1, and its lives are"},
        {one + "[broker]\npolicy = uniform\n[choices]\nbroker life 1 loop 0: 3:1\n",
         "x:6: choices count only where [broker] says policy = as_recorded"},
        {one + "[clients]\npolicy = as_recorded\n[choices]\nproducer-0 life 1 loop 0: 3:1\nproducer-1 life 1 "
               "loop 0: 3:1\n",
         "x:7: there is no host producer-1"},
    };
    for (const auto& [text, message] : wrong) {
        const auto read = scenario::read("x", text);
        ASSERT_FALSE(read) << text;
        EXPECT_EQ(read.failure().detail.substr(0, std::string(message).size()), message);
    }
}

TEST(scenario, knows_hostile_kinds_by_name_and_by_the_bits_of_old_schedules) {
    const auto kinds_of = [](const std::string& text) {
        const auto read = scenario::read("x", "[hostile]\nkinds = " + text + "\n");
        EXPECT_TRUE(read) << read.failure().detail;
        return read->options(1)->hostile.kinds;
    };
    EXPECT_EQ(kinds_of("bad_length  noise").bits, 1U << 2U | 1U << 6U);
    EXPECT_EQ(kinds_of("68"), kinds_of("noise bad_length"));
    EXPECT_TRUE(kinds_of("none").none());
    const auto read = scenario::read("x", "[hostile]\nkinds = 68\n");
    EXPECT_NE(expanded_text(*read->options(1)).find("kinds = bad_length noise\n"), std::string::npos);
}

} // namespace
} // namespace barnabas::sim::refusal_test
