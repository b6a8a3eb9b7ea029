#pragma once

#include "actors/client/user_call.hpp"
#include "runtime/node/gate.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace barnabas::client {

/// A value that comes later, once. Wait for it, or be called when it is there. Copies are the same value.
template <class Value>
class pending {
public:
    bool is_done() const { return state_->gate.is_open(); }
    /// Waits as long as it takes, which a client's timeouts bound. Not to be called from `on_done`: the
    /// client's own thread would wait for itself.
    const Value& get() const& {
        state_->gate.wait();
        return *state_->value;
    }
    Value get() && {
        state_->gate.wait();
        return *state_->value;
    }
    /// Whether it came in time.
    bool wait_for(std::chrono::milliseconds most) const { return state_->gate.wait_for(most); }
    /// Calls with the value: on the client's own thread, which does nothing else meanwhile, or at once when
    /// the value is there. What it throws is dropped, with a line on the standard error stream.
    void on_done(std::function<void(const Value&)> call) const {
        state_->gate.on_open([state = state_, call = std::move(call)] {
            call_user("a callback of on_done", tell_stderr, call, *state->value);
        });
    }

    /// For whoever gives the value, at most once.
    void give(Value value) const {
        const auto kept = state_;
        kept->value.emplace(std::move(value));
        kept->gate.open();
    }

private:
    struct state {
        runtime::gate gate;
        std::optional<Value> value;
    };
    std::shared_ptr<state> state_ = std::make_shared<state>();
};

} // namespace barnabas::client
