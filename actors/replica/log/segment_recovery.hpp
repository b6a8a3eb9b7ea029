#pragma once

#include "actors/replica/jobs.hpp"
#include "actors/replica/log/index_builder.hpp"
#include "actors/replica/log/segment_facts.hpp"
#include "actors/replica/log/segment_scan.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>

namespace barnabas::replica {

/// What the segments of a recovery have in common.
struct segment_recovery_options {
    const log_options* log = nullptr;
    /// Everything below is on stable storage, the indexes included.
    log_offset proven_upto;
    bool gaps_allowed = false;
    /// As in scan_options.
    bool old_messages_given_up = false;
    runtime::work_share* progress = nullptr;
    /// The sync mark of a log that nobody compacted.
    std::optional<log_offset> vouched_from;
};

struct recovered_segment {
    segment_state state;
    segment_files files; ///< open
    /// Behind the last batch. Of a segment that was only looked at the base of the next one, unless something
    /// is certainly missing between them.
    log_offset next_offset;
    std::uint64_t bytes_scanned = 0;
    std::uint64_t bytes_cut = 0;
    std::optional<std::string> bad;
    bool index_rebuilt = false;
    /// There is no byte in it, and its index has entries.
    bool emptied = false;
};

/// Brings one segment to a state that can be believed.
class segment_recovery {
public:
    using visitor = segment_scan::visitor;

    segment_recovery(runtime::file_system& files, const segment_recovery_options& options)
        : files_(files), options_(options) {}

    /// A segment wholly below the recovery point: looks at sizes, the last time entry and the batches behind
    /// the last offset entry. Missing, senseless or shortened indexes are made anew; damage found by that is
    /// told in `bad`, and nothing is cut. No file stays open. When the segment ends just at the recovery
    /// point, this may have been written before the segment was closed, so it does not vouch for the closing
    /// time entry, which is made good here. `told`: by the newest snapshot, or null.
    result<recovered_segment> inspect(log_offset base, log_offset next_base, const segment_facts* told);

    /// A segment that may hold bytes behind the recovery point: finds the end of the sound batches, and
    /// makes the index entries behind the recovery point anew. Opens the files; the log is cut only by `cut`.
    result<recovered_segment> scan(log_offset base, const segment_facts* told, const visitor& visit);

    /// Cuts what `scan` did not find sound.
    result<void> cut(const recovered_segment& segment);

private:
    struct trusted_indexes {
        std::uint64_t offset_entries = 0;
        std::uint64_t time_entries = 0;
        file_position start;
        time_point newest;
    };

    result<bool> indexes_make_sense(recovered_segment& segment);
    result<std::optional<file_position>> place_of(const segment_files& files, const readable_range& log,
                                                  const time_point& entry);
    result<bool> are_right(const segment_files& files, const readable_range& log,
                           std::span<const time_point> times, file_position upto);
    result<void> look_for_gap(recovered_segment& segment, log_offset next_base);
    result<void> look_for_lost_times(recovered_segment& segment, timestamp_ms newest);
    result<bool> is_emptied(const segment_files& files);
    result<bool> has_indexed_batch(runtime::file_id log, std::uint64_t size);
    result<void> complete_time_index(recovered_segment& segment);
    result<void> write_closing_entry(runtime::file_id index, file_position from,
                                     const std::vector<std::byte>& entry);
    result<void> rebuild_indexes(recovered_segment& segment);
    result<scan_result> index_all(runtime::file_id log, std::uint64_t size, segment_state& state,
                                  index_growth& growth);
    result<void> replace_indexes(recovered_segment& segment, const index_growth& growth);
    static void forget_times(segment_state& state, index_growth& growth);
    result<void> scan_opened(recovered_segment& segment, const segment_facts* told, const visitor& visit);
    void start_from(recovered_segment& segment, const trusted_indexes& trusted, std::uint64_t log_size);
    result<trusted_indexes> trusted_part(const recovered_segment& segment, const segment_facts* told,
                                         std::uint64_t log_size);
    result<void> write_indexes(const recovered_segment& segment, const trusted_indexes& trusted,
                               const index_growth& growth);
    result<void> write_offset_index(const recovered_segment& segment, const trusted_indexes& trusted,
                                    const index_growth& growth);
    result<void> write_time_index(const recovered_segment& segment, const trusted_indexes& trusted,
                                  const index_growth& growth);
    result<void> replace_tail(runtime::file_id file, std::uint64_t keep,
                              const std::vector<std::byte>& entries);
    result<segment_files> open(log_offset base);
    void close(const segment_files& segment);

    runtime::file_system& files_;
    segment_recovery_options options_;
};

} // namespace barnabas::replica
