#include "runtime/memory/reserve.hpp"

#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

namespace barnabas::runtime {

struct memory_reserve::state {
    std::string name;
    std::size_t capacity = 0;
    mutable std::mutex mutex;
    std::size_t in_use = 0;
    std::vector<std::function<void()>> waiting;

    /// Times that a permit returned.
    std::uint64_t releases = 0;

    void release(std::size_t bytes) {
        std::vector<std::function<void()>> woken;
        {
            std::lock_guard guard(mutex);
            in_use -= bytes;
            ++releases;
            // All of them: only they know how much they need, and one that has lost interest would swallow
            // the call that another one lives on.
            woken.swap(waiting);
        }
        // Outside of the lock: each sends a message, which may run anything.
        for (auto& call : woken)
            call();
    }
};

namespace {

/// What this thread was last refused. A permit may return between the refusal and the wish to be called;
/// without this the wish would wait for the next one, which may never come.
struct refusal {
    const void* reserve = nullptr;
    std::uint64_t releases = 0;
};
thread_local refusal last_refusal;

} // namespace

memory_reserve::memory_reserve(std::string name, std::size_t capacity) : state_(std::make_shared<state>()) {
    state_->name = std::move(name);
    state_->capacity = capacity;
}

memory_reserve::~memory_reserve() = default;

/// Owns the state, so that slices may outlive the reserve's owner.
struct memory_reserve::permit {
    std::shared_ptr<state> from;
    std::size_t bytes;

    permit(std::shared_ptr<state> owner, std::size_t count) : from(std::move(owner)), bytes(count) {}
    permit(const permit&) = delete;
    permit& operator=(const permit&) = delete;
    ~permit() { from->release(bytes); }
};

std::shared_ptr<void> memory_reserve::try_acquire(std::size_t bytes, bool may_overdraw) {
    {
        std::lock_guard guard(state_->mutex);
        const bool within = state_->in_use <= state_->capacity;
        const bool fits = within && bytes <= state_->capacity - state_->in_use;
        // Above the capacity nobody gets more, so the excess is never larger than one request.
        if (!fits && !(within && may_overdraw)) {
            last_refusal = {state_.get(), state_->releases};
            return nullptr;
        }
        state_->in_use += bytes;
    }
    return std::make_shared<permit>(state_, bytes);
}

void memory_reserve::shrink(const std::shared_ptr<void>& held, std::size_t bytes) {
    if (held == nullptr)
        return;
    auto& one = *static_cast<permit*>(held.get());
    if (bytes >= one.bytes)
        return;
    const std::size_t returned = one.bytes - bytes;
    one.bytes = bytes;
    one.from->release(returned);
}

void memory_reserve::notify_when_room(std::function<void()> when_room) {
    {
        std::lock_guard guard(state_->mutex);
        const bool returned =
            last_refusal.reserve == state_.get() && last_refusal.releases != state_->releases;
        // When nothing is held, nothing will ever return: there is room now.
        if (state_->in_use > 0 && !returned) {
            state_->waiting.push_back(std::move(when_room));
            return;
        }
    }
    when_room();
}

std::size_t memory_reserve::in_use() const {
    std::lock_guard guard(state_->mutex);
    return state_->in_use;
}

std::size_t memory_reserve::capacity() const {
    return state_->capacity;
}

const std::string& memory_reserve::name() const {
    return state_->name;
}

} // namespace barnabas::runtime
