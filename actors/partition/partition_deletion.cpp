#include "actors/partition/limits.hpp"
#include "actors/partition/partition.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

/// Deletion of records, what checkpoints keep, and where leader epochs end.
namespace barnabas {

checkpointed_offsets partition::checkpointed() const {
    checkpointed_offsets now;
    now.recovery_point = std::max(log_.snapshot_offset(), log_offset(0));
    now.high_watermark = high_watermark_;
    // As in Kafka only where the oldest segment does not say it itself.
    const auto start = std::max(log_.log_start_offset(), keeping_);
    if (start > oldest_segment_)
        now.log_start = start;
    now.cleaned_upto = log_.cleaned_upto();
    return now;
}

// ---- DeleteRecords: asked -> synced up to the offset -> in the checkpoint -> in effect and answered. A
// crash before the checkpoint leaves all records; one behind it finds them deleted, as was or will be
// answered.

void partition::on_delete_records(const delete_records_request& request, std::uint64_t reply) {
    const auto upto = check_deletion(request);
    if (!upto)
        return answer_deletion(log_offset(-1), reply, upto.failure());
    if (settings_.tap != nullptr)
        settings_.tap->deletion_begun(*upto);
    // Retention may have moved the start further, but a restart need not know of that yet.
    if (*upto <= known_start())
        return answer_deletion(*upto, reply, {});
    deletions_.emplace(*upto, reply);
    if (keeping_.get() < 0)
        go_on_deleting();
}

/// The offset below which records go.
result<log_offset> partition::check_deletion(const delete_records_request& request) const {
    if (closing_)
        return error{errc::not_leader_or_follower, "the partition is closing"};
    if (lost_)
        return *lost_;
    if (auto led = check_leadership(leader_epoch(-1)); !led)
        return led.failure();
    if (log_.offline())
        return *log_.failure();
    if (!log_.options().delete_policy)
        return error{errc::policy_violation, "the topic is compacted only; records of such topics cannot be "
                                             "deleted (cleanup.policy)"};
    constexpr log_offset to_high_watermark{-1};
    const auto upto = request.offset == to_high_watermark ? high_watermark_ : request.offset;
    if (BARNABAS_MARK_IF(upto.get() < 0 || upto > high_watermark_, deletion_out_of_range))
        return error{errc::offset_out_of_range, "offset " + std::to_string(upto.get()) +
                                                    " is not between 0 and the high watermark, " +
                                                    std::to_string(high_watermark_.get())};
    if (BARNABAS_MARK_IF(deletions_.size() >= partition_limits::waiting_deletions_max, too_many_deletions))
        return error{errc::throttled, std::to_string(deletions_.size()) +
                                          " deletions wait for the disk in this partition; try again later"};
    return upto;
}

void partition::go_on_deleting() {
    if (deletions_.empty())
        return;
    answer_deletions(known_start(), {});
    if (deletions_.empty() || keeping_.get() >= 0 || closing_ || lost_)
        return;
    // A log that ended below its start after a power cut would give offsets out again. Under write caching
    // what is deleted may not be synced yet.
    const auto behind = deletions_.upper_bound(log_.stable_offset());
    if (behind != deletions_.begin()) {
        keeping_ = std::prev(behind)->first;
        return port_.keep_log_start(keeping_);
    }
    BARNABAS_MARK_IF(sync_if_possible(), deletion_waits_for_sync);
}

void partition::on_log_start_kept(const result<void>& outcome) {
    BARNABAS_ASSERT(keeping_.get() >= 0);
    const auto kept = std::exchange(keeping_, log_offset(-1));
    if (!outcome) {
        port_.report("deletion_failed", to_string(outcome.failure()));
        answer_deletions(kept, outcome);
    } else if (!closing_ && !lost_) {
        kept_start_ = kept;
        log_.delete_below(kept);
        tell_marks();
        // An open transaction may have begun below.
        wake_readers();
        answer_deletions(kept, {});
        on_check_retention();
    }
    go_on_deleting();
}

void partition::answer_deletions(log_offset upto, const result<void>& outcome) {
    while (!deletions_.empty() && deletions_.begin()->first <= upto) {
        const auto [offset, reply] = *deletions_.begin();
        deletions_.erase(deletions_.begin());
        answer_deletion(offset, reply, outcome);
    }
}

void partition::answer_deletion(log_offset upto, std::uint64_t reply, const result<void>& outcome) {
    delete_records_response answer;
    answer.code = outcome.code();
    if (outcome) {
        answer.low_watermark = log_.log_start_offset();
        if (settings_.tap != nullptr)
            settings_.tap->answered_deletion(upto);
    } else {
        answer.detail = outcome.failure().detail;
    }
    port_.answer(reply, answer);
}

void partition::on_epoch_query(const epoch_query& query, std::uint64_t reply) {
    epoch_query_response answer;
    auto known = check_leadership(query.current_leader_epoch);
    if (closing_ || lost_ || !known) {
        answer.code = closing_ ? errc::not_leader_or_follower : lost_ ? lost_->code : known.code();
        return port_.answer(reply, answer);
    }
    const auto end = log_.end_offset_for(query.epoch, settings_.led.epoch);
    answer.epoch = end.epoch;
    // What lies behind the high watermark is nobody's yet, and may go with a power cut.
    const bool unstable = log_.options().planted.epoch_ends_unstable;
    answer.end_offset = unstable ? end.end_offset : std::min(end.end_offset, high_watermark_);
    port_.answer(reply, answer);
}

} // namespace barnabas
