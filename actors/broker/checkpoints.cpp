#include "actors/broker/checkpoints.hpp"

#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <iterator>

namespace barnabas {

namespace {

/// Files are not written more often than this, whatever is configured.
constexpr std::chrono::milliseconds interval_min{100};

std::size_t index_of(checkpoint_kind kind) {
    return static_cast<std::size_t>(kind);
}

} // namespace

directory_checkpoints::directory_checkpoints(checkpoint_options options, found_checkpoints found)
    : options_(std::move(options)), offsets_(std::move(found.offsets)),
      to_write_at_start_(std::move(found.to_write)),
      behind_(std::max<std::chrono::nanoseconds>(options_.recovery_points, interval_min)) {
    // What only Kafka's file says must not get into our copy, which would vouch for it from then on.
    for (auto& [where, offsets] : offsets_)
        if (offsets.own_recovery_point.get() < 0)
            offsets.recovery_point = log_offset(-1);
    for (const auto& name : found.without_partition) {
        BARNABAS_MARK(checkpoint_without_partition);
        stale_[name] = {{all_checkpoints.begin(), all_checkpoints.end()}, next_write_};
        to_write_at_start_.insert(all_checkpoints.begin(), all_checkpoints.end());
    }
}

std::chrono::nanoseconds directory_checkpoints::interval_of(checkpoint_kind kind) const {
    switch (kind) {
    case checkpoint_kind::recovery_point: return std::max(options_.recovery_points, interval_min);
    case checkpoint_kind::log_start: return std::max(options_.log_starts, interval_min);
    case checkpoint_kind::high_watermark:
    // Kafka writes it after each compaction, and has no interval for it.
    case checkpoint_kind::cleaned_upto: return std::max(options_.high_watermarks, interval_min);
    }
    BARNABAS_UNREACHABLE("no such checkpoint");
}

void directory_checkpoints::change(checkpoint_kind kind, monotonic_ns now) {
    auto& due = due_[index_of(kind)];
    if (!due)
        due = later(now, interval_of(kind));
}

void directory_checkpoints::erase(const partition_name& where, monotonic_ns now) {
    silent_.erase(where);
    behind_.forget(where);
    if (offsets_.erase(where) == 0)
        return;
    stale_[where] = {{all_checkpoints.begin(), all_checkpoints.end()}, next_write_};
    for (const auto kind : all_checkpoints)
        change(kind, now);
}

void directory_checkpoints::on_start(monotonic_ns now, checkpoint_effects& out) {
    for (const auto kind : to_write_at_start_)
        change(kind, now);
    go_on(now, out);
}

void directory_checkpoints::on_marks(const partition_marks& marks, monotonic_ns now,
                                     checkpoint_effects& out) {
    if (marks.removed) {
        erase(marks.where, now);
        return go_on(now, out);
    }
    auto& known = offsets_[marks.where];
    for (const auto kind : all_checkpoints)
        if (value_of(known, kind) != value_of(marks.offsets, kind))
            change(kind, now);
    known = marks.offsets;
    behind_.note(marks.where, !marks.last && marks.offsets.high_watermark > marks.offsets.recovery_point,
                 now);
    if (marks.last) {
        silent_.erase(marks.where);
    } else {
        silent_.insert(marks.where);
        if (!ask_at_)
            ask_at_ = later(now, interval_of(checkpoint_kind::high_watermark));
    }
    go_on(now, out);
}

void directory_checkpoints::on_keep(std::uint64_t question, const keep_log_start& wanted, monotonic_ns now,
                                    checkpoint_effects& out) {
    auto& known = offsets_[wanted.where].log_start;
    known = std::max(known, wanted.log_start);
    change(checkpoint_kind::log_start, now);
    if (options_.planted.log_start_not_synced)
        out.answers.emplace_back(question, result<void>{});
    else
        keeps_.push_back(question);
    go_on(now, out);
}

void directory_checkpoints::on_forget(std::uint64_t question, const forget_marks& wanted, monotonic_ns now,
                                      checkpoint_effects& out) {
    erase(wanted.where, now);
    if (BARNABAS_MARK_IF(stale_.contains(wanted.where), checkpoint_of_another_forgotten)) {
        for (const auto kind : all_checkpoints)
            change(kind, now);
        forgets_.push_back(question);
    } else {
        out.answers.emplace_back(question, result<void>{});
    }
    go_on(now, out);
}

bool directory_checkpoints::is_wanted_now(checkpoint_kind kind, monotonic_ns now) const {
    const auto& due = due_[index_of(kind)];
    if (!due)
        return false;
    return *due <= now || closing_ || !forgets_.empty() ||
           (kind == checkpoint_kind::log_start && !keeps_.empty());
}

void directory_checkpoints::on_directory_failed(const error& why) {
    if (!lost_)
        lost_ = error{errc::storage_error, why.detail};
}

void directory_checkpoints::refuse(checkpoint_effects& out) {
    for (auto* asked : {&keeps_, &forgets_})
        for (const auto question : std::exchange(*asked, {}))
            out.answers.emplace_back(question, *lost_);
    if (closing_)
        out.closed = result<void>{};
}

/// Begins a write if one is wanted, arms the timer for the next, ends if that was asked.
void directory_checkpoints::go_on(monotonic_ns now, checkpoint_effects& out) {
    if (writing_)
        return;
    if (BARNABAS_MARK_IF(lost_.has_value(), checkpoints_lost_with_directory))
        return refuse(out);
    checkpoint_job job;
    job.directory = options_.directory;
    job.planted_no_sync = options_.planted.checkpoint_renamed_unsynced;
    for (const auto kind : all_checkpoints) {
        if (!is_wanted_now(kind, now))
            continue;
        job.texts.emplace_back(kind, encode_checkpoint(offsets_, kind));
        due_[index_of(kind)].reset();
    }
    if (job.texts.empty()) {
        BARNABAS_ASSERT(keeps_.empty() && forgets_.empty());
        if (closing_)
            out.closed = result<void>{};
        else
            arm(now, out);
        return;
    }
    writing_ = true;
    keeps_in_flight_ = std::exchange(keeps_, {});
    forgets_in_flight_ = std::exchange(forgets_, {});
    ++next_write_;
    out.write = std::move(job);
}

void directory_checkpoints::on_written(const checkpoint_job& job, monotonic_ns now, checkpoint_effects& out) {
    BARNABAS_ASSERT(writing_);
    writing_ = false;
    for (const auto* asked : {&keeps_in_flight_, &forgets_in_flight_})
        for (const auto question : *asked)
            out.answers.emplace_back(question, job.outcome);
    keeps_in_flight_.clear();
    forgets_in_flight_.clear();
    if (BARNABAS_MARK_IF(!job.outcome, checkpoint_not_written)) {
        for (const auto& [kind, text] : job.texts)
            change(kind, now);
        if (closing_ && !lost_) {
            out.closed = job.outcome;
            return;
        }
        if (!lost_)
            out.failed = job.outcome.failure();
    } else {
        forget_stale_of(job);
    }
    go_on(now, out);
}

/// Names that were erased before this write began are not in its files.
void directory_checkpoints::forget_stale_of(const checkpoint_job& job) {
    for (auto at = stale_.begin(); at != stale_.end();) {
        auto& stale = at->second;
        for (const auto& [kind, text] : job.texts)
            if (stale.erased_before != next_write_)
                stale.in.erase(kind);
        at = stale.in.empty() ? stale_.erase(at) : std::next(at);
    }
}

void directory_checkpoints::on_timer(monotonic_ns now, checkpoint_effects& out) {
    if (armed_ && *armed_ <= now)
        armed_.reset();
    if (ask_at_ && *ask_at_ <= now) {
        ask_at_.reset();
        out.ask.assign(silent_.begin(), silent_.end());
        silent_.clear();
    }
    if (!closing_ && !lost_)
        out.note = behind_.take_due(now);
    go_on(now, out);
    // A write in flight arms it when it comes back.
}

void directory_checkpoints::on_close(monotonic_ns now, checkpoint_effects& out) {
    closing_ = true;
    go_on(now, out);
}

void directory_checkpoints::arm(monotonic_ns now, checkpoint_effects& out) {
    auto next = ask_at_;
    if (const auto note = behind_.next(); note && (!next || *note < *next))
        next = note;
    for (const auto& due : due_)
        if (due && (!next || *due < *next))
            next = due;
    if (!next || (armed_ && *armed_ <= *next))
        return;
    armed_ = next;
    out.arm = std::chrono::nanoseconds(std::max<std::int64_t>(next->get() - now.get(), 0));
}

} // namespace barnabas
