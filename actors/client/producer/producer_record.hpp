#pragma once

#include "protocol/model/error.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// What programs hand to a producer, and what they hear of it.
namespace barnabas::client {

struct record_header {
    std::string_view key;
    /// None is Kafka's null.
    std::optional<std::string_view> value;
};

/// The bytes are copied once, into a batch, before `send` returns.
struct producer_record {
    std::string_view topic;
    std::optional<std::string_view> key;
    std::optional<std::string_view> value;
    std::span<const record_header> headers = {};
    /// By the key's hash, or any, if not given.
    std::optional<std::int32_t> partition = {};
    /// Milliseconds since 1970, not below 0; the time of `send` if not given.
    std::optional<std::int64_t> timestamp_ms = {};
};

enum class delivery_fate {
    written, ///< in the log, as acks promises
    sent,    ///< with acks=0: handed to the connection, and nobody will say more
    failed,  ///< certainly not in the log
    unknown, ///< perhaps in the log: it was sent, and no answer came
};

/// What became of a record. Every record gets one.
struct delivery_report {
    std::string topic;
    /// -1 when none was chosen.
    std::int32_t partition = -1;
    /// -1 when it is not known: after a failure, with acks=0, and when the broker only said that it had the
    /// record already.
    std::int64_t offset = -1;
    /// The log's, where the topic has LogAppendTime; else the record's own.
    std::int64_t timestamp_ms = -1;
    delivery_fate fate = delivery_fate::failed;
    /// `ok` unless failed or unknown. The sentence says how far it got.
    error why{errc::ok, {}};
    /// Nothing is wrong with this record, and it may be sent again: it failed with its batch, of which the
    /// broker refused another one (KIP-467). False where the broker did not say which.
    bool blameless = false;

    bool ok() const { return fate == delivery_fate::written || fate == delivery_fate::sent; }
};

/// Called in the order of `send` within a partition, once for each record.
using delivery_callback = std::function<void(const delivery_report&)>;

/// Counts since the producer began.
struct producer_metrics {
    std::uint64_t records_sent = 0;  ///< with an answer that says that they are written, or sent with acks=0
    std::uint64_t record_errors = 0; ///< of those that were taken: all others that have their report
    std::uint64_t record_retries = 0;
    std::uint64_t batches = 0;
    std::uint64_t requests = 0;
    std::uint64_t record_bytes = 0; ///< of the batches, before compression
    std::uint64_t batch_bytes = 0;  ///< as they were sent
    std::uint64_t epochs = 0;       ///< how often a new epoch had to be taken
    /// From the first record of a batch to its first request.
    std::int64_t queue_time_ns = 0;
    std::int64_t queue_time_ns_max = 0;
    /// Of buffer.memory, now.
    std::uint64_t buffered_bytes = 0;
};

} // namespace barnabas::client
