#pragma once

#include "sim/faults/disk_faults.hpp"
#include "sim/node/host.hpp"
#include "sim/world/fields.hpp"
#include "sim/world/virtual_time.hpp"

#include <cstdint>
#include <span>

namespace barnabas::sim {

/// What can be done to a broker, its links, its clocks and its disk at some time.
enum class fault_kind : std::uint8_t {
    crash,              ///< the broker dies now
    crash_at_operation, ///< ... right after its n-th operation on files from now
    crash_after_ack,    ///< ... a moment after a client was told that its batch is safe
    crash_in_recovery,  ///< ... and again at the n-th operation of its next life
    crash_loop,         ///< ... and again soon after each of its next starts, so many times
    stop,               ///< it is asked to stop
    reset_connections,  ///< all its connections are reset
    reset_in_frame,     ///< connections to clients are reset after so many more bytes
    half_open,          ///< one end of the connections to clients vanishes
    cut_link,           ///< bytes between it and clients are held, one way or both, until connections fail
    flapping_link,      ///< ... again and again for a moment
    clog,               ///< bytes are held for a while and nothing fails by it
    swizzle,            ///< half of all links are clogged one by one and opened in another order
    slow_link,          ///< links have a low rate and small buffers
    connects_refused,   ///< clients that connect are refused
    connects_hang,      ///< ... get no answer
    connects_silent,    ///< ... are accepted, and nothing is heard for a while
    pause,              ///< its process stands still
    slow_loop,          ///< its actors need many times as long for each step
    clock_jump,         ///< its wall clock jumps
    clock_drift,        ///< its clocks run too fast or too slow
    slow_disk,          ///< its disk needs many times as long for each job
    disk_stall,         ///< its disk stands still
    full_disk,          ///< its disk has only so many bytes left
    hanging_disk,       ///< no call on its disk returns any more, until somebody kills the process
    lost_directory,     ///< one of its data directories fails, or becomes read-only
    hanging_directory,  ///< no call on one of its data directories returns, until somebody kills the process
    other_disk,         ///< it is started with the disk of another broker or cluster, until that is noticed
    empty_directory,    ///< ... with an empty disk at one of several data directories, for a while
    empty_disk,         ///< ... with an empty disk: the promise is void
    old_image,          ///< ... with its disk, or one of several, as it was a while ago: the promise is void
    shortened_file,     ///< ... with a file emptied or cut short that was on stable storage, for a while
    taken_directory,    ///< a data directory is unmounted or moved away under it, until its next start
    lost_snapshots,     ///< as shortened_file, with empty snapshots beside the file
    harmed_index,  ///< it stops or dies, and indexes are gone, emptied, cut short or rotten at its next start
    full_of_names, ///< its disk has places for only so many more files, whatever bytes are free
};
const char* name_of(fault_kind kind) noexcept;
std::span<const fault_kind> all_of(fault_kind) noexcept;
/// No broker can keep its promise on such a disk alone.
constexpr bool loses(fault_kind kind) noexcept {
    return kind == fault_kind::empty_disk || kind == fault_kind::old_image;
}
/// What is made in an empty directory is gone with it, too: whoever states one sees to it that nothing is.
constexpr bool may_lose(fault_kind kind) noexcept {
    return loses(kind) || kind == fault_kind::empty_directory;
}

/// What a fault waits for once its date has come.
enum class fault_moment : std::uint8_t {
    at_time,     ///< nothing
    after_start, ///< the next start of the broker, whose recovery it shall meet
    after_ack,   ///< the next time that a client is told that its batch is safe
};
const char* name_of(fault_moment moment) noexcept;
std::span<const fault_moment> all_of(fault_moment) noexcept;

/// Bytes of which direction, or which end of a connection.
enum class link_ways : std::uint8_t { both, to_broker, from_broker };
const char* name_of(link_ways ways) noexcept;
std::span<const link_ways> all_of(link_ways) noexcept;

/// One fault with a date. Everything about it stands here; `fields_used` says what matters to which kind.
struct planned_fault {
    static constexpr std::uint32_t every_client = UINT32_MAX;

    virtual_time at;
    fault_kind kind = fault_kind::crash;
    fault_moment moment = fault_moment::at_time;
    /// Between the moment and the fault.
    std::int64_t after_ns = 0;
    crash_kind how = crash_kind::kill;
    /// Of a power cut.
    power_cut_faults losses;
    /// Until the broker is started again, or until what is wrong is right again.
    std::int64_t lasts_ns = 0;
    /// Operations on files until the crash.
    std::uint64_t operations = 0;
    /// Which client's links, counted as the driver's list has them (and round again), or `every_client`.
    std::uint32_t client = 0;
    link_ways ways = link_ways::both;
    /// How long a flapping link stays as it is; the longest life in a crash loop.
    std::int64_t interval_ns = 0;
    /// Crashes of a loop; places for files.
    std::uint32_t count = 0;
    /// More bytes before a reset; the buffers of a slow link; what is free on a full disk.
    std::uint32_t bytes = 0;
    /// Of a slow link; what others take on a full disk, or give back.
    std::uint64_t bytes_per_second = 0;
    std::int64_t jump_ms = 0;
    std::int64_t drift_ppm = 0;
    /// How many times slower.
    std::int64_t factor = 1;
    /// Decides what else there is to decide: the orders of a swizzle, the lengths of lives in a loop, which
    /// directory and how.
    std::uint64_t choice = 0;
    /// How long ago a disk was what it is again.
    std::int64_t age_ns = 0;
};

/// Groups of members of `planned_fault`; a kind uses some of them.
enum fault_fields : unsigned {
    uses_how = 1U << 0U, ///< and the losses, if the power is cut
    uses_lasts = 1U << 1U,
    uses_operations = 1U << 2U,
    uses_client = 1U << 3U,
    uses_ways = 1U << 4U,
    uses_interval = 1U << 5U,
    uses_count = 1U << 6U,
    uses_bytes = 1U << 7U,
    uses_rate = 1U << 8U,
    uses_jump = 1U << 9U,
    uses_drift = 1U << 10U,
    uses_factor = 1U << 11U,
    uses_choice = 1U << 12U,
    uses_age = 1U << 13U,
};
unsigned fields_used(fault_kind kind) noexcept;

/// Shows only what the kind uses.
template <fields_of<planned_fault> Of, class Visit>
void for_each_field(Of& of, Visit&& visit) {
    visit("at_ns", of.at);
    visit("kind", of.kind);
    visit("moment", of.moment);
    if (of.moment != fault_moment::at_time || of.kind == fault_kind::crash_after_ack)
        visit("after_ns", of.after_ns);
    const auto used = fields_used(of.kind);
    const auto show = [&](unsigned group, const char* name, auto& member) {
        if ((used & group) != 0)
            visit(name, member);
    };
    show(uses_how, "how", of.how);
    if ((used & uses_how) != 0 && of.how == crash_kind::power_cut)
        for_each_field(of.losses, visit);
    show(uses_lasts, "lasts_ns", of.lasts_ns);
    show(uses_operations, "operations", of.operations);
    show(uses_client, "client", of.client);
    show(uses_ways, "ways", of.ways);
    show(uses_interval, "interval_ns", of.interval_ns);
    show(uses_count, "count", of.count);
    show(uses_bytes, "bytes", of.bytes);
    show(uses_rate, "bytes_per_second", of.bytes_per_second);
    show(uses_jump, "jump_ms", of.jump_ms);
    show(uses_drift, "drift_ppm", of.drift_ppm);
    show(uses_factor, "factor", of.factor);
    show(uses_choice, "choice", of.choice);
    show(uses_age, "age_ns", of.age_ns);
}

} // namespace barnabas::sim
