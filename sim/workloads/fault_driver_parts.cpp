// What faults do to links, clocks, loops and disk.

#include "sim/faults/swizzle.hpp"
#include "sim/workloads/fault_driver.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::sim {

template <class Act>
void fault_driver::for_each_link(const planned_fault& fault, const Act& act) const {
    const auto broker = with_.broker->host().number();
    for (std::size_t i = 0; i < with_.clients.size(); ++i) {
        if (fault.client != planned_fault::every_client && fault.client % with_.clients.size() != i)
            continue;
        if (fault.ways != link_ways::from_broker)
            act(with_.clients[i], broker);
        if (fault.ways != link_ways::to_broker)
            act(broker, with_.clients[i]);
    }
}

void fault_driver::carry_out_on_links(const planned_fault& fault) {
    auto& network = *with_.network;
    switch (fault.kind) {
    case fault_kind::reset_connections: network.reset_connections(with_.broker->host().number()); return;
    case fault_kind::reset_in_frame:
        return for_each_link(fault, [&](auto from, auto to) { network.reset_after(from, to, fault.bytes); });
    case fault_kind::half_open:
        return for_each_link(fault, [&](auto from, auto to) { network.vanish(from, to); });
    case fault_kind::cut_link: return cut_links(fault);
    case fault_kind::flapping_link: return flap(fault, with_.time->now() + fault.lasts_ns, true);
    case fault_kind::clog: return clog_links(fault);
    case fault_kind::swizzle: return swizzle(fault);
    case fault_kind::slow_link:
        return for_each_link(fault, [&](auto from, auto to) {
            network.slow_down(from, to, {fault.bytes_per_second, fault.bytes}, fault.lasts_ns);
        });
    case fault_kind::connects_refused: return set_connects(fault, connect_mode::refused);
    case fault_kind::connects_hang: return set_connects(fault, connect_mode::hanging);
    case fault_kind::connects_silent: return set_connects(fault, connect_mode::silent);
    default: return;
    }
}

void fault_driver::cut_links(const planned_fault& fault) {
    for_each_link(fault, [&](auto from, auto to) { with_.network->block(from, to); });
    later(fault.lasts_ns, [this, &fault] {
        for_each_link(fault, [&](auto from, auto to) { with_.network->unblock(from, to); });
    });
}

void fault_driver::flap(const planned_fault& fault, virtual_time until, bool cut) {
    const bool over = with_.time->now() >= until;
    for_each_link(fault, [&](auto from, auto to) {
        if (cut && !over)
            with_.network->block(from, to);
        else
            with_.network->unblock(from, to);
    });
    if (!over)
        later(fault.interval_ns, [this, &fault, until, cut] { flap(fault, until, !cut); });
}

void fault_driver::clog_links(const planned_fault& fault) {
    for_each_link(fault, [&](auto from, auto to) { with_.network->clog(from, to, fault.lasts_ns); });
}

void fault_driver::swizzle(const planned_fault& fault) {
    planned_fault all;
    all.client = planned_fault::every_client;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> links;
    for_each_link(all, [&](auto from, auto to) { links.emplace_back(from, to); });
    for (const auto& each : swizzled(std::move(links), fault.lasts_ns, runtime::random(fault.choice)))
        later(each.begin_ns,
              [this, each] { with_.network->clog(each.from, each.to, each.end_ns - each.begin_ns); });
}

void fault_driver::set_connects(const planned_fault& fault, connect_mode mode) {
    auto connecting = fault;
    connecting.ways = link_ways::to_broker;
    for_each_link(connecting,
                  [&](auto from, auto to) { with_.network->set_connects(from, to, mode, fault.lasts_ns); });
}

void fault_driver::carry_out_on_clocks_and_disk(const planned_fault& fault) {
    switch (fault.kind) {
    case fault_kind::slow_loop: return slow_loop(fault);
    case fault_kind::clock_jump: return with_.broker->host().jump_wall_clock(fault.jump_ms);
    case fault_kind::clock_drift: return drift(fault);
    case fault_kind::slow_disk: return slow_disk(fault);
    case fault_kind::full_disk: return fill_disk(fault);
    case fault_kind::lost_directory: return lose_directory(fault);
    case fault_kind::hanging_directory: return hang_directory(fault);
    case fault_kind::disk_stall:
        disk_stalled_until_ = std::max(disk_stalled_until_, (with_.time->now() + length(fault)).get());
        return set_disk();
    case fault_kind::hanging_disk: return hang_disk(fault);
    case fault_kind::other_disk:
    case fault_kind::empty_directory: return lend_disk(fault);
    case fault_kind::empty_disk: return exchange(fault, {}, nullptr);
    case fault_kind::old_image: return put_in_old_image(fault);
    case fault_kind::shortened_file:
    case fault_kind::lost_snapshots: return shorten_file(fault);
    case fault_kind::taken_directory: return take_directory(fault);
    case fault_kind::full_of_names: return fill_places(fault);
    default: return;
    }
}

void fault_driver::set_disk() {
    auto faults = (plan_.any ? plan_.disk : disk_faults{}).slowed(disk_factor_);
    faults.stalled_until = disk_stalled_until_;
    with_.broker->host().disk().set_faults(faults);
}

void fault_driver::slow_disk(const planned_fault& fault) {
    disk_factor_ = fault.factor;
    disk_slow_until_ = with_.time->now() + fault.lasts_ns;
    set_disk();
    later(fault.lasts_ns, [this] {
        if (with_.time->now() < disk_slow_until_)
            return;
        disk_factor_ = 1;
        set_disk();
    });
}

/// What was asked of the disk is never answered: only the end of the process ends it.
void fault_driver::hang_disk(const planned_fault& fault) {
    constexpr std::int64_t longer_than_any_run = 100'000 * second;
    disk_stalled_until_ = (with_.time->now() + longer_than_any_run).get();
    set_disk();
    later(length(fault), [this, &fault] {
        disk_stalled_until_ = 0;
        set_disk();
        if (with_.broker->running())
            crash(fault.how, fault.losses, 0);
    });
}

/// One at a time: the last one that failed is mended last.
void fault_driver::lose_directory(const planned_fault& fault) {
    const auto& paths = with_.broker->log_dirs();
    auto draws = runtime::random(fault.choice);
    // The first one has the metadata log, and the broker ends with it.
    const auto which = paths.size() > 1 && draws.chance(9, 10) ? 1 + draws.below(paths.size() - 1) : 0;
    const auto code = draws.chance(1, 3) ? errc::read_only : errc::storage_error;
    with_.broker->host().disk().break_place(paths[which], code);
    directory_lost_until_ = with_.time->now() + length(fault);
    later(length(fault), [this] {
        if (with_.time->now() >= directory_lost_until_)
            with_.broker->host().disk().break_place("");
    });
}

/// One at a time, and not that of the metadata log, without which no broker goes on.
void fault_driver::hang_directory(const planned_fault& fault) {
    const auto& paths = with_.broker->log_dirs();
    if (paths.size() < 2 || hang_)
        return;
    const auto which = 1 + runtime::random(fault.choice).below(paths.size() - 1);
    hang_.emplace();
    hang_->directory = paths[which];
    hang_->began = with_.time->now();
    hang_->life = with_.broker->incarnations();
    hang_->served = with_.broker->started();
    with_.broker->host().disk().hang_place(paths[which]);
    later(length(fault), [this, &fault] { end_hang(fault); });
}

void fault_driver::end_hang(const planned_fault& fault) {
    auto ended = *std::exchange(hang_, std::nullopt);
    ended.ended = with_.time->now();
    ended.served = ended.served && with_.broker->running() && with_.broker->incarnations() == ended.life;
    with_.broker->host().disk().hang_place("");
    if (with_.on_hang)
        with_.on_hang(ended);
    if (with_.broker->running())
        crash(fault.how, fault.losses, 0);
}

void fault_driver::slow_loop(const planned_fault& fault) {
    with_.broker->host().slow_down(fault.factor);
    loop_slow_until_ = with_.time->now() + fault.lasts_ns;
    later(fault.lasts_ns, [this] {
        if (with_.time->now() >= loop_slow_until_)
            with_.broker->host().slow_down(1);
    });
}

void fault_driver::drift(const planned_fault& fault) {
    with_.broker->host().set_clock_drift(fault.drift_ppm);
    drift_until_ = with_.time->now() + fault.lasts_ns;
    later(fault.lasts_ns, [this] {
        if (with_.time->now() >= drift_until_)
            with_.broker->host().set_clock_drift(usual_drift_ppm_);
    });
}

} // namespace barnabas::sim
