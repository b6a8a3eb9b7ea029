#pragma once

#include "actors/replica/compaction/batch_stream.hpp"
#include "actors/replica/compaction/cleaned_segment.hpp"
#include "actors/replica/compaction/plan.hpp"
#include "actors/replica/compaction/rewrite.hpp"
#include "actors/replica/compaction/rules.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace barnabas::replica {

/// One pass over a log: what the machine knew when it began.
struct clean_task {
    log_options log;
    /// Those below the first uncleanable offset, oldest first, none of them open for writing.
    std::vector<segment_state> segments;
    /// Those behind them: markers there, below `markers_upto`, may abort what lies here.
    std::vector<segment_state> later;
    log_offset markers_upto;
    log_offset dirty_from;
    log_offset upto;
    rule_options rules;
    /// One for each producer that the log knows.
    std::vector<producer_tail> producers;
    key_map_options map;
    std::size_t window_bytes = 512 << 10;
};

/// New files that may take the place of old ones.
struct cleaned_group {
    /// As they were when they were read, oldest first.
    std::vector<segment_state> replaced;
    /// Base of the segment behind them.
    log_offset behind;
    segment_state state;
};

struct clean_counts {
    std::uint64_t bytes_read = 0;
    std::uint64_t bytes_written = 0;
    /// Of the segments that were rewritten, before and after; one that loses nothing is left alone.
    std::uint64_t bytes_before = 0;
    std::uint64_t bytes_after = 0;
    std::uint64_t records_mapped = 0;
    std::uint64_t map_bytes = 0;
};

/// Cleans a log step by step, for jobs. A step reads about as many bytes as it is told and returns, so that
/// no thread of the disk is held for long. First the keys of the dirty part go into the map, until its end or
/// until the map is full; then the segments from the beginning up to there are rewritten, group by group.
/// After each group the step ends, and the swap (clean_jobs.hpp) comes before the next one. A segment that is
/// its own group is only looked at until something of it is to change; then it is read from its beginning.
class clean_run {
public:
    explicit clean_run(clean_task task);

    result<void> step(runtime::file_system& files, std::uint64_t bytes);
    /// Closes what is open and removes what is unfinished; also after an error of `step`.
    void abandon(runtime::file_system& files);

    /// A group is ready to be swapped in; taken once.
    std::optional<cleaned_group> take_group();
    bool done() const { return phase_ == phase::done; }
    /// Behind the last offset that the map covers: the log is clean up to here when all groups are swapped.
    log_offset map_end() const { return map_end_; }
    const clean_counts& counts() const { return counts_; }
    const clean_task& task() const { return task_; }

private:
    enum class phase : std::uint8_t { prepare, map, find_markers, copy, done };

    result<void> advance(runtime::file_system& files);
    result<void> prepare(runtime::file_system& files);
    result<void> map_some(runtime::file_system& files);
    result<bool> map_batch(const batch::batch_view& batch);
    result<void> find_markers(runtime::file_system& files);
    bool is_behind_all_markers() const;
    const segment_state& read_segment() const;
    void end_map(log_offset end);
    result<void> copy_some(runtime::file_system& files);
    result<void> copy_batch(runtime::file_system& files, const batch::batch_view& batch);
    result<void> write_batch(runtime::file_system& files, const batch::batch_view& batch,
                             const batch_verdict& verdict);
    result<void> begin_group();
    result<void> begin_writing(runtime::file_system& files);
    bool is_left_as_it_is(const batch::batch_view& batch, const batch_verdict& verdict);
    result<void> end_group(runtime::file_system& files);
    void keep(const batch::batch_view& batch);
    result<void> open_source(runtime::file_system& files);
    void close_source(runtime::file_system& files);
    log_offset behind(std::size_t segment) const;

    clean_task task_;
    phase phase_ = phase::prepare;
    std::optional<key_map> map_;
    log_offset map_end_;
    transaction_walk transactions_;
    bool markers_known_ = false;
    transaction_scan marker_scan_;
    log_offset markers_read_upto_{-1};
    batch_rewriter rewriter_;
    last_batches last_of_producers_;
    std::optional<clean_rules> rules_;
    struct mapped_key {
        hash_128 key;
        log_offset offset;
    };
    /// Of the batch that is mapped.
    std::vector<mapped_key> keys_;

    /// The segment that is read.
    std::size_t at_ = 0;
    std::size_t first_dirty_ = 0;
    std::optional<runtime::file_id> source_;
    std::optional<batch_stream> stream_;

    std::size_t group_begin_ = 0;
    std::size_t group_end_ = 0;
    bool in_group_ = false;
    /// None as long as nothing of the group has changed.
    std::optional<cleaned_segment> target_;
    /// Where the transactions were at its beginning.
    transaction_walk::progress group_transactions_;
    /// The last batch met, if nothing of it was kept.
    std::optional<batch::batch_header> dropped_last_;
    /// The last one that was written; until its swap its files are nobody's but this run's.
    std::optional<log_offset> written_;
    std::vector<bool> kept_;
    std::optional<cleaned_group> group_;
    clean_counts counts_;
    std::uint64_t left_ = 0;
};

} // namespace barnabas::replica
