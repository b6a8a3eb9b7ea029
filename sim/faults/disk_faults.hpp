#pragma once

#include "runtime/random/random.hpp"
#include "sim/faults/network_faults.hpp"
#include "sim/world/fields.hpp"
#include "sim/world/virtual_time.hpp"

#include <cstdint>

namespace barnabas::sim {

/// What a disk does wrong while it runs. Chances are per 1,000,000; times in ns. The defaults are a healthy
/// disk whose latencies still vary.
struct disk_faults {
    std::uint32_t read_error_chance = 0;
    std::uint32_t write_error_chance = 0;
    /// Per file synced. The dirty pages of that file are then lost, and a later success says nothing of them.
    std::uint32_t sync_error_chance = 0;
    /// Per file or directory synced: success is reported, and nothing is on stable storage before up to
    /// `sync_lie_high` have passed. No broker can keep its promise then.
    std::uint32_t sync_lie_chance = 0;
    std::int64_t sync_lie_high = 30 * second;
    /// Per read of a `.log`, a `.snapshot` or the commit journal, whose formats can show it: one bit comes
    /// out wrong, this time.
    std::uint32_t read_rot_chance = 0;
    /// Per such read: one sector that it touches has a wrong bit from now on. What only this disk has is
    /// lost.
    std::uint32_t sticky_rot_chance = 0;
    /// Per read of an index, which is no more than a hint: one bit comes out wrong, half of the times from
    /// now on.
    std::uint32_t index_rot_chance = 0;
    /// Per read of any other file, which are small texts: one bit comes out wrong, this time.
    std::uint32_t text_rot_chance = 0;
    /// ... and from now on, as of a sector that rotted.
    std::uint32_t sticky_text_rot_chance = 0;
    /// Per write, but once in the life of a disk: all of it lands somewhere else, over what was there.
    std::uint32_t misdirect_chance = 0;
    /// Per call that opens something: the process has too many files open.
    std::uint32_t no_descriptor_chance = 0;
    /// Per call that makes a name, or syncs names, while the disk is full: there is no room for it.
    std::uint32_t no_room_for_name_chance = 0;

    /// Latencies of one operation inside a submitted job; the kind of job does not matter.
    std::int64_t cached_low = 2 * microsecond;
    std::int64_t cached_high = 40 * microsecond;
    std::int64_t sync_low = 200 * microsecond;
    std::int64_t sync_high = 5 * millisecond;
    /// Per operation: as long as `stall_high`.
    std::uint32_t stall_chance = 0;
    std::int64_t stall_high = 10 * second;
    /// True time before which no job ends: the whole disk stands still.
    std::int64_t stalled_until = 0;
    /// Per `cached_read` job: a read would have waited, so the job runs again as a whole.
    std::uint32_t not_cached_chance = 100'000;
    /// Per job that may run on the submitting loop: it does, and `done` is called before `submit` returns.
    std::uint32_t inline_chance = 250'000;
    /// Descriptors that a process may have open; it closes and opens files to keep to that.
    std::uint32_t open_files_max = 400;

    /// Which kinds exist and how strong they are, drawn for one run.
    static disk_faults drawn(runtime::random& draws);
    /// Strengths of all kinds but lies, as if all existed.
    static disk_faults all_drawn(runtime::random& draws);
    /// No broker can keep its promise on such a disk alone.
    bool loses() const noexcept {
        return sync_lie_chance > 0 || sticky_rot_chance > 0 || misdirect_chance > 0;
    }
    /// The same disk without what loses.
    disk_faults honest() const;
    /// Something on it ends in an error now and then, or says what makes the broker refuse service.
    bool fails() const noexcept {
        return read_error_chance > 0 || write_error_chance > 0 || sync_error_chance > 0 ||
               no_descriptor_chance > 0 || no_room_for_name_chance > 0 || text_rot_chance > 0 ||
               sticky_text_rot_chance > 0;
    }
    /// The same disk with all latencies so many times as long.
    disk_faults slowed(std::int64_t factor) const;
};

template <fields_of<disk_faults> Of, class Visit>
void for_each_field(Of& of, Visit&& visit) {
    visit("read_error_chance_ppm", of.read_error_chance);
    visit("write_error_chance_ppm", of.write_error_chance);
    visit("sync_error_chance_ppm", of.sync_error_chance);
    visit("sync_lie_chance_ppm", of.sync_lie_chance);
    visit("cached_low_ns", of.cached_low);
    visit("cached_high_ns", of.cached_high);
    visit("sync_low_ns", of.sync_low);
    visit("sync_high_ns", of.sync_high);
    visit("stall_chance_ppm", of.stall_chance);
    visit("stall_high_ns", of.stall_high);
    visit("stalled_until_ns", of.stalled_until);
    visit("not_cached_chance_ppm", of.not_cached_chance);
    visit("inline_chance_ppm", of.inline_chance);
    visit("read_rot_chance_ppm", of.read_rot_chance);
    visit("sticky_rot_chance_ppm", of.sticky_rot_chance);
    visit("misdirect_chance_ppm", of.misdirect_chance);
    visit("no_descriptor_chance_ppm", of.no_descriptor_chance);
    visit("no_room_for_name_chance_ppm", of.no_room_for_name_chance);
    visit("open_files_max", of.open_files_max);
    visit("sync_lie_high_ns", of.sync_lie_high);
    visit("index_rot_chance_ppm", of.index_rot_chance);
    visit("text_rot_chance_ppm", of.text_rot_chance);
    visit("sticky_text_rot_chance_ppm", of.sticky_text_rot_chance);
}

/// What a power cut leaves, of what was not synced. Chances are per 1,000,000.
struct power_cut_faults {
    /// Per dirty page: its new content survives.
    std::uint32_t page_kept = 500'000;
    /// Per dirty page that is not kept: a mixture by sectors of 512 bytes instead of the old content.
    std::uint32_t page_torn = 300'000;
    /// Per torn sector without synced bytes that nobody wrote over: garbage instead of the old bytes.
    std::uint32_t sector_garbage = 100'000;
    /// Per file: its new length survives; if not, half of the rest get one in between.
    std::uint32_t length_kept = 500'000;
    /// Per directory operation: it survives.
    std::uint32_t name_kept = 500'000;

    static power_cut_faults drawn(runtime::random& draws);
    /// Everything not synced is lost: the plainest power cut.
    static power_cut_faults lose_all();
    /// Everything survives, as after the death of the process alone.
    static power_cut_faults keep_all();
};

template <fields_of<power_cut_faults> Of, class Visit>
void for_each_field(Of& of, Visit&& visit) {
    visit("page_kept_ppm", of.page_kept);
    visit("page_torn_ppm", of.page_torn);
    visit("sector_garbage_ppm", of.sector_garbage);
    visit("length_kept_ppm", of.length_kept);
    visit("name_kept_ppm", of.name_kept);
}

} // namespace barnabas::sim
