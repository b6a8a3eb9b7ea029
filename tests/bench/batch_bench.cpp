// Checksum and validation speed of record batches. Run `batch_bench`; compare bytes_per_second.

#include "protocol/batch/builder.hpp"
#include "protocol/batch/crc32c.hpp"
#include "protocol/batch/validate.hpp"

#include <benchmark/benchmark.h>

#include <string>

namespace barnabas::batch {
namespace {

void checksum(benchmark::State& state) {
    const std::vector<std::byte> bytes(static_cast<std::size_t>(state.range(0)), std::byte{0x5a});
    for (auto _ : state)
        benchmark::DoNotOptimize(crc32c(bytes));
    state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(checksum)->Arg(64)->Arg(256)->Arg(1024)->Arg(16 * 1024)->Arg(1024 * 1024);

void checksum_portable(benchmark::State& state) {
    const std::vector<std::byte> bytes(static_cast<std::size_t>(state.range(0)), std::byte{0x5a});
    for (auto _ : state)
        benchmark::DoNotOptimize(crc32c_extend_portable(0, bytes));
    state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(checksum_portable)->Arg(16 * 1024);

/// About 64 KiB of records, as a busy producer sends them.
slice sample_batch(codec which, std::size_t value_bytes) {
    builder_options options;
    options.compression = which;
    batch_builder builder(options);
    std::uint32_t state = 1;
    for (std::int64_t index = 0; builder.uncompressed_size() < 64 * 1024; ++index) {
        std::string value;
        for (std::size_t i = 0; i < value_bytes; ++i) {
            state = state * 1664525 + 1013904223;
            value += static_cast<char>('a' + (state >> 28));
        }
        builder.append_text(timestamp_ms(1'700'000'000'000 + index), "key-" + std::to_string(index), value);
    }
    return builder.build();
}

void validate(benchmark::State& state, codec which) {
    const auto batches = split_batches(sample_batch(which, static_cast<std::size_t>(state.range(0))));
    const auto& batch = batches->front();
    std::uint64_t unpacked = 0;
    for (auto _ : state) {
        const auto facts = validate_batch(batch, {});
        unpacked = facts->uncompressed_bytes;
        benchmark::DoNotOptimize(unpacked);
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(unpacked));
    state.SetItemsProcessed(state.iterations() * batch.header.record_count);
}
BENCHMARK_CAPTURE(validate, none, codec::none)->Arg(10)->Arg(100)->Arg(1000);
BENCHMARK_CAPTURE(validate, gzip, codec::gzip)->Arg(100);
BENCHMARK_CAPTURE(validate, snappy, codec::snappy)->Arg(100);
BENCHMARK_CAPTURE(validate, lz4, codec::lz4)->Arg(100);
BENCHMARK_CAPTURE(validate, zstd, codec::zstd)->Arg(100);

void build(benchmark::State& state) {
    batch_builder builder;
    for (auto _ : state) {
        builder.clear({});
        for (int i = 0; i < 500; ++i)
            builder.append_text(timestamp_ms(i), "some key", "a value of some hundred bytes would be longer");
        benchmark::DoNotOptimize(builder.build());
    }
    state.SetItemsProcessed(state.iterations() * 500);
}
BENCHMARK(build);

} // namespace
} // namespace barnabas::batch

BENCHMARK_MAIN();
