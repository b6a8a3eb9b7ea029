#include "actors/replica/compaction/plan.hpp"

#include "actors/replica/log/time_span.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <limits>

namespace barnabas::replica {
namespace {

/// A time in the future, or none, does not keep a segment back longer than its own age.
timestamp_ms age_from(const segment_state& segment, timestamp_ms now) {
    const auto newest = segment.newest.timestamp;
    const auto closed = is_senseless(segment.closed, now) ? now : segment.closed;
    return newest == no_timestamp || newest > now ? closed : newest;
}

bool too_young(const segment_state& segment, timestamp_ms now, std::int64_t lag_ms) {
    return lag_ms > 0 && distance(age_from(segment, now), now) < lag_ms;
}

bool too_old(const segment_state& segment, timestamp_ms now, std::int64_t lag_ms) {
    const auto first =
        segment.first_timestamp == no_timestamp ? segment.newest.timestamp : segment.first_timestamp;
    return first != no_timestamp && first < now && distance(first, now) > lag_ms;
}

log_offset lowest(const clean_bounds& bounds, const log_options& options) {
    if (options.planted.compacts_above_high_watermark)
        return bounds.first_unstable_offset;
    return std::min({bounds.first_unstable_offset, bounds.high_watermark, bounds.recovery_point,
                     bounds.first_open_segment});
}

} // namespace

clean_range find_clean_range(std::span<const segment_state> segments, const clean_bounds& bounds,
                             const log_options& options) {
    BARNABAS_ASSERT(!segments.empty());
    clean_range range;
    const auto limit = lowest(bounds, options);
    const auto begin = std::max(segments.front().base_offset, bounds.log_start_offset);
    const bool known = bounds.cleaned_upto >= begin && bounds.cleaned_upto <= segments.back().base_offset;
    range.dirty_from = known ? bounds.cleaned_upto : begin;
    range.upto = segments.front().base_offset;
    for (std::size_t i = 0; i + 1 < segments.size(); ++i) {
        const auto& segment = segments[i];
        const auto next = segments[i + 1].base_offset;
        const bool dirty = next > range.dirty_from;
        if (next > limit || (dirty && too_young(segment, bounds.now, options.min_compaction_lag_ms)))
            break;
        (dirty ? range.dirty_bytes : range.clean_bytes) += segment.size;
        range.overdue |= dirty && too_old(segment, bounds.now, options.max_compaction_lag_ms);
        range.upto = next;
        range.segment_count = i + 1;
    }
    return range;
}

bool wants_cleaning(const clean_range& range, const log_options& options) {
    if (range.upto <= range.dirty_from || range.dirty_bytes == 0)
        return false;
    return range.overdue || range.dirty_ratio() > options.min_cleanable_dirty_ratio;
}

std::size_t count_group(const std::vector<segment_state>& segments, std::size_t first, log_offset behind,
                        const log_options& options) {
    BARNABAS_ASSERT(first < segments.size());
    std::uint64_t bytes = 0;
    std::uint64_t offset_index = 0;
    std::uint64_t time_index = 0;
    std::size_t count = 0;
    for (auto at = first; at < segments.size(); ++at, ++count) {
        const auto& segment = segments[at];
        bytes += segment.size;
        offset_index += segment.offset_index_size;
        time_index += segment.time_index_size;
        const auto next = at + 1 < segments.size() ? segments[at + 1].base_offset : behind;
        const bool spans = next - segments[first].base_offset > std::numeric_limits<std::int32_t>::max();
        const bool fits = std::cmp_less_equal(bytes, options.segment_bytes) &&
                          std::cmp_less_equal(offset_index, options.segment_index_bytes) &&
                          std::cmp_less_equal(time_index, options.segment_index_bytes) &&
                          !BARNABAS_MARK_IF(spans, group_ends_by_offset_span);
        if (count > 0 && !fits)
            break;
    }
    return count;
}

} // namespace barnabas::replica
