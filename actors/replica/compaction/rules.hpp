#pragma once

#include "actors/replica/compaction/key_map.hpp"
#include "actors/replica/compaction/last_batches.hpp"
#include "actors/replica/compaction/newest_offsets.hpp"
#include "actors/replica/compaction/transactions.hpp"
#include "protocol/batch/record_reader.hpp"
#include "protocol/model/planted_bugs.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace barnabas::replica {

struct rule_options {
    timestamp_ms now;
    /// `delete.retention.ms`
    std::int64_t delete_retention_ms = 0;
    planted_bugs planted;
};

/// What was mapped: the records from `from` up to `end`.
struct mapped_range {
    const key_map& keys;
    log_offset from;
    log_offset end;
};

/// What becomes of one batch.
struct batch_verdict {
    enum class what : std::uint8_t {
        drop,
        /// Without records, for its header says what nothing else does.
        keep_empty,
        keep_whole, ///< byte for byte
        /// Some records (or none: then as keep_empty), or a delete horizon is to be written.
        rebuild,
    };
    what action = what::keep_whole;
    /// To be written into the batch.
    std::optional<timestamp_ms> delete_horizon;
};

/// Which records a compacted log keeps (KIP-534, KAFKA-8335 and the rules before them).
///
/// Below the map's end the newest record of each key stays, and records without a key go. A tombstone stays
/// until its batch's delete horizon, which the first cleaning that finds it the newest sets to now +
/// delete.retention.ms. Records of aborted transactions go. A marker stays as long as a batch of its
/// transaction does, and then until a delete horizon of its own. Of each producer the last batch stays, if
/// need be without records. Whatever lies behind the map's end stays.
class clean_rules {
public:
    clean_rules(const rule_options& options, const mapped_range& mapped, transaction_walk& transactions,
                const last_batches& last_of_producers);

    /// Batches in the order of their offsets. `kept` is filled with one entry per record, unless the whole
    /// batch is dropped, emptied or kept without a look at its records.
    result<batch_verdict> judge(const batch::batch_view& batch, std::vector<bool>& kept,
                                batch::codec_workspace& workspace);

private:
    struct tally {
        std::int32_t kept = 0;
        std::int32_t seen = 0;
        bool tombstones = false;
    };

    batch_verdict judge_marker(const batch::batch_header& header);
    batch_verdict without_records(const batch::batch_header& header) const;
    bool is_last_of_producer(const batch::batch_header& header) const;
    bool past_horizon(const batch::batch_header& header) const;
    /// What is asked about a record; its bytes may be gone by then.
    struct question {
        hash_128 key; ///< empty unless the map is asked
        log_offset offset;
        bool has_key = false;
        bool has_value = false;
    };
    bool is_asked_by_key(const batch::record_view& record) const;
    bool is_newest(const question& record) const;
    bool keeps(const question& record, bool tombstones_may_go) const;
    result<void> ask(const batch::batch_view& batch, batch::codec_workspace& workspace);
    result<tally> count(const batch::batch_view& batch, std::vector<bool>& kept,
                        batch::codec_workspace& workspace);

    rule_options options_;
    const key_map& newest_;
    newest_offsets newest_offsets_;
    log_offset map_end_;
    transaction_walk& transactions_;
    const last_batches& last_of_producers_;
    /// Of the batch that is judged.
    std::vector<question> questions_;
};

} // namespace barnabas::replica
