#include "sim/world/world.hpp"

#include "protocol/model/assert.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::sim {

world::world(std::uint64_t seed) : seed_(seed), open_owners_{true} {
    const runtime::random root(seed);
    for (const char* label : {"scheduler", "network", "disk", "process", "workload"})
        streams_.push_back(root.split(label));
}

world::~world() {
    for (std::size_t owner = 0; owner < open_owners_.size(); ++owner)
        close_owner(owner_id(static_cast<std::uint32_t>(owner)));
}

void world::schedule(virtual_time at, owner_id owner, task&& work) {
    if (!is_open(owner))
        return;
    std::uint32_t index;
    if (free_slots_.empty()) {
        index = static_cast<std::uint32_t>(slots_.size());
        slots_.emplace_back();
    } else {
        index = free_slots_.back();
        free_slots_.pop_back();
    }
    auto& target = slots_[index];
    target.work = std::move(work);
    target.sequence = next_sequence_++;
    target.owner = owner;
    if (at <= now_) {
        due_.push_back({now_, target.sequence, index});
        return;
    }
    heap_.push_back({at, target.sequence, index});
    std::push_heap(heap_.begin(), heap_.end());
}

owner_id world::open_owner() {
    open_owners_.push_back(true);
    return owner_id(static_cast<std::uint32_t>(open_owners_.size() - 1));
}

bool world::is_open(owner_id owner) const noexcept {
    return owner.get() < open_owners_.size() && open_owners_[owner.get()];
}

void world::close_owner(owner_id owner) {
    BARNABAS_ASSERT(owner.get() < open_owners_.size());
    open_owners_[owner.get()] = false;
    // What the events captured is destroyed after the slots are in order again, since destructors may
    // schedule.
    std::vector<task> dropped;
    for (std::uint32_t index = 0; index < slots_.size(); ++index) {
        auto& candidate = slots_[index];
        if (candidate.sequence == 0 || candidate.owner != owner)
            continue;
        dropped.push_back(std::move(candidate.work));
        candidate.sequence = 0;
        free_slots_.push_back(index);
        ++stale_;
    }
}

void world::drop_stale_entries() {
    for (; due_head_ < due_.size() && is_stale(due_[due_head_]); --stale_)
        ++due_head_;
    for (; !heap_.empty() && is_stale(heap_.front()); --stale_) {
        std::pop_heap(heap_.begin(), heap_.end());
        heap_.pop_back();
    }
}

bool world::has_next(virtual_time limit) {
    if (stale_ > 0) [[unlikely]]
        drop_stale_entries();
    if (due_head_ < due_.size())
        return now_ <= limit;
    return !heap_.empty() && heap_.front().at <= limit;
}

world::queued world::take_next() {
    // What was scheduled for this moment before the moment came goes first.
    if (due_head_ < due_.size() && (heap_.empty() || heap_.front() < due_[due_head_])) {
        const auto next = due_[due_head_++];
        if (due_head_ == due_.size()) {
            due_.clear();
            due_head_ = 0;
        }
        return next;
    }
    const auto next = heap_.front();
    std::pop_heap(heap_.begin(), heap_.end());
    heap_.pop_back();
    return next;
}

void world::run_next() {
    const auto next = take_next();
    BARNABAS_ASSERT(next.at >= now_);
    now_ = next.at;
    auto& source = slots_[next.slot];
    task work = std::move(source.work);
    source.sequence = 0;
    free_slots_.push_back(next.slot);
    ++events_;
    work();
}

bool world::step() {
    if (failed_ || !has_next(end_of_time))
        return false;
    run_next();
    return true;
}

bool world::run_until(virtual_time end) {
    while (!failed_ && has_next(end))
        run_next();
    if (failed_)
        return false;
    now_ = std::max(now_, end);
    return true;
}

bool world::run_until(const std::function<bool()>& done, virtual_time limit) {
    while (!done()) {
        if (failed_)
            return false;
        if (!has_next(limit)) {
            now_ = std::max(now_, limit);
            return done();
        }
        run_next();
    }
    return !failed_;
}

void world::fail(std::string why) {
    if (std::exchange(failed_, true))
        return;
    failure_ = std::move(why);
}

void world::record_draws() {
    records_to_draws_ = records_per_draws + streams_.size();
    for (auto stream : streams_) {
        // A copy is drawn from, so that looking does not change what comes.
        record(0, trace_kind::draws, stream.next());
    }
}

} // namespace barnabas::sim
