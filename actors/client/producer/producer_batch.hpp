#pragma once

#include "actors/client/producer/open_batch.hpp"
#include "actors/client/producer/producer_record.hpp"
#include "actors/client/user_call.hpp"
#include "protocol/batch/refused_records.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace barnabas::client {

/// How a batch ended, for each of its records.
struct batch_fate {
    delivery_fate what = delivery_fate::failed;
    /// Of the first record; -1 when nobody knows.
    std::int64_t base_offset = -1;
    /// The log's time, -1 when the records keep their own.
    std::int64_t append_time_ms = -1;
    error why{errc::ok, {}};
    /// The records to blame, ascending; nothing where the broker named none: then all have `why`.
    std::vector<batch::refused_record> refused = {};
};

/// A batch on its way, with who waits for its records. Made by the accumulator, which gives it to the sender.
struct producer_batch {
    struct waiter {
        std::int32_t index = 0;
        std::int64_t timestamp_ms = -1;
        delivery_callback call;
    };

    producer_batch(std::string topic_name, std::int32_t partition_number, open_batch memory)
        : topic(std::move(topic_name)), partition(partition_number), content(std::move(memory)) {}

    /// Ascends in the order of making, for `flush`.
    std::uint64_t number = 0;
    std::string topic;
    std::int32_t partition = 0;
    open_batch content;
    std::vector<waiter> waiters;
    /// Of the buffer, until its records were told their fate.
    std::size_t charged = 0;
    monotonic_ns made_at;
    monotonic_ns deadline;
    /// Takes no more records.
    bool full = false;

    // Of the sender.
    std::size_t record_bytes = 0;
    std::int32_t sequence = -1;
    slice bytes;
    bool in_flight = false;
    /// Some attempt ended without a word on whether it was written.
    bool ambiguous = false;
    std::int64_t attempts = 0;
    std::optional<error> last;
    std::optional<batch_fate> fate;
};

/// Calls everybody who waits for the batch, in the order of sending. What one of them throws is told, and the
/// next is called.
void tell_waiters(producer_batch& batch, const trouble_call& on_thrown = nullptr);
/// For records that never came into a batch.
void tell_failure(const std::string& topic, std::int32_t partition, const delivery_callback& call,
                  const error& why, const trouble_call& on_thrown = nullptr);

} // namespace barnabas::client
