#pragma once

#include "protocol/kafka/consumer_group_heartbeat.hpp"
#include "protocol/kafka/join_group.hpp"
#include "runtime/random/random.hpp"
#include "sim/world/fields.hpp"
#include "sim/world/virtual_time.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace barnabas::sim {

/// One member of a consumer group.
struct member_options {
    std::uint64_t group = 0;
    /// It speaks the consumer protocol (KIP-848), not the classic one; a group may have members of both.
    bool consumer = false;
    /// Its static name (KIP-345); 0 for a dynamic member. Two of one name fence each other.
    std::uint64_t instance = 0;
    std::int32_t session_timeout_ms = 3'000;
    std::int32_t rebalance_timeout_ms = 3'000;
    std::int64_t heartbeat_ns = 500 * millisecond;
    std::int64_t commit_ns = 300 * millisecond;
    /// Mean time until it leaves, forgets who it is, stands still, or changes what it wants; 0: never. All
    /// behave when the faults are over.
    std::int64_t rude_ns = 0;
    /// It comes only then.
    std::int64_t start_ns = 0;
    /// How long its subscription is at least, if it speaks the classic protocol. Beyond what the broker can
    /// keep it stays out for ever, and that is to be nobody else's trouble.
    std::uint64_t metadata_bytes = 0;
    /// Commits for all partitions of a group of its own, without being a member.
    bool without_generation = false;
    /// It joins and lives, but never asks what it is to do (card GRP-04): the others of its group, all of the
    /// classic protocol, are to get on without it.
    bool without_sync = false;
    std::int16_t join_version_max = kafka::join_group_request::highest_version;
    std::int16_t fetch_version_max = 9;
    /// Of the consumer protocol: the mean time that it takes to let go of partitions, and its version of
    /// ConsumerGroupHeartbeat.
    std::int64_t revoke_ns = 0;
    std::int16_t heartbeat_version_max = kafka::consumer_group_heartbeat_request::highest_version;
};

/// Who deletes committed offsets (OffsetDelete) and groups without members (DeleteGroups), of every second
/// group. When all is over it asks once more for all offsets of all groups.
struct group_admin_options {
    /// Mean time between two deletions; 0: nothing is deleted.
    std::int64_t interval_ns = 0;

    static group_admin_options drawn(runtime::random draws);
    bool touches(std::uint64_t group) const noexcept { return interval_ns != 0 && group % 2 == 0; }
};

template <fields_of<group_admin_options> Of, class Visit>
void for_each_field(Of& of, Visit&& visit) {
    visit("interval_ns", of.interval_ns);
}

using broker_lines = std::vector<std::pair<std::string, std::string>>;

/// Members for a run: none in most of them.
std::vector<member_options> drawn_members(runtime::random draws);
/// What the broker is told in a run with members, so that rebalances are quick and compaction of
/// `__consumer_offsets` happens.
broker_lines drawn_group_config(runtime::random draws);

/// Lets some of these members speak the consumer protocol, in some runs; draws nothing from elsewhere.
void draw_consumers(std::vector<member_options>& members, runtime::random draws);
/// Adds one that says more than a record of so many bytes can keep, in some runs.
void draw_long_winded(std::vector<member_options>& members, std::uint64_t record_bytes,
                      runtime::random draws);
/// What the broker is told for the sake of members that speak it.
broker_lines drawn_consumer_config(runtime::random draws);

/// By this configuration offsets grow old within a run.
bool offsets_expire(const broker_lines& config);
/// By this configuration a group may be full.
bool limits_groups(const broker_lines& config);

} // namespace barnabas::sim
