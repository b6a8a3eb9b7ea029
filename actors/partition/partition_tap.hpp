#pragma once

#include "actors/partition/partition_messages.hpp"
#include "actors/replica/compaction/compactor.hpp"
#include "actors/replica/jobs.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"
#include "protocol/model/slice.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace barnabas {

/// Where a log stands; all ends are exclusive. Always: start <= stable (the recovery point) <= written <=
/// end, and start <= high watermark <= end.
struct log_marks {
    log_offset log_start_offset{0};
    log_offset stable_offset{0};
    log_offset written_offset{0};
    log_offset log_end_offset{0};
    log_offset high_watermark{0};

    friend bool operator==(const log_marks&, const log_marks&) = default;
};

/// What compaction is about to do, and how the log stands.
struct cleaning_pass {
    timestamp_ms now;
    std::int64_t delete_retention_ms = 0;
    /// Batches that begin below may change or go; keys are collected from `dirty_from` on.
    log_offset upto{0};
    log_offset dirty_from{0};
    log_offset high_watermark{0};
    log_offset first_unstable_offset{0};
    log_offset active_segment{0};
    /// Whose last batches must stay.
    std::vector<replica::producer_tail> producers;
};

/// Hears what one partition does, so that checkers of simulated runs can judge what no client sees. None
/// exists in production (a null pointer). It must not change anything; it is called inside the partition's
/// step.
class partition_tap {
public:
    struct append_outcome {
        std::int16_t acks = -1;
        /// The appended records lie in [answer.base_offset, next_offset).
        log_offset next_offset;
        const append_response& answer;
    };

    virtual ~partition_tap() = default;

    virtual void opened(const log_marks& now, const replica::recovery_report& report, bool write_caching) = 0;
    /// Batches have got their offsets: whole batches as they go to the disk.
    virtual void appended(const std::vector<slice>& batches, const log_marks& now) = 0;
    /// What lies below is on stable storage when the sync comes back, and perhaps earlier.
    virtual void sync_begun(log_offset upto) = 0;
    /// Something was written, synced, shown, taken back after a failure or deleted.
    virtual void moved(const log_marks& now) = 0;
    virtual void answered_append(const append_outcome& outcome, const log_marks& now) = 0;
    /// What a failed append may have left in the files is gone from them for good.
    virtual void repaired() = 0;
    /// Whole batches that leave for a reader who asked for the records from `from` on, perhaps none; -1: the
    /// answer has none whatever the log holds.
    virtual void answered_read(log_offset from, const slice& records, const log_marks& now) = 0;
    /// A client that asked for the end of the log was told this.
    virtual void told_end(log_offset end) = 0;
    /// Records below may be gone from now on, also after a restart.
    virtual void deletion_begun(log_offset upto) = 0;
    /// Records below are gone for good: DeleteRecords was answered.
    virtual void answered_deletion(log_offset low_watermark) = 0;
    /// Retention looks at the log by this wall clock, and may delete what `moved` then tells of.
    virtual void retention_begun(timestamp_ms now) = 0;
    virtual void cleaning_begun(const cleaning_pass& pass) = 0;
    /// Everything below is clean now, -1: as far as anybody knows nothing.
    virtual void cleaning_ended(const result<void>& outcome, log_offset cleaned_upto) = 0;
    virtual void closed(const result<void>& outcome, std::size_t waiting_appends,
                        std::size_t waiting_reads) = 0;
};

/// Makes the tap of each partition that is opened on a node.
class partition_taps {
public:
    virtual ~partition_taps() = default;
    /// `directory` is the partition's own.
    virtual std::unique_ptr<partition_tap> open(const std::string& topic, const topic_partition& id,
                                                const std::string& directory) = 0;
};

} // namespace barnabas
