#pragma once

#include "protocol/model/ids.hpp"
#include "sim/checkers/place.hpp"

#include <cstdint>
#include <variant>

/// What programs with the client library's consumer do and hear. `consumer` counts the lives of all of them
/// through the run; group 0 is none: partitions by hand.
namespace barnabas::sim {

struct consumer_started {
    std::uint64_t consumer = 0;
    std::uint64_t group = 0;
    /// Without a committed offset it begins at the end, else at the beginning.
    bool latest = false;
};

/// The partition is its own from now on: it begins where the group is, or by its reset policy.
struct consumer_assigned {
    std::uint64_t consumer = 0;
    place where;
};

/// It was told that the partition goes, or it closes.
struct consumer_given_up {
    std::uint64_t consumer = 0;
    place where;
    /// The consumer says that what it was given before is committed.
    bool committed = false;
};

struct consumer_sought {
    std::uint64_t consumer = 0;
    place where;
    log_offset offset;
};

/// A poll gave this record.
struct consumer_delivered {
    std::uint64_t consumer = 0;
    place where;
    log_offset offset;
};

/// A commit that the program made was confirmed.
struct consumer_committed {
    std::uint64_t group = 0;
    place where;
    log_offset offset;
};

/// A commit that the program made was not confirmed: it may have been made, and may be made yet.
struct consumer_commit_lost {
    std::uint64_t group = 0;
    place where;
    log_offset offset;
};

/// The coordinator is asked where the group is. Questions count through the run.
struct consumer_committed_asked {
    std::uint64_t question = 0;
    std::uint64_t group = 0;
};

/// What it answered of one partition.
struct consumer_committed_seen {
    std::uint64_t question = 0;
    std::uint64_t group = 0;
    place where;
    /// -1: nothing was committed.
    log_offset offset{-1};
};

using consumer_event =
    std::variant<consumer_started, consumer_assigned, consumer_given_up, consumer_sought, consumer_delivered,
                 consumer_committed, consumer_commit_lost, consumer_committed_asked, consumer_committed_seen>;

} // namespace barnabas::sim
