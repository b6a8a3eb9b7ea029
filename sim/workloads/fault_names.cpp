// Names of what plans are made of, and plans as text.

#include "sim/workloads/fault_plan.hpp"

#include <algorithm>
#include <array>
#include <type_traits>

namespace barnabas::sim {

namespace {

struct background_row {
    background_kind kind;
    const char* name;
};

constexpr background_row named_backgrounds[] = {
    {background_kind::delays, "delays"},
    {background_kind::split_reads, "split_reads"},
    {background_kind::resets, "resets"},
    {background_kind::half_open_ends, "half_open_ends"},
    {background_kind::refusals, "refusals"},
    {background_kind::hangs, "hangs"},
    {background_kind::mutes, "mutes"},
    {background_kind::clogs, "clogs"},
    {background_kind::disk_latencies, "disk_latencies"},
    {background_kind::disk_stalls, "disk_stalls"},
    {background_kind::cold_cache, "cold_cache"},
    {background_kind::sync_lies, "sync_lies"},
    {background_kind::disk_errors, "disk_errors"},
    {background_kind::rotten_reads, "rotten_reads"},
    {background_kind::rotten_sectors, "rotten_sectors"},
    {background_kind::misdirected_write, "misdirected_write"},
    {background_kind::rotten_indexes, "rotten_indexes"},
    {background_kind::rotten_texts, "rotten_texts"},
};

/// Appends " name=value" for each field.
struct field_writer {
    std::string& text;

    template <class Member>
    void operator()(const char* name, const Member& member) const {
        text += " " + std::string(name) + "=";
        if constexpr (has_names<Member>)
            text += name_of(member);
        else if constexpr (std::is_same_v<Member, virtual_time>)
            text += std::to_string(member.get());
        else
            text += std::to_string(member);
    }
};

template <class Kind>
std::string names_of(const std::vector<Kind>& kinds) {
    std::string text;
    for (const auto kind : kinds)
        text += std::string(" ") + name_of(kind);
    return text.empty() ? " none" : text;
}

/// Only fields that differ from what is usual.
template <class Options>
std::string unusual(const Options& of) {
    const Options usual{};
    std::vector<std::string> before;
    for_each_field(usual, [&](const char* name, const auto& member) {
        std::string one;
        field_writer{one}(name, member);
        before.push_back(one);
    });
    std::string text;
    std::size_t at = 0;
    for_each_field(of, [&](const char* name, const auto& member) {
        std::string one;
        field_writer{one}(name, member);
        if (one != before[at++])
            text += one;
    });
    return text;
}

} // namespace

const char* name_of(background_kind kind) noexcept {
    for (const auto& row : named_backgrounds) {
        if (row.kind == kind)
            return row.name;
    }
    return "?";
}

std::span<const background_kind> all_of(background_kind) noexcept {
    static constexpr auto all = [] {
        std::array<background_kind, std::size(named_backgrounds)> made{};
        for (std::size_t i = 0; i < made.size(); ++i)
            made[i] = named_backgrounds[i].kind;
        return made;
    }();
    return all;
}

const char* name_of(swarm_mode mode) noexcept {
    switch (mode) {
    case swarm_mode::no_faults: return "no_faults";
    case swarm_mode::one_kind: return "one_kind";
    case swarm_mode::some_kinds: return "some_kinds";
    case swarm_mode::every_kind: return "every_kind";
    }
    return "?";
}

std::span<const swarm_mode> all_of(swarm_mode) noexcept {
    static constexpr swarm_mode all[] = {swarm_mode::no_faults, swarm_mode::one_kind, swarm_mode::some_kinds,
                                         swarm_mode::every_kind};
    return all;
}

const char* name_of(schedule_style style) noexcept {
    switch (style) {
    case schedule_style::steady: return "steady";
    case schedule_style::burst: return "burst";
    case schedule_style::targeted: return "targeted";
    }
    return "?";
}

std::span<const schedule_style> all_of(schedule_style) noexcept {
    static constexpr schedule_style all[] = {schedule_style::steady, schedule_style::burst,
                                             schedule_style::targeted};
    return all;
}

bool fault_plan::disk_fails() const noexcept {
    // All kinds from there on take something away, but for what nobody may notice.
    const auto takes_away = [](const planned_fault& fault) {
        return fault.kind >= fault_kind::full_disk && fault.kind != fault_kind::harmed_index;
    };
    return disk.fails() || std::any_of(faults.begin(), faults.end(), takes_away);
}

bool fault_plan::loses() const noexcept {
    return disk.loses() || std::any_of(faults.begin(), faults.end(),
                                       [](const planned_fault& fault) { return sim::loses(fault.kind); });
}

bool fault_plan::only_room_is_short() const noexcept {
    const auto fills = [](const planned_fault& fault) {
        return fault.kind == fault_kind::full_of_names ||
               (fault.kind == fault_kind::full_disk && fault.bytes_per_second == 0);
    };
    // All kinds up to there are of processes and links.
    const auto is_elsewhere = [](const planned_fault& fault) {
        return fault.kind <= fault_kind::connects_silent;
    };
    return any && !lossy && !disk.fails() && disk.stall_chance == 0 &&
           std::any_of(faults.begin(), faults.end(), fills) &&
           std::all_of(faults.begin(), faults.end(),
                       [&](const auto& fault) { return fills(fault) || is_elsewhere(fault); });
}

bool fault_plan::disk_hangs() const noexcept {
    return std::any_of(faults.begin(), faults.end(), [](const planned_fault& fault) {
        return fault.kind == fault_kind::hanging_disk || fault.kind == fault_kind::hanging_directory;
    });
}

std::string fault_plan::text() const {
    if (!any)
        return "faults: none\n";
    std::string text = std::string("faults: ") + name_of(mode) + ", " + name_of(style) +
                       (lossy ? ", lossy" : "") + "\n  kinds:" + names_of(kinds) +
                       "\n  always:" + names_of(background) + "\n";
    if (const auto network_text = unusual(network); !network_text.empty())
        text += "  network:" + network_text + "\n";
    if (const auto disk_text = unusual(disk); !disk_text.empty())
        text += "  disk:" + disk_text + "\n";
    for (const auto& each : faults) {
        std::string line;
        for_each_field(each, field_writer{line});
        text += " " + line + "\n";
    }
    for (const auto& each : harms) {
        std::string line;
        for_each_field(each, field_writer{line});
        text += "  harm" + line + "\n";
    }
    text += "  healing at " + std::to_string(healing.get() / millisecond) + " ms, last crash " +
            name_of(last_crash) + "\n";
    return text;
}

} // namespace barnabas::sim
