#include "sim/world/world.hpp"

#include "protocol/model/assert.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::sim {

namespace {
/// How often the positions of the random streams enter the trace: a draw too many shows soon, at little cost.
constexpr std::uint64_t events_per_draw_record = 1'024;
} // namespace

world::world(std::uint64_t seed) : seed_(seed), open_owners_{true} {
    const runtime::random root(seed);
    for (const char* label : {"scheduler", "network", "disk", "process", "workload"})
        streams_.push_back(root.split(label));
}

world::~world() {
    for (std::size_t owner = 0; owner < open_owners_.size(); ++owner)
        close_owner(owner_id(static_cast<std::uint32_t>(owner)));
}

bool world::later(const queued& a, const queued& b) noexcept {
    return a.at != b.at ? a.at > b.at : a.sequence > b.sequence;
}

void world::schedule(virtual_time at, owner_id owner, task work) {
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
    heap_.push_back({std::max(at, now_), target.sequence, index});
    std::push_heap(heap_.begin(), heap_.end(), later);
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
    }
}

void world::drop_stale_entries() {
    while (!heap_.empty() && slots_[heap_.front().slot].sequence != heap_.front().sequence) {
        std::pop_heap(heap_.begin(), heap_.end(), later);
        heap_.pop_back();
    }
}

bool world::step() {
    drop_stale_entries();
    if (failed_ || heap_.empty())
        return false;
    const auto next = heap_.front();
    std::pop_heap(heap_.begin(), heap_.end(), later);
    heap_.pop_back();
    BARNABAS_ASSERT(next.at >= now_);
    now_ = next.at;
    auto& source = slots_[next.slot];
    task work = std::move(source.work);
    source.sequence = 0;
    free_slots_.push_back(next.slot);
    if (++events_ % events_per_draw_record == 0)
        record_draws();
    work();
    return true;
}

bool world::run_until(virtual_time end) {
    for (;;) {
        drop_stale_entries();
        if (failed_)
            return false;
        if (heap_.empty() || heap_.front().at > end)
            break;
        step();
    }
    now_ = std::max(now_, end);
    return true;
}

bool world::run_until(const std::function<bool()>& done, virtual_time limit) {
    while (!done()) {
        drop_stale_entries();
        if (failed_)
            return false;
        if (heap_.empty() || heap_.front().at > limit) {
            now_ = std::max(now_, limit);
            return done();
        }
        step();
    }
    return !failed_;
}

void world::fail(std::string why) {
    if (std::exchange(failed_, true))
        return;
    failure_ = std::move(why);
}

void world::record_draws() {
    for (auto stream : streams_) {
        // A copy is drawn from, so that looking does not change what comes.
        record(0, trace_kind::draws, stream.next());
    }
}

} // namespace barnabas::sim
