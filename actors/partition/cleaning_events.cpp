#include "actors/partition/partition.hpp"
#include "protocol/model/mark.hpp"

/// What compaction means for the partition.
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
    make_kept_reads_again();
    close_if_idle();
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

void partition::make_kept_reads_again() {
    for (const auto& [job, reply] : cleaning_.take_reads())
        make_again(job, reply);
    for (auto& [job, reply] : cleaning_.take_finds())
        port_.submit(job.timestamp ? log_.find_by_timestamp(*job.timestamp, job.upto)
                                   : log_.find_max_timestamp(job.upto),
                     reply);
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
    for (const auto& read : index_repair_.take_reads())
        make_again(read.job, read.reply);
    close_if_idle();
}

} // namespace barnabas
