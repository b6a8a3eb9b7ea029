#include "sim/workloads/broker_config.hpp"

#include "protocol/model/assert.hpp"
#include "sim/cluster/simulated_broker.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace barnabas::sim {

namespace {

/// A key with a number, log-uniform between two bounds.
struct number_key {
    const char* name;
    std::uint64_t percent;
    std::uint64_t low;
    std::uint64_t high;
};
/// The lowest values still let every request of the checked clients through (batches up to about 30 kB), and
/// let a producer be remembered for longer than a batch is retried.
constexpr number_key number_keys[] = {
    {"socket.request.max.bytes", 40, 200'000, 104'857'600},
    {"connections.max.idle.ms", 40, 500, 600'000},
    {"request.timeout.ms", 20, 2'000, 30'000},
    {"fetch.max.bytes", 30, 1'024, 57'671'680},
    {"message.max.bytes", 20, 60'000, 1'048'588},
    {"producer.id.expiration.ms", 20, 60'000, 86'400'000},
    {"log.index.interval.bytes", 30, 1, 8'192},
    {"log.index.size.max.bytes", 30, 16, 10'485'760},
    {"log.roll.ms", 20, 1'000, 60'000},
    {"log.roll.jitter.ms", 30, 1, 60'000},
    {"log.segment.delete.delay.ms", 30, 1, 60'000},
    {"log.retention.check.interval.ms", 30, 50, 300'000},
    {"barnabas.internal.segment.bytes", 30, 32'000, 400'000},
    {"barnabas.recovery.point.interval.bytes", 40, 1'000, 16'777'216},
    {"num.recovery.threads.per.data.dir", 40, 1, 8},
    {"queued.max.request.bytes", 20, 1'048'576, 67'108'864},
    {"barnabas.memory.fetch.bytes", 30, 1'048'576, 67'108'864},
    {"barnabas.commit.journal.syncs", 50, 1, 8},
    {"barnabas.commit.journal.bytes", 95, 4'096, 262'144},
    {"log.cleaner.backoff.ms", 70, 20, 5'000},
    {"log.cleaner.dedupe.buffer.size", 40, 2'000, 134'217'728},
    {"log.cleaner.io.buffer.size", 30, 4'096, 524'288},
    {"barnabas.memory.tail.bytes", 40, 1'000, 67'108'864},
    {"log.dir.reserve.bytes", 30, 4'096, 1'000'000},
    {"log.flush.offset.checkpoint.interval.ms", 50, 100, 60'000},
};

/// A key with one of a few texts.
struct choice_key {
    const char* name;
    std::uint64_t percent;
    std::array<const char*, 6> values;
    std::size_t count;
};
constexpr choice_key choice_keys[] = {
    {"max.incremental.fetch.session.cache.slots", 50, {"0", "1", "2", "3"}, 4},
    {"compression.type", 30, {"uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"}, 6},
    {"barnabas.record.validation", 30, {"header", "full"}, 2},
    {"log.dirs", 35, {"/data,/data1", "/data,/data1,/data2"}, 2},
};

} // namespace

std::vector<std::pair<std::string, std::string>> drawn_broker_config(runtime::random draws) {
    std::vector<std::pair<std::string, std::string>> made = {
        {"num.partitions", "1"},
        {"log.retention.ms", "-1"},
        {"log.message.timestamp.after.max.ms", "9223372036854775807"},
    };
    for (const auto& key : number_keys) {
        auto own = draws.split(key.name);
        if (own.chance(key.percent, 100))
            made.emplace_back(key.name, std::to_string(own.log_between(key.low, key.high)));
    }
    for (const auto& key : choice_keys) {
        auto own = draws.split(key.name);
        if (own.chance(key.percent, 100))
            made.emplace_back(key.name, key.values[own.below(key.count)]);
    }
    return made;
}

broker_config broker_config_of(const std::string& host,
                               const std::vector<std::pair<std::string, std::string>>& keys) {
    auto config = simulated_config(host);
    for (const auto& [key, value] : keys) {
        const auto done = config.set(key, value);
        BARNABAS_ASSERT(done.has_value());
    }
    return config;
}

} // namespace barnabas::sim
