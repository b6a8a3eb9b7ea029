#pragma once

#include "protocol/model/assert.hpp"
#include "protocol/model/lean_deque.hpp"
#include "runtime/node/pending_reply.hpp"

#include <cstdint>
#include <utility>

namespace barnabas::runtime {

/// Waiting answers by number, for a machine that knows its askers only by numbers. Numbers ascend, and
/// answers come roughly in that order, so this stays a short queue.
template <class Response>
class reply_table {
public:
    std::uint64_t put(pending_reply<Response> reply) {
        replies_.push_back(std::move(reply));
        return first_ + replies_.size() - 1;
    }

    template <class Self>
    void deliver(Self* self, std::uint64_t number, Response response) {
        BARNABAS_ASSERT(number >= first_ && number - first_ < replies_.size());
        replies_[number - first_].deliver(self, std::move(response));
        while (!replies_.empty() && !replies_.front()) {
            replies_.pop_front();
            ++first_;
        }
    }

    /// Who waits for it; null when it was answered or forgotten.
    const caf::strong_actor_ptr& asker(std::uint64_t number) const {
        BARNABAS_ASSERT(number >= first_ && number - first_ < replies_.size());
        return replies_[number - first_].asker();
    }

    std::size_t size() const noexcept { return replies_.size(); }

private:
    std::uint64_t first_ = 1;
    lean_deque<pending_reply<Response>> replies_;
};

} // namespace barnabas::runtime
