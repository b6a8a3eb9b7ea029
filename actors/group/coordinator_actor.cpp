#include "actors/group/coordinator_actor.hpp"

#include "actors/group/commits_messages.hpp"
#include "actors/group/coordinator.hpp"
#include "actors/group/decision_queue.hpp"
#include "actors/group/group_events.hpp"
#include "actors/group/group_messages.hpp"
#include "actors/group/limits.hpp"
#include "actors/partition/partition_messages.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"
#include "runtime/clock/clock.hpp"
#include "runtime/logging/logger.hpp"
#include "runtime/node/pending_reply.hpp"
#include "runtime/node/spawn.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace barnabas::group {

namespace {

using waiting_reply = runtime::pending_reply<coordinator_response>;

/// The partition is led elsewhere, or in another epoch.
bool is_of_leadership(errc code) noexcept {
    return code == errc::fenced_leader_epoch || code == errc::not_leader_or_follower;
}

/// Records are written one batch at a time: what is decided while one is under way forms the next, so that
/// one sync serves many requests. An answer leaves when all that was decided before it is committed. When a
/// batch cannot be written, everybody is told to ask again, and the state is made anew from the log.
class coordinator_actor final : public caf::event_based_actor {
public:
    coordinator_actor(caf::actor_config& config, runtime::node_services& node,
                      coordinator_actor_options options)
        : event_based_actor(config), node_(node), options_(std::move(options)),
          ids_(runtime::random(node.seed)
                   .split("group coordinator")
                   .split(static_cast<std::uint64_t>(options_.partition.partition.get()))
                   .split(options_.spawned_before)) {}

    const char* name() const override { return "group_coordinator"; }
    void on_exit() override;
    caf::behavior make_behavior() override;

private:
    enum class state { loading, waiting_to_load, serving, ended };
    struct waiting_answer {
        std::uint64_t when_committed = 0;
        request_ticket ticket = 0;
        response_body body;
    };

    void load();
    void read_more();
    void on_read(const read_response& read);
    result<void> replay(const slice& records);
    void on_loaded();
    void on_load_failed(const error& why);
    void load_again_later(errc meanwhile);
    void step_down(const error& why);
    errc refusal() const;

    void on_topics(const topics_seen& seen);
    void remove_offsets_of_gone();
    void on_request(const coordinator_request& request);
    void on_commits_query(const commits_query& query);
    void on_timer(const coordinator_timer& fired);
    template <class Step>
    void run(const Step& step);
    void forget_turn(const decision_queue::refusal& refused);
    void write_next();
    void on_written(const append_response& written);
    void deliver_committed();
    void deliver(request_ticket ticket, coordinator_response&& response);
    void arm_timer();
    void refuse_all(errc code);
    void unload();
    void depose();

    runtime::node_services& node_;
    coordinator_actor_options options_;
    runtime::random ids_;
    std::optional<coordinator> machine_;
    state state_ = state::loading;
    /// What is answered while it waits to be loaded.
    errc refused_with_ = errc::coordinator_not_available;
    /// Tells answers to what an earlier life of the machine asked from those of this one.
    std::uint64_t life_ = 0;
    log_offset loaded_upto_{0};
    monotonic_ns load_began_;

    request_ticket next_ticket_ = 1;
    std::map<request_ticket, waiting_reply> waiting_;
    /// Of the newest ticket, while its request is handled and not answered.
    waiting_reply* asking_ = nullptr;
    decision_queue unwritten_;
    /// The log has not answered, be it to an earlier life of the machine.
    bool append_under_way_ = false;
    std::deque<waiting_answer> answers_;
    /// Empty between events.
    effects out_;
    std::optional<monotonic_ns> armed_for_;
    /// Names of topics that were deleted while the state was not loaded.
    std::set<std::string> gone_;
};

caf::behavior coordinator_actor::make_behavior() {
    load();
    return {
        [this](const coordinator_request& m) { on_request(m); },
        [this](const append_response& m) { on_written(m); },
        [this](const read_response& m) { on_read(m); },
        [this](const coordinator_timer& m) { on_timer(m); },
        [this](const coordinator_reload_due&) {
            if (state_ == state::waiting_to_load && append_under_way_)
                load_again_later(refused_with_);
            else if (state_ == state::waiting_to_load)
                load();
        },
        [this](const coordinator_read_due& m) {
            if (state_ == state::loading && m.life == life_)
                read_more();
        },
        [this](const topics_seen& m) { on_topics(m); },
        [this](const depose_coordinator&) { depose(); },
        [this](const close_coordinator&) {
            unload();
            quit();
        },
        [this](const commits_query& m) { on_commits_query(m); },
    };
}

// ---- loading

void coordinator_actor::load() {
    ++life_;
    state_ = state::loading;
    armed_for_.reset();
    load_began_ = node_.clock->monotonic_now();
    machine_.emplace(*options_.groups, ids_.split(life_), options_.topics);
    loaded_upto_ = log_offset(0);
    read_more();
}

void coordinator_actor::read_more() {
    read_request more;
    more.token = life_;
    more.fetch_offset = loaded_upto_;
    more.max_bytes = group_limits::load_bytes;
    more.at_least_one_batch = true;
    more.may_wait = true;
    more.current_leader_epoch = options_.epoch;
    send(options_.log, more);
}

void coordinator_actor::on_read(const read_response& read) {
    if (state_ != state::loading || read.token != life_)
        return;
    // What lay in front was deleted or compacted away.
    if (read.code == errc::offset_out_of_range && read.log_start_offset > loaded_upto_) {
        loaded_upto_ = read.log_start_offset;
        return read_more();
    }
    if (read.code != errc::ok)
        return on_load_failed({read.code, read.detail});
    // Compaction may have left nothing in front of the end (card GRP-09).
    if (!read.records.empty()) {
        if (auto replayed = replay(read.records); !replayed)
            return on_load_failed(replayed.failure());
        if (loaded_upto_ < read.high_watermark)
            return read_more();
    }
    // The coordinator of an earlier epoch may have written what will be stored for good only now.
    if (BARNABAS_MARK_IF(read.high_watermark < read.log_end_offset, load_waits_for_stored_records))
        return delayed_send(this, group_limits::unstored_wait, coordinator_read_due{life_});
    on_loaded();
}

result<void> coordinator_actor::replay(const slice& records) {
    auto batches = batch::split_batches(records);
    if (!batches)
        return batches.failure();
    for (const auto& one : *batches) {
        if (auto replayed = machine_->replay(one, nullptr); !replayed)
            return replayed;
        loaded_upto_ = one.header.last_offset() + 1;
    }
    return {};
}

void coordinator_actor::on_loaded() {
    state_ = state::serving;
    const auto took = node_.clock->monotonic_now() - load_began_;
    node_.log->info("groups_loaded", {{"partition", options_.partition.partition},
                                      {"groups", machine_->group_count()},
                                      {"offsets", machine_->offset_count()},
                                      {"upto", loaded_upto_},
                                      {"took_ms", took / 1'000'000}});
    run([this](turn& now) { machine_->on_loaded(now); });
    if (!gone_.empty() && state_ == state::serving)
        remove_offsets_of_gone();
}

/// Trouble is told as such, never as a group or an offset that does not exist (card GRP-15).
void coordinator_actor::on_load_failed(const error& why) {
    if (is_of_leadership(why.code))
        return step_down(why);
    BARNABAS_MARK(groups_not_loaded);
    node_.log->warn("groups_not_loaded",
                    {{"partition", options_.partition.partition}, {"reason", to_string(why)}});
    load_again_later(errc::coordinator_not_available);
}

void coordinator_actor::load_again_later(errc meanwhile) {
    refuse_all(meanwhile);
    machine_.reset();
    state_ = state::waiting_to_load;
    refused_with_ = meanwhile;
    delayed_send(this, group_limits::reload_wait, coordinator_reload_due{});
}

/// The partition knows of another leader already, and the broker will tell.
void coordinator_actor::step_down(const error& why) {
    BARNABAS_MARK(coordinator_stepped_down);
    node_.log->info("group_coordinator_stepped_down", {{"partition", options_.partition.partition},
                                                       {"leader_epoch", options_.epoch},
                                                       {"reason", to_string(why)}});
    if (why.code == errc::fenced_leader_epoch)
        return unload();
    // It may only be closed for a while.
    load_again_later(errc::not_coordinator);
}

// ---- serving

void coordinator_actor::on_request(const coordinator_request& request) {
    waiting_reply reply(node_, current_sender(), request.token);
    const bool early = options_.groups->planted.group_served_while_loading && machine_;
    if (state_ != state::serving && !early)
        return reply.deliver(this, {0, refusal(), {}});
    const auto ticket = next_ticket_++;
    asking_ = &reply;
    run([&](turn& now) { machine_->on_request(request, ticket, now); });
    // Most are answered by now.
    if (std::exchange(asking_, nullptr) != nullptr)
        waiting_.emplace_hint(waiting_.end(), ticket, std::move(reply));
}

errc coordinator_actor::refusal() const {
    if (state_ == state::ended)
        return errc::not_coordinator;
    return state_ == state::loading ? errc::coordinator_load_in_progress : refused_with_;
}

void coordinator_actor::on_topics(const topics_seen& seen) {
    if (state_ == state::ended)
        return;
    options_.topics = seen.topics;
    options_.groups = seen.options;
    if (machine_) {
        machine_->on_topics(options_.topics);
        machine_->on_options(*options_.groups);
    }
    if (!seen.gone)
        return;
    gone_.insert(seen.gone->begin(), seen.gone->end());
    if (state_ == state::serving)
        remove_offsets_of_gone();
}

void coordinator_actor::remove_offsets_of_gone() {
    run([names = std::exchange(gone_, {}), this](turn& now) { machine_->on_topics_gone(names, now); });
}

void coordinator_actor::on_commits_query(const commits_query& query) {
    auto response = state_ == state::serving ? machine_->commits(query)
                                             : commits_response{query.token, refusal(), {}, 0, 0};
    send(caf::actor_cast<caf::actor>(current_sender()), std::move(response));
}

void coordinator_actor::on_timer(const coordinator_timer& fired) {
    // Another one was armed since, for an earlier time, and sees to the rest.
    if (armed_for_ != fired.due)
        return;
    armed_for_.reset();
    if (state_ == state::serving)
        run([this](turn& now) { machine_->on_time(now); });
}

template <class Step>
void coordinator_actor::run(const Step& step) {
    turn now{node_.clock->monotonic_now(), node_.clock->wall_now(), out_};
    step(now);
    out_.end_decision();
    if (options_.groups->planted.decisions_are_torn) {
        out_.decision_ends.resize(out_.records.size());
        std::iota(out_.decision_ends.begin(), out_.decision_ends.end(), 1);
    }
    if (const auto refused = unwritten_.take(out_, options_.groups->decision_bytes_max))
        return forget_turn(*refused);
    // Most answers, those to heartbeats, rest on nothing that is still being written.
    const bool settled = unwritten_.decided() == unwritten_.committed() && answers_.empty();
    for (auto& answer : out_.answers)
        if (settled)
            deliver(answer.ticket, {0, errc::ok, std::move(answer.body)});
        else
            answers_.push_back({unwritten_.decided(), answer.ticket, std::move(answer.body)});
    for (const auto& one : out_.rebalances)
        node_.log->info("group_rebalances", {{"group", one.group},
                                             {"generation", one.generation},
                                             {"why", one.why},
                                             {"member", one.member},
                                             {"client_says", one.client_says}});
    out_.records.clear();
    out_.decision_ends.clear();
    out_.answers.clear();
    out_.rebalances.clear();
    deliver_committed();
    write_next();
    arm_timer();
}

/// It was taken for one that can be kept, and its records do not fit into one batch. The state has gone on as
/// if they did: only the log tells now what is true.
void coordinator_actor::forget_turn(const decision_queue::refusal& refused) {
    BARNABAS_MARK(decision_too_large);
    node_.log->warn("group_decision_too_large", {{"group", group_of(out_.records[refused.first])},
                                                 {"partition", options_.partition.partition},
                                                 {"records", refused.records},
                                                 {"bytes_max", options_.groups->decision_bytes_max}});
    const auto forgotten = std::exchange(out_, {});
    for (const auto& answer : forgotten.answers)
        deliver(answer.ticket, {0, errc::internal, {}});
    if (auto* const asking = std::exchange(asking_, nullptr))
        asking->deliver(this, {0, errc::coordinator_not_available, {}});
    load_again_later(errc::coordinator_not_available);
}

void coordinator_actor::write_next() {
    const auto at_once = options_.groups->planted.decisions_are_torn ? 0 : group_limits::batch_bytes_max;
    const auto bytes_max = std::min(at_once, options_.groups->record_bytes_max);
    auto next = unwritten_.next_batch(node_.clock->wall_now(), bytes_max);
    if (!next)
        return;
    append_under_way_ = true;
    auto batches = batch::split_batches(*next);
    BARNABAS_ASSERT(batches.has_value());
    append_request append;
    append.token = life_;
    if (!options_.groups->planted.deposed_coordinator_writes)
        append.current_leader_epoch = options_.epoch;
    append.batches = std::move(*batches);
    send(options_.log, std::move(append));
}

void coordinator_actor::on_written(const append_response& written) {
    append_under_way_ = false;
    if (state_ != state::serving || written.token != life_)
        return;
    if (is_of_leadership(written.code))
        return step_down({written.code, written.detail});
    if (written.code != errc::ok) {
        BARNABAS_MARK(group_records_not_written);
        node_.log->warn("group_records_not_written",
                        {{"partition", options_.partition.partition},
                         {"reason", to_string(error{written.code, written.detail})}});
        return load_again_later(errc::coordinator_not_available);
    }
    unwritten_.on_committed();
    deliver_committed();
    write_next();
}

void coordinator_actor::deliver_committed() {
    const bool early = options_.groups->planted.group_answered_early;
    while (!answers_.empty() && (early || answers_.front().when_committed <= unwritten_.committed())) {
        auto& one = answers_.front();
        deliver(one.ticket, {0, errc::ok, std::move(one.body)});
        answers_.pop_front();
    }
}

void coordinator_actor::deliver(request_ticket ticket, coordinator_response&& response) {
    if (asking_ != nullptr && ticket + 1 == next_ticket_)
        return std::exchange(asking_, nullptr)->deliver(this, std::move(response));
    const auto found = waiting_.find(ticket);
    BARNABAS_ASSERT(found != waiting_.end());
    found->second.deliver(this, std::move(response));
    waiting_.erase(found);
}

/// One timer serves all: another is armed only for an earlier time.
void coordinator_actor::arm_timer() {
    const auto next = machine_->next_timer();
    if (!next || (armed_for_ && *armed_for_ <= *next))
        return;
    armed_for_ = *next;
    const auto wait = std::max<std::int64_t>(*next - node_.clock->monotonic_now(), 0);
    delayed_send(this, std::chrono::nanoseconds(wait), coordinator_timer{*next});
}

// ---- ending

/// Everybody who waits, whether for records or for other members.
void coordinator_actor::refuse_all(errc code) {
    for (auto& [ticket, reply] : waiting_)
        reply.deliver(this, {0, code, {}});
    waiting_.clear();
    answers_.clear();
    unwritten_.clear();
}

/// What it knows may be out of date from now on. Its timers find nothing.
void coordinator_actor::unload() {
    state_ = state::ended;
    machine_.reset();
    // An image of metadata is large, and newer ones share nothing with it.
    options_.topics = nullptr;
    gone_.clear();
    refuse_all(errc::not_coordinator);
}

void coordinator_actor::depose() {
    if (options_.groups->planted.deposed_coordinator_writes)
        return;
    unload();
    delayed_send(this, group_limits::deposed_wait, close_coordinator{});
}

/// Whoever still waits here waits in a node that was killed.
void coordinator_actor::on_exit() {
    for (auto& [ticket, reply] : waiting_)
        reply.forget();
    options_.log = nullptr;
}

} // namespace

caf::actor spawn_coordinator(runtime::node_services& node, loop_index home,
                             coordinator_actor_options options) {
    return runtime::spawn<caf::actor, coordinator_actor>(node, {home, "group_coordinator"},
                                                         std::move(options));
}

} // namespace barnabas::group
