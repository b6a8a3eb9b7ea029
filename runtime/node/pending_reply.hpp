#pragma once

#include "runtime/node/node_services.hpp"

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/send.hpp>

#include <cstdint>
#include <utility>

namespace barnabas::runtime {

/// Counts a reply that was destroyed unanswered (metric `replies_dropped`; always zero in a healthy node).
void count_dropped_reply(node_services& node);

/// A waiting answer that cannot be lost: move-only, and its destructor answers with
/// `Response::dropped(token)`. `Response` is a message struct whose first member is the asker's
/// `std::uint64_t token`.
template <class Response>
class pending_reply {
public:
    pending_reply() = default;
    pending_reply(node_services& node, caf::strong_actor_ptr asker, std::uint64_t token)
        : node_(&node), asker_(std::move(asker)), token_(token) {}
    pending_reply(pending_reply&& other) noexcept
        : node_(other.node_), asker_(std::exchange(other.asker_, nullptr)), token_(other.token_) {}
    pending_reply& operator=(pending_reply&& other) noexcept {
        if (this != &other) {
            answer_dropped();
            node_ = other.node_;
            asker_ = std::exchange(other.asker_, nullptr);
            token_ = other.token_;
        }
        return *this;
    }
    pending_reply(const pending_reply&) = delete;
    pending_reply& operator=(const pending_reply&) = delete;
    ~pending_reply() { answer_dropped(); }

    const caf::strong_actor_ptr& asker() const noexcept { return asker_; }
    explicit operator bool() const noexcept { return asker_ != nullptr; }

    /// Answers, once. `self` is the answering actor.
    template <class Self>
    void deliver(Self* self, Response response) {
        response.token = token_;
        auto asker = std::exchange(asker_, nullptr);
        if (asker != nullptr)
            self->send(caf::actor_cast<caf::actor>(asker), std::move(response));
    }
    /// The asker does not want an answer any more.
    void forget() noexcept { asker_ = nullptr; }

private:
    void answer_dropped() noexcept {
        if (asker_ == nullptr)
            return;
        count_dropped_reply(*node_);
        caf::anon_send(caf::actor_cast<caf::actor>(asker_), Response::dropped(token_));
        asker_ = nullptr;
    }

    node_services* node_ = nullptr;
    caf::strong_actor_ptr asker_;
    std::uint64_t token_ = 0;
};

} // namespace barnabas::runtime
