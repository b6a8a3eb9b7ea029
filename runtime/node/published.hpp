#pragma once

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
    }
    std::shared_ptr<const Value> current() const {
        return std::atomic_load_explicit(&current_, std::memory_order_acquire);
    }

private:
    std::shared_ptr<const Value> current_;
};

} // namespace barnabas::runtime
