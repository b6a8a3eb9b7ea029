#include "runtime/node/gate.hpp"

#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

namespace barnabas::runtime {

struct gate::state {
    std::mutex mutex;
    std::condition_variable opened;
    bool open = false;
    std::vector<std::function<void()>> calls;
};

gate::gate() : state_(std::make_shared<state>()) {}

void gate::open() {
    // A call may destroy the last other handle of this gate.
    const auto kept = state_;
    std::vector<std::function<void()>> calls;
    {
        const std::lock_guard lock(kept->mutex);
        kept->open = true;
        calls = std::exchange(kept->calls, {});
    }
    kept->opened.notify_all();
    for (const auto& call : calls)
        call();
}

bool gate::is_open() const {
    const std::lock_guard lock(state_->mutex);
    return state_->open;
}

void gate::wait() const {
    std::unique_lock lock(state_->mutex);
    state_->opened.wait(lock, [this] { return state_->open; });
}

bool gate::wait_for(std::chrono::milliseconds most) const {
    // A moment so far ahead does not fit the clock; who waits for it waits without end.
    constexpr std::chrono::milliseconds longest = std::chrono::hours(24 * 365);
    if (most > longest) {
        wait();
        return true;
    }
    std::unique_lock lock(state_->mutex);
    return state_->opened.wait_for(lock, most, [this] { return state_->open; });
}

void gate::on_open(std::function<void()> call) const {
    {
        const std::lock_guard lock(state_->mutex);
        if (!state_->open) {
            state_->calls.push_back(std::move(call));
            return;
        }
    }
    call();
}

} // namespace barnabas::runtime
