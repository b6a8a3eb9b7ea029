#include "sim/checkers/ghost_log.hpp"

#include <algorithm>

namespace barnabas::sim {

void ghost_log::open(const log_opened& event) {
    life_ = event.life;
    opened_start_ = event.now.log_start_offset;
    write_caching_ = event.write_caching;
    closed_ = false;
    undone_.clear();
    cut(event.now.log_end_offset);
    marks_ = event.now;
    end_ = event.now.log_end_offset;
    // Recovery ends with everything on stable storage, and what is lost is lost from here on.
    synced_to_ = event.now.stable_offset;
    sync_begun_to_ = event.now.stable_offset;
    shown_to_ = event.now.high_watermark;
}

void ghost_log::forget_below(log_offset end) {
    const auto cleaned = cleaned_below_;
    *this = {};
    cleaned_below_ = cleaned;
    known_from_ = end;
    end_ = end;
}

void ghost_log::bring_back(const log_opened& event) {
    for (const auto& batch : undone_) {
        if (batch.base_offset != end_ || batch.last_offset >= event.now.log_end_offset)
            return;
        batches_.push_back(batch);
        end_ = batch.last_offset + 1;
    }
}

void ghost_log::append(const log_appended& event) {
    undone_.clear();
    batches_.push_back(event.batch);
    end_ = event.batch.last_offset + 1;
}

void ghost_log::begin_sync(const log_sync_begun& event) {
    sync_begun_to_ = std::max(sync_begun_to_, event.upto);
}

void ghost_log::move(const log_moved& event) {
    if (event.now.log_end_offset < end_) {
        const auto kept = std::find_if(batches_.begin(), batches_.end(), [&](const logged_batch& batch) {
            return batch.last_offset >= event.now.log_end_offset;
        });
        undone_.assign(kept, batches_.end());
        cut(event.now.log_end_offset);
    }
    marks_ = event.now;
    synced_to_ = std::max(synced_to_, event.now.stable_offset);
    shown_to_ = std::max(shown_to_, event.now.high_watermark);
}

void ghost_log::clean(const cleaning_begun& event) {
    cleaned_below_ = std::max(cleaned_below_, event.pass.upto);
    kept_tails_ = event.pass.producers;
}

void ghost_log::close(const log_closed& event) {
    closed_ = event.ok;
}

void ghost_log::cut(log_offset end) {
    while (!batches_.empty() && batches_.back().last_offset >= end)
        batches_.pop_back();
    std::erase_if(kept_tails_,
                  [end](const replica::producer_tail& tail) { return tail.last_data_offset >= end; });
    end_ = end;
}

const logged_batch* ghost_log::batch_at(log_offset base) const {
    const auto found = std::lower_bound(
        batches_.begin(), batches_.end(), base,
        [](const logged_batch& batch, log_offset offset) { return batch.base_offset < offset; });
    return found != batches_.end() && found->base_offset == base ? &*found : nullptr;
}

bool ghost_log::is_boundary(log_offset end) const {
    const auto behind = std::lower_bound(
        batches_.begin(), batches_.end(), end,
        [](const logged_batch& batch, log_offset offset) { return batch.base_offset < offset; });
    return behind == batches_.begin() || std::prev(behind)->last_offset < end;
}

} // namespace barnabas::sim
