#include "sim/workloads/fault_plan.hpp"

#include <algorithm>

namespace barnabas::sim {

namespace {

constexpr std::uint64_t percent_without_faults = 15;

/// Errors of the disk end a partition's service until somebody repairs it: another workload's business.
disk_faults without_errors(disk_faults faults) {
    faults.read_error_chance = 0;
    faults.write_error_chance = 0;
    faults.sync_error_chance = 0;
    faults.stall_high = std::min<std::int64_t>(faults.stall_high, 3 * second);
    return faults;
}

power_cut_faults drawn_losses(runtime::random& draws) {
    return draws.chance(1, 4) ? power_cut_faults::lose_all() : power_cut_faults::drawn(draws);
}

/// Weights of the kinds of faults in one run: swarm testing, some kinds are left out.
std::vector<fault_kind> drawn_kinds(runtime::random& draws) {
    const std::pair<fault_kind, std::size_t> weights[] = {
        {fault_kind::crash, 3},
        {fault_kind::crash_at_operation, 4},
        {fault_kind::crash_in_recovery, 2},
        {fault_kind::crash_after_ack, 2},
        {fault_kind::stop, 1},
        {fault_kind::reset_connections, 1},
        {fault_kind::cut_link, 1},
        {fault_kind::pause, 1},
    };
    std::vector<fault_kind> kinds;
    for (const auto& [kind, weight] : weights) {
        if (draws.chance(2, 3))
            kinds.insert(kinds.end(), weight, kind);
    }
    if (kinds.empty())
        kinds.push_back(fault_kind::crash);
    return kinds;
}

planned_fault drawn_fault(runtime::random draws, const std::vector<fault_kind>& kinds,
                          std::uint64_t power_cuts, virtual_time begin, virtual_time healing) {
    planned_fault made;
    made.at = virtual_time(draws.between(begin.get(), healing.get() - second));
    made.kind = kinds[draws.below(kinds.size())];
    made.how = draws.chance(power_cuts, 4) ? crash_kind::power_cut : crash_kind::kill;
    made.losses = drawn_losses(draws);
    made.lasts_ns = static_cast<std::int64_t>(draws.log_between(millisecond, 4 * second));
    made.lasts_ns = std::min(made.lasts_ns, healing - made.at);
    made.operations = draws.log_between(1, 200);
    made.choice = draws.next();
    return made;
}

} // namespace

const char* name_of(fault_kind kind) noexcept {
    switch (kind) {
    case fault_kind::crash: return "crash";
    case fault_kind::crash_at_operation: return "crash_at_operation";
    case fault_kind::crash_after_ack: return "crash_after_ack";
    case fault_kind::crash_in_recovery: return "crash_in_recovery";
    case fault_kind::stop: return "stop";
    case fault_kind::reset_connections: return "reset_connections";
    case fault_kind::cut_link: return "cut_link";
    case fault_kind::pause: return "pause";
    }
    return "?";
}

fault_plan fault_plan::drawn(runtime::random draws, virtual_time begin, virtual_time healing) {
    fault_plan plan;
    plan.healing = healing;
    plan.any = !draws.chance(percent_without_faults, 100);
    if (!plan.any)
        return plan;
    auto background = draws.split("background");
    if (background.chance(1, 2))
        plan.network = network_faults::drawn(background);
    if (background.chance(2, 3))
        plan.disk = without_errors(disk_faults::drawn(background));
    const auto kinds = drawn_kinds(draws);
    // Of four crashes so many are power cuts, in the whole run.
    const auto power_cuts = draws.below(5);
    const auto count = draws.log_between(1, 12);
    for (std::uint64_t i = 0; i < count; ++i)
        plan.faults.push_back(drawn_fault(draws.split(i), kinds, power_cuts, begin, healing));
    std::stable_sort(plan.faults.begin(), plan.faults.end(),
                     [](const auto& a, const auto& b) { return a.at < b.at; });
    plan.last_crash = draws.chance(power_cuts, 4) ? crash_kind::power_cut : crash_kind::kill;
    plan.last_losses = drawn_losses(draws);
    return plan;
}

std::string fault_plan::text() const {
    if (!any)
        return "faults: none\n";
    std::string text = "faults: reset_chance=" + std::to_string(network.reset_chance) +
                       " half_open_chance=" + std::to_string(network.half_open_chance) +
                       " clog_chance=" + std::to_string(network.clog_chance) +
                       " latency_high_us=" + std::to_string(network.latency_high / microsecond) +
                       " sync_high_us=" + std::to_string(disk.sync_high / microsecond) +
                       " stall_chance=" + std::to_string(disk.stall_chance) + "\n";
    for (const auto& each : faults)
        text += "  " + std::to_string(each.at.get() / millisecond) + " ms " + name_of(each.kind) +
                (each.how == crash_kind::power_cut ? " power_cut" : " kill") + " for " +
                std::to_string(each.lasts_ns / microsecond) +
                " us, operations=" + std::to_string(each.operations) + "\n";
    text += "  healing at " + std::to_string(healing.get() / millisecond) + " ms, last crash " +
            (last_crash == crash_kind::power_cut ? "power_cut" : "kill") + "\n";
    return text;
}

} // namespace barnabas::sim
