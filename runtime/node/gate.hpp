#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace barnabas::runtime {

/// Opens once, and stays open. Brings what happens on a loop to threads of a program that wait for it: what
/// was written before `open` is seen behind `wait` and by the calls of `on_open`. Copies are the same gate.
class gate {
public:
    gate();

    void open();
    bool is_open() const;
    /// Not on a loop: it would wait for itself.
    void wait() const;
    /// Whether it was open in time.
    bool wait_for(std::chrono::milliseconds most) const;
    /// Calls when it opens, on the thread that opens it; at once when it is open. It must not throw: that
    /// would be lost to the calls behind it.
    void on_open(std::function<void()> call) const;

private:
    struct state;
    std::shared_ptr<state> state_;
};

} // namespace barnabas::runtime
