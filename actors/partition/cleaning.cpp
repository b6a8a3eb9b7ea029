#include "actors/partition/cleaning.hpp"

#include "actors/partition/limits.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace barnabas {
namespace {

/// The longest pause between two steps, so that a speed limit of nearly nothing does not stop time.
constexpr double pause_ms_max = 60'000;

} // namespace

void cleaning::on_check(log_offset high_watermark) {
    cleaning_state answer;
    if (rests())
        return port_->tell_cleaner(answer);
    if (const auto range = machine_.look(*log_, port_->wall_now(), high_watermark)) {
        answer.wanted = true;
        answer.overdue = range->overdue;
        answer.dirty_ratio = range->dirty_ratio();
    }
    port_->tell_cleaner(answer);
}

void cleaning::on_clean(const clean_partition& order, log_offset high_watermark) {
    ordered_ = true;
    bytes_per_second_ = order.bytes_per_second;
    if (rests())
        return tell();
    auto first = machine_.begin(*log_, order.settings, port_->wall_now(), high_watermark);
    if (!first)
        return tell();
    if (tap_ != nullptr)
        tell_tap(high_watermark);
    submit(std::move(*first));
}

void cleaning::tell_tap(log_offset high_watermark) const {
    const auto& task = machine_.task();
    tap_->cleaning_begun({task.rules.now, task.rules.delete_retention_ms, task.upto, task.dirty_from,
                          high_watermark, log_->first_unstable_offset(high_watermark),
                          log_->active_segment().base_offset, task.producers});
}

void cleaning::on_cleaned(const replica::clean_job& job) {
    go_on(machine_.on_cleaned(job, *log_), job.bytes_moved);
}

void cleaning::on_swapped(const replica::swap_job& job) {
    if (!job.removal.paths.empty())
        port_->submit_later(job.removal, std::chrono::milliseconds(log_->options().file_delete_delay_ms));
    go_on(machine_.on_swapped(job, *log_), 0);
}

void cleaning::on_swap_stopped(const replica::swap_job& job) {
    BARNABAS_MARK(swap_tried_again);
    waiting_ = std::make_unique<replica::compactor::job>(job);
    port_->resume_cleaning(partition_limits::repair_interval);
}

void cleaning::go_on(std::optional<replica::compactor::job> next, std::uint64_t bytes_moved) {
    if (!next)
        return tell();
    const double pause =
        bytes_per_second_ > 0 ? static_cast<double>(bytes_moved) * 1000 / bytes_per_second_ : 0;
    if (!BARNABAS_MARK_IF(pause >= 1, cleaning_waits_for_its_speed))
        return submit(std::move(*next));
    waiting_ = std::make_unique<replica::compactor::job>(std::move(*next));
    port_->resume_cleaning(std::chrono::milliseconds(std::llround(std::min(pause, pause_ms_max))));
}

void cleaning::on_step_due() {
    if (const auto step = std::exchange(waiting_, nullptr))
        submit(std::move(*step));
}

void cleaning::submit(replica::compactor::job job) {
    std::visit([this](auto& one) { port_->submit(std::move(one)); }, job);
}

void cleaning::tell() {
    auto outcome = machine_.take_outcome();
    if (tap_ != nullptr && outcome)
        tap_->cleaning_ended(outcome->outcome, machine_.cleaned_upto());
    if (outcome)
        note_end(*outcome);
    if (!std::exchange(ordered_, false))
        return;
    partition_cleaned answer;
    if (outcome) {
        answer.counts = outcome->counts;
        answer.code = outcome->outcome.code();
        if (!outcome->outcome)
            answer.detail = outcome->outcome.failure().detail;
    }
    const auto& failure = machine_.failure();
    answer.uncleanable = failure && !is_scarce(failure->code);
    if (BARNABAS_MARK_IF(answer.uncleanable && outcome, partition_uncleanable))
        port_->report("compaction_failed", "the partition is compacted again in " +
                                               std::to_string(rest_.count() / 1000) +
                                               " s at the earliest: " + to_string(*failure));
    port_->tell_cleaner(answer);
}

void cleaning::note_end(const replica::clean_outcome& outcome) {
    left_files_ |= !outcome.outcome;
    if (!machine_.failure()) {
        rest_ = std::chrono::milliseconds(0);
        return;
    }
    rest_ = std::clamp(2 * rest_, partition_limits::cleaning_rest_min, partition_limits::cleaning_rest_max);
    rests_until_ = port_->monotonic_now() + std::chrono::nanoseconds(rest_).count();
}

bool cleaning::rests() const {
    return BARNABAS_MARK_IF(rest_.count() > 0 && port_->monotonic_now() < rests_until_, cleaning_rests);
}

void cleaning::on_close() {
    left_files_ |= machine_.busy();
    machine_.stop();
    on_step_due();
}

} // namespace barnabas
