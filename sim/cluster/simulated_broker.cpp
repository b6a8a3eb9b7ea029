#include "sim/cluster/simulated_broker.hpp"
#include "runtime/config/data_directories.hpp"

#include "actors/broker/broker_messages.hpp"
#include "actors/connection/limits.hpp"
#include "protocol/model/assert.hpp"
#include "sim/node/simulated_node.hpp"
#include "sim/scheduler/simulated_scheduler.hpp"

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace barnabas::sim {

namespace {
constexpr std::uint64_t never = UINT64_MAX / 2;

void set_or_die(broker_config& config, std::string_view key, const std::string& value) {
    const auto done = config.set(key, value);
    BARNABAS_ASSERT(done.has_value());
}
/// As a real node takes them from its configuration.
memory_sizes memory_of(const broker_config& config) {
    const auto requests = config.queued_max_request_bytes > 0 ? config.queued_max_request_bytes
                                                              : config.barnabas_memory_request_bytes;
    return {static_cast<std::size_t>(requests), static_cast<std::size_t>(config.barnabas_memory_fetch_bytes),
            static_cast<std::size_t>(config.barnabas_memory_control_bytes),
            static_cast<std::size_t>(config.barnabas_memory_tail_bytes)};
}
} // namespace

broker_config simulated_config(const std::string& host) {
    broker_config config;
    set_or_die(config, "log.dirs", "/data");
    set_or_die(config, "listeners", "PLAINTEXT://" + host + ":" + std::to_string(simulated_broker::port));
    set_or_die(config, "barnabas.http.listener", "");
    set_or_die(config, "auto.create.topics.enable", "false");
    set_or_die(config, "log.dir.reserve.bytes", "0");
    set_or_die(config, "barnabas.memory.tail.bytes", "0");
    set_or_die(config, "barnabas.log.dir.hang.ms", "0");
    return config;
}

simulated_broker::simulated_broker(world& time, network_fabric& network, observation& watched,
                                   broker_settings settings)
    : world_(time), watched_(watched), settings_(std::move(settings)),
      host_(time, network,
            {settings_.host, settings_.clock, memory_disk::unlimited, settings_.disk,
             data_directories_of(*settings_.config)}) {}

const char* name_of(broker_moment moment) noexcept {
    switch (moment) {
    case broker_moment::down: return "down";
    case broker_moment::loading: return "loading";
    case broker_moment::recovering: return "recovering";
    case broker_moment::serving: return "serving";
    case broker_moment::idle: return "idle";
    case broker_moment::stopping: return "stopping";
    }
    return "unknown";
}

broker_moment simulated_broker::moment() noexcept {
    if (!running())
        return broker_moment::down;
    if (state_ <= broker_state::starting_controller)
        return broker_moment::loading;
    if (state_ <= broker_state::binding_listeners)
        return broker_moment::recovering;
    if (state_ > broker_state::running)
        return broker_moment::stopping;
    return host_.node()->disk_jobs_waiting() > 0 ? broker_moment::serving : broker_moment::idle;
}

void simulated_broker::start() {
    started_ = false;
    told_stopped_ = false;
    gave_up_ = false;
    out_of_service_ = false;
    state_ = broker_state::opening_directories;
    dropped_counted_ = 0;
    boot_events events;
    events.on_progress = [this](const broker_status& now) {
        state_ = now.state;
        out_of_service_ = now.partitions_failed != 0 || !now.directories_offline.empty();
    };
    events.on_started = [this](const auto&) { started_ = true; };
    events.on_failed = [this](const error& why) {
        if (settings_.may_give_up && settings_.may_give_up(why)) {
            gave_up_ = true;
            return crash(crash_kind::kill, {});
        }
        world_.fail("the broker on " + host_.name() + " gave up in its life " +
                    std::to_string(host_.incarnations()) + ": " + to_string(why));
    };
    events.on_stopped = [this](const auto&) {
        told_stopped_ = true;
        count_dropped_replies();
        files_left_open_ = host_.disk().open_files();
    };
    const auto boot = [&](runtime::node_services& node) {
        root_ = caf::actor_cast<caf::weak_actor_ptr>(
            boot_broker(node, settings_.config, events, settings_.planted));
    };
    host_.start(boot,
                furnished(settings_.scheduler, world_, watched_, host_.name(), memory_of(*settings_.config)));
}

void simulated_broker::crash(crash_kind kind, const power_cut_faults& faults) {
    count_dropped_replies();
    host_.crash(kind, faults);
}

void simulated_broker::crash_after_operations(std::uint64_t n, crash_kind kind,
                                              const power_cut_faults& faults) {
    host_.crash_after_operations(n, kind, faults);
}

void simulated_broker::cancel_planned_crash() {
    if (!host_.disk().cut_off())
        host_.disk().crash_after_operations(never);
}

void simulated_broker::stop(std::int64_t limit_ns, std::function<void(bool)> then) {
    const auto ask = [this] {
        if (auto root = caf::actor_cast<caf::actor>(root_))
            caf::anon_send(root, stop_broker{});
    };
    host_.clean_stop(ask, limit_ns, std::move(then));
}

node_reading simulated_broker::reading() {
    auto& node = *host_.node();
    node_reading what;
    what.life = host_.incarnations();
    what.when = {host_.worked_ns()};
    const auto& config = *settings_.config;
    // One answer asks for at most this part of the memory for responses, or a first batch, which comes whole.
    const auto part = config.barnabas_memory_fetch_bytes / connection_limits::fetch_parts_min;
    const auto largest_read = std::max<std::int64_t>(config.message_max_bytes, part);
    what.reserves =
        reserve_readings(node.services(), static_cast<std::size_t>(config.socket_request_max_bytes),
                         static_cast<std::size_t>(largest_read));
    what.longest_mailbox = node.scheduler().longest_mailbox();
    what.longest_mailbox_of = node.scheduler().longest_mailbox_of();
    what.open_files = host_.disk().open_files();
    return what;
}

void simulated_broker::count_dropped_replies() {
    if (!running())
        return;
    const auto dropped = sim::replies_dropped(host_.node()->services());
    watched_.replies_dropped += dropped - dropped_counted_;
    dropped_counted_ = dropped;
}

} // namespace barnabas::sim
