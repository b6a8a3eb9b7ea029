#include "actors/broker/checkpoint_actor.hpp"

#include "actors/broker/broker_events.hpp"
#include "runtime/clock/clock.hpp"
#include "runtime/disk/directory_lane.hpp"
#include "runtime/logging/logger.hpp"
#include "runtime/node/pending_reply.hpp"
#include "runtime/node/spawn.hpp"
#include "runtime/random/random.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <map>
#include <memory>
#include <utility>

namespace barnabas {

namespace {

class checkpoint_actor final : public caf::event_based_actor {
public:
    checkpoint_actor(caf::actor_config& config, runtime::node_services& node, checkpoint_options options,
                     found_checkpoints found, checkpoint_partners with)
        : event_based_actor(config), node_(node), directory_(options.directory), gate_(std::move(with.gate)),
          broker_(std::move(with.broker)), withholds_(options.planted.kept_room_not_given),
          machine_(std::move(options), std::move(found)) {}

    const char* name() const override { return "checkpoints"; }

    void on_exit() override {
        broker_ = nullptr;
        partitions_.clear();
        for (auto& [number, reply] : keeps_)
            reply.forget();
        for (auto& [number, reply] : forgets_)
            reply.forget();
        keeps_.clear();
        forgets_.clear();
    }

    caf::behavior make_behavior() override {
        run([&](auto& out) { machine_.on_start(now(), out); });
        return {
            [this](const partition_marks& m) { on_marks(m); },
            [this](const keep_log_start& m) {
                keeps_.emplace(++questions_, pending(m.token, log_start_kept{}));
                run([&](auto& out) { machine_.on_keep(questions_, m, now(), out); });
            },
            [this](const forget_marks& m) {
                forgets_.emplace(++questions_, pending(m.token, marks_forgotten{}));
                run([&](auto& out) { machine_.on_forget(questions_, m, now(), out); });
            },
            [this](const checkpoints_written& m) {
                run([&](auto& out) { machine_.on_written(*m.job, now(), out); });
            },
            [this](const checkpoints_due&) { run([&](auto& out) { machine_.on_timer(now(), out); }); },
            [this](const close_checkpoints&) { run([&](auto& out) { machine_.on_close(now(), out); }); },
        };
    }

private:
    template <class Step>
    void run(const Step& step) {
        checkpoint_effects out;
        if (const auto why = gate_->failure())
            machine_.on_directory_failed(*why);
        step(out);
        carry_out(out);
    }

    template <class Response>
    runtime::pending_reply<Response> pending(std::uint64_t token, const Response&) {
        return {node_, current_sender(), token};
    }

    void on_marks(const partition_marks& marks) {
        if (marks.last)
            partitions_.erase(marks.where);
        else
            partitions_.insert_or_assign(marks.where, caf::actor_cast<caf::actor>(current_sender()));
        run([&](auto& out) { machine_.on_marks(marks, now(), out); });
    }

    void carry_out(checkpoint_effects& out) {
        for (const auto& [question, outcome] : out.answers) {
            answer(keeps_, question, outcome);
            answer(forgets_, question, outcome);
        }
        for (const auto& where : out.ask)
            if (auto found = partitions_.find(where); found != partitions_.end()) {
                send(found->second, report_marks{});
                if (!machine_.is_behind(where))
                    partitions_.erase(found);
            }
        for (const auto& where : out.note)
            if (const auto found = partitions_.find(where); found != partitions_.end())
                send(found->second, note_recovery_point{});
        if (out.failed)
            node_.log->warn(
                "checkpoint_not_written",
                {{"directory", directory_}, {"message", "it is tried again: " + to_string(*out.failed)}});
        if (out.write)
            submit(std::move(*out.write));
        if (out.arm)
            delayed_send(this, *out.arm, checkpoints_due{});
        if (out.closed)
            end(*out.closed);
    }

    template <class Response>
    void answer(std::map<std::uint64_t, runtime::pending_reply<Response>>& replies, std::uint64_t question,
                const result<void>& outcome) {
        auto found = replies.find(question);
        if (found == replies.end())
            return;
        Response response;
        response.code = outcome.code();
        response.detail = outcome ? "" : outcome.failure().detail;
        found->second.deliver(this, std::move(response));
        replies.erase(found);
    }

    void submit(checkpoint_job job) {
        auto shared = std::make_shared<checkpoint_job>(std::move(job));
        // What is written only because its time has come waits for room like others.
        const bool is_waited_for = (!keeps_.empty() || !forgets_.empty()) && !withholds_;
        const auto room = is_waited_for ? runtime::kept_room::may_be_used : runtime::kept_room::for_others;
        node_.disk->submit(
            runtime::lane_in(directory_, runtime::stable_hash("checkpoints")),
            runtime::disk_job_kind::blocking,
            [shared, room, gate = gate_](runtime::file_system& files) {
                runtime::gated_files gated(files, *gate, room);
                shared->run(gated);
            },
            [shared, to = caf::actor_cast<caf::actor>(this)] {
                caf::anon_send(to, checkpoints_written{shared});
            });
    }

    void end(const result<void>& outcome) {
        send(broker_,
             checkpoints_closed{directory_, outcome.code(), outcome ? "" : outcome.failure().detail});
        quit();
    }

    monotonic_ns now() const { return node_.clock->monotonic_now(); }

    runtime::node_services& node_;
    std::string directory_;
    std::shared_ptr<runtime::directory_gate> gate_;
    caf::actor broker_;
    const bool withholds_;
    directory_checkpoints machine_;
    /// Those that wait to be asked, or whose recovery point is behind.
    std::map<partition_name, caf::actor> partitions_;
    std::uint64_t questions_ = 0;
    std::map<std::uint64_t, runtime::pending_reply<log_start_kept>> keeps_;
    std::map<std::uint64_t, runtime::pending_reply<marks_forgotten>> forgets_;
};

} // namespace

caf::actor spawn_checkpoints(runtime::node_services& node, checkpoint_options options,
                             found_checkpoints found, checkpoint_partners with) {
    return runtime::spawn<caf::actor, checkpoint_actor>(
        node, {loop_index(0), "checkpoints"}, std::move(options), std::move(found), std::move(with));
}

} // namespace barnabas
