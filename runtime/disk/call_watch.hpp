#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace barnabas::runtime {

class disk;

/// A call on the disk that has not returned yet.
struct call_under_way {
    /// For people.
    std::string what;
    std::chrono::nanoseconds age{0};
};

/// The side of a disk that knows what has not come back.
class call_watch {
public:
    virtual ~call_watch() = default;
    /// Of the calls on something in that data directory the one that is under way for the longest time. From
    /// any thread.
    virtual std::optional<call_under_way> oldest_call(const std::string& directory) const = 0;

    /// Null for a disk that does not know.
    static const call_watch* of(const disk& any);
};

} // namespace barnabas::runtime
