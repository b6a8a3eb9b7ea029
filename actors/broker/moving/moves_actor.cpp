#include "actors/broker/moving/moves_actor.hpp"

#include "actors/broker/checkpoint_messages.hpp"
#include "actors/broker/moving/move_messages.hpp"
#include "actors/broker/moving/moving_names.hpp"
#include "runtime/clock/clock.hpp"
#include "runtime/disk/directory_lane.hpp"
#include "runtime/logging/logger.hpp"
#include "runtime/metrics/registry.hpp"
#include "runtime/node/spawn.hpp"
#include "runtime/random/random.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <utility>

namespace barnabas {

namespace {

struct move_counts {
    explicit move_counts(runtime::node_services& node)
        : running(node.metrics->gauge_of("replica_moves_running",
                                         "Partitions that are being moved between data directories.")),
          bytes_left(node.metrics->gauge_of("replica_moves_left_bytes",
                                            "Bytes that are still to be copied by the moves that run.")),
          copied(node.metrics->counter_of("replica_moves_copied_bytes_total",
                                          "Bytes that moves between data directories have copied.")),
          done(node.metrics->counter_of("replica_moves_done_total", "Moves that came to their end.")),
          failed(node.metrics->counter_of("replica_moves_failed_total",
                                          "Moves that were given up after a failure.")) {}

    runtime::gauge& running;
    runtime::gauge& bytes_left;
    runtime::counter& copied;
    runtime::counter& done;
    runtime::counter& failed;
};

class moves_actor final : public caf::event_based_actor, private moves_port {
    /// Told when that job is done.
    auto removed_later(std::shared_ptr<replica::move_job> job) {
        return [job = std::move(job), to = caf::actor_cast<caf::actor>(this)] {
            caf::anon_send(to, left_directory_removed{job});
        };
    }

public:
    moves_actor(caf::actor_config& config, runtime::node_services& node, const moves_options& options,
                moves_partners with)
        : event_based_actor(config), node_(node), with_(std::move(with)), counts_(node),
          ids_(runtime::random(node.seed).split("moves")), discard_delay_(options.discard_delay),
          machine_(options, static_cast<moves_port&>(*this)) {}

    const char* name() const override { return "moves"; }
    void on_exit() override {
        with_ = {};
        logs_.clear();
    }

    caf::behavior make_behavior() override {
        return {
            [this](const start_move& m) {
                logs_[m.order.id] = m.log;
                run([&] { machine_.on_start(m.order, unique_id(m.order), m.index_interval_bytes); });
            },
            [this](const stop_move& m) { run([&] { machine_.on_cancel(m.order); }); },
            [this](const complete_move& m) { run([&] { machine_.on_complete(m.order); }); },
            [this](const move_step_done& m) { run([&] { machine_.on_step_done(m.id, *m.job); }); },
            [this](const log_size_response& m) {
                if (const auto asked = asked_.extract(m.token))
                    run([&] { machine_.on_log_size(asked.mapped(), m); });
            },
            [this](const move_due& m) { run([&] { machine_.on_due(m.id, m.turn); }); },
            [this](const marks_forgotten& m) {
                if (const auto asked = asked_.extract(m.token))
                    run([&] { machine_.on_cleared(asked.mapped(), m.outcome()); });
            },
            [this](const log_start_kept& m) {
                if (const auto asked = asked_.extract(m.token))
                    run([&] { machine_.on_kept(asked.mapped(), m.outcome()); });
            },
            [this](const move_size_query& m) {
                const auto size = machine_.size_of(m.id).value_or(copy_size{});
                send(caf::actor_cast<caf::actor>(current_sender()),
                     log_size_response{m.token, size.bytes, {}, log_offset(size.offset_lag), false});
            },
            [this](const discard_due& m) { work(m.gate_path, m.gate_path, m.job, removed_later(m.job)); },
            [this](const left_directory_removed& m) {
                if (!m.job->outcome)
                    note("moved_directory_not_removed",
                         m.job->discarded_directory +
                             " stays until the next start: " + to_string(m.job->outcome.failure()),
                         true);
            },
            [this](const remove_left_directory& m) { remove_left(m.directory); },
            [this](const close_moves&) { quit(); },
        };
    }

private:
    template <class Step>
    void run(const Step& step) {
        const auto before = machine_.bytes_copied();
        step();
        counts_.copied.add(machine_.bytes_copied() - before);
        counts_.running.set(static_cast<std::int64_t>(machine_.count()));
        counts_.bytes_left.set(static_cast<std::int64_t>(machine_.bytes_left()));
    }

    std::string unique_id(const broker_effects::begin_move& order) {
        if (!order.unique_id.empty())
            return order.unique_id;
        constexpr char digits[] = "0123456789abcdef";
        std::string id;
        while (id.size() < unique_id_digits)
            id += digits[ids_.next() >> 60];
        return id;
    }

    template <class Done>
    void work(const std::string& source, const std::string& target, std::shared_ptr<replica::move_job> job,
              Done done) {
        node_.disk->submit(
            runtime::lane_of_none(runtime::stable_hash("move " + job->copy->wanted().target)),
            replica::move_job::kind,
            [job, from = with_.gates.at(source), to = with_.gates.at(target)](runtime::file_system& files) {
                runtime::gated_files source_files(files, *from);
                runtime::gated_files target_files(files, *to);
                job->run({source_files, target_files, to->is_short()});
                if (job->source_unclear)
                    from->shut(job->outcome.failure());
                if (job->target_unclear)
                    to->shut(job->outcome.failure());
            },
            std::move(done));
    }

    void remove_left(const std::string& directory) {
        const auto gate = gate_above(with_.gates, directory);
        if (gate == nullptr)
            return;
        node_.disk->submit(
            runtime::lane_of_none(runtime::stable_hash("move " + directory)),
            runtime::disk_job_kind::blocking,
            [directory, gates = with_.gates](runtime::file_system& files) {
                // The next start tries again.
                static_cast<void>(remove_partition_directory(files, gates, directory));
            },
            [] {});
    }

    // moves_port
    void submit(const topic_partition& id, replica::move_job job) override {
        const auto& order = machine_.order_of(id);
        auto shared = std::make_shared<replica::move_job>(std::move(job));
        work(order.source, order.target, shared, [id, shared, to = caf::actor_cast<caf::actor>(this)] {
            caf::anon_send(to, move_step_done{id, shared});
        });
    }
    void discard_later(const broker_effects::begin_move& order, replica::move_job job) override {
        delayed_send(this, discard_delay_,
                     discard_due{order.source, std::make_shared<replica::move_job>(std::move(job))});
    }
    void ask_log(const topic_partition& id) override {
        asked_[++questions_] = id;
        send(logs_.at(id), log_size_query{questions_});
    }
    void wake(const topic_partition& id, std::uint64_t turn, std::chrono::nanoseconds delay) override {
        delayed_send(this, delay, move_due{id, turn});
    }
    void clear_in_target(const broker_effects::begin_move& order) override {
        asked_[++questions_] = order.id;
        send(with_.checkpoints.at(order.target), forget_marks{questions_, {order.topic, order.id.partition}});
    }
    void keep_in_target(const broker_effects::begin_move& order, const checkpointed_offsets& marks) override {
        const auto& owner = with_.checkpoints.at(order.target);
        const partition_name where{order.topic, order.id.partition};
        send(owner, partition_marks{where, marks, true, false});
        asked_[++questions_] = order.id;
        send(owner, keep_log_start{questions_, where, marks.log_start});
    }
    void forget_in(const std::string& data_directory, const broker_effects::begin_move& order) override {
        send(with_.checkpoints.at(data_directory),
             partition_marks{{order.topic, order.id.partition}, {}, true, true});
    }
    void report_begun(const topic_partition& id, const result<void>& outcome) override {
        tell(id, move_report::kind::begun, false, outcome);
    }
    void report_caught_up(const topic_partition& id) override {
        tell(id, move_report::kind::caught_up, false, {});
    }
    void report_ended(const topic_partition& id, bool moved, const result<void>& outcome) override {
        logs_.erase(id);
        (moved ? counts_.done : counts_.failed).add(moved || !outcome ? 1 : 0);
        tell(id, move_report::kind::ended, moved, outcome);
    }
    void tell(const topic_partition& id, move_report::kind what, bool moved, const result<void>& outcome) {
        send(with_.broker,
             move_report{id, what, moved, outcome.code(), outcome ? "" : outcome.failure().detail});
    }
    void note(std::string_view event, const std::string& message, bool is_warning) override {
        const auto fields = log_fields{}.message(message);
        if (is_warning)
            node_.log->warn(event, fields);
        else
            node_.log->info(event, fields);
    }
    monotonic_ns now() const override { return node_.clock->monotonic_now(); }

    runtime::node_services& node_;
    moves_partners with_;
    move_counts counts_;
    runtime::random ids_;
    std::chrono::milliseconds discard_delay_;
    std::map<topic_partition, caf::actor> logs_;
    std::uint64_t questions_ = 0;
    std::map<std::uint64_t, topic_partition> asked_;
    moves machine_;
};

} // namespace

caf::actor spawn_moves(runtime::node_services& node, const moves_options& options, moves_partners with) {
    return runtime::spawn<caf::actor, moves_actor>(node, {loop_index(0), "moves"}, options, std::move(with));
}

} // namespace barnabas
