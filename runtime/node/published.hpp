#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace barnabas::runtime {

/// An immutable value that one actor writes and every loop may read: the only sharing between actors.
/// A reader picks up the newest version when it asks and keeps it as long as it holds the pointer.
template <class Value>
class published {
public:
    explicit published(std::shared_ptr<const Value> first) : current_(std::move(first)) {}

    /// By the one writer.
    void publish(std::shared_ptr<const Value> next) {
        std::atomic_store_explicit(&current_, std::move(next), std::memory_order_release);
        version_.fetch_add(1, std::memory_order_release);
    }
    /// Grows with each value: a reader that has seen this version need not look again.
    std::uint64_t version() const noexcept { return version_.load(std::memory_order_acquire); }
    std::shared_ptr<const Value> current() const {
        return std::atomic_load_explicit(&current_, std::memory_order_acquire);
    }

private:
    std::shared_ptr<const Value> current_;
    std::atomic<std::uint64_t> version_{1};
};

} // namespace barnabas::runtime
