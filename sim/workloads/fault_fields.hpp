#pragma once

#include "sim/clock/host_clock.hpp"
#include "sim/scheduler/scheduler_options.hpp"
#include "sim/text/field_text.hpp"
#include "sim/workloads/fault_plan.hpp"

namespace barnabas::sim {

template <>
struct enum_names<choice_policy> {
    static constexpr std::pair<choice_policy, const char*> table[] = {
        {choice_policy::uniform, "uniform"},
        {choice_policy::first_in_first_out, "first_in_first_out"},
        {choice_policy::priorities, "priorities"},
        {choice_policy::as_recorded, "as_recorded"}};
};
template <>
struct enum_names<crash_kind> {
    static constexpr std::pair<crash_kind, const char*> table[] = {{crash_kind::kill, "kill"},
                                                                   {crash_kind::power_cut, "power_cut"}};
};
template <>
struct enum_names<fault_kind> {
    static constexpr std::pair<fault_kind, const char*> table[] = {
        {fault_kind::crash, "crash"},
        {fault_kind::crash_at_operation, "crash_at_operation"},
        {fault_kind::crash_after_ack, "crash_after_ack"},
        {fault_kind::crash_in_recovery, "crash_in_recovery"},
        {fault_kind::stop, "stop"},
        {fault_kind::reset_connections, "reset_connections"},
        {fault_kind::cut_link, "cut_link"},
        {fault_kind::pause, "pause"}};
};

template <class T, class Visit>
requires std::is_same_v<std::remove_const_t<T>, scheduler_options>
void for_each_field(T& of, Visit&& visit) {
    visit("loops", of.loops);
    visit("policy", of.policy);
    visit("step_cost_low_ns", of.step_cost_low);
    visit("step_cost_high_ns", of.step_cost_high);
}
template <class T, class Visit>
requires std::is_same_v<std::remove_const_t<T>, clock_options>
void for_each_field(T& of, Visit&& visit) {
    visit("drift_ppm", of.drift_ppm);
    visit("wall_skew_ms", of.wall_skew_ms);
    visit("monotonic_start_ns", of.monotonic_start_ns);
}
template <class T, class Visit>
requires std::is_same_v<std::remove_const_t<T>, network_faults>
void for_each_field(T& of, Visit&& visit) {
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
template <class T, class Visit>
requires std::is_same_v<std::remove_const_t<T>, disk_faults>
void for_each_field(T& of, Visit&& visit) {
    visit("read_error_chance_ppm", of.read_error_chance);
    visit("write_error_chance_ppm", of.write_error_chance);
    visit("sync_error_chance_ppm", of.sync_error_chance);
    visit("cached_low_ns", of.cached_low);
    visit("cached_high_ns", of.cached_high);
    visit("sync_low_ns", of.sync_low);
    visit("sync_high_ns", of.sync_high);
    visit("stall_chance_ppm", of.stall_chance);
    visit("stall_high_ns", of.stall_high);
    visit("not_cached_chance_ppm", of.not_cached_chance);
    visit("inline_chance_ppm", of.inline_chance);
}
template <class T, class Visit>
requires std::is_same_v<std::remove_const_t<T>, power_cut_faults>
void for_each_field(T& of, Visit&& visit) {
    visit("page_kept_ppm", of.page_kept);
    visit("page_torn_ppm", of.page_torn);
    visit("sector_garbage_ppm", of.sector_garbage);
    visit("length_kept_ppm", of.length_kept);
    visit("name_kept_ppm", of.name_kept);
}
template <class T, class Visit>
requires std::is_same_v<std::remove_const_t<T>, planned_fault>
void for_each_field(T& of, Visit&& visit) {
    visit("at_ns", of.at);
    visit("kind", of.kind);
    visit("how", of.how);
    for_each_field(of.losses, visit);
    visit("lasts_ns", of.lasts_ns);
    visit("operations", of.operations);
    visit("choice", of.choice);
}

} // namespace barnabas::sim
