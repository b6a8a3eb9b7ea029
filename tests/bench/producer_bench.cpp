// Steps of a producer that writes to few of many partitions, in one thread, without a network: records come
// in, requests go out and are answered at once. Run `producer_bench`; the time of a round should not rise
// with the partitions that have nothing to send.

#include "actors/client/client_session.hpp"
#include "actors/client/producer/batch_sender.hpp"

#include <benchmark/benchmark.h>

#include <string>

namespace barnabas::client {
namespace {

constexpr std::int64_t brokers = 3;
constexpr std::int32_t written = 10;

class producer_machines {
public:
    explicit producer_machines(std::int32_t partitions)
        : settings_(*read_producer_settings({{"bootstrap.servers", "one:9092"}, {"linger.ms", "0"}})),
          records_(settings_, runtime::random(1)), sender_(settings_, runtime::random(2)) {
        topic_facts facts;
        facts.id.bytes[0] = 1;
        for (std::int32_t i = 0; i < partitions; ++i)
            facts.leaders.push_back(static_cast<std::int32_t>(i % brokers));
        sender_.on_topic("t", facts, now_);
        sender_.on_producer_id(producer_id_facts{producer_id(7), producer_epoch(0)}, now_);
        // Each was written to once.
        for (std::int32_t i = 0; i < partitions; ++i) {
            if (i % 500 == 0)
                work();
            append(i);
        }
        work();
    }

    void append(std::int32_t partition) {
        delivery_callback call;
        records_.append({"t", {}, "a value", {}, partition}, call, now_, timestamp_ms(1));
    }
    /// What the shell does, until nothing is left to do.
    void work() {
        std::vector<produce_order> orders;
        do {
            sender_effects out;
            for (const auto& order : orders)
                sender_.on_produced(order.number, std::vector<produced_part>(order.parts.size()), now_, out);
            settle(
                records_, sender_, [](const auto& call) { call(); }, now_, out);
            orders = std::move(out.requests);
            auto due = earlier(sender_.deadline(now_), records_.deadline(now_));
            benchmark::DoNotOptimize(due);
            benchmark::DoNotOptimize(records_.empty() && sender_.empty());
            now_ = now_ + 1000;
        } while (!orders.empty());
    }

private:
    monotonic_ns now_{1'000'000'000};
    producer_settings settings_;
    record_accumulator records_;
    batch_sender sender_;
};

/// Argument: partitions of the topic.
void few_of_many(benchmark::State& state) {
    const auto partitions = static_cast<std::int32_t>(state.range(0));
    producer_machines machines(partitions);
    for (auto _ : state) {
        for (std::int32_t i = 0; i < written; ++i)
            machines.append(i * (partitions / written));
        machines.work();
    }
    state.SetItemsProcessed(state.iterations() * written);
}
BENCHMARK(few_of_many)->Arg(10)->Arg(100)->Arg(1000)->Arg(10'000);

} // namespace
} // namespace barnabas::client

BENCHMARK_MAIN();
