#pragma once

#include "sim/world/virtual_time.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace barnabas::sim {

/// What happened. Numbers are part of the hash: append only.
enum class trace_kind : std::uint8_t {
    actor_step = 1,   ///< object: actor id; a: cost in ns; b: runnable actors on the loop
    timer = 2,        ///< object: how many fired
    bytes_sent = 3,   ///< object: connection; a: bytes; b: checksum
    bytes_read = 4,   ///< object: connection; a: bytes; b: checksum
    connection = 5,   ///< object: connection; a: what (network/connection.hpp); b: detail
    file_written = 6, ///< object: inode; a: position; b: checksum of length and bytes
    file_changed = 7, ///< object: inode; a: what (disk/memory_disk.hpp); b: detail
    disk_job = 8,     ///< object: lane; a: latency in ns; b: operations
    node_life = 9,    ///< object: incarnation; a: node_event
    note = 10,        ///< whatever a workload or checker reports
    draws = 11,       ///< positions of the random streams, now and then
};

struct trace_event {
    virtual_time at;
    std::uint32_t node = 0;
    trace_kind kind = trace_kind::note;
    std::uint64_t object = 0;
    std::uint64_t a = 0;
    std::uint64_t b = 0;
};

/// Sees every trace event (space-time diagrams, search for the first difference of two runs).
class trace_sink {
public:
    virtual ~trace_sink() = default;
    virtual void on_event(const trace_event& event) = 0;
    /// Before the event of an actor's step: the actor's type and the message that it will take.
    virtual void on_step(const std::string& /*actor*/, const std::string& /*message*/) {}
};

/// A hash over everything that happened, with intermediate values so that two runs that differ can be
/// compared: the first checkpoint that differs bounds the first event that differs.
class trace {
public:
    static constexpr std::uint64_t events_per_checkpoint = 65'536;

    void record(const trace_event& event) {
        mix(static_cast<std::uint64_t>(event.at.get()));
        mix((static_cast<std::uint64_t>(event.kind) << 32) | event.node);
        mix(event.object);
        mix(event.a);
        mix(event.b);
        if (++events_ % events_per_checkpoint == 0)
            checkpoints_.push_back(hash_);
        if (sink_ != nullptr)
            sink_->on_event(event);
    }

    std::uint64_t hash() const noexcept { return hash_; }
    std::uint64_t events() const noexcept { return events_; }
    const std::vector<std::uint64_t>& checkpoints() const noexcept { return checkpoints_; }
    /// Null for none. The sink must outlive the run.
    void watch(trace_sink* sink) noexcept { sink_ = sink; }
    /// Null when nobody watches.
    trace_sink* watching() const noexcept { return sink_; }

private:
    void mix(std::uint64_t word) noexcept {
        hash_ = (hash_ ^ word) * 0x9fb21c651e98df25ULL;
        hash_ ^= hash_ >> 32;
    }

    std::uint64_t hash_ = 0x243f6a8885a308d3ULL;
    std::uint64_t events_ = 0;
    std::vector<std::uint64_t> checkpoints_;
    trace_sink* sink_ = nullptr;
};

/// A cheap 64-bit checksum for the trace, eight bytes at a time; the same on every little-endian machine.
std::uint64_t trace_checksum(std::span<const std::byte> bytes, std::uint64_t start = 0) noexcept;

} // namespace barnabas::sim
