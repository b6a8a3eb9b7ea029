#include "actors/broker/log_dirs_actor.hpp"

#include "actors/broker/broker_events.hpp"
#include "actors/broker/moving/move_messages.hpp"
#include "actors/partition/log_size_messages.hpp"
#include "protocol/model/mark.hpp"
#include "runtime/disk/directory_lane.hpp"
#include "runtime/node/spawn.hpp"
#include "runtime/random/random.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace barnabas {

namespace {

/// Who knows the size of a partition.
struct asked_partition {
    std::size_t directory = 0;
    described_partition entry;
    caf::actor log;
    std::optional<std::int64_t> bytes;
    bool is_open = true;
};

class log_dirs_actor final : public caf::event_based_actor {
public:
    log_dirs_actor(caf::actor_config& config, runtime::node_services& node, log_dirs_inquiry inquiry,
                   const partition_route& route)
        : event_based_actor(config), node_(node), inquiry_(std::move(inquiry)) {
        auto& directories = inquiry_.known.directories;
        for (std::size_t i = 0; i < directories.size(); ++i)
            for (auto& partition : std::exchange(directories[i].partitions, {})) {
                auto whom = partition.is_future ? inquiry_.moves : route(partition.id);
                if (whom)
                    asked_.push_back({i, std::move(partition), std::move(whom), std::nullopt});
            }
    }

    const char* name() const override { return "log dirs"; }
    /// Whoever still waits here waits in a node that was killed.
    void on_exit() override {
        inquiry_.answer_to.forget();
        inquiry_.moves = nullptr;
        asked_.clear();
    }

    caf::behavior make_behavior() override {
        set_down_handler([this](const caf::down_msg& end) { on_end_of(end.source); });
        ask();
        return {
            [this](const log_size_response& answer) {
                auto& one = asked_.at(answer.token);
                one.bytes = answer.bytes;
                if (one.entry.is_future)
                    one.entry.offset_lag = answer.end.get();
                settle(one);
            },
            [this](const log_dir_room& answer) {
                note_room(inquiry_.known.directories.at(answer.directory), *answer.room);
                settle_one();
            },
            [this](const log_dirs_due&) {
                BARNABAS_MARK(log_dirs_answered_late);
                answer();
            },
        };
    }

private:
    void ask() {
        for (std::size_t i = 0; i < asked_.size(); ++i) {
            monitor(asked_[i].log);
            if (asked_[i].entry.is_future)
                send(asked_[i].log, move_size_query{i, asked_[i].entry.id});
            else
                send(asked_[i].log, log_size_query{i});
        }
        open_ = asked_.size();
        const auto& directories = inquiry_.known.directories;
        for (std::size_t i = 0; i < directories.size(); ++i)
            if (directories[i].code == errc::ok)
                ask_for_room(i, inquiry_.gates.at(directories[i].path));
        if (open_ == 0)
            return answer();
        delayed_send(this, inquiry_.wait_max, log_dirs_due{});
    }

    /// Beside a look that is under way, and may hang, what the gate knows has to do.
    void ask_for_room(std::size_t number, const std::shared_ptr<runtime::directory_gate>& gate) {
        if (BARNABAS_MARK_IF(!gate->begin_look(), log_dirs_beside_a_look)) {
            if (const auto known = gate->free_bytes())
                inquiry_.known.directories[number].free_bytes = static_cast<std::int64_t>(*known);
            return;
        }
        ++open_;
        auto room = std::make_shared<std::optional<runtime::disk_room>>();
        node_.disk->submit(
            runtime::lane_in(gate->path(), runtime::stable_hash("room")), runtime::disk_job_kind::blocking,
            [gate, room](runtime::file_system& files) {
                runtime::gated_files gated(files, *gate);
                if (auto found = gated.room(gate->path()))
                    *room = *found;
                gate->end_look();
            },
            [number, room, self = caf::actor_cast<caf::actor>(this)] {
                caf::anon_send(self, log_dir_room{number, room});
            });
    }

    static void note_room(described_log_dir& directory, const std::optional<runtime::disk_room>& room) {
        if (!room)
            return;
        constexpr std::uint64_t max = std::numeric_limits<std::int64_t>::max();
        directory.total_bytes = static_cast<std::int64_t>(std::min(room->total, max));
        directory.free_bytes = static_cast<std::int64_t>(std::min(room->free, max));
    }

    /// A partition that was closed meanwhile is not there any more.
    void on_end_of(const caf::actor_addr& log) {
        for (auto& one : asked_)
            if (one.log == log)
                settle(one);
    }

    void settle(asked_partition& one) {
        if (std::exchange(one.is_open, false))
            settle_one();
    }

    void settle_one() {
        if (--open_ == 0)
            answer();
    }

    /// Of whom nothing is known nothing is said: no size would be a wrong one.
    void answer() {
        for (auto& one : asked_) {
            if (!one.bytes)
                continue;
            one.entry.bytes = *one.bytes;
            inquiry_.known.directories[one.directory].partitions.push_back(std::move(one.entry));
        }
        inquiry_.answer_to.deliver(this, std::move(inquiry_.known));
        quit();
    }

    runtime::node_services& node_;
    log_dirs_inquiry inquiry_;
    std::vector<asked_partition> asked_;
    std::size_t open_ = 0;
};

} // namespace

void spawn_log_dirs_inquiry(runtime::node_services& node, log_dirs_inquiry inquiry,
                            const partition_route& route) {
    runtime::spawn<caf::actor, log_dirs_actor>(node, {loop_index(0), "log dirs"}, std::move(inquiry), route);
}

} // namespace barnabas
