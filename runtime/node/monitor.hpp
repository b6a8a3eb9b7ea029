#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace barnabas::runtime {

/// What threads of a program and a loop use in turn, when a message for each use would cost too much. Copies
/// are the same monitor.
class monitor {
public:
    monitor();

    /// Calls, alone. Short: a loop may wait for it.
    template <class Call>
    void alone(const Call& call) const {
        const holder here(*this);
        call();
    }
    /// Calls until it says true, again whenever `wake` was called; false when that was not in time. Not on a
    /// loop: it would wait for itself.
    bool until(std::chrono::milliseconds most, const std::function<bool()>& call) const;
    void wake() const;

private:
    class holder {
    public:
        explicit holder(const monitor& of) : of_(of) { of_.enter(); }
        holder(const holder&) = delete;
        holder& operator=(const holder&) = delete;
        ~holder() { of_.leave(); }

    private:
        const monitor& of_;
    };
    void enter() const;
    void leave() const;

    struct state;
    std::shared_ptr<state> state_;
};

} // namespace barnabas::runtime
