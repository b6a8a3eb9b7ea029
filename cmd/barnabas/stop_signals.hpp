#pragma once

namespace barnabas {

/// SIGTERM, SIGINT and SIGHUP (the terminal is gone) as something to wait for. Make one before any thread
/// starts, since threads inherit the mask. Under nohup SIGHUP stays ignored.
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

/// Of one of the three.
const char* name_of_stop_signal(int number) noexcept;

} // namespace barnabas
