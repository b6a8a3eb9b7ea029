// When faults happen, and the lives of the broker. What happens to links, clocks and disk:
// fault_driver_parts.cpp.

#include "sim/workloads/fault_driver.hpp"

#include "actors/broker/clean_stop.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::sim {

namespace {
/// How often the driver looks whether the broker has died.
constexpr std::int64_t watch_interval_ns = 10 * millisecond;
constexpr std::int64_t stop_limit_ns = 5 * second;
/// A stop beside a directory that hangs waits until it is told that it does.
constexpr std::int64_t stop_beside_hang_limit_ns = 8 * second;
/// Whoever starts a broker again that gave up waits at least so long.
constexpr std::int64_t after_giving_up_ns = second;

bool is_of_process(fault_kind kind) {
    switch (kind) {
    case fault_kind::crash:
    case fault_kind::crash_at_operation:
    case fault_kind::crash_after_ack:
    case fault_kind::crash_in_recovery:
    case fault_kind::crash_loop:
    case fault_kind::stop:
    case fault_kind::harmed_index:
    case fault_kind::pause: return true;
    default: return false;
    }
}

/// A broker may start without a directory that cannot be read, whoever it belongs to.
bool takes_directory_away(fault_kind kind) {
    return kind == fault_kind::lost_directory || kind == fault_kind::hanging_directory;
}
} // namespace

fault_driver::fault_driver(parts with, const fault_plan& plan) : with_(std::move(with)), plan_(plan) {}

void fault_driver::begin() {
    usual_drift_ppm_ = with_.broker->host().clock().drift_ppm();
    if (plan_.any) {
        with_.network->set_faults(plan_.network);
        with_.network->set_planned_harm(plan_.harms);
        set_disk();
    }
    begin_images();
    for (const auto& fault : plan_.faults)
        with_.time->schedule(fault.at, world_owner, [this, &fault] { on_date(fault); });
    watch();
}

void fault_driver::heal() {
    healed_ = true;
    crash_in_next_life_ = harms_indexes_ = nullptr;
    crashes_left_ = 0;
    waiting_for_start_.clear();
    waiting_for_ack_.clear();
    tell("healing");
    with_.network->heal();
    with_.network->set_faults({});
    if (loan_)
        end_loan();
    if (shortened_)
        end_shortening();
    if (taken_by_ != nullptr)
        put_directory_back();
    auto& host = with_.broker->host();
    host.disk().set_faults({});
    host.disk().set_capacity(memory_disk::unlimited);
    host.disk().set_places_left(memory_disk::unlimited);
    host.disk().lift_harm();
    host.disk().break_place("");
    host.disk().hang_place("");
    hang_.reset();
    if (host.clock().drift_ppm() != usual_drift_ppm_)
        host.set_clock_drift(usual_drift_ppm_);
    if (std::exchange(loop_slow_until_, virtual_time(0)) > virtual_time(0))
        host.slow_down(1);
    with_.broker->cancel_planned_crash();
    start_at_ = with_.time->now();
    healthy_since_ = with_.time->now();
    next_downtime_ = 0;
    // What a failed disk took out of service stays so until somebody mends the disk and starts the broker; a
    // disk that was only full is to serve without that. One that still starts may have heard of the failure,
    // and not have told yet what it makes of it.
    const bool shown = with_.broker->out_of_service() || !with_.broker->started();
    const bool failed = plan_.disk.fails() || plan_.disk_hangs() || (plan_.disk_fails() && shown);
    if (plan_.any && failed && with_.broker->running())
        crash(crash_kind::kill, {}, 0);
}

virtual_time fault_driver::healthy_since() const {
    if ((plan_.any && !healed_) || !with_.broker->started())
        return end_of_time;
    return healthy_since_;
}

virtual_time fault_driver::calm_since() const {
    if (hang_ || plan_.disk.stall_chance > 0)
        return end_of_time;
    return std::max({paused_until_, loop_slow_until_, disk_slow_until_, virtual_time(disk_stalled_until_),
                     directory_lost_until_});
}

void fault_driver::crash(crash_kind how, const power_cut_faults& losses, std::int64_t lasts_ns) {
    tell(how == crash_kind::power_cut ? "power cut" : "kill");
    power_was_cut_ = power_was_cut_ || how == crash_kind::power_cut;
    next_downtime_ = lasts_ns;
    with_.broker->crash(how, losses);
}

void fault_driver::on_date(const planned_fault& fault) {
    if (healed_)
        return;
    if (fault.moment == fault_moment::after_start)
        waiting_for_start_.push_back(&fault);
    else if (fault.moment == fault_moment::after_ack || fault.kind == fault_kind::crash_after_ack)
        waiting_for_ack_.push_back(&fault);
    else
        carry_out(fault);
}

void fault_driver::on_acked() {
    if (!waiting_for_ack_.empty())
        meet(waiting_for_ack_);
}

/// What all these waited for has happened. Only one of them may end the process: the others wait on.
void fault_driver::meet(std::vector<const planned_fault*>& waiting) {
    bool process_met = false;
    std::vector<const planned_fault*> left;
    for (const auto* fault : std::exchange(waiting, {})) {
        if (is_of_process(fault->kind) && std::exchange(process_met, true))
            left.push_back(fault);
        else
            later(fault->after_ns, [this, fault] { carry_out(*fault); });
    }
    waiting = std::move(left);
}

void fault_driver::carry_out(const planned_fault& fault) {
    if (is_of_process(fault.kind) && !with_.broker->running())
        return;
    // Who is disturbed otherwise as well may stop serving for that.
    if (hang_)
        hang_->served = false;
    if (loan_ && loan_->foreign && takes_directory_away(fault.kind))
        loan_->foreign->disturbed = true;
    tell(name_of(fault.kind));
    met_.count(name_of(fault.kind), with_.broker->moment());
    if (is_of_process(fault.kind))
        return carry_out_on_process(fault);
    carry_out_on_links(fault);
    carry_out_on_clocks_and_disk(fault);
}

void fault_driver::carry_out_on_process(const planned_fault& fault) {
    switch (fault.kind) {
    case fault_kind::crash:
    case fault_kind::crash_after_ack: return crash(fault.how, fault.losses, fault.lasts_ns);
    case fault_kind::crash_at_operation: return plan_crash(fault);
    case fault_kind::crash_in_recovery:
        crash_in_next_life_ = &fault;
        return crash(fault.how, fault.losses, fault.lasts_ns);
    case fault_kind::crash_loop: return begin_crash_loop(fault);
    case fault_kind::harmed_index: return stop_and_harm_index(fault);
    case fault_kind::stop: next_downtime_ = fault.lasts_ns; return stop_broker();
    case fault_kind::pause:
        paused_until_ = std::max(paused_until_, with_.time->now() + length(fault));
        return with_.broker->host().pause(length(fault));
    default: return;
    }
}

/// Beside one that hangs the broker must stop as well, though not all of its actors end.
void fault_driver::stop_broker() {
    if (!hang_)
        return with_.broker->stop(stop_limit_ns);
    hang_->served_before_stop = with_.broker->started();
    hang_->served = false;
    hang_->short_of_room = with_.time->now() < std::max(disk_full_until_, places_short_until_);
    const auto limit = with_.time->now() + stop_beside_hang_limit_ns;
    with_.broker->stop(stop_beside_hang_limit_ns, [this, limit, began = hang_->began](bool) {
        const bool told = with_.broker->told_stopped();
        if (!hang_ || hang_->began != began || (!told && with_.time->now() < limit))
            return;
        hang_->stop_asked = true;
        hang_->stop_told = told;
        for (const auto& path : with_.broker->log_dirs())
            if (with_.broker->host().disk().content(path + "/" + std::string(clean_stop_marker)))
                hang_->marked.insert(path);
    });
}

void fault_driver::plan_crash(const planned_fault& fault) {
    power_was_cut_ = power_was_cut_ || fault.how == crash_kind::power_cut;
    next_downtime_ = fault.lasts_ns;
    with_.broker->crash_after_operations(fault.operations, fault.how, fault.losses);
}

void fault_driver::begin_crash_loop(const planned_fault& fault) {
    crash_loop_ = &fault;
    crashes_left_ = fault.count;
    crash_again();
}

/// Now, or, after a start, within the longest life of the loop.
void fault_driver::crash_again() {
    const auto& loop = *crash_loop_;
    const bool first = crashes_left_ == loop.count;
    --crashes_left_;
    if (first)
        return crash(loop.how, loop.losses, loop.lasts_ns);
    auto draws = runtime::random(loop.choice).split(crashes_left_);
    const auto life = draws.between(0, loop.interval_ns);
    later(life, [this, &loop, incarnation = with_.broker->incarnations()] {
        if (with_.broker->running() && with_.broker->incarnations() == incarnation)
            crash(loop.how, loop.losses, loop.lasts_ns);
    });
}

void fault_driver::watch() {
    const bool running = with_.broker->running();
    if (was_running_ && !running) {
        const auto least = with_.broker->gave_up() ? after_giving_up_ns : 0;
        start_at_ = with_.time->now() + std::max(next_downtime_, least);
    }
    was_running_ = running;
    if (loan_ && loan_->foreign && with_.broker->started())
        loan_->foreign->served = true;
    with_.broker->count_dropped_replies();
    if (!running && !resting_ && with_.time->now() >= start_at_)
        start_broker();
    with_.time->schedule_after(watch_interval_ns, world_owner, [this] { watch(); });
}

void fault_driver::start_broker() {
    if (taken_by_ != nullptr)
        put_directory_back();
    if (const auto* fault = std::exchange(harms_indexes_, nullptr); fault != nullptr)
        harm_indexes(*fault);
    with_.broker->start();
    was_running_ = true;
    healthy_since_ = with_.time->now();
    tell("started, life " + std::to_string(with_.broker->incarnations()));
    if (loop_slow_until_ > with_.time->now())
        loop_slow_until_ = with_.time->now();
    if (const auto* fault = std::exchange(crash_in_next_life_, nullptr); fault != nullptr)
        plan_crash(*fault);
    if (crashes_left_ > 0)
        crash_again();
    meet(waiting_for_start_);
}

/// A fault that had to wait for its moment still ends when all is healed.
std::int64_t fault_driver::length(const planned_fault& fault) const {
    return std::clamp<std::int64_t>(plan_.healing - with_.time->now(), 0, fault.lasts_ns);
}

void fault_driver::tell(const std::string& what) const {
    if (with_.tell)
        with_.tell(what);
}

} // namespace barnabas::sim
