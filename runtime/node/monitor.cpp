#include "runtime/node/monitor.hpp"

#include <condition_variable>
#include <mutex>

namespace barnabas::runtime {

struct monitor::state {
    std::mutex mutex;
    std::condition_variable woken;
};

monitor::monitor() : state_(std::make_shared<state>()) {}

void monitor::enter() const {
    state_->mutex.lock();
}

void monitor::leave() const {
    state_->mutex.unlock();
}

bool monitor::until(std::chrono::milliseconds most, const std::function<bool()>& call) const {
    std::unique_lock lock(state_->mutex);
    return state_->woken.wait_for(lock, most, call);
}

void monitor::wake() const {
    state_->woken.notify_all();
}

} // namespace barnabas::runtime
