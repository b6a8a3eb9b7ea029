#pragma once

#include "actors/broker/boot.hpp"
#include "actors/client/consumer.hpp"
#include "actors/client/producer.hpp"
#include "actors/client/topic_admin.hpp"
#include "protocol/batch/record_batch.hpp"
#include "runtime/random/random.hpp"
#include "sim/node/host.hpp"
#include "sim/scheduler/scheduler_options.hpp"
#include "sim/workloads/fault_plan.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace barnabas::sim {

/// One producer of the load and what it sends.
struct load_options {
    client::producer_options producer;
    std::vector<batch::codec> codecs;
    std::int64_t interval_ns = 0;  ///< mean time between batches
    std::uint64_t records_max = 1; ///< per batch
    std::uint64_t value_bytes_max = 1;
    std::size_t unfinished_max = 1; ///< it sends no more while so many batches have no result
};

/// Everything about one run, all from its seed. Virtual times of the phases:
///
///     0 load and faults -> healing -> progress_due: load ends, everybody must have progressed
///       -> all results are in -> last crash (if there are faults) -> audit -> clean stop
struct produce_consume_options {
    std::uint64_t seed = 0;
    std::int64_t seconds = 60;
    boot_options planted;

    std::vector<client::new_topic> topics;
    std::vector<load_options> producers;
    std::vector<client::consumer_options> readers; ///< each reads every topic
    std::vector<std::pair<std::string, std::string>> broker_config;
    scheduler_options broker_scheduler;
    scheduler_options client_scheduler;
    clock_options broker_clock;
    fault_plan faults;
    virtual_time progress_due;

    static produce_consume_options drawn(std::uint64_t seed, std::int64_t seconds,
                                         const boot_options& planted);
    /// What was drawn, for people.
    std::string text() const;
};

} // namespace barnabas::sim
