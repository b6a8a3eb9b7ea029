#pragma once

#include "protocol/batch/compression.hpp"
#include "protocol/batch/record_batch.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"
#include "protocol/model/slice.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace barnabas::client {

struct outgoing_record {
    timestamp_ms timestamp;
    std::optional<std::string> key;
    std::optional<std::string> value;
};

/// Records that travel together. `token` names the batch in its outcome; unique per producer.
struct outgoing_batch {
    std::uint64_t token = 0;
    std::string topic;
    /// It shall go to no other topic of that name; zero: to whichever has it.
    barnabas::topic_id topic_id;
    std::int32_t partition = 0;
    std::vector<outgoing_record> records;
    batch::codec compression = batch::codec::none;
};

enum class delivery {
    acked,   ///< in the log, as the producer's acks promise
    failed,  ///< certainly not in the log
    unknown, ///< perhaps in the log; with acks 0: sent
};

struct produce_outcome {
    std::uint64_t token = 0;
    delivery what = delivery::unknown;
    /// Of the first record; -1 unless acked, and for a repetition whose first copy the broker no longer
    /// knows.
    log_offset base_offset{-1};
    /// Why it failed or is unknown.
    std::string detail;
};

/// Id and epoch under which an idempotent producer sends.
struct producer_identity {
    producer_id id = no_producer_id;
    producer_epoch epoch{-1};
};

/// How batches are written down for the wire.
struct batch_encoding {
    /// Idempotent producers only.
    std::optional<producer_identity> identity;
    /// 0 and 1 are message sets, which have no place for a producer id; 2 is a batch.
    std::int8_t magic = batch::current_magic;
    batch::codec_workspace* workspace = nullptr;
};

/// The batches of one partition, in the order in which they must be written.
class producer_queue {
public:
    struct entry {
        outgoing_batch batch;
        monotonic_ns queued_at;
        monotonic_ns deadline;
        /// The batch as it is sent; made at the first attempt.
        slice bytes;
        std::int32_t sequence = -1;
        bool in_flight = false;
        /// Some attempt ended without a word on whether it was written.
        bool ambiguous = false;
    };

    void push(outgoing_batch batch, monotonic_ns now, monotonic_ns deadline) {
        entries_.push_back({std::move(batch), now, deadline, {}, -1, false, false});
    }
    /// The next batch to send, marked in flight, or null: none waits, `in_flight_max` are under way, or an
    /// earlier one must be repeated first.
    entry* take_next(std::size_t in_flight_max, const batch_encoding& encoding);
    entry* find(std::uint64_t token);
    bool is_front(std::uint64_t token) const {
        return !entries_.empty() && entries_.front().batch.token == token;
    }
    void remove(std::uint64_t token);
    /// All sequences begin anew under another id.
    void forget_sequences();
    /// They do so as well in another topic of that name. False while answers of the one before are to come.
    bool follow(const topic_id& id);

    std::deque<entry>& entries() noexcept { return entries_; }
    const std::deque<entry>& entries() const noexcept { return entries_; }
    std::size_t in_flight() const;

private:
    std::deque<entry> entries_;
    std::int32_t next_sequence_ = 0;
    /// Where the sequences are counted.
    topic_id topic_;
};

} // namespace barnabas::client
