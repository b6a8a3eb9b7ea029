#include "actors/replica/compaction/compactor.hpp"

#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"

#include <utility>

namespace barnabas::replica {
namespace {

/// Bytes that one job reads: small enough that a thread of the disk is free again within tens of
/// milliseconds, large enough that handing jobs to and fro costs nothing.
constexpr std::uint64_t step_bytes = 4 << 20;

/// All below `upto` is durable and stays; what lies behind it may not even be written.
producer_tail tail_of(producer_id id, const producer_entry& entry, log_offset upto) {
    for (std::size_t at = entry.batch_count; at-- > 0;)
        if (entry.batches[at].last_offset < upto)
            return {id, entry.epoch, entry.batches[at].last_offset, false};
    return {id, entry.epoch, log_offset(-1), entry.batch_count > 0 || entry.last_offset >= upto};
}

std::vector<producer_tail> tails_of(const replica_log& log, log_offset upto) {
    std::vector<producer_tail> tails;
    tails.reserve(log.producers().entries().size());
    for (const auto& [id, entry] : log.producers().entries())
        tails.push_back(tail_of(id, entry, upto));
    return tails;
}

} // namespace

clean_bounds compactor::bounds_of(const replica_log& log, timestamp_ms now, log_offset high_watermark) const {
    auto bounds = log.clean_bounds_now();
    bounds.cleaned_upto = cleaned_upto_;
    bounds.high_watermark = high_watermark;
    bounds.first_unstable_offset = log.first_unstable_offset(high_watermark);
    bounds.now = now;
    return bounds;
}

std::optional<clean_range> compactor::look(const replica_log& log, timestamp_ms now,
                                           log_offset high_watermark) const {
    if (!log.options().compact_policy || run_ || stopping_ || log.offline())
        return std::nullopt;
    const auto range = find_clean_range(log.segments(), bounds_of(log, now, high_watermark), log.options());
    return wants_cleaning(range, log.options()) ? std::optional(range) : std::nullopt;
}

std::optional<compactor::job> compactor::begin(replica_log& log, const clean_settings& settings,
                                               timestamp_ms now, log_offset high_watermark) {
    const auto range = look(log, now, high_watermark);
    if (!range)
        return std::nullopt;
    clean_task task;
    task.log = log.options();
    const auto& segments = log.segments();
    task.segments.assign(segments.begin(),
                         segments.begin() + static_cast<std::ptrdiff_t>(range->segment_count));
    task.later.assign(segments.begin() + static_cast<std::ptrdiff_t>(range->segment_count), segments.end());
    task.markers_upto = high_watermark;
    task.dirty_from = range->dirty_from;
    task.upto = range->upto;
    task.rules = {now, log.options().delete_retention_ms, log.options().planted};
    task.producers = tails_of(log, range->upto);
    task.map = {settings.map_bytes, settings.map_load_factor, 0, settings.secret};
    task.window_bytes = settings.window_bytes;
    run_ = std::make_shared<clean_run>(std::move(task));
    return next_step();
}

compactor::job compactor::next_step() const {
    clean_job step;
    step.run_of = run_;
    step.bytes = step_bytes;
    return step;
}

std::optional<compactor::job> compactor::on_cleaned(const clean_job& done, replica_log& log) {
    BARNABAS_ASSERT(run_ == done.run_of);
    if (done.abandon || !done.outcome) {
        const bool retired = log.segments().front().base_offset > run_->task().segments.front().base_offset;
        if (!done.abandon && !stopping_ && !retired)
            failure_ = done.outcome.failure();
        end(done.outcome);
        return std::nullopt;
    }
    if (stopping_ || log.offline())
        return give_up({errc::closed, "the log closes"});
    auto group = run_->take_group();
    if (!group && run_->done()) {
        if (!log.options().planted.cleaning_forgets_its_end)
            cleaned_upto_ = run_->map_end();
        failure_.reset();
        end({});
        return std::nullopt;
    }
    if (!group)
        return next_step();
    auto swap = log.swap(std::move(*group));
    // Retention was faster: what was cleaned is not there any more. The next pass looks anew.
    if (BARNABAS_MARK_IF(!swap.has_value(), cleaned_segments_went_away))
        return give_up({errc::closed, "segments went away while they were cleaned"});
    return std::move(*swap);
}

std::optional<compactor::job> compactor::on_swapped(const swap_job& done, replica_log& log) {
    BARNABAS_ASSERT(run_ != nullptr);
    if (!done.outcome) {
        failure_ = done.outcome.failure();
        return give_up(done.outcome.failure());
    }
    if (stopping_ || log.offline())
        return give_up({errc::closed, "the log closes"});
    return next_step();
}

std::optional<compactor::job> compactor::give_up(const error& why) {
    BARNABAS_MARK(cleaning_given_up);
    outcome_ = clean_outcome{why, cleaned_upto_, run_->counts()};
    clean_job last;
    last.run_of = run_;
    last.abandon = true;
    return last;
}

void compactor::end(const result<void>& outcome) {
    if (!outcome_)
        outcome_ = clean_outcome{outcome, cleaned_upto_, run_->counts()};
    run_.reset();
}

std::optional<clean_outcome> compactor::take_outcome() {
    if (run_)
        return std::nullopt;
    return std::exchange(outcome_, std::nullopt);
}

} // namespace barnabas::replica
