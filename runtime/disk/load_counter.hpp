#pragma once

#include <atomic>
#include <cstdint>

namespace barnabas::runtime {

/// How many of something are under way at this moment, over all loops of a node. Only for choosing the faster
/// of two right ways: nothing is ordered by it.
class load_counter {
public:
    void enter() noexcept { count_.fetch_add(1, std::memory_order_relaxed); }
    void leave() noexcept {
        leave_undone();
        ended_.fetch_add(1, std::memory_order_relaxed);
    }
    /// It did not happen, and another way is tried.
    void leave_undone() noexcept { count_.fetch_sub(1, std::memory_order_relaxed); }
    std::uint32_t count() const noexcept { return count_.load(std::memory_order_relaxed); }
    /// Since the beginning.
    std::uint64_t ended() const noexcept { return ended_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint32_t> count_{0};
    std::atomic<std::uint64_t> ended_{0};
};

} // namespace barnabas::runtime
