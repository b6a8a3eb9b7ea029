#pragma once

#include "actors/client/producer/accumulator.hpp"
#include "actors/client/producer/producer_record.hpp"
#include "runtime/node/monitor.hpp"

namespace barnabas::client {

/// What a producer's actor shares with the threads that send: a message for each record would cost more than
/// the record.
struct producer_intake {
    producer_intake(const producer_settings& settings, const runtime::random& draws)
        : records(settings, draws) {}

    /// Of everything below.
    runtime::monitor lock;
    record_accumulator records;
    /// A wake_producer is on its way.
    bool woken = false;
    producer_metrics metrics;
};

} // namespace barnabas::client
