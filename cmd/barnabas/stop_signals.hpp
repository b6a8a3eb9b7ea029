#pragma once

namespace barnabas {

/// SIGTERM and SIGINT as something to wait for. Make one before any thread starts, since threads inherit the
/// mask.
class stop_signals {
public:
    stop_signals();
    /// From then on a signal ends the process at once; those that nobody took are forgotten.
    ~stop_signals();
    stop_signals(const stop_signals&) = delete;
    stop_signals& operator=(const stop_signals&) = delete;

    /// Becomes readable when a signal is there.
    int descriptor() const noexcept { return descriptor_; }
    /// The next signal's number; 0 if there is none.
    int take() noexcept;

private:
    int descriptor_ = -1;
};

} // namespace barnabas
