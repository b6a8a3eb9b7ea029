#pragma once

#include "actors/client/producer_queue.hpp"
#include "protocol/model/ids.hpp"
#include "sim/checkers/place.hpp"
#include "sim/world/virtual_time.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

/// What clients do and see.
namespace barnabas::sim {

/// A batch that a client handed to its producer. Records are numbered through the whole run, `contents` has a
/// hash of each one's key, value and timestamp.
struct sent_batch {
    /// Counts from 0 through the run.
    std::uint64_t token = 0;
    std::uint32_t producer = 0;
    place where;
    std::uint64_t first_record = 0;
    std::vector<std::uint64_t> contents;
    /// Of each record, when it shares its key with others; empty when every record has a key of its own.
    struct shared_key {
        std::uint64_t key = 0;
        bool tombstone = false;
    };
    std::vector<shared_key> keys;
    /// Of each record, as it goes to the broker.
    std::vector<timestamp_ms> stamps;
    std::int16_t acks = -1;
    bool idempotent = true;
    /// Later batches fence it when it is given up; under a new id it could come behind them.
    bool next_epoch = true;
    virtual_time at;
};

/// What the producer said of it in the end.
struct batch_result {
    std::uint64_t token = 0;
    client::delivery what = client::delivery::unknown;
    /// -1 when not acked, or acked without the broker knowing where.
    log_offset base_offset{-1};
    virtual_time at;
};

/// A record that a consumer was handed. `record` is absent when its key is none of ours.
struct read_record {
    std::uint32_t reader = 0;
    /// By the reader that goes through everything at the end of the run.
    bool audit = false;
    place where;
    log_offset offset;
    std::optional<std::uint64_t> record;
    std::uint64_t content = 0;
    virtual_time at;
};

struct seen_watermark {
    std::uint32_t reader = 0;
    place where;
    /// -1 when the reader was told of the start alone.
    log_offset high_watermark;
    log_offset log_start_offset;
    virtual_time at;
};

/// A reader was told that its position lies outside of the log, which has these offsets.
struct out_of_range {
    std::uint32_t reader = 0;
    place where;
    log_offset position;
    log_offset log_start_offset;
    log_offset high_watermark;
};

/// What only the end of a run can tell.
struct end_facts {
    /// Where the audit found the end of each partition; absent when the audit did not get that far.
    std::map<place, log_offset> audit_ends;
    /// The host lost its power at least once, or its disk dropped what it could not sync: what was only
    /// written may be gone.
    bool written_may_be_lost = false;
    /// What these producers sent before that time reached a broker that did not die: each had one connection
    /// throughout the run.
    std::map<std::uint32_t, virtual_time> heard_until;
    std::uint64_t replies_dropped = 0;
    std::uint64_t leaked_actors = 0;
    /// Connections between any two hosts, and files open on the broker's disk, after everybody has ended.
    std::uint64_t open_connections = 0;
    std::uint64_t open_files = 0;
};

} // namespace barnabas::sim
