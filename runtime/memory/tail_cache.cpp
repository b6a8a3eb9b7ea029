#include "runtime/memory/tail_cache.hpp"

#include "protocol/model/assert.hpp"
#include "protocol/model/lean_deque.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace barnabas::runtime {

namespace {

/// A log that takes little has small pieces, a busy one such large ones.
constexpr std::size_t piece_bytes_max = 256 << 10;
constexpr std::size_t piece_bytes_min = 512;
/// What is known of them is not counted as memory of the cache.
constexpr std::size_t batches_max = 1024;

struct kept_batch {
    log_offset base;
    log_offset next;
    std::size_t begin = 0;
    std::size_t end = 0;
};

/// Batches in one piece of memory. Readers may hold what is filled while more is written behind it.
struct piece {
    std::shared_ptr<chunk> memory;
    std::vector<kept_batch> batches;
    /// When it was begun, of all pieces in the cache.
    std::uint64_t number = 0;

    std::size_t used() const { return batches.empty() ? 0 : batches.back().end; }
    bool has_room_for(std::size_t bytes) const {
        return memory->capacity() - used() >= bytes && batches.size() < batches_max;
    }
};

/// What leaves is destroyed when the lock is gone: a permit that returns may wake others.
using leaving = std::vector<piece>;

} // namespace

struct tail_cache::state {
    explicit state(std::size_t capacity) : memory("tail_cache", capacity) {}

    memory_reserve memory;
    mutable std::mutex mutex;
    std::uint64_t next_log = 1;
    std::uint64_t next_number = 1;
    /// Logs without batches are not here.
    std::map<log_key, lean_deque<piece>> logs;
    /// All pieces in the order in which they were begun, and some that were dropped since.
    std::deque<std::pair<std::uint64_t, log_key>> order;
    std::size_t count = 0;
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;

    piece* begin_piece(log_key log, std::size_t bytes);
    bool drop_oldest();
    void drop_all(log_key log, leaving& out);
    void forget_dropped();
};

tail_cache::tail_cache(std::size_t capacity) : state_(std::make_unique<state>(capacity)) {}

tail_cache::~tail_cache() = default;

tail_cache::log_key tail_cache::add_log() {
    std::lock_guard guard(state_->mutex);
    return log_key{state_->next_log++};
}

void tail_cache::put(log_key log, log_offset base, log_offset next, std::span<const std::byte> batch) {
    BARNABAS_ASSERT(base < next);
    leaving out;
    std::lock_guard guard(state_->mutex);
    if (state_->memory.capacity() == 0)
        return;
    auto known = state_->logs.find(log);
    if (known != state_->logs.end() && known->second.back().batches.back().next != base) {
        state_->drop_all(log, out);
        known = state_->logs.end();
    }
    auto* last = known == state_->logs.end() ? nullptr : &known->second.back();
    if (last == nullptr || !last->has_room_for(batch.size()))
        last = state_->begin_piece(log, batch.size());
    // What is there would have a gap behind it.
    if (last == nullptr)
        return state_->drop_all(log, out);
    const auto at = last->used();
    std::memcpy(last->memory->data() + at, batch.data(), batch.size());
    last->batches.push_back({base, next, at, at + batch.size()});
}

/// Null when there is no room: readers hold too much, or the batch is larger than the cache.
piece* tail_cache::state::begin_piece(log_key log, std::size_t bytes) {
    const auto known = logs.find(log);
    const auto before = known == logs.end() ? 0 : known->second.back().memory->capacity();
    const auto most = std::min(piece_bytes_max, memory.capacity() / 8);
    const auto size = std::max(bytes, std::clamp(before * 2, std::min(piece_bytes_min, most), most));
    auto permit = memory.try_acquire(size);
    while (permit == nullptr) {
        if (BARNABAS_MARK_IF(size > memory.capacity() || !drop_oldest(), tail_cache_has_no_room))
            return nullptr;
        permit = memory.try_acquire(size);
    }
    auto made = chunk::allocate(size);
    made->attach_permit(std::move(permit));
    forget_dropped();
    ++count;
    order.emplace_back(next_number, log);
    return &logs[log].emplace_back(piece{std::move(made), {}, next_number++});
}

/// Nobody waits for a permit of this reserve, so that it may return under the lock.
bool tail_cache::state::drop_oldest() {
    while (!order.empty()) {
        const auto [number, log] = order.front();
        order.pop_front();
        const auto found = logs.find(log);
        if (found == logs.end() || found->second.front().number != number)
            continue;
        BARNABAS_MARK(tail_cache_drops_oldest);
        found->second.pop_front();
        --count;
        if (found->second.empty())
            logs.erase(found);
        return true;
    }
    return false;
}

void tail_cache::state::drop_all(log_key log, leaving& out) {
    const auto found = logs.find(log);
    if (found == logs.end())
        return;
    for (auto& one : found->second)
        out.push_back(std::move(one));
    count -= found->second.size();
    logs.erase(found);
}

void tail_cache::state::forget_dropped() {
    constexpr std::size_t slack = 1024;
    if (order.size() < 2 * count + slack)
        return;
    std::erase_if(order, [this](const auto& one) {
        const auto found = logs.find(one.second);
        return found == logs.end() || one.first < found->second.front().number;
    });
}

void tail_cache::drop(log_key log) {
    leaving out;
    std::lock_guard guard(state_->mutex);
    state_->drop_all(log, out);
}

tail_cache::found tail_cache::read(log_key log, const range& wanted) {
    found answer;
    std::lock_guard guard(state_->mutex);
    const auto known = state_->logs.find(log);
    if (known == state_->logs.end() || wanted.from < known->second.front().batches.front().base) {
        ++state_->misses;
        return answer;
    }
    const auto behind = [&](const auto& one) { return one.next <= wanted.from; };
    const auto& pieces = known->second;
    const auto in = std::partition_point(pieces.begin(), pieces.end(),
                                         [&](const piece& one) { return behind(one.batches.back()); });
    if (in != pieces.end()) {
        const auto first = std::partition_point(in->batches.begin(), in->batches.end(), behind);
        auto end = first->begin;
        for (auto at = first; at != in->batches.end() && at->next <= wanted.upto; ++at) {
            const bool needed = wanted.at_least_one && at == first;
            if (at->end - first->begin > wanted.max_bytes && !needed)
                break;
            end = at->end;
            answer.end = at->next;
        }
        if (end > first->begin)
            answer.batches = slice(in->memory, first->begin, end - first->begin);
    }
    ++(answer.batches.empty() ? state_->misses : state_->hits);
    return answer;
}

tail_cache::reading tail_cache::now() const {
    std::lock_guard guard(state_->mutex);
    return {state_->hits, state_->misses, state_->count, state_->memory.in_use(), state_->memory.capacity()};
}

} // namespace barnabas::runtime
