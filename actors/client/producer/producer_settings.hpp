#pragma once

#include "actors/client/cluster/settings.hpp"
#include "protocol/batch/record_batch.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/planted_client_bugs.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

namespace barnabas::client {

/// What the keys of a producer's properties come to.
struct producer_settings {
    /// For the cluster client that carries the requests. It repeats nothing by itself: the producer does,
    /// which knows what may be repeated in which order.
    client_settings cluster;
    /// 0 nobody answers, 1 written by the leader, -1 on all in-sync replicas.
    std::int16_t acks = -1;
    bool idempotent = true;
    /// Requests without an answer, per broker.
    std::size_t in_flight_max = 5;
    std::size_t batch_bytes = 0;
    std::int64_t linger_ns = 0;
    std::size_t request_bytes_max = 0;
    std::size_t buffer_bytes = 0;
    /// How long `send` may wait for room, and a record for its topic to be known.
    std::int64_t max_block_ns = 0;
    /// From `send` to the report.
    std::int64_t delivery_timeout_ns = 0;
    /// A topic without records is forgotten after this long.
    std::int64_t topic_idle_ns = 0;
    /// How often a batch is sent again at most.
    std::int64_t retries = 0;
    batch::codec compression = batch::codec::none;
    std::optional<int> compression_level;
    bool ignore_keys = false;
    /// Each record of a topic goes to the partition behind that of the one before, whatever its key.
    bool round_robin = false;
    /// Partitions with long queues get less of what may go anywhere.
    bool adaptive = true;
    /// Asking for a topic that is missing creates it, if the cluster is set so. No key of Kafka's producers.
    bool creates_topics = true;
    /// Without idempotence, what may be written already is sent again all the same, and may be there twice,
    /// as with Kafka's producers. No key of theirs either.
    bool repeats_open = true;
    planted_client_bugs planted;
};

/// The keys that only producers have; they take those of `client_keys` as well.
std::span<const client_key> producer_keys();

/// Codes: invalid_config; the detail names the key, and for an unknown one the nearest known.
result<producer_settings> read_producer_settings(const std::map<std::string, std::string>& properties);

} // namespace barnabas::client
