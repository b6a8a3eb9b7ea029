#include "actors/partition/partition.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <utility>

/// Where things are: the ends, the first record from a time on, producers. And what the topic says now.
namespace barnabas {

namespace {

constexpr timestamp_ms latest{-1};
constexpr timestamp_ms earliest{-2};
constexpr timestamp_ms largest_timestamp{-3};
constexpr timestamp_ms earliest_local{-4};
constexpr timestamp_ms latest_tiered{-5};
constexpr timestamp_ms earliest_pending_upload{-6};

} // namespace

void partition::on_offset_query(const offset_query& query, std::uint64_t reply) {
    offset_query_response answer;
    answer.epoch = settings_.led.epoch;
    auto known = check_leadership(query.current_leader_epoch);
    if (closing_ || lost_ || !known) {
        answer.code = closing_ ? errc::not_leader_or_follower : lost_ ? lost_->code : known.code();
        return port_.answer(reply, answer);
    }
    const auto end = readable_end(query.committed_only);
    answer.log_start_offset = log_.log_start_offset();
    answer.high_watermark = end;
    if (query.timestamp == latest) {
        answer.offset = end;
        if (settings_.tap != nullptr)
            settings_.tap->told_end(answer.offset);
        return port_.answer(reply, answer);
    }
    answer.epoch = leader_epoch(-1);
    if (query.timestamp == earliest || query.timestamp == earliest_local) {
        answer.offset = log_.log_start_offset();
        const auto epochs = log_.epochs().entries();
        if (!epochs.empty() && epochs.front().start_offset <= answer.offset)
            answer.epoch = epochs.front().epoch;
        else if (answer.offset == log_.log_end_offset())
            answer.epoch = settings_.led.epoch;
        return port_.answer(reply, answer);
    }
    if (query.timestamp == latest_tiered || query.timestamp == earliest_pending_upload)
        return port_.answer(reply, answer);
    if (query.timestamp == largest_timestamp)
        return port_.submit(log_.find_max_timestamp(end), reply);
    port_.submit(log_.find_by_timestamp(query.timestamp, end), reply);
}

producers_response partition::producers(std::uint64_t token) const {
    producers_response answer;
    answer.token = token;
    if (closing_ || lost_ || !settings_.led.here) {
        answer.code = lost_ && !closing_ ? lost_->code : errc::not_leader_or_follower;
        return answer;
    }
    for (const auto& [id, entry] : log_.producers().entries()) {
        const auto* last = entry.last_batch();
        answer.producers.push_back({id, entry.epoch, last == nullptr ? -1 : last->last_sequence,
                                    entry.last_timestamp, entry.coordinator_epoch,
                                    entry.transaction_first_offset});
    }
    return answer;
}

void partition::on_configured(const replica::log_options& options, bool write_caching) {
    const bool cached_before = std::exchange(settings_.write_caching, write_caching);
    log_.configure(options);
    // What lay in memory by the old promise becomes stable, and who waits for that need not wait for more.
    if (BARNABAS_MARK_IF(cached_before != write_caching, write_caching_altered) && !closing_ && !lost_)
        sync_if_possible();
}

void partition::on_forget(const waiting_reads::reader& who) {
    readers_.forget(who);
    committed_readers_.forget(who);
    std::erase_if(running_reads_, [&](const running_read& one) { return one.who == who; });
}

void partition::on_found(const replica::find_job& job, std::uint64_t reply) {
    log_.on_found(job);
    if (keeps_for_swap(job, reply))
        return make_kept_lookups_again();
    index_repair_.on_astray(job.astray);
    // Retention took a segment away while it was looked at.
    const bool gone = job.found.code() == errc::offset_out_of_range;
    if (BARNABAS_MARK_IF(gone && job.not_below < log_.log_start_offset() && !lost_, find_made_again))
        return port_.submit(job.timestamp ? log_.find_by_timestamp(*job.timestamp, job.upto)
                                          : log_.find_max_timestamp(job.upto),
                            reply);
    offset_query_response answer;
    answer.log_start_offset = log_.log_start_offset();
    answer.high_watermark = job.upto;
    if (BARNABAS_MARK_IF(!job.found, find_failed)) {
        // A client that heard that an offset is out of range would go to an end of the log.
        const bool is_missing = gone || job.found.code() == errc::not_found;
        answer.code =
            BARNABAS_MARK_IF(is_missing, find_in_missing_segment) ? errc::storage_error : job.found.code();
        port_.report("find_failed", to_string(job.found.failure()));
    } else if (*job.found) {
        answer.offset = (*job.found)->offset;
        answer.timestamp = (*job.found)->timestamp;
        answer.epoch = (*job.found)->leader_epoch;
    }
    port_.answer(reply, answer);
    close_if_idle();
}

} // namespace barnabas
