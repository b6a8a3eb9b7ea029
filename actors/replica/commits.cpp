#include "actors/replica/replica_log.hpp"
#include "protocol/model/mark.hpp"

#include <iterator>

/// Stable by the commit journal, and settling afterwards.
namespace barnabas::replica {

/// What a sync does besides making records stable has no place in the journal, and is rare.
bool replica_log::may_commit() const {
    // Many bytes are written once, and not twice: a sync of their own costs them little.
    constexpr std::uint64_t bytes_max = 1 << 20;
    return has_unstable() && stable_offset_ < written_offset_ && !names_changed_ && !epochs_changed_ &&
           unstable_bytes_ <= bytes_max && !is_snapshot_due() && !unstable_.empty() &&
           unstable_.front().base_offset <= stable_offset_;
}

journal_commit replica_log::commit() {
    BARNABAS_ASSERT(may_commit());
    sync_in_flight_ = true;
    journal_commit job;
    job.target = written_offset_;
    // If the journal does not take them, the log's own sync is next.
    job.entries.assign(std::make_move_iterator(unstable_.begin()), std::make_move_iterator(unstable_.end()));
    forget_unstable();
    return job;
}

std::optional<append_failure> replica_log::on_committed(const journal_commit& job) {
    BARNABAS_ASSERT(sync_in_flight_);
    sync_in_flight_ = false;
    if (offline_)
        return std::nullopt;
    if (BARNABAS_MARK_IF(!job.taken, commit_not_taken))
        return std::nullopt;
    if (!job.outcome)
        return go_offline(job.outcome.failure());
    BARNABAS_MARK(committed_by_journal);
    become_stable(job.target);
    return std::nullopt;
}

std::optional<settle_job> replica_log::settle() {
    // A sync that has begun takes the files' marks along, and settles as well when it is done.
    if (offline_ || closed_ || syncs_own_files() || settled_offset_ >= stable_offset_)
        return std::nullopt;
    settle_in_flight_ = true;
    settle_job job;
    job.target = stable_offset_;
    job.to_sync = left_.to_sync;
    for (const auto& segment : open_segments_)
        if (segment.log_dirty)
            job.to_sync.push_back(segment.files.log);
    return job;
}

std::optional<append_failure> replica_log::on_settled(const settle_job& job) {
    BARNABAS_ASSERT(settle_in_flight_);
    settle_in_flight_ = false;
    if (offline_ || BARNABAS_MARK_IF(job.outcome.code() == errc::too_many_open_files, settling_waits))
        return std::nullopt;
    if (!job.outcome)
        return go_offline(job.outcome.failure());
    settled_offset_ = std::max(settled_offset_, job.target);
    return std::nullopt;
}

void replica_log::remember_unstable(write_job& job) {
    if (!options_.keeps_for_journal || job.batches.empty())
        return;
    unstable_.push_back({open_segments_.back().base_offset, job.log_position, job.base_offset,
                         job.next_offset, std::move(job.batches)});
    unstable_bytes_ += unstable_.back().bytes();
}

void replica_log::become_stable(log_offset target) {
    BARNABAS_ASSERT(stable_offset_ <= target);
    BARNABAS_ASSERT(target <= written_offset_);
    stable_offset_ = options_.planted.sync_covers_later_writes ? written_offset_ : target;
    for (; !unstable_.empty() && unstable_.front().next_offset <= target; unstable_.pop_front())
        unstable_bytes_ -= unstable_.front().bytes();
}

void replica_log::take_offline() {
    offline_ = true;
    // It holds the memory of requests.
    forget_unstable();
}

void replica_log::forget_unstable() {
    unstable_.clear();
    unstable_bytes_ = 0;
}

append_failure replica_log::go_offline(const error& why) {
    BARNABAS_MARK(sync_failed);
    take_offline();
    failure_ = error{errc::storage_error, "a sync failed, so the log of " + options_.directory +
                                              " is offline until it is opened again: " + to_string(why)};
    return {stable_offset_, *failure_};
}

} // namespace barnabas::replica
