#include "actors/broker/moving/moves_shell_actor.hpp"

#include "actors/broker/broker.hpp"
#include "actors/broker/moving/moves_actor.hpp"
#include "actors/partition/handover_actor.hpp"
#include "runtime/config/topic_config.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <utility>

namespace barnabas {

namespace effects = broker_effects;

void moves_shell::open(runtime::node_services& node, const planted_bugs& planted, const gates_by_path& gates,
                       const checkpoint_owners& checkpoints) {
    moves_options options;
    options.bytes_per_second = config_.replica_alter_log_dirs_io_max_bytes_per_second;
    // As many as Kafka has threads for it.
    options.copying_max = config_.log_dirs.size();
    options.discard_delay = std::chrono::milliseconds(config_.log_segment_delete_delay_ms);
    options.planted = planted;
    planted_ = planted;
    actor_ = spawn_moves(node, options,
                         {caf::actor_cast<caf::actor>(&broker_), gates, checkpoints.by_directory()});
}

void moves_shell::carry_out(const effects::move_effect& effect) {
    struct visitor {
        moves_shell& self;
        void operator()(const effects::begin_move& order) const { self.tell(order); }
        void operator()(const effects::cancel_move& order) const {
            self.broker_.send(self.actor_, stop_move{order});
        }
        void operator()(const effects::hand_over& order) const {
            const auto& log = self.parked_[order.id] = self.partitions_.at(order.id);
            self.routes_.emplace(order.id, log);
            self.broker_.send(log, hand_over_partition{});
        }
        void operator()(const effects::finish_move& order) const {
            self.broker_.send(self.actor_, complete_move{order});
        }
        void operator()(const effects::pass_on& order) const { self.tell(order); }
        void operator()(const effects::move_over& order) const {
            if (effective(self.config_, order.configs).cleanup_compact)
                self.cleaner_.on_opened(order.id);
        }
        void operator()(const effects::remove_left_over& order) const {
            self.broker_.send(self.actor_, remove_left_directory{order.directory});
        }
    };
    std::visit(visitor{*this}, effect.what);
}

void moves_shell::tell(const effects::begin_move& order) {
    // No pass of compaction begins any more; the move waits for the end of one that runs.
    cleaner_.on_paused(order.id);
    broker_.send(actor_, start_move{order, partitions_.at(order.id),
                                    effective(config_, order.configs).index_interval_bytes});
}

void moves_shell::tell(const effects::pass_on& order) {
    const auto parked = parked_.extract(order.id);
    if (!parked)
        return;
    if (!order.is_open)
        forget(order.id);
    if (planted_.handover_overtaken)
        routes_.erase(order.id);
    const auto next = order.is_open ? partitions_.at(order.id) : caf::actor();
    broker_.send(parked.mapped(), pass_on_partition{next});
    const auto first = routes_.find(order.id);
    if (first != routes_.end() && first->second != parked.mapped())
        broker_.send(first->second, shorten_way{parked.mapped(), next});
}

void moves_shell::forget(const topic_partition& id) {
    if (const auto first = routes_.extract(id))
        caf::anon_send(first.mapped(), end_of_way{});
}

caf::actor moves_shell::route(const topic_partition& id) const {
    if (const auto first = routes_.find(id); first != routes_.end())
        return first->second;
    const auto only = partitions_.find(id);
    return only != partitions_.end() ? only->second : caf::actor{};
}

void moves_shell::answer_later(runtime::pending_reply<alter_log_dirs_response> reply,
                               alter_log_dirs_response response, const alter_log_dirs_request& request) {
    waiting_answer waiting{std::move(reply), std::move(response), {}};
    for (std::size_t i = 0; i < waiting.response.codes.size(); ++i)
        if (waiting.response.codes[i] == errc::ok)
            waiting.open.emplace(i, request.moves[i]);
    waiting_.push_back(std::move(waiting));
}

/// Before the set hears of it.
void moves_shell::on_report(const move_report& report, const broker& machine) {
    const auto& partitions = machine.partitions();
    if (report.what != move_report::kind::begun || report.code == errc::ok || !partitions)
        return;
    for (auto& waiting : waiting_)
        for (const auto& [place, wanted] : waiting.open)
            if (partitions->is_target(report.id, wanted))
                waiting.response.codes.at(place) = report.code;
}

void moves_shell::answer(const broker& machine) {
    const auto& partitions = machine.partitions();
    const auto is_settled = [&](const auto& one) {
        return !partitions || partitions->is_settled(one.second);
    };
    for (auto& waiting : waiting_) {
        std::erase_if(waiting.open, is_settled);
        if (waiting.open.empty())
            waiting.reply.deliver(&broker_, std::move(waiting.response));
    }
    std::erase_if(waiting_, [](const waiting_answer& one) { return one.open.empty(); });
}

void moves_shell::let_go() {
    for (auto& waiting : waiting_)
        waiting.reply.forget();
    waiting_.clear();
    parked_.clear();
    routes_.clear();
    actor_ = nullptr;
}

} // namespace barnabas
