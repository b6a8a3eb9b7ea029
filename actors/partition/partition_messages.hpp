#pragma once

#include "protocol/batch/record_batch.hpp"
#include "protocol/batch/refused_records.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"
#include "protocol/model/slice.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <string>
#include <vector>

/// Messages of the partition role. Tokens are the asker's: an answer carries the token of its question.
namespace barnabas {

/// Appends batches that the connection has validated. Answered by `append_response` when the promise of
/// `acks` holds: 1 = written, -1 = on stable storage (or written, under `write.caching`), 0 = never answered.
struct append_request {
    std::uint64_t token = 0;
    std::int16_t acks = -1;
    std::vector<batch::batch_view> batches;
    timestamp_ms earliest = no_timestamp; ///< of a record; not known: no_timestamp (replica::append_context)
    /// Under another one nothing is appended; -1: whoever leads may append.
    leader_epoch current_leader_epoch{-1};
};

struct append_response {
    std::uint64_t token = 0;
    errc code = errc::ok;
    std::string detail;
    log_offset base_offset{-1};
    timestamp_ms log_append_time{-1};
    log_offset log_start_offset{-1};
    std::vector<batch::refused_record> refused; ///< those to blame, when single records are

    static append_response dropped(std::uint64_t token) {
        append_response answer;
        answer.token = token;
        answer.code = errc::dropped;
        answer.detail = "the partition ended before it answered";
        return answer;
    }
};

/// Reads whole batches in [fetch_offset, high watermark), or up to the last stable offset. When none are
/// there and `notify` is set, the answer is empty and one `partition_readable` with the same token follows as
/// soon as there are some. The same follows an answer that says `waits_at`: a reader at the end of the log
/// need not ask once more to learn that it is.
struct read_request {
    std::uint64_t token = 0;
    log_offset fetch_offset;
    std::uint32_t max_bytes = 0;
    bool at_least_one_batch = false;
    bool notify = false;
    /// May wait for memory. Only a reader that holds none itself waits; others are answered with nothing, or
    /// readers would hold what each other waits for.
    bool may_wait = false;
    /// -1 when the client does not know it.
    leader_epoch current_leader_epoch{-1};
    /// Only below the last stable offset (isolation level read_committed); the answer then names the aborted
    /// transactions within.
    bool committed_only = false;
};

/// The records of this producer from there on, up to its next marker, were aborted.
struct aborted_records {
    barnabas::producer_id producer = no_producer_id;
    log_offset first_offset;

    friend bool operator==(const aborted_records&, const aborted_records&) = default;
};

struct read_response {
    std::uint64_t token = 0;
    errc code = errc::ok;
    std::string detail;
    slice records;
    /// Of what was taken, be it stored for good or not yet.
    log_offset log_end_offset{-1};
    log_offset high_watermark{-1};
    log_offset last_stable_offset{-1};
    log_offset log_start_offset{-1};
    /// Within `records`; only for a reader of committed records.
    std::vector<aborted_records> aborted;
    /// The records reach the end of what this reader may see, and it now waits for more at this offset, as
    /// after an empty answer; -1 otherwise.
    log_offset waits_at{-1};

    static read_response dropped(std::uint64_t token) {
        read_response answer;
        answer.token = token;
        answer.code = errc::dropped;
        return answer;
    }
};

/// There are batches above the offset of the read that had this token.
struct partition_readable {
    std::uint64_t token = 0;
};

/// The asker of `read_request` with this token no longer wants to be notified.
struct forget_reader {
    std::uint64_t token = 0;
};

/// ListOffsets: -1 latest, -2 earliest, -3 record with the largest timestamp, -4 the start of what lies on
/// local disks (all does), -5 the end of what was moved elsewhere, -6 the start of what waits for that (there
/// is no such place), else the first record whose timestamp is not smaller.
struct offset_query {
    std::uint64_t token = 0;
    timestamp_ms timestamp;
    leader_epoch current_leader_epoch{-1};
    /// Nothing behind the last stable offset counts (isolation level read_committed).
    bool committed_only = false;
};

struct offset_query_response {
    std::uint64_t token = 0;
    errc code = errc::ok;
    log_offset offset{-1};
    timestamp_ms timestamp{-1};
    leader_epoch epoch{-1};
    /// Of the log, when it was searched by time.
    log_offset log_start_offset{-1};
    log_offset high_watermark{-1};

    static offset_query_response dropped(std::uint64_t token) {
        offset_query_response answer;
        answer.token = token;
        answer.code = errc::dropped;
        return answer;
    }
};

/// DeleteRecords: from now on the log begins at `offset`, or at the high watermark when that is -1. Answered
/// when that is on stable storage.
struct delete_records_request {
    std::uint64_t token = 0;
    log_offset offset;
};

struct delete_records_response {
    std::uint64_t token = 0;
    errc code = errc::ok;
    std::string detail;
    /// Where the log begins.
    log_offset low_watermark{-1};

    static delete_records_response dropped(std::uint64_t token) {
        return {token, errc::dropped, "the partition ended before it answered", log_offset{-1}};
    }
};

/// OffsetForLeaderEpoch: the largest epoch up to `epoch` in the log, and where it ends.
struct epoch_query {
    std::uint64_t token = 0;
    leader_epoch epoch;
    leader_epoch current_leader_epoch{-1};
};

struct epoch_query_response {
    std::uint64_t token = 0;
    errc code = errc::ok;
    /// Both -1: nothing is known of such an epoch.
    leader_epoch epoch{-1};
    log_offset end_offset{-1};

    static epoch_query_response dropped(std::uint64_t token) {
        return {token, errc::dropped, leader_epoch{-1}, log_offset{-1}};
    }
};

/// DescribeProducers: whom the partition remembers.
struct producers_query {
    std::uint64_t token = 0;
};

struct known_producer {
    barnabas::producer_id id = no_producer_id;
    barnabas::producer_epoch epoch{-1};
    std::int32_t last_sequence = -1;
    timestamp_ms last_timestamp{-1};
    std::int32_t coordinator_epoch = -1;
    /// Of its open transaction; -1: it has none.
    log_offset transaction_start{-1};
};

struct producers_response {
    std::uint64_t token = 0;
    errc code = errc::ok;
    std::vector<known_producer> producers;

    static producers_response dropped(std::uint64_t token) { return {token, errc::dropped, {}}; }
};

/// To the broker, once, after the log was opened and recovered (or could not be).
struct partition_opened {
    topic_partition partition;
    errc code = errc::ok;
    std::string detail;
    std::uint64_t bytes_cut = 0;
    bool may_be_found = false; ///< by a later start, though its making failed
};

/// From the broker's one timer: drop what retention no longer keeps.
struct check_retention {};

/// From the broker: the data directory of this partition failed. The partition answers storage_error from
/// now on, and is still to be closed by `close_partition`.
struct directory_lost {
    std::string detail;
};

/// Flushes and closes the log; answered to the broker by `partition_closed`, then the actor ends.
struct close_partition {
    /// Removes the files as well.
    bool remove_files = false;
};

struct partition_closed {
    topic_partition partition;
    errc code = errc::ok;
    std::string detail;
    slice state{}; ///< what a start needs to know of the log; empty when it must look
};

} // namespace barnabas

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::append_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::append_response)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::read_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::read_response)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::partition_readable)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::forget_reader)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::offset_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::offset_query_response)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::delete_records_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::delete_records_response)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::epoch_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::epoch_query_response)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::producers_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::producers_response)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::partition_opened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::check_retention)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::directory_lost)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::close_partition)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::partition_closed)
