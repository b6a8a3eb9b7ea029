#include "actors/broker/room_watch_actor.hpp"

#include "actors/broker/broker_events.hpp"
#include "actors/broker/limits.hpp"
#include "runtime/disk/directory_lane.hpp"
#include "runtime/metrics/registry.hpp"
#include "runtime/node/spawn.hpp"
#include "runtime/random/random.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <utility>

namespace barnabas {

namespace {

using gate_ptr = std::shared_ptr<runtime::directory_gate>;

class room_watch_actor final : public caf::event_based_actor {
public:
    room_watch_actor(caf::actor_config& config, runtime::node_services& node, gates_by_path gates,
                     const planted_bugs& planted, caf::actor broker)
        : event_based_actor(config), node_(node), gates_(std::move(gates)), planted_(planted),
          broker_(std::move(broker)) {}

    const char* name() const override { return "room watch"; }
    void on_exit() override { broker_ = nullptr; }

    caf::behavior make_behavior() override {
        look();
        return {
            [this](const room_due&) { look(); },
            [this](const close_room_watch&) { quit(); },
        };
    }

private:
    void look() {
        for (const auto& [path, gate] : gates_)
            if (!gate->is_shut() && gate->begin_look())
                look_at(gate);
        delayed_send(this, broker_limits::room_look_interval, room_due{});
    }

    /// The look may say that there is room again before the broker hears of it: the gate decides.
    void look_at(const gate_ptr& gate) {
        auto& level = node_.metrics->gauge_of("data_directory_free_bytes",
                                              "Free bytes on the disk of a data directory, at the last look.",
                                              {{"directory", gate->path()}});
        const bool stays = planted_.full_disk_stays_refused;
        node_.disk->submit(
            runtime::lane_in(gate->path(), runtime::stable_hash("room")), runtime::disk_job_kind::blocking,
            [gate, stays](runtime::file_system& files) {
                gate->shut_if_gone(files);
                const auto room = files.room(gate->path());
                if (room && !(stays && gate->is_short()))
                    gate->note_free(room->free);
                // A failure shows where something is written that somebody waits for.
                static_cast<void>(gate->keep_room(files));
                gate->end_look();
            },
            [gate, &level, broker = broker_] {
                const auto free = gate->free_bytes().value_or(0);
                level.set(static_cast<std::int64_t>(free));
                caf::anon_send(broker,
                               room_seen{{gate->path(), free, gate->reserve_bytes(), gate->is_short()}});
            });
    }

    runtime::node_services& node_;
    gates_by_path gates_;
    planted_bugs planted_;
    caf::actor broker_;
};

} // namespace

gates_by_path make_gates(const opened_directories& opened, std::int64_t reserve_bytes,
                         const planted_bugs& planted, caf::weak_actor_ptr broker) {
    const auto reserve = static_cast<std::uint64_t>(reserve_bytes);
    const std::string proof = planted.bare_mount_point_served ? "" : identity_file;
    // Weak: a gate must not keep the broker alive.
    const auto tell = [broker = std::move(broker)](auto message) {
        if (auto alive = broker.lock())
            caf::anon_send(caf::actor_cast<caf::actor>(alive), std::move(message));
    };
    gates_by_path gates;
    for (const auto& directory : opened.directories) {
        if (directory.offline)
            continue;
        const auto& path = directory.path;
        gates[path] = std::make_shared<runtime::directory_gate>(
            path, reserve,
            runtime::directory_gate::listeners{[tell, path](const error& why) {
                                                   tell(directory_failed{path, why});
                                               },
                                               [tell, path, reserve](std::uint64_t free) {
                                                   tell(room_seen{{path, free, reserve, true}});
                                               }},
            proof);
        if (planted.kept_name_not_given)
            gates[path]->withhold_names();
    }
    return gates;
}

void count_directories(runtime::node_services& node, const broker_status& status) {
    node.metrics->gauge_of("data_directories_offline", "Data directories that failed or could not be used.")
        .set(static_cast<std::int64_t>(status.directories_offline.size()));
    node.metrics
        ->gauge_of("data_directories_hanging",
                   "Data directories on which a call has not returned for barnabas.log.dir.hang.ms.")
        .set(static_cast<std::int64_t>(status.directories_hanging.size()));
    node.metrics
        ->gauge_of("data_directories_short_of_room",
                   "Data directories with less than log.dir.reserve.bytes free, where records are refused.")
        .set(static_cast<std::int64_t>(status.directories_short_of_room.size()));
}

caf::actor spawn_room_watch(runtime::node_services& node, gates_by_path gates, const planted_bugs& planted,
                            caf::actor broker) {
    return runtime::spawn<caf::actor, room_watch_actor>(node, {loop_index(0), "room watch"}, std::move(gates),
                                                        planted, std::move(broker));
}

} // namespace barnabas
