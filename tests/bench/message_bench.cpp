#include "protocol/kafka/fetch.hpp"
#include "protocol/kafka/metadata.hpp"
#include "protocol/kafka/produce.hpp"

#include <benchmark/benchmark.h>

#include <string>

/// Decoding and encoding of the messages of the data path, by number of partitions, and of topics
/// (one where none is named).
namespace barnabas::kafka {
namespace {

/// A small batch; its bytes are referenced, never copied.
const slice& records() {
    static const slice some = slice::copy_of(std::string(1024, 'r'));
    return some;
}

/// For requests: `partitions` in all, spread evenly over `topics`.
produce_request produce_of(std::int64_t partitions, std::int64_t topics) {
    produce_request message;
    for (std::int64_t t = 0; t < topics; ++t) {
        auto& topic = message.topic_data.emplace_back();
        topic.name = slice::copy_of("orders");
        for (std::int32_t i = 0; i < partitions / topics; ++i)
            topic.partition_data.push_back({i, records(), {}});
    }
    return message;
}

fetch_request fetch_of(std::int64_t partitions, std::int64_t topics) {
    fetch_request message;
    for (std::int64_t t = 0; t < topics; ++t) {
        auto& topic = message.topics.emplace_back();
        topic.topic = slice::copy_of("orders");
        for (std::int32_t i = 0; i < partitions / topics; ++i)
            topic.partitions.emplace_back().partition = i;
    }
    return message;
}

fetch_response fetched_of(std::int64_t partitions) {
    fetch_response message;
    message.responses.emplace_back().topic = "orders";
    for (std::int32_t i = 0; i < partitions; ++i) {
        auto& partition = message.responses[0].partitions.emplace_back();
        partition.partition_index = i;
        partition.records = records();
    }
    return message;
}

metadata_response metadata_of(std::int64_t partitions) {
    metadata_response message;
    message.brokers.push_back({1, "broker.example", 9092, std::nullopt, {}});
    message.topics.emplace_back().name = "orders";
    for (std::int32_t i = 0; i < partitions; ++i) {
        auto& partition = message.topics[0].partitions.emplace_back();
        partition.partition_index = i;
        partition.leader_id = 1;
        partition.replica_nodes = {1, 2, 3};
        partition.isr_nodes = {1, 2, 3};
    }
    return message;
}

constexpr std::int16_t produce_version = 9;
constexpr std::int16_t fetch_version = 12;
constexpr std::int16_t metadata_version = 12;

template <class Message>
void decode(benchmark::State& state, const Message& message, std::int16_t version) {
    wire_writer out;
    message.encode(out, version);
    const auto bytes = out.finish_contiguous();
    for (auto _ : state) {
        wire_reader in(bytes);
        benchmark::DoNotOptimize(Message::decode(in, version));
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}

template <class Message>
void encode(benchmark::State& state, const Message& message, std::int16_t version) {
    for (auto _ : state) {
        wire_writer out;
        message.encode(out, version);
        benchmark::DoNotOptimize(out.finish());
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}

void decode_produce_request(benchmark::State& state) {
    decode(state, produce_of(state.range(0), state.range(1)), produce_version);
}
void decode_fetch_request(benchmark::State& state) {
    decode(state, fetch_of(state.range(0), state.range(1)), fetch_version);
}
void encode_fetch_response(benchmark::State& state) {
    encode(state, fetched_of(state.range(0)), fetch_version);
}
void decode_metadata_response(benchmark::State& state) {
    decode(state, metadata_of(state.range(0)), metadata_version);
}
void encode_metadata_response(benchmark::State& state) {
    encode(state, metadata_of(state.range(0)), metadata_version);
}

BENCHMARK(decode_produce_request)->Args({1, 1})->Args({100, 1})->Args({100, 100})->Args({10'000, 1});
BENCHMARK(decode_fetch_request)->Args({1, 1})->Args({100, 1})->Args({100, 100})->Args({10'000, 1});
BENCHMARK(encode_fetch_response)->Arg(1)->Arg(100)->Arg(10'000);
BENCHMARK(decode_metadata_response)->Arg(1)->Arg(100)->Arg(10'000);
BENCHMARK(encode_metadata_response)->Arg(1)->Arg(100)->Arg(10'000);

} // namespace
} // namespace barnabas::kafka

BENCHMARK_MAIN();
