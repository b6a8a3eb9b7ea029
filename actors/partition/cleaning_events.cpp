#include "actors/partition/partition.hpp"
#include "protocol/model/mark.hpp"

/// What files that are replaced mean for the partition: those of compaction, and indexes that are made anew.
namespace barnabas {

void partition::on_check_cleaning() {
    cleaning_.on_check(high_watermark_);
}

void partition::on_clean(const clean_partition& order) {
    cleaning_.on_clean(order, high_watermark_);
}

void partition::on_clean_done(const replica::clean_job& job) {
    cleaning_.on_cleaned(job);
    log_.set_cleaned_upto(cleaning_.cleaned_upto());
    tell_marks();
    close_if_idle();
}

void partition::on_swap_done(const replica::swap_job& job) {
    port_.drop_tail();
    if (job.may_go_on() && !closing_ && !lost_)
        return cleaning_.on_swap_stopped(job);
    log_.on_swapped(job);
    BARNABAS_MARK_IF(log_.offline(), partition_offline_after_swap);
    note_offline();
    cleaning_.on_swapped(job);
    log_.set_cleaned_upto(cleaning_.cleaned_upto());
    tell_marks();
    index_repair_.on_swapped();
    make_kept_lookups_again();
}

void partition::on_clean_step_due() {
    cleaning_.on_step_due();
}

log_size_response partition::size(std::uint64_t token) const {
    const bool cleaning_runs = !cleaning_.idle() || log_.swap_in_flight();
    return {token,
            static_cast<std::int64_t>(log_.total_bytes()),
            log_.stable_offset(),
            log_.log_end_offset(),
            cleaning_runs,
            log_.log_start_offset(),
            static_cast<std::uint32_t>(log_.segments().size())};
}

// ---- lookups that files which are replaced got in the way of

/// A read that failed because files were exchanged under it, and of finds any.
bool partition::keeps_for_swap(const replica::read_job& job, std::uint64_t reply) {
    const auto code = job.records.code();
    const bool may_be = code == errc::offset_out_of_range || replica::is_damage(code);
    if (!may_be || log_.offline() || !log_.layout_changed(job.layout))
        return false;
    BARNABAS_MARK(read_made_again_after_swap);
    kept_.keep({job, reply, std::nullopt});
    return true;
}

bool partition::keeps_for_swap(const replica::find_job& job, std::uint64_t reply) {
    if (log_.offline() || !log_.layout_changed(job.layout))
        return false;
    BARNABAS_MARK(find_made_again_after_swap);
    kept_.keep({job, reply});
    return true;
}

/// One whose index of aborted transactions is made anew.
bool partition::keeps_for_index(const replica::read_job& job, std::uint64_t reply) {
    if (kept_.has_waited_for_index(reply))
        return false;
    const auto segment = index_repair_.awaited_by(job);
    if (!BARNABAS_MARK_IF(segment.has_value(), read_waits_for_index))
        return false;
    kept_.keep({job, reply, segment});
    return true;
}

void partition::make_kept_lookups_again() {
    if (!log_.swap_in_flight()) {
        const auto awaited = [this](log_offset segment) { return index_repair_.is_awaited(segment); };
        for (const auto& read : kept_.take_reads(awaited))
            make_again(read.job, read.reply);
        for (const auto& [job, reply] : kept_.take_finds())
            port_.submit(job.timestamp ? log_.find_by_timestamp(*job.timestamp, job.upto)
                                       : log_.find_max_timestamp(job.upto),
                         reply);
    }
    close_if_idle();
}

void partition::make_again(const replica::read_job& job, std::uint64_t reply) {
    auto again =
        log_.read(job.from, job.max_bytes, job.upto, job.at_least_one_batch, job.aborted.has_value());
    if (BARNABAS_MARK_IF(!again, kept_read_out_of_range))
        return answer_read(reply, again.failure(), &job);
    again->permit = job.permit;
    port_.submit(std::move(*again), reply);
}

void partition::on_reindexed(const replica::reindex_job& job) {
    index_repair_.on_reindexed(job);
    make_kept_lookups_again();
}

} // namespace barnabas
