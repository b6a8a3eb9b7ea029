#pragma once

#include "actors/replica/log/index_builder.hpp"
#include "actors/replica/log/producer_state.hpp"
#include "actors/replica/log/segment.hpp"
#include "actors/replica/log/transaction_index.hpp"
#include "actors/replica/log_options.hpp"
#include "protocol/model/error.hpp"
#include "runtime/disk/disk.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace barnabas::replica {

/// Of which closed segment indexes are to be made: what the machine knew when it began.
struct reindex_task {
    log_options options;
    segment_state segment;
    /// Base offsets of all segments, in order; behind this one comes `next_base`.
    std::vector<log_offset> bases;
    log_offset next_base;
    /// The index of aborted transactions is the wrong one.
    bool of_transactions = false;
    std::uint64_t layout = 0;
};

struct made_indexes {
    /// What is known of the segment now.
    segment_state segment;
    /// They said what the log says, and are as they were: the disk read wrong, or the log is strange.
    bool were_right = false;
};

/// Makes the indexes of one closed segment anew while others read it, step by step, for jobs: a lookup has
/// found that they do not say what the log says. A step reads about as many bytes as it is told, and holds no
/// file open behind it, so that nothing is left to do for a run that is given up between two steps. Memory:
/// the entries that it makes, and a window of the log.
///
/// Indexes of offsets and times follow from the segment's log. The one of aborted transactions follows from
/// it and from what producers had begun before: the snapshot at its beginning says that, or else the headers
/// of all segments before.
class reindex_run {
public:
    explicit reindex_run(reindex_task task);

    /// offset_out_of_range: the segment, or one before that is needed, has gone away. corrupt_message,
    /// unsupported_for_message_format: the log is damaged, or old, so that the indexes stay. Behind an error
    /// there are no more steps.
    result<void> step(runtime::file_system& files, std::uint64_t bytes);

    /// Nothing as long as steps are left.
    const std::optional<made_indexes>& made() const { return made_; }
    const reindex_task& task() const { return task_; }

private:
    enum class phase : std::uint8_t { snapshot, earlier, scan, replace };

    result<void> advance(runtime::file_system& files, runtime::file_id log);
    result<void> read_snapshot(runtime::file_system& files);
    result<void> walk_earlier(runtime::file_system& files);
    result<void> scan_some(runtime::file_system& files, runtime::file_id log);
    void note(const batch::batch_view& batch);
    result<void> end_scan();
    result<void> replace(runtime::file_system& files);
    result<bool> replace_indexes(runtime::file_system& files);
    result<bool> replace_transactions(runtime::file_system& files);
    result<bool> replace_if_other(runtime::file_system& files, std::string_view suffix,
                                  const std::vector<std::byte>& wanted);
    std::string path(log_offset base, std::string_view suffix) const;
    void spend(std::uint64_t bytes);

    reindex_task task_;
    phase phase_;
    std::uint64_t left_ = 0;
    std::optional<made_indexes> made_;

    /// Which of the segments before is looked at, and how far.
    std::size_t earlier_ = 0;
    std::uint64_t walked_to_ = 0;
    /// A part of them cannot be read, so that nobody knows what had begun there.
    std::optional<error> earlier_damage_;

    std::uint64_t scanned_to_ = 0;
    log_offset next_offset_;
    leader_epoch epoch_{-1};
    /// As the batches up to there make it, with the entries that they bring.
    segment_state state_;
    index_growth growth_;
    producer_state producers_;
    std::vector<aborted_transaction> aborted_;
    bool has_aborts_ = false;
};

} // namespace barnabas::replica
