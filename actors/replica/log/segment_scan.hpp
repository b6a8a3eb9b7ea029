#pragma once

#include "actors/replica/log/segment.hpp"
#include "protocol/batch/record_batch.hpp"
#include "protocol/model/error.hpp"
#include "runtime/disk/disk.hpp"
#include "runtime/disk/work_meter.hpp"

#include <functional>
#include <optional>
#include <string>

namespace barnabas::replica {

struct scan_options {
    file_position from;
    /// No offset below it may come.
    log_offset next_offset;
    /// From here on offsets must follow each other without gaps, unless `gaps_allowed`.
    log_offset unproven_from;
    bool gaps_allowed = false;
    /// All from the segment's begin up to `unproven_from` was synced, and nobody compacted it: a gap in that
    /// which leads behind it, or behind which no sound batch comes, is damage.
    bool vouched = false;
    /// Bytes of batches at or behind `unproven_from` are written again: after a failed sync the system may
    /// show bytes that it will never write, and only a new write makes a later sync cover them.
    bool rewrite_unproven = false;
    /// Messages of magic 0 and 1 that are left are such as cannot be made batches, and the operator gives up
    /// what is damaged, or did so before: they count as bad bytes.
    bool old_messages_given_up = false;
    /// The largest leader epoch below `from`.
    leader_epoch epoch{-1};
    /// Stops behind a batch when it has gone through so many bytes, to be called again with what it found.
    /// 0: goes on to the end.
    std::uint64_t pause_after = 0;
    /// The CRC of a batch that says it is longer is looked at piece by piece before there is memory for it.
    /// 0: there is always.
    std::uint64_t unproven_batch_max = 0;
    /// Counts the bytes from `from` on that were read; may be null.
    runtime::work_share* progress = nullptr;
};

struct scan_result {
    /// Where the sound batches end.
    std::uint64_t sound_size = 0;
    log_offset next_offset;
    /// Why the scan ended before the end of the file.
    std::optional<std::string> bad;
    /// The largest so far.
    leader_epoch epoch{-1};
    /// It may go on from here.
    bool paused = false;
};

/// Reads a segment batch by batch with all checks: whole, CRC, offsets, epochs.
class segment_scan {
public:
    using visitor = std::function<void(const batch::batch_view&)>;

    segment_scan(runtime::file_system& files, runtime::file_id log, const readable_range& range)
        : files_(files), log_(log), range_(range) {}

    /// Calls `visit` for each sound batch. unsupported_for_message_format: there are batches of magic 0 or 1.
    result<scan_result> run(const scan_options& options, const visitor& visit);

private:
    result<std::optional<batch::batch_view>> next_batch();
    result<std::optional<batch::batch_view>> no_batch(const std::string& why);
    std::optional<std::string> complaint_about(const batch::batch_view& batch) const;
    result<bool> is_stray(const batch::batch_header& header);
    result<bool> is_followed(const batch::batch_header& header);
    result<std::optional<batch::batch_view>> bad(std::string why);
    result<bool> is_proven(const batch::batch_header& header);
    /// Bytes [position, position + count) as far as the file has them.
    result<slice> bytes_at(std::uint64_t position, std::size_t count);
    result<slice> read_steadily(std::uint64_t position, std::size_t count);
    result<void> rewrite_window();
    void note_progress();

    runtime::file_system& files_;
    runtime::file_id log_;
    readable_range range_;
    scan_options options_;
    scan_result found_;
    slice window_;
    std::uint64_t window_at_ = 0;
    std::uint64_t read_to_ = 0;
    std::uint64_t rewrite_from_ = 0;
    bool rewrite_begun_ = false;
};

} // namespace barnabas::replica
