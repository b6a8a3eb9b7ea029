#include "actors/broker/cleaner.hpp"

#include "protocol/model/assert.hpp"

#include <algorithm>

namespace barnabas {

void cleaner::on_started(effects& out) {
    started_ = timer_armed_ = out.arm_timer = options_.enabled && options_.partitions_at_once > 0;
}

void cleaner::on_due(effects& out) {
    BARNABAS_ASSERT(timer_armed_);
    timer_armed_ = false;
    if (asked_.empty() && waiting_.empty() && running_.size() < options_.partitions_at_once)
        ask(out);
    go_on(out);
}

void cleaner::ask(effects& out) {
    cleaned_any_ = false;
    for (const auto& one : partitions_)
        if (!running_.contains(one)) {
            out.ask.push_back(one);
            asked_.insert(one);
        }
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
    else
        uncleanable_.erase(partition);
    go_on(out);
}

void cleaner::go_on(effects& out) {
    if (!started_ || !asked_.empty())
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
    if (running_.size() == options_.partitions_at_once)
        return;
    if (cleaned_any_)
        ask(out);
    if (asked_.empty() && !timer_armed_)
        timer_armed_ = out.arm_timer = true;
}

} // namespace barnabas
