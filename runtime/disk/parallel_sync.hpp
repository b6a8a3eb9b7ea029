#pragma once

#include <optional>
#include <span>

namespace barnabas::runtime {

/// Syncs of several files side by side, by io_uring: a disk works on many at once and finishes them sooner
/// than one after another. Each thread has a ring of its own.
class parallel_sync {
public:
    /// The kernel allows it (containers often do not); the same answer for the life of the process.
    static bool available();

    /// What failed first: its place among the descriptors, and the system's error number.
    struct failure {
        std::size_t place = 0;
        int number = 0;
    };
    /// Syncs bytes and length of all; waits for all, also when one fails. Absent: this thread has got no
    /// ring or has given it up, nothing was begun, and the caller does it one by one. When the ring itself
    /// fails, the outcome is that of syncs without it, or a failure where nobody knows how they ended.
    static std::optional<std::optional<failure>> run(std::span<const int> descriptors);
};

} // namespace barnabas::runtime
