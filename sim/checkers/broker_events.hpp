#pragma once

#include "actors/partition/partition_tap.hpp"
#include "protocol/kafka/api_key.hpp"
#include "sim/checkers/place.hpp"
#include "sim/world/virtual_time.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// What the taps inside a broker tell: the same history sees it as what clients say. `life` counts the
/// broker's incarnations from 1.
namespace barnabas::sim {

struct log_opened {
    place where;
    std::uint64_t life = 0;
    log_marks now;
    /// Nothing lay behind the newest snapshot.
    bool clean = false;
    bool created = false;
    /// The topic's `write.caching`: written is as good as stable, so a power cut may take what was shown.
    bool write_caching = false;
    /// Recovery found less than what a sync had covered, and went on.
    bool stable_records_lost = false;
    /// The broker's wall clock, which recovery leaves in the files that it changes.
    timestamp_ms wall = no_timestamp;
    std::string data_directory{};
};

/// One batch as its header stands in the log.
struct logged_batch {
    log_offset base_offset;
    log_offset last_offset;
    barnabas::leader_epoch leader_epoch{-1};
    std::uint32_t crc = 0;
    barnabas::producer_id producer_id{-1};
    barnabas::producer_epoch producer_epoch{-1};
    std::int32_t base_sequence = -1;

    friend bool operator==(const logged_batch&, const logged_batch&) = default;
};

struct log_appended {
    place where;
    std::uint64_t life = 0;
    logged_batch batch;
    std::uint64_t bytes = 0;
    timestamp_ms max_timestamp = no_timestamp;
    /// The broker's wall clock.
    timestamp_ms now{0};
};

/// Retention looks at a log by this wall clock.
struct retention_begun {
    place where;
    timestamp_ms now;
    virtual_time at;
};

/// What the topic's configuration says of retention.
struct retention_policy {
    bool deletes = false;
    std::int64_t ms = -1;    ///< negative: for ever
    std::int64_t bytes = -1; ///< negative: no limit
    std::int64_t segment_bytes = 0;
    /// After a crash files show when they were changed last: they are no copies, the clock does not jump, and
    /// the configuration stays.
    bool files_tell_times = false;
};

struct log_sync_begun {
    place where;
    log_offset upto;
};

/// The marks after something was written, synced, shown, taken back or deleted.
struct log_moved {
    place where;
    log_marks now;
};

struct append_answered {
    place where;
    std::int16_t acks = -1;
    bool ok = false;
    /// -1 for a repeated batch whose place is forgotten.
    log_offset base_offset{-1};
    log_offset next_offset{-1};
    log_marks now;
};

struct read_answered {
    place where;
    /// The first offset asked for; -1: the answer is empty whatever the log holds.
    log_offset from{-1};
    std::vector<logged_batch> batches;
    /// Bytes were served that are no whole batches.
    bool torn = false;
    log_marks now;
};

struct end_told {
    place where;
    log_offset end;
};

/// DeleteRecords up to this offset was taken on: from now on records below may be gone, also after a crash.
struct deletion_begun {
    place where;
    log_offset upto;
};

/// It was acknowledged: no record below comes back.
struct deletion_answered {
    place where;
    log_offset upto;
};

/// What a failed append may have left in the files is gone.
struct log_repaired {
    place where;
};

struct cleaning_begun {
    place where;
    std::uint64_t life = 0;
    cleaning_pass pass;
    virtual_time at{};
};

struct cleaning_ended {
    place where;
    std::uint64_t life = 0;
    bool ok = false;
    /// Everything below is clean; -1: nothing is known.
    log_offset cleaned_upto{-1};
};

struct log_closed {
    place where;
    std::uint64_t life = 0;
    bool ok = false;
    std::size_t waiting_appends = 0;
    std::size_t waiting_reads = 0;
};

/// A connection of one of the broker's lives.
struct connection_id {
    std::uint64_t life = 0;
    std::uint64_t number = 0;

    friend auto operator<=>(const connection_id&, const connection_id&) = default;
};

/// A moment on the broker's host, as `host::worked_ns` counts: by the broker's own clock, and without the
/// time during which its process stood still or did not get on, which is nobody's fault.
struct host_time {
    std::int64_t worked_ns = 0;
};

struct request_begun {
    connection_id on;
    std::uint64_t number = 0;
    kafka::api_key key = kafka::api_key::api_versions;
    std::size_t unsent_bytes = 0;
    host_time when;
};

struct request_may_wait {
    connection_id on;
    std::uint64_t number = 0;
    std::int64_t at_most_ns = 0;
};

struct request_answered {
    connection_id on;
    std::uint64_t number = 0;
    std::size_t answer_bytes = 0;
    std::size_t unsent_bytes = 0;
    host_time when;
};

/// What a look at a running broker shows.
struct node_reading {
    struct reserve {
        std::string name;
        std::size_t in_use = 0;
        std::size_t capacity = 0;
        /// Most by which the one holder that may overdraw exceeds the capacity.
        std::size_t overdraft = 0;
    };

    std::uint64_t life = 0;
    host_time when;
    std::vector<reserve> reserves;
    /// The longest mailbox since the node began, and whose it was.
    std::size_t longest_mailbox = 0;
    std::string longest_mailbox_of;
    std::size_t open_files = 0;
};

} // namespace barnabas::sim
