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

/// The coordinator was asked where the group is.
struct consumer_committed_seen {
    std::uint64_t group = 0;
    place where;
    log_offset offset;
};

using consumer_event = std::variant<consumer_started, consumer_assigned, consumer_given_up, consumer_sought,
                                    consumer_delivered, consumer_committed, consumer_committed_seen>;

} // namespace barnabas::sim
