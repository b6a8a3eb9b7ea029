#pragma once

#include "runtime/random/random.hpp"
#include "sim/world/fields.hpp"
#include "sim/world/virtual_time.hpp"

#include <cstdint>
#include <span>

namespace barnabas::sim {

/// What a hostile client does; the table in attacks.cpp has one row for each.
enum class hostile_kind : std::uint8_t {
    half_request_then_silence,
    half_request_then_close,
    bad_length,       ///< a length prefix that is negative, zero, too small, or huge
    bad_counts,       ///< counts inside of a request that promise more than there is
    unknown_api,      ///< an api key that does not exist
    bad_version,      ///< a version that does not exist, also of ApiVersions
    noise,            ///< random bytes
    slow_reader,      ///< fetches, and takes the answers byte by byte
    never_reads,      ///< fetches, and takes nothing
    connection_storm, ///< many connections at once that say nothing
    wrong_sequences,  ///< repeated and skipped sequences, an older epoch
    same_everywhere,  ///< the same request on many connections
    wrong_crc,        ///< a batch with a damaged checksum, also to a checked topic
    wrong_count,      ///< a batch with another number of records than it says
    compression_bomb, ///< a small batch that becomes a large one
    pipelined_unread, ///< many requests at once whose answers are read late
    record_deletion,  ///< deletes records of a checked topic, which is allowed, and asks where epochs end
    replica_move,     ///< moves partitions of a checked topic between data directories, which is allowed, too
};
const char* name_of(hostile_kind kind) noexcept;
std::span<const hostile_kind> all_of(hostile_kind) noexcept;

/// Bit k: the kind with number k is one of them.
struct hostile_kinds {
    std::uint32_t bits = 0;

    bool has(hostile_kind kind) const noexcept { return (bits >> static_cast<unsigned>(kind) & 1U) != 0; }
    void add(hostile_kind kind) noexcept { bits |= 1U << static_cast<unsigned>(kind); }
    bool none() const noexcept { return bits == 0; }
    friend bool operator==(const hostile_kinds&, const hostile_kinds&) = default;
};

struct hostile_options {
    /// Which exist; none: there are no hostile clients.
    hostile_kinds kinds;
    /// Mean time between two attacks.
    std::int64_t interval_ns = second;
    /// Connections of a storm, and copies of a request.
    std::uint32_t connections = 100;
    std::uint32_t pipelined = 200;
    std::uint32_t bomb_bytes = 4'000'000;
    /// How long a connection that waits for nothing stays.
    std::int64_t idle_ns = 5 * second;
    /// A healthy broker answers or closes within this time.
    std::int64_t answer_limit_ns = 10 * second;

    static hostile_options drawn(runtime::random draws);
};

/// One attack that is stated instead of drawn.
struct planned_attack {
    virtual_time at;
    hostile_kind kind = hostile_kind::noise;
    /// Decides what its kind leaves open.
    std::uint64_t choice = 0;

    friend bool operator==(const planned_attack&, const planned_attack&) = default;
};

template <fields_of<hostile_options> Of, class Visit>
void for_each_field(Of& of, Visit&& visit) {
    visit("kinds", of.kinds);
    visit("interval_ns", of.interval_ns);
    visit("connections", of.connections);
    visit("pipelined", of.pipelined);
    visit("bomb_bytes", of.bomb_bytes);
    visit("idle_ns", of.idle_ns);
    visit("answer_limit_ns", of.answer_limit_ns);
}

} // namespace barnabas::sim
