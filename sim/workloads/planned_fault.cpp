#include "sim/workloads/planned_fault.hpp"

#include "protocol/model/assert.hpp"

#include <array>

namespace barnabas::sim {

namespace {

struct kind_row {
    fault_kind kind;
    const char* name;
    unsigned uses;
};

/// In the order of `fault_kind`.
constexpr kind_row planned_rows[] = {
    {fault_kind::crash, "crash", uses_how | uses_lasts},
    {fault_kind::crash_at_operation, "crash_at_operation", uses_how | uses_lasts | uses_operations},
    {fault_kind::crash_after_ack, "crash_after_ack", uses_how | uses_lasts},
    {fault_kind::crash_in_recovery, "crash_in_recovery", uses_how | uses_lasts | uses_operations},
    {fault_kind::crash_loop, "crash_loop", uses_how | uses_lasts | uses_interval | uses_count | uses_choice},
    {fault_kind::stop, "stop", uses_lasts},
    {fault_kind::reset_connections, "reset_connections", 0},
    {fault_kind::reset_in_frame, "reset_in_frame", uses_client | uses_ways | uses_bytes},
    {fault_kind::half_open, "half_open", uses_client | uses_ways},
    {fault_kind::cut_link, "cut_link", uses_client | uses_ways | uses_lasts},
    {fault_kind::flapping_link, "flapping_link", uses_client | uses_ways | uses_lasts | uses_interval},
    {fault_kind::clog, "clog", uses_client | uses_ways | uses_lasts},
    {fault_kind::swizzle, "swizzle", uses_lasts | uses_choice},
    {fault_kind::slow_link, "slow_link", uses_client | uses_ways | uses_lasts | uses_bytes | uses_rate},
    {fault_kind::connects_refused, "connects_refused", uses_client | uses_lasts},
    {fault_kind::connects_hang, "connects_hang", uses_client | uses_lasts},
    {fault_kind::connects_silent, "connects_silent", uses_client | uses_lasts},
    {fault_kind::pause, "pause", uses_lasts},
    {fault_kind::slow_loop, "slow_loop", uses_lasts | uses_factor},
    {fault_kind::clock_jump, "clock_jump", uses_jump},
    {fault_kind::clock_drift, "clock_drift", uses_lasts | uses_drift},
    {fault_kind::slow_disk, "slow_disk", uses_lasts | uses_factor},
    {fault_kind::disk_stall, "disk_stall", uses_lasts},
    {fault_kind::full_disk, "full_disk", uses_lasts | uses_bytes | uses_rate | uses_choice},
    {fault_kind::hanging_disk, "hanging_disk", uses_lasts | uses_how},
    {fault_kind::lost_directory, "lost_directory", uses_lasts | uses_choice},
    {fault_kind::hanging_directory, "hanging_directory", uses_lasts | uses_how | uses_choice},
    {fault_kind::other_disk, "other_disk", uses_lasts | uses_how | uses_choice},
    {fault_kind::empty_directory, "empty_directory", uses_lasts | uses_how | uses_choice},
    {fault_kind::empty_disk, "empty_disk", uses_lasts | uses_how},
    {fault_kind::old_image, "old_image", uses_lasts | uses_how | uses_choice | uses_age},
    {fault_kind::shortened_file, "shortened_file", uses_lasts | uses_how | uses_choice},
    {fault_kind::taken_directory, "taken_directory", uses_lasts | uses_how | uses_choice},
    {fault_kind::lost_snapshots, "lost_snapshots", uses_lasts | uses_how | uses_choice},
    {fault_kind::harmed_index, "harmed_index", uses_lasts | uses_how | uses_choice},
    {fault_kind::full_of_names, "full_of_names", uses_lasts | uses_count},
};

constexpr bool rows_are_in_order() {
    for (std::size_t i = 0; i < std::size(planned_rows); ++i) {
        if (static_cast<std::size_t>(planned_rows[i].kind) != i)
            return false;
    }
    return std::size(planned_rows) == static_cast<std::size_t>(fault_kind::full_of_names) + 1;
}
static_assert(rows_are_in_order());

const kind_row& row_of(fault_kind kind) noexcept {
    const auto index = static_cast<std::size_t>(kind);
    BARNABAS_ASSERT(index < std::size(planned_rows));
    return planned_rows[index];
}

constexpr auto all_kinds = [] {
    std::array<fault_kind, std::size(planned_rows)> all{};
    for (std::size_t i = 0; i < all.size(); ++i)
        all[i] = planned_rows[i].kind;
    return all;
}();

} // namespace

const char* name_of(fault_kind kind) noexcept {
    return row_of(kind).name;
}

std::span<const fault_kind> all_of(fault_kind) noexcept {
    return all_kinds;
}

unsigned fields_used(fault_kind kind) noexcept {
    return row_of(kind).uses;
}

const char* name_of(fault_moment moment) noexcept {
    switch (moment) {
    case fault_moment::at_time: return "at_time";
    case fault_moment::after_start: return "after_start";
    case fault_moment::after_ack: return "after_ack";
    }
    return "?";
}

std::span<const fault_moment> all_of(fault_moment) noexcept {
    static constexpr fault_moment all[] = {fault_moment::at_time, fault_moment::after_start,
                                           fault_moment::after_ack};
    return all;
}

const char* name_of(link_ways ways) noexcept {
    switch (ways) {
    case link_ways::both: return "both";
    case link_ways::to_broker: return "to_broker";
    case link_ways::from_broker: return "from_broker";
    }
    return "?";
}

std::span<const link_ways> all_of(link_ways) noexcept {
    static constexpr link_ways all[] = {link_ways::both, link_ways::to_broker, link_ways::from_broker};
    return all;
}

} // namespace barnabas::sim
