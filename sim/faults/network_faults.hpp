#pragma once

#include "runtime/random/random.hpp"
#include "sim/world/fields.hpp"
#include "sim/world/virtual_time.hpp"

#include <cstdint>

namespace barnabas::sim {

/// Chances are in this many.
inline constexpr std::uint64_t per_million = 1'000'000;

/// What the network does to connections. Chances are per 1,000,000; times in ns. The defaults are a healthy
/// network, whose latencies and read sizes still vary. May be replaced at any time
/// (`network_fabric::set_faults`): "healing" is setting `network_faults{}`. What a connection drew when it
/// was made stays, except planned harm.
struct network_faults {
    /// One-way latency of a connection: drawn between these when it is made, per direction.
    std::int64_t latency_low = 50 * microsecond;
    std::int64_t latency_high = 800 * microsecond;
    /// Extra latency per segment: now and then up to `tail_high`.
    std::uint32_t tail_chance = 1'000;
    std::int64_t tail_high = 20 * millisecond;
    std::uint64_t bytes_per_second = 1'000'000'000;
    /// Bytes that a direction holds between writer and reader (both socket buffers).
    std::uint32_t window_low = 64 * 1'024;
    std::uint32_t window_high = 1'024 * 1'024;

    /// Per read: only a random part of what is there is delivered; of these, one in four is a single byte.
    std::uint32_t partial_read_chance = 100'000;
    /// Per segment sent: it is cut at a random place into two that travel alone.
    std::uint32_t split_chance = 50'000;

    /// Per connection and direction, when it is made: it will be reset after a drawn number of bytes.
    std::uint32_t reset_chance = 0;
    std::uint32_t reset_after_bytes_high = 1'000'000;
    /// Per connection: one side vanishes silently at a drawn time.
    std::uint32_t half_open_chance = 0;
    std::int64_t half_open_after_high = 30 * second;
    /// How long a side writes into the void, or waits on it, before it gets an error.
    std::int64_t silence_low = second;
    std::int64_t silence_high = 120 * second;
    /// Per attempt to connect.
    std::uint32_t refuse_chance = 0;
    std::uint32_t hang_chance = 0;
    /// Accepted, and then nothing is ever heard.
    std::uint32_t mute_chance = 0;
    std::int64_t connect_timeout = 10 * second;
    /// Per segment: the direction is clogged (bytes are held, none lost) for up to `clog_high`.
    std::uint32_t clog_chance = 0;
    std::int64_t clog_high = 5 * second;

    /// Which kinds exist and how strong they are, drawn for one run.
    static network_faults drawn(runtime::random& draws);
    /// Strengths of all kinds, as if all existed.
    static network_faults all_drawn(runtime::random& draws);
};

template <fields_of<network_faults> Of, class Visit>
void for_each_field(Of& of, Visit&& visit) {
    visit("latency_low_ns", of.latency_low);
    visit("latency_high_ns", of.latency_high);
    visit("tail_chance_ppm", of.tail_chance);
    visit("tail_high_ns", of.tail_high);
    visit("bytes_per_second", of.bytes_per_second);
    visit("window_low_bytes", of.window_low);
    visit("window_high_bytes", of.window_high);
    visit("partial_read_chance_ppm", of.partial_read_chance);
    visit("split_chance_ppm", of.split_chance);
    visit("reset_chance_ppm", of.reset_chance);
    visit("reset_after_high_bytes", of.reset_after_bytes_high);
    visit("half_open_chance_ppm", of.half_open_chance);
    visit("half_open_after_high_ns", of.half_open_after_high);
    visit("silence_low_ns", of.silence_low);
    visit("silence_high_ns", of.silence_high);
    visit("refuse_chance_ppm", of.refuse_chance);
    visit("hang_chance_ppm", of.hang_chance);
    visit("mute_chance_ppm", of.mute_chance);
    visit("connect_timeout_ns", of.connect_timeout);
    visit("clog_chance_ppm", of.clog_chance);
    visit("clog_high_ns", of.clog_high);
}

} // namespace barnabas::sim
