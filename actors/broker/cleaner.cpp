#include "actors/broker/cleaner.hpp"

#include "protocol/model/assert.hpp"

#include <algorithm>

namespace barnabas {

void cleaner::on_started(effects& out) {
    out.arm_timer = options_.enabled && options_.partitions_at_once > 0;
}

void cleaner::on_due(effects& out) {
    BARNABAS_ASSERT(!in_round_);
    in_round_ = true;
    cleaned_any_ = false;
    for (const auto& one : partitions_)
        if (!uncleanable_.contains(one))
            out.ask.push_back(one);
    asked_.insert(out.ask.begin(), out.ask.end());
    go_on(out);
}

void cleaner::on_gone(const topic_partition& partition, effects& out) {
    partitions_.erase(partition);
    uncleanable_.erase(partition);
    asked_.erase(partition);
    running_.erase(partition);
    std::erase_if(waiting_, [&](const candidate& one) { return one.partition == partition; });
    go_on(out);
}

void cleaner::on_paused(const topic_partition& partition, effects& out) {
    partitions_.erase(partition);
    asked_.erase(partition);
    std::erase_if(waiting_, [&](const candidate& one) { return one.partition == partition; });
    go_on(out);
}

void cleaner::on_state(const candidate& state, bool wanted, effects& out) {
    if (asked_.erase(state.partition) > 0 && wanted)
        waiting_.push_back(state);
    go_on(out);
}

void cleaner::on_cleaned(const topic_partition& partition, bool succeeded, bool uncleanable, effects& out) {
    running_.erase(partition);
    cleaned_any_ |= succeeded;
    if (uncleanable && partitions_.contains(partition))
        uncleanable_.insert(partition);
    go_on(out);
}

void cleaner::go_on(effects& out) {
    if (!in_round_ || !asked_.empty())
        return;
    // The best is the last. Equals go by their ids, so that every run chooses alike.
    std::sort(waiting_.begin(), waiting_.end(), [](const candidate& a, const candidate& b) {
        if (a.overdue != b.overdue)
            return b.overdue;
        if (a.dirty_ratio != b.dirty_ratio)
            return a.dirty_ratio < b.dirty_ratio;
        return b.partition < a.partition;
    });
    while (!waiting_.empty() && running_.size() < options_.partitions_at_once) {
        running_.insert(waiting_.back().partition);
        out.clean.push_back(waiting_.back().partition);
        waiting_.pop_back();
    }
    if (!running_.empty())
        return;
    in_round_ = false;
    if (cleaned_any_)
        return on_due(out);
    out.arm_timer = true;
}

} // namespace barnabas
