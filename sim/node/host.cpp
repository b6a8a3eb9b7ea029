#include "sim/node/host.hpp"

#include "protocol/model/assert.hpp"
#include "sim/network/network_fabric.hpp"
#include "sim/node/simulated_node.hpp"
#include "sim/scheduler/simulated_scheduler.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::sim {

namespace {
/// How often a stopping node is looked at.
constexpr std::int64_t stop_poll_ns = 5 * millisecond;
} // namespace

const char* name_of(crash_kind kind) noexcept {
    return kind == crash_kind::kill ? "kill" : "power_cut";
}

std::span<const crash_kind> all_of(crash_kind) noexcept {
    static constexpr crash_kind all[] = {crash_kind::kill, crash_kind::power_cut};
    return all;
}

/// Everything that changes on the disk enters the trace.
class host::disk_trace final : public disk_observer {
public:
    disk_trace(world& time, std::uint32_t node) : world_(time), node_(node) {}
    void on_write(std::uint64_t inode, std::uint64_t position, std::uint64_t checksum) override {
        world_.record(node_, trace_kind::file_written, inode, position, checksum);
    }
    void on_change(std::uint64_t inode, disk_change what, std::uint64_t detail) override {
        world_.record(node_, trace_kind::file_changed, inode, static_cast<std::uint64_t>(what), detail);
    }

private:
    world& world_;
    std::uint32_t node_;
};

host::host(world& time, network_fabric& network, const host_options& options)
    : world_(time), network_(network), name_(options.name), number_(network.add_host(options.name)),
      draws_(time.draws(draw_stream::process).split(options.name)),
      disk_(time.draws(draw_stream::disk).split(options.name).next(), options.disk_capacity),
      clock_(time, options.clock), disk_trace_(std::make_unique<disk_trace>(time, number_)) {
    disk_.set_directories(options.directories);
    disk_.set_faults(options.disk);
    disk_.set_clock(&clock_);
    disk_.watch(disk_trace_.get());
    disk_.set_true_time([&time] { return time.now().get(); });
}

host::~host() {
    if (node_ != nullptr)
        end(crash_kind::kill, {}, node_event::killed);
}

void host::start(const boot_function& boot, const node_options& options) {
    BARNABAS_ASSERT(node_ == nullptr);
    ++incarnations_;
    world_.record(number_, trace_kind::node_life, incarnations_,
                  static_cast<std::uint64_t>(node_event::started));
    node_ = std::make_unique<simulated_node>(world_, network_, *this, draws_.split(incarnations_), options);
    boot(node_->services());
}

void host::end(crash_kind kind, const power_cut_faults& faults, node_event why) {
    world_.record(number_, trace_kind::node_life, incarnations_, static_cast<std::uint64_t>(why));
    const bool power_lost = kind == crash_kind::power_cut;
    add_up_work();
    stalled_until_ = world_.now();
    slowness_ = 1;
    disk_.cut();
    leaked_actors_ += node_->end(power_lost);
    node_.reset();
    if (power_lost) {
        auto draws = world_.draws(draw_stream::disk).split(name_).split(incarnations_);
        disk_.power_cut(draws, faults);
    } else {
        disk_.kill();
    }
}

void host::crash(crash_kind kind, const power_cut_faults& faults) {
    if (node_ == nullptr)
        return;
    if (node_->in_step())
        end_soon(kind, faults);
    else
        end(kind, faults, kind == crash_kind::kill ? node_event::killed : node_event::power_cut);
}

void host::end_soon(crash_kind kind, const power_cut_faults& faults) {
    world_.schedule_after(0, world_owner, [this, kind, faults, incarnation = incarnations_] {
        if (node_ != nullptr && incarnation == incarnations_)
            crash(kind, faults);
    });
}

void host::crash_after_operations(std::uint64_t n, crash_kind kind, const power_cut_faults& faults) {
    disk_.crash_after_operations(n, [this, kind, faults] { end_soon(kind, faults); });
}

void host::clean_stop(std::function<void()> ask, std::int64_t limit_ns, std::function<void(bool)> then) {
    BARNABAS_ASSERT(node_ != nullptr);
    if (ask)
        ask();
    else
        node_->scheduler().send_exit_to_all();
    look_whether_stopped(incarnations_, world_.now() + limit_ns, std::move(then));
}

void host::look_whether_stopped(std::uint64_t incarnation, virtual_time limit,
                                std::function<void(bool)> then) {
    world_.schedule_after(stop_poll_ns, world_owner,
                          [this, incarnation, limit, then = std::move(then)]() mutable {
                              // It crashed meanwhile: whoever waits learns that it did not end by itself.
                              const bool gone = node_ == nullptr || incarnation != incarnations_;
                              const bool done = !gone && node_->scheduler().living_actors() == 0;
                              if (!gone && !done && world_.now() < limit) {
                                  look_whether_stopped(incarnation, limit, std::move(then));
                                  return;
                              }
                              if (!gone)
                                  end(crash_kind::kill, {}, done ? node_event::stopped : node_event::killed);
                              if (then)
                                  then(done);
                          });
}

void host::pause(std::int64_t duration_ns) {
    if (node_ == nullptr)
        return;
    world_.record(number_, trace_kind::node_life, incarnations_,
                  static_cast<std::uint64_t>(node_event::paused));
    add_up_work();
    const auto until = world_.now() + duration_ns;
    stalled_until_ = std::max(stalled_until_, until);
    node_->scheduler().pause(until);
}

void host::slow_down(std::int64_t factor) {
    BARNABAS_ASSERT(factor > 0);
    if (node_ == nullptr)
        return;
    world_.record(number_, trace_kind::node_life, incarnations_,
                  static_cast<std::uint64_t>(node_event::slowed), static_cast<std::uint64_t>(factor));
    add_up_work();
    slowness_ = factor;
    node_->scheduler().slow_down(factor);
}

std::int64_t host::worked_ns() const {
    const auto from = std::max(worked_until_, std::min(stalled_until_, world_.now()));
    return worked_ns_ + (clock_.monotonic_now() - clock_.monotonic_at(from)) / slowness_;
}

void host::add_up_work() {
    worked_ns_ = worked_ns();
    worked_until_ = world_.now();
}

void host::set_clock_drift(std::int64_t ppm) {
    world_.record(number_, trace_kind::node_life, incarnations_,
                  static_cast<std::uint64_t>(node_event::clock_drifted), static_cast<std::uint64_t>(ppm));
    add_up_work();
    clock_.set_drift(ppm);
    if (node_ != nullptr)
        node_->scheduler().on_clock_drift_changed();
}

void host::jump_wall_clock(std::int64_t by_ms) {
    world_.record(number_, trace_kind::node_life, incarnations_,
                  static_cast<std::uint64_t>(node_event::clock_jumped));
    clock_.jump_wall(by_ms);
}

} // namespace barnabas::sim
