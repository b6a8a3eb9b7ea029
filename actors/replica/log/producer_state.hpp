#pragma once

#include "actors/replica/log/segment_facts.hpp"
#include "protocol/batch/record_batch.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace barnabas::replica {

/// How many batches per producer are remembered; clients keep at most as many requests in flight.
inline constexpr std::size_t producer_batches_max = 5;

struct producer_batch {
    std::int32_t first_sequence = -1;
    std::int32_t last_sequence = -1;
    log_offset base_offset{-1};
    log_offset last_offset{-1};
    timestamp_ms timestamp = no_timestamp;

    friend bool operator==(const producer_batch&, const producer_batch&) = default;
};

struct producer_entry {
    barnabas::producer_epoch epoch{-1};
    std::int32_t coordinator_epoch = -1;
    /// First offset of the open transaction, -1 without one.
    log_offset transaction_first_offset{-1};
    /// Of the last batch or marker.
    timestamp_ms last_timestamp = no_timestamp;
    /// Where that ends; -1 when it was there before the log was opened.
    log_offset last_offset{-1};
    /// When this log last took a batch or marker of the producer, or was opened. Not in the snapshot file: a
    /// monotonic clock says nothing over restarts.
    monotonic_ns last_seen{0};
    /// Oldest first; `batch_count` of them count.
    std::array<producer_batch, producer_batches_max> batches;
    std::uint8_t batch_count = 0;
    /// How many records, the newest included, were appended with no sequence missing between them; counted up
    /// to half a round of sequences. Not in the snapshot file, where the row begins with the oldest batch.
    std::int64_t unbroken_records = 0;

    /// Puts a batch behind those that are remembered.
    void remember(const producer_batch& next);
    /// All these sequences belong to the unbroken row, so they are in the log.
    bool has_taken(std::int32_t first, std::int32_t last) const;
    const producer_batch* last_batch() const {
        return batch_count == 0 ? nullptr : &batches[batch_count - 1];
    }
    friend bool operator==(const producer_entry&, const producer_entry&) = default;
};

/// A transaction that its marker has ended.
struct ended_transaction {
    producer_id producer = no_producer_id;
    log_offset first_offset;
    log_offset marker;

    friend bool operator==(const ended_transaction&, const ended_transaction&) = default;
};

/// One entry of the snapshot file as it stands there.
struct snapshot_row {
    producer_id id{-1};
    producer_epoch epoch{-1};
    std::int32_t last_sequence = -1;
    log_offset last_offset{-1};
    std::int32_t offset_delta = 0;
    timestamp_ms timestamp = no_timestamp;
    std::int32_t coordinator_epoch = -1;
    log_offset transaction_first_offset{-1};
};

/// All entries in the order of the file. malformed: version, CRC or size are wrong.
result<std::vector<snapshot_row>> decode_snapshot_rows(std::span<const std::byte> bytes,
                                                       bool crc_matters = true);

/// Idempotence of one partition (KIP-98, KIP-360): who wrote which sequences last.
///
/// Guarantee: a producer is forgotten only after the monotonic clock of this process has run on by the whole
/// expiration time since its last batch or marker, or since the log was opened, whichever came later. A wall
/// clock that jumps, and the timestamps that clients give their records, change nothing about it. A batch
/// that is sent again within that time is therefore recognised. (Kafka goes by record timestamps and the wall
/// clock.)
class producer_state {
public:
    /// What `check` says about a batch that may be appended: nothing, or the old batch that it repeats. A
    /// base offset of -1: it was appended for certain, but too long ago to know where; then `last_offset` is
    /// that of the producer's newest batch.
    using duplicate_of = std::optional<producer_batch>;

    /// A client's batch with a producer id. Codes: invalid_producer_epoch for an older epoch,
    /// out_of_order_sequence for a gap, an old sequence of which nobody knows whether it was appended, or a
    /// new epoch that does not begin with 0. A producer without state may begin with any sequence, for its
    /// state may have been lost with deleted records.
    result<duplicate_of> check(const batch::batch_header& header) const;

    /// Applies an appended or recovered batch; the header has its final offsets. `coordinator_epoch` is that
    /// of a control batch's marker. Tells which transaction it has ended.
    std::optional<ended_transaction> apply(const batch::batch_header& header, monotonic_ns now,
                                           std::int32_t coordinator_epoch = -1);

    const producer_entry* find(producer_id id) const;
    /// For undoing an append: puts an entry back as it was, or away.
    void restore(producer_id id, const std::optional<producer_entry>& before);
    /// The log was opened: whoever is known from a snapshot or from recovery counts as heard of now.
    void begin_silences(monotonic_ns now);
    /// Forgets producers that were silent for `expiration_ms`, except those with an open transaction.
    void expire(monotonic_ns now, std::int64_t expiration_ms);
    /// First offset of the oldest open transaction.
    std::optional<log_offset> first_open_transaction() const;
    /// The same, where one whose marker lies at or above the high watermark counts as open: the marker may
    /// yet be lost.
    std::optional<log_offset> first_undecided(log_offset high_watermark) const;
    /// Markers below the high watermark stay.
    void forget_ended_below(log_offset high_watermark);
    /// Markers from there on were not stored after all.
    void forget_ended_from(log_offset end);
    const std::map<producer_id, producer_entry>& entries() const { return entries_; }

    /// Kafka's snapshot file: int16 version 1, uint32 CRC32C of the rest, int32 count, 46 bytes per entry. A
    /// producer has one entry per batch that is remembered, oldest first, so that a repetition is recognised
    /// after a restart as well; who expects one entry per producer, as Kafka does, keeps the last, which is
    /// the newest.
    /// Barnabas adds 16 bytes, the sync mark: all from `sound_from` up to the snapshot was written and synced
    /// by it; and behind it, if there are any, facts of segments.
    std::vector<std::byte> encode_snapshot(log_offset sound_from = log_offset(0),
                                           std::span<const segment_facts> facts = {}) const;
    static result<producer_state> decode_snapshot(std::span<const std::byte> bytes, bool crc_matters = true);

private:
    void note_open(producer_id id, log_offset before, log_offset after);

    std::map<producer_id, producer_entry> entries_;
    /// Open transactions by where they begin.
    std::set<std::pair<log_offset, producer_id>> open_;
    /// In the order of their markers.
    std::vector<ended_transaction> ended_;
};

/// `sound_from` of a valid snapshot's sync mark; nothing for Kafka's, which prove less.
std::optional<log_offset> sync_mark_of(std::span<const std::byte> snapshot) noexcept;
/// What a valid snapshot with a sync mark says of segments.
std::vector<segment_facts> facts_told_by(std::span<const std::byte> snapshot);

} // namespace barnabas::replica
