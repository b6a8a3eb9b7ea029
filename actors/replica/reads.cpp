#include "actors/replica/replica_log.hpp"

#include "actors/replica/log/known_transactions.hpp"

#include <algorithm>
#include <utility>

/// Queries of the log that yield jobs: reads by offset and by time.
namespace barnabas::replica {
namespace {

/// How many segments a read goes on to when the first ones have nothing (offsets lost to compaction).
constexpr std::ptrdiff_t read_segments_max = 8;

/// Null when all that was appended is written.
const append_in_flight* first_not_written(const std::vector<append_in_flight>& failed,
                                          const lean_deque<append_in_flight>& in_flight) {
    if (!failed.empty())
        return &failed.front();
    return in_flight.empty() ? nullptr : &in_flight.front();
}

} // namespace

result<read_job> replica_log::read(log_offset from, std::size_t max_bytes, log_offset upto,
                                   bool at_least_one_batch, bool with_aborted) {
    if (from < log_start_offset_ || from > log_end_offset_)
        return error{errc::offset_out_of_range, "offset " + std::to_string(from.get()) + " is not in [" +
                                                    std::to_string(log_start_offset_.get()) + ", " +
                                                    std::to_string(log_end_offset_.get()) + "]"};
    BARNABAS_ASSERT(upto <= written_offset_);
    read_job job;
    job.directory = options_.directory;
    job.from = from;
    job.upto = upto;
    job.max_bytes = max_bytes;
    job.at_least_one_batch = at_least_one_batch;
    job.layout = layout_;
    job.dense = !options_.may_have_gaps();
    job.sound_from = sound_from_;
    job.epochs = epochs_.shared();
    ++outside_jobs_;
    if (from >= upto)
        return job;
    const auto behind = std::upper_bound(
        segments_.begin(), segments_.end(), from,
        [](log_offset offset, const segment_state& segment) { return offset < segment.base_offset; });
    BARNABAS_ASSERT(behind != segments_.begin());
    const auto first = behind - 1;
    const auto count = std::min(segments_.end() - first, read_segments_max);
    for (auto at = first; at != first + count && at->base_offset < upto; ++at)
        job.segments.push_back(readable(*at));
    if (with_aborted) {
        job.aborted.emplace();
        job.transactions = transactions_from(first->base_offset);
    }
    if (!job.segments.front().files || !job.transactions.empty())
        job.kind = runtime::disk_job_kind::blocking;
    const auto recent = std::upper_bound(
        recent_.begin(), recent_.end(), from,
        [](log_offset offset, const recent_position& known) { return offset < known.base_offset; });
    if (recent != recent_.begin()) {
        const bool skips = options_.planted.read_skips_a_batch && recent != recent_.end();
        const auto& known = skips ? *recent : *std::prev(recent);
        job.start = known.position;
        job.start_base = known.base_offset;
        job.start_is_exact = true;
    }
    hold(job.segments);
    return job;
}

/// As far as they are written: what is in flight lies behind all that may be read.
std::vector<transaction_source> replica_log::transactions_from(log_offset segment) const {
    const auto* next = first_not_written(failed_, in_flight_);
    std::vector<transaction_source> sources;
    for (const auto& one : segments_) {
        if (one.base_offset < segment ||
            (next != nullptr && one.base_offset > next->active_before.base_offset))
            continue;
        const bool grows = next != nullptr && one.base_offset == next->active_before.base_offset;
        const auto& known = grows ? next->active_before : one;
        if (!needs_transactions(known))
            continue;
        sources.push_back({one.base_offset, known.transaction_index_size, known.transaction_index_crc});
        if (options_.planted.transaction_index_believed)
            sources.back().crc.reset();
    }
    return sources;
}

void replica_log::on_read(const read_job& job) {
    BARNABAS_ASSERT(outside_jobs_ > 0);
    --outside_jobs_;
    release(job.segments);
}

find_job replica_log::find_by_timestamp(timestamp_ms timestamp, log_offset upto) {
    find_job job;
    job.directory = options_.directory;
    job.timestamp = timestamp;
    job.planted = options_.planted;
    job.not_below = log_start_offset_;
    job.upto = upto;
    job.layout = layout_;
    for (const auto& segment : segments_)
        if (segment.newest.timestamp >= timestamp && segment.base_offset < upto)
            job.segments.push_back(readable(segment));
    ++outside_jobs_;
    hold(job.segments);
    return job;
}

bool replica_log::has_aborted() const {
    return std::any_of(segments_.begin(), segments_.end(), needs_transactions);
}

find_job replica_log::find_max_timestamp(log_offset upto) {
    find_job job;
    job.directory = options_.directory;
    job.not_below = log_start_offset_;
    job.upto = upto;
    job.layout = layout_;
    for (const auto& segment : segments_)
        if (segment.size > 0 && segment.base_offset < upto)
            job.segments.push_back(readable(segment));
    std::stable_sort(
        job.segments.begin(), job.segments.end(),
        [](const readable_segment& a, const readable_segment& b) { return a.newest > b.newest; });
    ++outside_jobs_;
    hold(job.segments);
    return job;
}

void replica_log::on_reindexed(const segment_state& made, std::uint64_t layout) {
    const auto found = std::find_if(segments_.begin(), segments_.end(), [&](const segment_state& segment) {
        return segment.base_offset == made.base_offset && segment.size == made.size;
    });
    if (found == segments_.end() || layout != layout_)
        return;
    // When it was made and closed no file tells.
    const auto before = std::exchange(*found, made);
    found->first_timestamp = before.first_timestamp;
    found->created = before.created;
    found->closed = before.closed;
}

void replica_log::on_found(const find_job& job) {
    BARNABAS_ASSERT(outside_jobs_ > 0);
    --outside_jobs_;
    release(job.segments);
}

log_offset replica_log::first_unstable_offset(log_offset high_watermark) const {
    return std::max(producers_.first_undecided(high_watermark).value_or(log_end_offset_), log_start_offset_);
}

std::uint64_t replica_log::total_bytes() const {
    std::uint64_t total = 0;
    for (const auto& segment : segments_)
        total += segment.size;
    return total;
}

const open_segment* replica_log::find_open(log_offset base) const {
    for (const auto& segment : open_segments_)
        if (segment.base_offset == base)
            return &segment;
    return nullptr;
}

readable_segment replica_log::readable(const segment_state& segment) const {
    readable_segment view;
    view.base_offset = segment.base_offset;
    // What is in flight need not be there yet; what is, must fit together.
    const auto* next = first_not_written(failed_, in_flight_);
    const bool grows = next != nullptr && segment.base_offset == next->active_before.base_offset;
    view.size = grows ? next->active_before.size : segment.size;
    view.newest = segment.newest.timestamp;
    if (const auto* open = find_open(segment.base_offset))
        view.files = open->files;
    view.may_be_replaced = options_.may_have_gaps() && !view.files;
    return view;
}

void replica_log::hold(const std::vector<readable_segment>& segments) {
    for (const auto& read : segments)
        for (auto& open : open_segments_)
            open.readers += open.base_offset == read.base_offset && read.files ? 1 : 0;
}

void replica_log::release(const std::vector<readable_segment>& segments) {
    for (const auto& read : segments)
        for (auto& open : open_segments_)
            if (read.files && open.base_offset == read.base_offset && open.files == *read.files) {
                BARNABAS_ASSERT(open.readers > 0);
                --open.readers;
            }
}

} // namespace barnabas::replica
