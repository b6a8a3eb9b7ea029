// What simulation costs: the scheduler alone, and whole runs of one broker under faults. Run `sim_bench`; the
// figures to reach are in README.md.

#include "runtime/node/spawn.hpp"
#include "sim/checkers/checkers.hpp"
#include "sim/network/network_fabric.hpp"
#include "sim/node/host.hpp"
#include "sim/node/simulated_node.hpp"
#include "sim/workloads/produce_consume.hpp"

#include <benchmark/benchmark.h>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace barnabas::sim {
namespace {

struct ball {
    std::uint64_t count = 0;
};

} // namespace
} // namespace barnabas::sim

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::sim::ball)

namespace barnabas::sim {
namespace {

// ---- the scheduler alone

/// An event that schedules its successor, some time later.
struct chain {
    world& run;
    runtime::random draws;
    void next() {
        run.schedule_after(1 + quick_below(draws, 1'000), world_owner, [this] { next(); });
    }
};

/// Events with empty handlers; the argument is how many wait in the queue.
void empty_events(benchmark::State& state) {
    world run(1);
    std::vector<chain> chains;
    for (std::int64_t i = 0; i < state.range(0); ++i)
        chains.push_back({run, run.draws(draw_stream::workload).split(static_cast<std::uint64_t>(i))});
    for (auto& each : chains)
        each.next();
    for (auto _ : state)
        run.step();
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(empty_events)->Arg(1)->Arg(100)->Arg(1'000);

/// Sends what it gets to its partner.
class returning final : public caf::event_based_actor {
public:
    returning(caf::actor_config& config, runtime::node_services&) : event_based_actor(config) {}
    caf::behavior make_behavior() override {
        return {
            [this](const caf::actor& partner) { partner_ = partner; },
            [this](const ball& got) { send(partner_, ball{got.count + 1}); },
        };
    }
    void on_exit() override { partner_ = nullptr; }

private:
    caf::actor partner_;
};

/// Steps of actors that get one message and send one; the argument is how many pairs play at once on two
/// loops.
void actor_steps(benchmark::State& state) {
    world run(1);
    network_fabric fabric(run);
    host machine(run, fabric, {.name = "machine", .clock = {}, .disk = {}});
    machine.start([&](runtime::node_services& node) {
        for (std::int64_t pair = 0; pair < state.range(0); ++pair) {
            auto one = runtime::spawn<caf::actor, returning>(node, {loop_index(0), "one"});
            auto other = runtime::spawn<caf::actor, returning>(node, {loop_index(1), "other"});
            caf::anon_send(one, other);
            caf::anon_send(other, one);
            caf::anon_send(one, ball{});
        }
    });
    const auto before = run.actor_steps();
    for (auto _ : state)
        run.step();
    state.SetItemsProcessed(static_cast<std::int64_t>(run.actor_steps() - before));
}
BENCHMARK(actor_steps)->Arg(1)->Arg(10)->Arg(100);

// ---- one broker under faults

constexpr std::uint64_t first_seed = 1'000;
constexpr std::int64_t seeds = 16;
constexpr std::int64_t faults_per_run = 20;
/// Together one minute: the load, then the audit and the end.
constexpr std::int64_t load_seconds = 54;

planned_fault fault_of(std::int64_t number, runtime::random draws, virtual_time healing) {
    constexpr fault_kind kinds[] = {fault_kind::crash,
                                    fault_kind::crash_at_operation,
                                    fault_kind::crash_in_recovery,
                                    fault_kind::crash_after_ack,
                                    fault_kind::stop,
                                    fault_kind::reset_connections,
                                    fault_kind::cut_link,
                                    fault_kind::pause};
    planned_fault made;
    made.at = virtual_time(draws.between(second / 2, healing.get() - second));
    made.kind = kinds[static_cast<std::size_t>(number) % std::size(kinds)];
    made.how = draws.chance(1, 2) ? crash_kind::power_cut : crash_kind::kill;
    made.losses = power_cut_faults::drawn(draws);
    made.lasts_ns =
        std::min(static_cast<std::int64_t>(draws.log_between(millisecond, 4 * second)), healing - made.at);
    made.operations = draws.log_between(1, 200);
    made.choice = draws.next();
    return made;
}

load_options load_of(codec_list codecs, std::int64_t interval_ns) {
    load_options load;
    load.producer.in_flight_max = 5;
    load.producer.request_timeout_ms = 3'000;
    load.producer.delivery_timeout_ns = 10 * second;
    load.codecs = std::move(codecs);
    load.interval_ns = interval_ns;
    load.records_max = 3;
    load.value_bytes_max = 300;
    load.unfinished_max = 64;
    return load;
}

reader_options reader_of(std::int32_t max_wait_ms, std::int32_t min_bytes) {
    reader_options reader;
    reader.max_wait_ms = max_wait_ms;
    reader.min_bytes = min_bytes;
    return reader;
}

/// Of the four clients.
struct client_mix {
    std::int64_t producers = 0;
    std::int64_t readers = 0;
};

/// Producers, together 100 batches per second, and readers that are told of every batch; 20 faults of all
/// kinds, on a network and a disk without errors of their own. In the end an audit reads everything once
/// more.
produce_consume_options one_broker(std::uint64_t seed, client_mix mix) {
    auto made = produce_consume_options::plain(seed, load_seconds);
    client::new_topic topic;
    topic.name = "t0";
    topic.partitions = 2;
    topic.configs.emplace_back("internal.segment.bytes", "200000");
    made.topics.push_back(topic);
    using batch::codec;
    for (std::int64_t i = 0; i < mix.producers; ++i) {
        const auto codecs = i % 2 == 0 ? codec_list{codec::none}
                                       : codec_list{codec::none, codec::none,   codec::none, codec::none,
                                                    codec::gzip, codec::snappy, codec::lz4,  codec::zstd};
        made.producers.push_back(load_of(codecs, mix.producers * 10 * millisecond));
    }
    for (std::int64_t i = 0; i < mix.readers; ++i)
        made.readers.push_back(i % 2 == 0 ? reader_of(500, 1) : reader_of(300, 2'000));
    made.broker_config.emplace_back("num.partitions", "1");
    made.progress_due = virtual_time(load_seconds * second);
    made.faults.healing = made.progress_due - 16 * second;
    const runtime::random draws(seed);
    made.faults.any = true;
    for (std::int64_t i = 0; i < faults_per_run; ++i)
        made.faults.faults.push_back(
            fault_of(i, draws.split(static_cast<std::uint64_t>(i)), made.faults.healing));
    std::stable_sort(made.faults.faults.begin(), made.faults.faults.end(),
                     [](const auto& a, const auto& b) { return a.at < b.at; });
    return made;
}

/// One run per iteration, of one seed after another.
void one_broker_seed(benchmark::State& state, client_mix mix, const std::vector<std::string>& left_out) {
    run_report sum;
    std::int64_t runs = 0;
    for (auto _ : state) {
        auto options = one_broker(first_seed + static_cast<std::uint64_t>(runs % seeds), mix);
        options.without_checkers = left_out;
        produce_consume run(options, {});
        const auto report = run.run();
        if (!report.passed) {
            state.SkipWithError((report.checker + ": " + report.what).c_str());
            break;
        }
        ++runs;
        sum.virtual_ns += report.virtual_ns;
        sum.events += report.events;
        sum.batches += report.batches;
        sum.acked += report.acked;
        sum.broker_lives += report.broker_lives;
        sum.records_read += report.records_read;
    }
    const auto rate = [](auto value) {
        return benchmark::Counter(static_cast<double>(value), benchmark::Counter::kIsRate);
    };
    const auto mean = [](auto value) {
        return benchmark::Counter(static_cast<double>(value), benchmark::Counter::kAvgIterations);
    };
    state.counters["events_per_s"] = rate(sum.events);
    state.counters["acked_per_s"] = rate(sum.acked);
    state.counters["virtual_to_real"] = rate(static_cast<double>(sum.virtual_ns) / double(second));
    state.counters["virtual_s"] = mean(static_cast<double>(sum.virtual_ns) / double(second));
    state.counters["events"] = mean(sum.events);
    state.counters["batches"] = mean(sum.batches);
    state.counters["lives"] = mean(sum.broker_lives);
}
#define ONE_BROKER_SEED(name, ...)                                                                           \
    BENCHMARK_CAPTURE(one_broker_seed, name, __VA_ARGS__)->Iterations(seeds)->Unit(benchmark::kMillisecond)
ONE_BROKER_SEED(two_write_two_read, {2, 2}, {});
ONE_BROKER_SEED(two_write_two_read_unchecked, {2, 2}, checker_names());
ONE_BROKER_SEED(three_write_one_reads, {3, 1}, {});
ONE_BROKER_SEED(four_write, {4, 0}, {});
#undef ONE_BROKER_SEED

} // namespace
} // namespace barnabas::sim

BENCHMARK_MAIN();
