#include "actors/controller/controller_actor.hpp"

#include "actors/controller/controller.hpp"
#include "actors/controller/controller_events.hpp"
#include "actors/controller/controller_messages.hpp"
#include "actors/controller/limits.hpp"
#include "actors/controller/metadata_log.hpp"
#include "actors/controller/replay_messages.hpp"
#include "actors/replica/replica_log.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"
#include "runtime/clock/clock.hpp"
#include "runtime/disk/directory_gate.hpp"
#include "runtime/disk/directory_lane.hpp"
#include "runtime/logging/logger.hpp"
#include "runtime/node/pending_reply.hpp"
#include "runtime/node/spawn.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <deque>
#include <optional>
#include <variant>

namespace barnabas {

namespace {

using topics_reply = runtime::pending_reply<topics_response>;
using producer_ids_reply = runtime::pending_reply<allocate_producer_ids_response>;

/// Requests are taken one group at a time: those that arrive while a group is being written and synced wait,
/// and form the next group, so that one sync serves all of them. An answer leaves when the broker has applied
/// what its request committed.
class controller_actor final : public caf::event_based_actor {
public:
    controller_actor(caf::actor_config& config, runtime::node_services& node,
                     controller_actor_options options, caf::actor broker)
        : event_based_actor(config), node_(node), options_(std::move(options)), broker_(std::move(broker)),
          lane_(runtime::lane_in(options_.gate->path(), runtime::stable_hash(options_.directory))),
          machine_(options_.machine, runtime::random(node.seed).split("controller")) {}

    const char* name() const override { return "controller"; }
    void on_exit() override;
    caf::behavior make_behavior() override;

private:
    enum class log_state { opening, replaying, ready, committing, closing, ended };
    /// Decided and applied, and not known to be on stable storage.
    struct uncommitted_decision {
        log_offset base_offset;
        std::vector<metadata_record> records;
    };
    /// Answered or asked, in the order in which they came.
    using request = std::variant<create_topics_request, delete_topics_request, create_partitions_request,
                                 alter_configs_request, allocate_producer_ids_request>;
    using reply = std::variant<topics_reply, producer_ids_reply>;
    struct waiting_request {
        request asked;
        reply answer_to;
    };
    struct waiting_answer {
        log_offset when_applied;
        std::variant<topics_response, allocate_producer_ids_response> answer;
        reply answer_to;
    };

    void open();
    void on_opened(const replica::open_job& job);
    void replay_more();
    void on_read(const replica::read_job& job);
    void register_broker();

    template <class Reply, class Request>
    void on_request(const Request& asked);
    void take_waiting();
    auto decide(const create_topics_request& asked) { return machine_.on_create_topics(asked); }
    auto decide(const delete_topics_request& asked) { return machine_.on_delete_topics(asked); }
    auto decide(const create_partitions_request& asked) { return machine_.on_create_partitions(asked); }
    auto decide(const alter_configs_request& asked) { return machine_.on_alter_configs(asked); }
    auto decide(const allocate_producer_ids_request& asked) {
        return machine_.on_allocate_producer_ids(asked);
    }
    bool append(const std::vector<metadata_record>& records);
    bool write(const std::vector<metadata_record>& records, log_offset at);
    void on_written(replica::write_job& job);
    void repair_if_wanted();
    void on_repaired(const replica::repair_job& job);
    void retry();
    void sync_if_wanted();
    void on_synced(const replica::sync_job& job);
    void on_applied(log_offset applied);
    void deliver_answers();

    void close_if_idle();
    void on_closed(const replica::close_job& job);
    void refuse_all_waiting();
    void fail(const error& why);
    void end();

    template <class Message, class Job>
    void submit(runtime::disk_job_kind kind, Job job) {
        auto shared = std::make_shared<Job>(std::move(job));
        node_.disk->submit(
            lane_, kind,
            [shared, gate = options_.gate](runtime::file_system& files) {
                runtime::gated_files gated(files, *gate, runtime::kept_room::may_be_used);
                shared->run(gated);
            },
            [shared, self = caf::actor_cast<caf::actor>(this)] { caf::anon_send(self, Message{shared}); });
    }

    runtime::node_services& node_;
    controller_actor_options options_;
    caf::actor broker_;
    runtime::disk_lane lane_;
    controller machine_;
    std::optional<replica::replica_log> log_;
    log_state state_ = log_state::opening;
    bool close_wanted_ = false;
    log_offset broker_applied_{-1};
    std::vector<uncommitted_decision> uncommitted_;
    std::deque<waiting_request> requests_;
    std::deque<waiting_answer> answers_;
};

caf::behavior controller_actor::make_behavior() {
    open();
    return {
        [this](const metadata_log_opened& m) { on_opened(*m.job); },
        [this](const metadata_log_read& m) { on_read(*m.job); },
        [this](const create_topics_request& m) { on_request<topics_reply>(m); },
        [this](const delete_topics_request& m) { on_request<topics_reply>(m); },
        [this](const create_partitions_request& m) { on_request<topics_reply>(m); },
        [this](const alter_configs_request& m) { on_request<topics_reply>(m); },
        [this](const allocate_producer_ids_request& m) { on_request<producer_ids_reply>(m); },
        [this](const metadata_log_written& m) { on_written(*m.job); },
        [this](const metadata_log_synced& m) { on_synced(*m.job); },
        [this](const metadata_log_repaired& m) { on_repaired(*m.job); },
        [this](const metadata_log_retry_due&) { retry(); },
        [this](const metadata_applied& m) { on_applied(m.applied); },
        [this](const close_controller&) {
            close_wanted_ = true;
            close_if_idle();
        },
        [this](const metadata_log_closed& m) { on_closed(*m.job); },
    };
}

void controller_actor::open() {
    auto job = std::make_shared<replica::open_job>();
    job->options = metadata_log_options(options_.directory);
    job->create = true;
    node_.disk->submit(
        lane_, runtime::disk_job_kind::blocking,
        [job, gate = options_.gate](runtime::file_system& below) {
            runtime::gated_files files(below, *gate, runtime::kept_room::may_be_used);
            // Before anything is written into a directory that is not ours.
            if (auto ours = check_not_kafka(files, job->options.directory); ours)
                job->run(files);
            else
                job->outcome = ours.failure();
        },
        [job, self = caf::actor_cast<caf::actor>(this)] { caf::anon_send(self, metadata_log_opened{job}); });
}

void controller_actor::on_opened(const replica::open_job& job) {
    if (!job.outcome)
        return fail(job.outcome.failure());
    const auto& report = job.outcome->report;
    if (!report.damage.empty() || report.lost_from != report.lost_upto)
        return fail({errc::corrupt_message, "the metadata log is damaged: " + to_string(report)});
    if (report.bytes_cut != 0)
        node_.log->warn("metadata_log_tail_cut", log_fields{}.message(to_string(report)));
    log_.emplace(job.options, *job.outcome, node_.clock->monotonic_now());
    state_ = log_state::replaying;
    replay_more();
}

void controller_actor::replay_more() {
    if (close_wanted_)
        return close_if_idle();
    if (machine_.applied() == log_->log_end_offset())
        return register_broker();
    auto reading =
        log_->read(machine_.applied(), controller_limits::replay_bytes, log_->log_end_offset(), true);
    if (!reading)
        return fail(reading.failure());
    const auto kind = reading->kind;
    submit<metadata_log_read>(kind, std::move(*reading));
}

void controller_actor::on_read(const replica::read_job& job) {
    log_->on_read(job);
    if (!job.records)
        return fail(job.records.failure());
    auto batches = batch::split_batches(*job.records);
    if (!batches)
        return fail(batches.failure());
    if (batches->empty())
        return fail({errc::corrupt_message,
                     "the metadata log ends before its last offset, in " + options_.directory});
    for (const auto& one : *batches)
        if (auto replayed = replay(one, machine_); !replayed)
            return fail({replayed.failure().code, replayed.failure().detail + ", in " + options_.directory});
    replay_more();
}

void controller_actor::register_broker() {
    state_ = log_state::ready;
    node_.log->info("metadata_log_replayed",
                    {{"records", machine_.applied()}, {"topics", machine_.state().topics.size()}});
    send(broker_,
         metadata_replayed{std::make_shared<const std::set<topic_id>>(machine_.take_removed_topics())});
    append(machine_.on_broker_started(options_.broker));
}

template <class Reply, class Request>
void controller_actor::on_request(const Request& asked) {
    requests_.push_back({asked, Reply(node_, current_sender(), asked.token)});
    take_waiting();
}

void controller_actor::take_waiting() {
    if (state_ != log_state::ready)
        return;
    while (!requests_.empty() && state_ != log_state::ended) {
        auto one = std::move(requests_.front());
        requests_.pop_front();
        std::visit(
            [&](const auto& asked) {
                auto decided = decide(asked);
                if (!decided.records.empty() && !append(decided.records))
                    return;
                answers_.push_back(
                    {machine_.applied(), std::move(decided.response), std::move(one.answer_to)});
            },
            one.asked);
    }
    deliver_answers();
}

/// The records are applied at once, since nothing leaves this actor before they are stable, and if they never
/// become so this actor ends.
bool controller_actor::append(const std::vector<metadata_record>& records) {
    auto at = log_->log_end_offset();
    if (!write(records, at))
        return false;
    uncommitted_.push_back({at, records});
    for (const auto& record : records) {
        auto applied = machine_.apply(at, record);
        BARNABAS_ASSERT(applied.has_value());
        at = at + 1;
    }
    BARNABAS_ASSERT(at == log_->log_end_offset());
    state_ = log_state::committing;
    if (options_.machine.planted.config_told_before_sync &&
        std::holds_alternative<config_changed_record>(records.front()))
        send(broker_, metadata_committed{machine_.image()});
    return true;
}

bool controller_actor::write(const std::vector<metadata_record>& records, log_offset at) {
    std::vector<replica::write_job> writes;
    const auto now = node_.clock->wall_now();
    auto split = batch::split_batches(encode_decision(now, records));
    if (!split) {
        fail(split.failure());
        return false;
    }
    auto appended =
        log_->append(std::move(*split), {metadata_epoch, now, node_.clock->monotonic_now(), false}, writes);
    if (!appended) {
        fail(appended.failure());
        return false;
    }
    BARNABAS_ASSERT(appended->base_offset == at);
    for (auto& write : writes) {
        const auto kind = write.kind;
        submit<metadata_log_written>(kind, std::move(write));
    }
    return true;
}

void controller_actor::on_written(replica::write_job& job) {
    if (state_ == log_state::ended)
        return;
    auto failed = log_->on_written(job);
    if (failed && log_->offline())
        return fail(failed->error);
    if (failed)
        node_.log->warn("metadata_log_without_room", log_fields{}.message(to_string(failed->error)));
    if (log_->failure())
        return repair_if_wanted();
    sync_if_wanted();
}

/// After the last write of the group: one sync for all of them.
void controller_actor::sync_if_wanted() {
    if (log_->written_offset() != log_->log_end_offset() || !log_->wants_sync())
        return;
    auto sync = log_->sync();
    if (options_.machine.planted.metadata_not_synced)
        sync.to_sync.clear();
    submit<metadata_log_synced>(replica::sync_job::kind, std::move(sync));
}

// ---- no room: write fails -> files cut back -> a pause -> written again, under the same offsets

void controller_actor::repair_if_wanted() {
    if (log_->wants_repair())
        submit<metadata_log_repaired>(replica::repair_job::kind, log_->repair());
}

void controller_actor::on_repaired(const replica::repair_job& job) {
    if (state_ == log_state::ended)
        return;
    log_->on_repaired(job);
    if (log_->offline())
        return fail(*log_->failure());
    BARNABAS_MARK(metadata_log_waits_for_room);
    delayed_send(this, controller_limits::retry_interval, metadata_log_retry_due{});
}

void controller_actor::retry() {
    if (state_ != log_state::committing)
        return;
    if (log_->failure())
        return repair_if_wanted();
    // Nobody was told of what is given up here.
    if (close_wanted_) {
        state_ = log_state::ready;
        return close_if_idle();
    }
    for (const auto& decision : uncommitted_)
        if (decision.base_offset >= log_->log_end_offset() && !write(decision.records, decision.base_offset))
            return;
    sync_if_wanted();
}

void controller_actor::on_synced(const replica::sync_job& job) {
    if (state_ == log_state::ended)
        return;
    if (auto failed = log_->on_synced(job))
        return fail(failed->error);
    if (BARNABAS_MARK_IF(!job.names_outcome, metadata_log_waits_for_descriptors)) {
        delayed_send(this, controller_limits::retry_interval, metadata_log_retry_due{});
        return;
    }
    BARNABAS_ASSERT(state_ == log_state::committing && log_->stable_offset() == machine_.applied());
    uncommitted_.clear();
    state_ = log_state::ready;
    send(broker_, metadata_committed{machine_.image()});
    if (close_wanted_)
        return close_if_idle();
    take_waiting();
}

void controller_actor::on_applied(log_offset applied) {
    broker_applied_ = std::max(broker_applied_, applied);
    deliver_answers();
}

void controller_actor::deliver_answers() {
    while (!answers_.empty() && answers_.front().when_applied <= broker_applied_) {
        auto one = std::move(answers_.front());
        answers_.pop_front();
        if (auto* topics = std::get_if<topics_reply>(&one.answer_to))
            topics->deliver(this, std::get<topics_response>(std::move(one.answer)));
        else
            std::get<producer_ids_reply>(one.answer_to)
                .deliver(this, std::get<allocate_producer_ids_response>(one.answer));
    }
}

void controller_actor::close_if_idle() {
    if (state_ == log_state::replaying && log_->idle())
        state_ = log_state::ready;
    if (state_ != log_state::ready)
        return;
    state_ = log_state::closing;
    refuse_all_waiting();
    BARNABAS_ASSERT(log_->idle());
    submit<metadata_log_closed>(replica::close_job::kind, log_->close());
}

void controller_actor::on_closed(const replica::close_job& job) {
    if (!job.outcome)
        node_.log->warn("metadata_log_not_closed", log_fields{}.message(to_string(job.outcome.failure())));
    send(broker_, controller_closed{});
    end();
}

void controller_actor::refuse_all_waiting() {
    constexpr auto why = "the broker is stopping";
    const auto refuse = [this](reply& answer_to) {
        if (auto* topics = std::get_if<topics_reply>(&answer_to))
            topics->deliver(this, {0, {}, errc::broker_not_available, why});
        else
            std::get<producer_ids_reply>(answer_to).deliver(
                this, {0, errc::broker_not_available, producer_id(-1), 0});
    };
    for (auto& one : requests_)
        refuse(one.answer_to);
    for (auto& one : answers_)
        refuse(one.answer_to);
    requests_.clear();
    answers_.clear();
}

void controller_actor::fail(const error& why) {
    BARNABAS_MARK(controller_log_failed);
    node_.log->warn("controller_failed", log_fields{}.message(to_string(why)));
    send(broker_, controller_failed{why.code, why.detail});
    refuse_all_waiting();
    end();
}

void controller_actor::end() {
    state_ = log_state::ended;
    quit();
}

/// Whoever still waits here waits in a node that was killed.
void controller_actor::on_exit() {
    const auto forget = [](reply& answer_to) { std::visit([](auto& one) { one.forget(); }, answer_to); };
    for (auto& one : requests_)
        forget(one.answer_to);
    for (auto& one : answers_)
        forget(one.answer_to);
    broker_ = nullptr;
}

} // namespace

caf::actor spawn_controller(runtime::node_services& node, controller_actor_options options,
                            caf::actor broker) {
    return runtime::spawn<caf::actor, controller_actor>(node, {loop_index(0), "controller"},
                                                        std::move(options), std::move(broker));
}

} // namespace barnabas
