#pragma once

// Private to runtime/scheduler and runtime/network.

#include <unistd.h>
#include <utility>

namespace barnabas::runtime {

/// Owns a descriptor of the operating system.
class descriptor {
public:
    descriptor() = default;
    explicit descriptor(int number) noexcept : number_(number) {}
    descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, none)) {}
    descriptor& operator=(descriptor&& other) noexcept {
        if (this != &other) {
            reset();
            number_ = std::exchange(other.number_, none);
        }
        return *this;
    }
    ~descriptor() { reset(); }

    int get() const noexcept { return number_; }
    bool valid() const noexcept { return number_ != none; }
    void reset() noexcept {
        if (valid())
            ::close(std::exchange(number_, none));
    }

private:
    static constexpr int none = -1;
    int number_ = none;
};

} // namespace barnabas::runtime
