#pragma once

#include "actors/broker/broker_effects.hpp"
#include "actors/broker/checkpoint_owners_actor.hpp"
#include "actors/broker/cleaner_actor.hpp"
#include "actors/broker/directory_jobs.hpp"
#include "actors/broker/moving/move_messages.hpp"
#include "protocol/model/planted_bugs.hpp"
#include "runtime/config/broker_config.hpp"
#include "runtime/node/node_services.hpp"
#include "runtime/node/pending_reply.hpp"

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/message_handler.hpp>

#include <map>
#include <utility>
#include <vector>

namespace barnabas {

class broker;

/// What the broker's actor has to do with moves: their actor, the partitions whose logs are on the way, and
/// clients that wait for moves to begin.
class moves_shell {
public:
    using partitions_by_id = std::map<topic_partition, caf::actor>;

    /// All outlive it.
    moves_shell(const broker_config& config, const partitions_by_id& partitions, cleaner_shell& cleaner,
                caf::event_based_actor& broker)
        : config_(config), partitions_(partitions), cleaner_(cleaner), broker_(broker) {}

    void open(runtime::node_services& node, const planted_bugs& planted, const gates_by_path& gates,
              const checkpoint_owners& checkpoints);
    void carry_out(const broker_effects::move_effect& effect);
    /// What the broker's actor takes for moves. `run` makes a step of its `machine` and carries out what
    /// follows; `forget` takes a closed partition off its list.
    template <class Machine, class Run, class Forget>
    caf::message_handler handlers(runtime::node_services& node, Machine& machine, const Run& run,
                                  const Forget& forget) {
        return {
            [this, &node, &machine, run](const alter_log_dirs_request& m) {
                run([&](auto& out) {
                    auto codes = machine.alter_log_dirs(m, out);
                    answer_later({node, broker_.current_sender(), m.token}, std::move(codes), m);
                });
                answer(machine);
            },
            [&machine, run, forget](const partition_handed_over& m) {
                forget(m.partition);
                run([&](auto& out) { machine.on_handed_over(m, out); });
            },
            [this, &machine, run](const move_report& m) {
                on_report(m, machine);
                run([&](auto& out) { machine.on_move_report(m, out); });
                answer(machine);
            },
        };
    }
    /// Whom clients ask: of a partition that has moved its first actor, which sends on to the present one
    /// (`handover`). A client that asked one today and the other one tomorrow could overtake itself: its
    /// first question may still wait with the first actor.
    /// Null for a partition that is not open here.
    caf::actor route(const topic_partition& id) const;
    /// The partition is closed for good.
    void forget(const topic_partition& id);
    /// Gives the answers that have waited for what has happened by now.
    void answer(const broker& machine);
    const caf::actor& actor() const { return actor_; }
    void let_go();

private:
    /// Answers when no crash forgets what is asked for.
    void answer_later(runtime::pending_reply<alter_log_dirs_response> reply, alter_log_dirs_response response,
                      const alter_log_dirs_request& request);
    void on_report(const move_report& report, const broker& machine);
    void tell(const broker_effects::begin_move& order);
    void tell(const broker_effects::pass_on& order);

    struct waiting_answer {
        runtime::pending_reply<alter_log_dirs_response> reply;
        alter_log_dirs_response response;
        /// By the places in the response.
        std::map<std::size_t, wanted_move> open;
    };

    const broker_config& config_;
    const partitions_by_id& partitions_;
    cleaner_shell& cleaner_;
    caf::event_based_actor& broker_;
    caf::actor actor_;
    /// Actors whose logs are closed for a move, which keep what clients ask for.
    partitions_by_id parked_;
    /// The first actors of partitions that have moved.
    partitions_by_id routes_;
    std::vector<waiting_answer> waiting_;
    planted_bugs planted_;
};

} // namespace barnabas
