#include "actors/replica/compaction/clean_jobs.hpp"
#include "actors/replica/replica_log.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>

/// The log's side of compaction: how far it may go, and the exchange of segments.
namespace barnabas::replica {

clean_bounds replica_log::clean_bounds_now() const {
    clean_bounds bounds;
    bounds.log_start_offset = log_start_offset_;
    bounds.high_watermark = stable_offset_;
    bounds.recovery_point = snapshot_offset_;
    bounds.first_open_segment = open_segments_.front().base_offset;
    return bounds;
}

std::optional<swap_job> replica_log::swap(cleaned_group group) {
    BARNABAS_ASSERT(!swap_in_flight_ && !group.replaced.empty());
    const auto base = group.replaced.front().base_offset;
    const auto first = std::find_if(segments_.begin(), segments_.end(), [&](const segment_state& segment) {
        return segment.base_offset == base;
    });
    if (offline_ || closed_ || first == segments_.end())
        return std::nullopt;
    swap_in_flight_ = true;
    ++outside_jobs_;
    swap_job job;
    job.directory = options_.directory;
    job.planted = options_.planted;
    for (const auto& segment : group.replaced)
        if (segment.base_offset != base)
            job.snapshots.push_back(segment.base_offset);
    job.group = std::move(group);
    return job;
}

void replica_log::on_swapped(const swap_job& job) {
    BARNABAS_ASSERT(swap_in_flight_ && outside_jobs_ > 0);
    swap_in_flight_ = false;
    --outside_jobs_;
    ++layout_;
    if (!job.outcome) {
        if (BARNABAS_MARK_IF(job.decided, swap_left_half_done)) {
            take_offline();
            failure_ =
                error{errc::storage_error,
                      "compaction could not put its segments in place, so the log of " + options_.directory +
                          " is offline until it is opened again: " + to_string(job.outcome.failure())};
        }
        return;
    }
    const auto& replaced = job.group.replaced;
    const auto first = std::find_if(segments_.begin(), segments_.end(), [&](const segment_state& segment) {
        return segment.base_offset == replaced.front().base_offset;
    });
    const auto count = static_cast<std::ptrdiff_t>(replaced.size());
    BARNABAS_ASSERT(segments_.end() - first > count);
    *first = job.group.state;
    segments_.erase(first + 1, first + count);
    BARNABAS_ASSERT(segments_.size() > 1);
}

} // namespace barnabas::replica
