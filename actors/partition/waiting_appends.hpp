#pragma once

#include "actors/partition/partition_messages.hpp"
#include "protocol/model/ids.hpp"
#include "protocol/model/lean_deque.hpp"

#include <cstdint>
#include <utility>
#include <vector>

namespace barnabas {

/// How far a log must have come before an append is answered.
enum class append_promise {
    written, ///< acks=1, and acks=all under write.caching
    stable,  ///< acks=all
};

/// Appends whose promise does not hold yet, in log order. Both marks only move forward, and appends of one
/// promise are answered in the order in which they were made.
class waiting_appends {
public:
    struct waiter {
        /// The append's records lie below this offset.
        log_offset end;
        std::uint64_t reply = 0;
        append_response answer;
        std::int16_t acks = -1;
    };

    void add(append_promise promise, waiter one);
    /// Takes out what the marks have reached now.
    std::vector<waiter> reached(log_offset written, log_offset stable);
    /// Takes out everything at or above `from`: those appends failed and their offsets are void.
    std::vector<waiter> failed_from(log_offset from);

    std::size_t size() const noexcept { return written_.size() + stable_.size(); }
    /// Somebody waits for stable storage.
    bool wants_stable() const noexcept { return !stable_.empty(); }

private:
    lean_deque<waiter> written_;
    lean_deque<waiter> stable_;
};

} // namespace barnabas
