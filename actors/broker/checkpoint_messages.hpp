#pragma once

#include "protocol/model/checkpointed_offsets.hpp"
#include "protocol/model/error.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <string>

/// Messages between partitions and the checkpoints of their data directory (`checkpoint_actor.hpp`).
namespace barnabas {

/// From a partition, when its offsets differ from what the checkpoints know for the first time, and again as
/// an answer to `report_marks`. In between it is silent, however much it moves.
struct partition_marks {
    partition_name where;
    checkpointed_offsets offsets;
    /// The partition is over; nothing follows.
    bool last = false;
    /// Its files are gone, and so are its lines.
    bool removed = false;
};

/// To a partition that has told of its offsets: tell them again if they have changed, or else with the next
/// change.
struct report_marks {};

/// To a partition: its recovery point is to go to the end of its records, as soon as those are stable.
struct note_recovery_point {};

/// From a partition: records below `log_start` are to be deleted. Answered when that is on stable storage.
struct keep_log_start {
    std::uint64_t token = 0;
    partition_name where;
    log_offset log_start;
};
struct log_start_kept {
    std::uint64_t token = 0;
    errc code = errc::ok;
    std::string detail;

    result<void> outcome() const { return code == errc::ok ? result<void>() : error{code, detail}; }
    static log_start_kept dropped(std::uint64_t token) { return {token, errc::dropped, "the node stops"}; }
};

/// From a partition before its directory is made: whatever the checkpoints say is of another one that had
/// this name. Answered when it is gone from the files.
struct forget_marks {
    std::uint64_t token = 0;
    partition_name where;
};
struct marks_forgotten {
    std::uint64_t token = 0;
    errc code = errc::ok;
    std::string detail;

    result<void> outcome() const { return code == errc::ok ? result<void>() : error{code, detail}; }
    static marks_forgotten dropped(std::uint64_t token) { return {token, errc::dropped, "the node stops"}; }
};

/// From the broker, after all partitions have closed. Answered by `checkpoints_closed` when everything is
/// written, or could not be; then the actor ends.
struct close_checkpoints {};
struct checkpoints_closed {
    std::string directory;
    errc code = errc::ok;
    std::string detail;
};

} // namespace barnabas

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::partition_marks)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::report_marks)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::note_recovery_point)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::keep_log_start)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::log_start_kept)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::forget_marks)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::marks_forgotten)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::close_checkpoints)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::checkpoints_closed)
