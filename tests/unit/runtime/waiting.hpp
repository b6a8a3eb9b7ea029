#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace barnabas::runtime {

/// What other threads report to a test. Waiting has a limit, so that a lost event fails a test and does not
/// hang it.
template <class Value>
class reports {
public:
    void push(Value value) {
        std::lock_guard guard(mutex_);
        values_.push_back(std::move(value));
        // With the lock held: whoever takes the last report may destroy this at once.
        filled_.notify_all();
    }
    /// Nothing when none came in time.
    std::optional<Value> take(std::chrono::milliseconds limit = std::chrono::seconds(20)) {
        std::unique_lock guard(mutex_);
        if (!filled_.wait_for(guard, limit, [this] { return !values_.empty(); }))
            return std::nullopt;
        auto value = std::move(values_.front());
        values_.pop_front();
        return value;
    }
    std::size_t size() const {
        std::lock_guard guard(mutex_);
        return values_.size();
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable filled_;
    std::deque<Value> values_;
};

} // namespace barnabas::runtime
