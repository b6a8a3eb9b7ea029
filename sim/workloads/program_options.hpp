#pragma once

#include "runtime/random/random.hpp"
#include "sim/world/fields.hpp"
#include "sim/world/virtual_time.hpp"

#include <cstdint>

namespace barnabas::sim {

/// A program that reads all topics with the client library's consumer (actors/client/consumer).
struct program_options {
    /// 0: it takes all partitions by hand, and commits nothing.
    std::uint64_t group = 0;
    /// It speaks the consumer protocol (KIP-848), not the classic one. All of a group speak the same.
    bool by_heartbeat = false;
    /// It has a group.instance.id of its own.
    bool named = false;
    /// In the consumer protocol: the coordinator matches a pattern with the topics' names.
    bool by_regex = false;
    bool auto_commit = true;
    /// auto.offset.reset is latest instead of earliest.
    bool latest = false;
    std::uint64_t records_max = 50;
    /// Mean time between two polls.
    std::int64_t pause_ns = 50 * millisecond;
    /// Mean time until it closes its consumer and begins with another; 0: never. Like all that is rude, only
    /// until the faults are over.
    std::int64_t restart_ns = 0;
    /// Of a thousand polls so many come later than a member may poll.
    std::uint64_t late_permille = 0;
    /// Before so many of a thousand polls one that reads by hand goes back: to an offset that it had, or to
    /// the beginning.
    std::uint64_t seek_permille = 0;

    static program_options drawn(runtime::random draws);
};

template <fields_of<program_options> Of, class Visit>
void for_each_field(Of& of, Visit&& visit) {
    visit("group", of.group);
    visit("by_heartbeat", of.by_heartbeat);
    visit("named", of.named);
    visit("by_regex", of.by_regex);
    visit("auto_commit", of.auto_commit);
    visit("latest", of.latest);
    visit("records_max", of.records_max);
    visit("pause_ns", of.pause_ns);
    visit("restart_ns", of.restart_ns);
    visit("late_permille", of.late_permille);
    visit("seek_permille", of.seek_permille);
}

} // namespace barnabas::sim
