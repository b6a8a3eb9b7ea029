#include "actors/broker/partition_set.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <utility>

/// How it is remembered what was made here, before it is shown.
namespace barnabas {

namespace effects = broker_effects;

/// What was made must be known as made before anybody can store something in it. While one that was decided
/// earlier is not made, those behind it cannot be known; they are recorded together with it.
void partition_set::begin_recording(effects::effects& out) {
    auto upto = target_ != nullptr ? target_->applied : current_->applied;
    for (const auto& [id, created_at] : not_made_)
        upto = std::min(upto, created_at);
    // Also what an earlier life made, which ended before it could say so.
    const auto known = options_.created_upto.value_or(log_offset(0));
    const bool made = std::any_of(partitions_.begin(), partitions_.end(),
                                  [&](const auto& one) { return one.second.created_at >= known; });
    if (!made || upto <= options_.created_upto.value_or(log_offset(-1)))
        return finish(out);
    step_ = step::recording;
    recording_upto_ = upto;
    out.emplace_back(effects::record_created{upto});
}

void partition_set::on_created_recorded(const result<void>& outcome, effects::effects& out) {
    BARNABAS_ASSERT(step_ == step::recording && !recording_waits_);
    if (outcome) {
        options_.created_upto = recording_upto_;
        for (auto& [id, partition] : partitions_)
            if (partition.created_at < recording_upto_)
                partition.is_new = false;
    } else if (!std::exchange(recording_failed_, true)) {
        out.emplace_back(effects::note{effects::note_level::warn, "created_partitions_not_recorded",
                                       to_string(outcome.failure()) + "; it is tried again"});
    }
    if (closing_) {
        step_ = step::none;
        return;
    }
    // The directory is the metadata log's: if it failed, the broker ends anyway.
    if (BARNABAS_MARK_IF(!outcome, created_recorded_later)) {
        recording_waits_ = true;
        return reopen_later(out);
    }
    recording_failed_ = false;
    // One that was opened again meanwhile may have held others back.
    begin_recording(out);
}

void partition_set::finish(effects::effects& out) {
    BARNABAS_ASSERT(waiting_.empty());
    step_ = step::none;
    reopened_.clear();
    if (target_ == nullptr)
        publish(published_, out);
    else {
        current_ = std::move(target_);
        target_ = nullptr;
        publish(current_, out);
        out.emplace_back(effects::confirm_applied{current_->applied});
    }
    resume_moves(out);
    next_image(out);
}

} // namespace barnabas
