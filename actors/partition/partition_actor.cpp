#include "actors/partition/partition_actor.hpp"

#include "actors/partition/checkpoint_link_actor.hpp"
#include "actors/partition/client_replies.hpp"
#include "actors/partition/handover_actor.hpp"
#include "actors/partition/log_options_actor.hpp"
#include "actors/partition/log_size_messages.hpp"
#include "actors/partition/offline_messages.hpp"
#include "actors/partition/partition.hpp"
#include "actors/partition/partition_job_messages.hpp"
#include "actors/partition/room_for_reads_actor.hpp"
#include "actors/partition/tail_link.hpp"
#include "protocol/model/mark.hpp"
#include "runtime/clock/clock.hpp"
#include "runtime/disk/directory_gate.hpp"
#include "runtime/disk/directory_lane.hpp"
#include "runtime/logging/logger.hpp"
#include "runtime/memory/reserve.hpp"
#include "runtime/node/spawn.hpp"
#include "runtime/random/random.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace barnabas {

namespace {

/// Lanes of one partition: writes in order, syncs beside them, reads beside both.
enum class lane_use : std::uint64_t { write = 0, sync = 1, read = 2, other = 3 };

class partition_actor final : public caf::event_based_actor, private partition_port {
public:
    partition_actor(caf::actor_config& config, runtime::node_services& node, partition_options options,
                    caf::actor broker)
        : event_based_actor(config), node_(node),
          opening_(std::make_unique<partition_options>(std::move(options))), gate_(opening_->gate),
          id_(opening_->id), broker_(std::move(broker)),
          lane_base_(runtime::lane_in(gate_->path(), runtime::stable_hash(opening_->directory) << 2).get()),
          journal_(opening_->journal, journal_log_in(opening_->directory, id_.topic)),
          checkpoints_(opening_->checkpoints, {opening_->topic_name, id_.partition}),
          tail_(node.memory->tail), waiting_reads_(node.memory->fetch_output, opening_->config) {}

    caf::behavior make_behavior() override;
    const char* name() const override { return "partition"; }

    /// Handles that point back here would keep this actor alive; questions that are still open are answered
    /// as dropped.
    void on_exit() override {
        broker_ = nullptr;
        opening_.reset();
        journal_.let_go();
        checkpoints_.let_go();
        askers_.clear();
        replies_ = {};
        waiting_reads_.take_back(nullptr);
    }

private:
    caf::message_handler serving();
    caf::message_handler storage_handlers();
    caf::message_handler compacting();
    caf::message_handler rare_questions();
    void open();
    void on_opened(const partition_open_done& message);
    void fail_to_open(const error& why, bool may_be_found);
    void end(const result<void>& outcome);
    void on_read(const read_request& request);
    void on_removed(const replica::remove_job& job) {
        removals_ -= job.outcome ? 1 : 0;
        if (!job.outcome)
            report("retention_failed", to_string(job.outcome.failure()));
    }
    void tell_asker(auto answer) { send(caf::actor_cast<caf::actor>(current_sender()), std::move(answer)); }
    void on_close(const close_partition& message);
    void hand_over();
    void park_if_closed();
    void start_waiting_jobs();
    void give_up_waiting_reads(const waiting_reads::reader* who);

    template <class Done, class Job>
    void run(lane_use use, runtime::disk_job_kind kind, std::shared_ptr<Job> job, Done done);
    /// `Done` has what else it carries behind the job.
    template <class Done, class Job, class... More>
    void start(lane_use use, Job job, More... more) {
        auto shared = std::make_shared<Job>(std::move(job));
        run(use, shared->kind, shared, Done{shared, more...});
    }

    // partition_port
    void submit(replica::write_job job) override { start<write_done>(lane_use::write, std::move(job)); }
    void submit(replica::sync_job job) override {
        journal_.sync_begins();
        start<sync_done>(lane_use::sync, std::move(job));
    }
    void submit(replica::journal_commit job) override { journal_.commit(this, std::move(job)); }
    void submit(replica::settle_job job) override { start<settle_done>(lane_use::other, std::move(job)); }
    bool journal_pays() const override { return journal_.pays(); }
    void settled(log_offset upto) override { journal_.tell_settled(this, upto); }
    void cannot_settle() override { journal_.tell_gone(this); }
    void submit(replica::repair_job job) override { start<repair_done>(lane_use::write, std::move(job)); }
    void submit(replica::read_job job, std::uint64_t reply) override;
    void submit(replica::find_job job, std::uint64_t reply) override {
        start<find_done>(lane_use::other, std::move(job), reply);
    }
    void submit(replica::retire_job job) override { start<retire_done>(lane_use::other, std::move(job)); }
    void submit_later(replica::remove_job job, std::chrono::milliseconds delay) override;
    void submit(replica::close_job job) override { start<close_done>(lane_use::write, std::move(job)); }
    void submit(replica::clean_job job) override { start<clean_done>(lane_use::other, std::move(job)); }
    void submit(replica::swap_job job) override { start<swap_done>(lane_use::other, std::move(job)); }
    void submit(replica::reindex_job job) override { start<reindex_done>(lane_use::other, std::move(job)); }
    void keep_tail(std::span<const slice> batches) override { tail_.keep(batches); }
    tail_records read_tail(const read_request& it, log_offset upto) override { return tail_.read(it, upto); }
    void drop_tail() override { tail_.drop(); }
    void tell_cleaner(cleaning_state state) override {
        state.partition = id_;
        send(broker_, std::move(state));
    }
    void tell_cleaner(partition_cleaned outcome) override {
        outcome.partition = id_;
        send(broker_, std::move(outcome));
    }
    void resume_cleaning(std::chrono::milliseconds delay) override {
        delayed_send(self(), delay, clean_step_due{});
    }
    void answer(std::uint64_t reply, append_response response) override {
        replies_.append.deliver(this, reply, std::move(response));
    }
    void answer(std::uint64_t reply, read_response response) override {
        const auto& asker = replies_.read.asker(reply);
        if (response.waits_at.get() >= 0 && asker != nullptr)
            askers_.insert_or_assign(asker->id(), caf::actor_cast<caf::actor>(asker));
        replies_.read.deliver(this, reply, std::move(response));
    }
    void answer(std::uint64_t reply, offset_query_response response) override {
        replies_.offset.deliver(this, reply, std::move(response));
    }
    void answer(std::uint64_t reply, delete_records_response response) override {
        replies_.deletion.deliver(this, reply, std::move(response));
    }
    void answer(std::uint64_t reply, epoch_query_response response) override {
        replies_.epoch.deliver(this, reply, std::move(response));
    }
    void keep_log_start(log_offset start) override { checkpoints_.keep(this, start); }
    void marks_moved() override {
        checkpoints_.moved(this, [this] { return machine_->checkpointed(); });
    }
    void notify(const waiting_reads::reader& who) override {
        auto asker = askers_.find(who.asker);
        if (asker != askers_.end())
            send(asker->second, partition_readable{who.token});
        let_go(who.asker);
    }
    /// Keeps no connection alive that does not wait.
    void let_go(std::uint64_t asker) {
        if (!machine_->waits(asker))
            askers_.erase(asker);
    }
    void retry_repair(std::chrono::milliseconds delay) override { delayed_send(self(), delay, repair_due{}); }
    result<void> room() const override {
        return check_room(*gate_, checkpoints_.where().topic, machine_->log().options().planted);
    }
    timestamp_ms wall_now() const override { return node_.clock->wall_now(); }
    monotonic_ns monotonic_now() const override { return node_.clock->monotonic_now(); }
    void closed(const result<void>& outcome) override;
    void went_offline(const error&) override { send(broker_, partition_offline{id_}); }
    void report(std::string_view event, const std::string& message) override {
        node_.log->warn(event, {{"partition", partition_name()}, {"message", message}});
    }

    caf::actor self() { return caf::actor_cast<caf::actor>(this); }
    std::string partition_name() const {
        return checkpoints_.where().topic + "-" + std::to_string(id_.partition.get());
    }

    runtime::node_services& node_;
    /// Null when that is done: a node has many partitions.
    std::unique_ptr<partition_options> opening_;
    std::shared_ptr<runtime::directory_gate> gate_;
    topic_partition id_;
    caf::actor broker_;
    std::uint64_t lane_base_;
    journal_link journal_;
    checkpoint_link checkpoints_;
    std::unique_ptr<partition_tap> tap_;
    std::optional<partition> machine_;
    client_replies replies_;
    /// Connections that wait to be notified, by actor id.
    std::map<std::uint64_t, caf::actor> askers_;
    tail_link tail_;
    /// Reads that wait for memory.
    room_for_reads waiting_reads_;
    /// Whose read is being handled.
    waiting_reads::reader reading_for_;
    bool reader_may_wait_ = false;
    bool remove_files_ = false;
    std::uint32_t removals_ = 0; ///< deletions whose files are still there, under other names
    handover handover_;
    bool parked_ = false;
};

caf::behavior partition_actor::make_behavior() {
    set_default_handler(caf::skip);
    // What the checkpoints say of this name is of another partition, when the directory is made only now.
    if (opening_->create)
        checkpoints_.forget(this);
    else
        open();
    return {
        [this](const marks_forgotten& answer) {
            if (const auto outcome = answer.outcome())
                open();
            else
                fail_to_open(outcome.failure(), false);
        },
        [this](const partition_open_done& message) { on_opened(message); },
    };
}

caf::message_handler partition_actor::serving() {
    // CAF tries one after the other: the frequent ones are first.
    return caf::message_handler{
        [this](const append_request& request) {
            constexpr std::int16_t no_acks = 0;
            const std::uint64_t reply =
                request.acks == no_acks ? 0 : replies_.append.put({node_, current_sender(), request.token});
            machine_->on_append(request, reply);
        },
        [this](const read_request& request) { on_read(request); },
        [this](const write_done& done) { machine_->on_written(*done.job); },
        [this](const sync_done& done) {
            journal_.sync_ends();
            machine_->on_synced(*done.job);
        },
        [this](const journal::commit_response& response) {
            machine_->on_committed(journal_.ended(response));
        },
        [this](const read_done& done) {
            auto& job = *done.job;
            // A batch from times when larger ones were allowed.
            if (job.needs > 0) {
                job.permit.reset();
                if (job.may_wait)
                    return waiting_reads_.wait({std::move(job), done.reply, {}}), start_waiting_jobs();
                if (waiting_reads_.take_at_once(job))
                    return start<read_done>(lane_use::read, std::move(job), done.reply);
            }
            // One that failed may be made again, and keeps its room.
            if (job.records)
                runtime::memory_reserve::shrink(job.permit, job.allocated);
            machine_->on_read_done(job, done.reply);
        },
        [this](const forget_reader& message) {
            const waiting_reads::reader who{current_sender()->id(), message.token};
            machine_->on_forget(who);
            give_up_waiting_reads(&who);
            let_go(current_sender()->id());
        },
    }
        .or_else(storage_handlers());
}

/// What the log's rarer jobs bring.
caf::message_handler partition_actor::storage_handlers() {
    return caf::message_handler{
        [this](const repair_done& done) { machine_->on_repaired(*done.job); },
        [this](const journal::settle_log& message) { machine_->on_settle(message.upto); },
        [this](const settle_done& done) { machine_->on_settled(*done.job); },
        [this](const repair_due&) { machine_->on_repair_due(); },
        [this](const find_done& done) { machine_->on_found(*done.job, done.reply); },
        [this](const reindex_done& done) { machine_->on_reindexed(*done.job); },
        [this](const retire_done& done) { machine_->on_retired(*done.job); },
        [this](const remove_due& due) {
            // The directory goes as a whole.
            if (!remove_files_)
                run(lane_use::other, replica::remove_job::kind, due.job, remove_done{due.job});
        },
        [this](const remove_done& done) { on_removed(*done.job); },
        [this](const close_done& done) {
            machine_->on_closed(*done.job);
            park_if_closed();
        },
        [this](const files_removed& done) { end(done.job->outcome); },
        [this](const fetch_memory_available&) {
            waiting_reads_.on_room();
            start_waiting_jobs();
        },
    }
        .or_else(rare_questions())
        .or_else(compacting());
}

caf::message_handler partition_actor::rare_questions() {
    return {
        [this](const offset_query& query) {
            machine_->on_offset_query(query, replies_.offset.put({node_, current_sender(), query.token}));
        },
        [this](const epoch_query& query) {
            machine_->on_epoch_query(query, replies_.epoch.put({node_, current_sender(), query.token}));
        },
        [this](const delete_records_request& request) {
            machine_->on_delete_records(request,
                                        replies_.deletion.put({node_, current_sender(), request.token}));
        },
        [this](const log_start_kept& answer) { machine_->on_log_start_kept(answer.outcome()); },
        [this](const report_marks&) {
            checkpoints_.asked();
            marks_moved();
        },
        [this](const note_recovery_point&) { machine_->on_note_recovery_point(); },
        [this](const log_size_query& query) { tell_asker(machine_->size(query.token)); },
        [this](const producers_query& query) { tell_asker(machine_->producers(query.token)); },
        [this](const configure_partition& wanted) {
            configure(*machine_, waiting_reads_, wanted, checkpoints_.where().topic);
        },
        [this](const check_retention&) { machine_->on_check_retention(); },
        [this](const directory_lost& message) {
            machine_->on_directory_failed({errc::storage_error, message.detail});
            give_up_waiting_reads(nullptr);
        },
        [this](const close_partition& message) { on_close(message); },
        [this](const hand_over_partition&) { hand_over(); },
    };
}

void partition_actor::on_close(const close_partition& message) {
    remove_files_ = message.remove_files;
    give_up_waiting_reads(nullptr);
    machine_->on_close();
}

void partition_actor::hand_over() {
    handover_.begin();
    become(handover::keep_questions().or_else(serving()));
    on_close({});
    park_if_closed();
}

/// The log is another actor's, and so is the ear of those who watch it.
void partition_actor::park_if_closed() {
    if (!parked_)
        return;
    machine_.reset();
    tap_.reset();
    become(handover::parked(this));
}

caf::message_handler partition_actor::compacting() {
    return {
        [this](const check_cleaning&) { machine_->on_check_cleaning(); },
        [this](const clean_partition& order) { machine_->on_clean(order); },
        [this](const clean_done& done) { machine_->on_clean_done(*done.job); },
        [this](const swap_done& done) { machine_->on_swap_done(*done.job); },
        [this](const clean_step_due&) { machine_->on_clean_step_due(); },
    };
}

/// `Done` is a message that carries the job back.
template <class Done, class Job>
void partition_actor::run(lane_use use, runtime::disk_job_kind kind, std::shared_ptr<Job> job, Done done) {
    node_.disk->submit(
        runtime::disk_lane(lane_base_ | static_cast<std::uint64_t>(use)), kind,
        [job, gate = gate_](runtime::file_system& files) {
            runtime::gated_files gated(files, *gate, room_of<Job>());
            job->run(gated);
        },
        [to = self(), done = std::move(done)] { caf::anon_send(to, done); });
}

void partition_actor::open() {
    auto job = std::make_shared<replica::open_job>(open_job_of(*opening_));
    job->options.keeps_for_journal = journal_.in_use() && !opening_->config.write_caching;
    run(lane_use::write, job->kind(), job, partition_open_done{job});
}

void partition_actor::fail_to_open(const error& why, bool may_be_found) {
    journal_.tell_gone(this);
    send(broker_, partition_opened{id_, why.code, why.detail, 0, may_be_found});
    quit();
}

void partition_actor::on_opened(const partition_open_done& message) {
    auto& outcome = message.job->outcome;
    if (!outcome)
        return fail_to_open(outcome.failure(), message.job->may_be_found);
    const auto options = std::exchange(opening_, nullptr);
    partition_opened opened;
    opened.partition = id_;
    const auto& report = outcome->report;
    opened.bytes_cut = report.bytes_cut;
    report_opening(*node_.log, partition_name(), report);
    if (options->taps != nullptr)
        tap_ = options->taps->open(options->topic_name, id_, options->directory);
    const partition_settings settings{options->led, options->config.write_caching, tap_.get()};
    machine_.emplace(settings, replica::replica_log(message.job->options, *outcome, monotonic_now()),
                     static_cast<partition_port&>(*this));
    if (tap_ != nullptr)
        tap_->opened(machine_->marks(), report, settings.write_caching);
    journal_.tell_settled(this, machine_->log().settled_offset());
    send(broker_, opened);
    checkpoints_.knows(options->checkpointed);
    marks_moved();
    become(serving());
}

void partition_actor::on_read(const read_request& request) {
    reading_for_ = {current_sender()->id(), request.token};
    reader_may_wait_ = request.may_wait;
    machine_->on_read(request, reading_for_.asker,
                      replies_.read.put({node_, current_sender(), request.token}));
    if (request.notify && machine_->waits(reading_for_.asker))
        askers_.insert_or_assign(reading_for_.asker, caf::actor_cast<caf::actor>(current_sender()));
}

void partition_actor::submit(replica::read_job job, std::uint64_t reply) {
    // It is made again, and has its room already.
    if (job.permit != nullptr)
        return start<read_done>(lane_use::read, std::move(job), reply);
    job.may_wait = reader_may_wait_;
    if (!reader_may_wait_) {
        if (BARNABAS_MARK_IF(!waiting_reads_.take_at_once(job), read_without_room_given_up)) {
            job.records = slice();
            machine_->on_read_done(job, reply);
            return;
        }
        return start<read_done>(lane_use::read, std::move(job), reply);
    }
    waiting_reads_.wait({std::move(job), reply, reading_for_});
    start_waiting_jobs();
}

/// Takes back reads that have not begun: all (the partition closes), or one reader's.
void partition_actor::give_up_waiting_reads(const waiting_reads::reader* who) {
    for (auto& one : waiting_reads_.take_back(who)) {
        BARNABAS_MARK(waiting_read_taken_back);
        one.job.records = error{errc::not_leader_or_follower, "the read was taken back before it began"};
        machine_->on_read_done(one.job, one.reply);
    }
}

void partition_actor::start_waiting_jobs() {
    while (auto next = waiting_reads_.next(self()))
        start<read_done>(lane_use::read, std::move(next->job), next->reply);
}

void partition_actor::submit_later(replica::remove_job job, std::chrono::milliseconds delay) {
    ++removals_;
    delayed_send(self(), delay, remove_due{std::make_shared<replica::remove_job>(std::move(job))});
}

void partition_actor::closed(const result<void>& outcome) {
    // Behind deletions of segments that are still under way.
    if (remove_files_)
        start<files_removed>(lane_use::other, directory_removal{machine_->log().options().directory});
    else
        end(outcome);
}

void partition_actor::end(const result<void>& outcome) {
    partition_closed message;
    message.partition = id_;
    if (outcome)
        journal_.tell_settled(this, journal::every_offset);
    else
        journal_.tell_gone(this);
    if (outcome && removals_ == 0)
        message.state = machine_->clean_state();
    if (!outcome) {
        message.code = outcome.code();
        message.detail = outcome.failure().detail;
    }
    checkpoints_.end(this, machine_->checkpointed(), remove_files_);
    parked_ = handover_.begun();
    if (parked_)
        return send(broker_, partition_handed_over{message.partition, message.code, message.detail,
                                                   machine_->checkpointed()});
    send(broker_, message);
    quit();
}

} // namespace

caf::actor spawn_partition(runtime::node_services& node, loop_index home, partition_options options,
                           caf::actor broker) {
    return runtime::spawn<caf::actor, partition_actor>(node, {home, "partition"}, std::move(options),
                                                       std::move(broker));
}

} // namespace barnabas
