#include "actors/broker/boot.hpp"
#include "actors/broker/broker.hpp"
#include "actors/broker/broker_events.hpp"
#include "actors/broker/broker_messages.hpp"
#include "actors/broker/checkpoint_owners_actor.hpp"
#include "actors/broker/cleaner_actor.hpp"
#include "actors/broker/commit_journals.hpp"
#include "actors/broker/controller_options_actor.hpp"
#include "actors/broker/coordinators_actor.hpp"
#include "actors/broker/directory_closing_actor.hpp"
#include "actors/broker/directory_jobs.hpp"
#include "actors/broker/directory_work_actor.hpp"
#include "actors/broker/hang_watch_actor.hpp"
#include "actors/broker/http_actor.hpp"
#include "actors/broker/limits.hpp"
#include "actors/broker/log_dirs_actor.hpp"
#include "actors/broker/moving/moves_shell_actor.hpp"
#include "actors/broker/partition_options_actor.hpp"
#include "actors/broker/producer_id_source.hpp"
#include "actors/broker/room_watch_actor.hpp"
#include "actors/broker/small_files.hpp"
#include "actors/connection/connection_messages.hpp"
#include "actors/connection/listener_actor.hpp"
#include "actors/controller/metadata_log.hpp"
#include "actors/partition/offline_messages.hpp"
#include "actors/partition/partition_actor.hpp"
#include "protocol/model/mark.hpp"
#include "runtime/config/altered_config.hpp"
#include "runtime/disk/directory_gate.hpp"
#include "runtime/logging/logger.hpp"
#include "runtime/metrics/registry.hpp"
#include "runtime/node/pending_reply.hpp"
#include "runtime/node/spawn.hpp"
#include "runtime/random/random.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <map>

namespace barnabas {

namespace effects = broker_effects;

namespace {

class broker_actor final : public caf::event_based_actor {
public:
    broker_actor(caf::actor_config& actor_config, runtime::node_services& node,
                 std::shared_ptr<const broker_config> config, boot_events events, const boot_options& options)
        : event_based_actor(actor_config), node_(node), config_(std::move(config)),
          events_(std::move(events)), options_(options),
          machine_({node_id(config_->node_id),
                    static_cast<std::size_t>(config_->num_recovery_threads_per_data_dir), options.planted}),
          view_(std::make_shared<published_view>(empty_view())),
          status_(std::make_shared<published_status>(std::make_shared<const broker_status>())), work_(node),
          closing_(node, journals_, checkpoints_, *this), altered_(*config_),
          cleaner_(node, altered_, partitions_, *this), moves_(altered_, partitions_, cleaner_, *this),
          coordinators_(node, *config_, options.planted) {}

    const char* name() const override { return "broker"; }
    void on_exit() override;
    caf::behavior make_behavior() override;

private:
    template <class Step>
    void run(const Step& step) {
        effects::effects out;
        step(out);
        for (auto& one : out)
            std::visit([this](auto& effect) { carry_out(effect); }, one);
        publish_status();
    }
    template <class Event, class... Told>
    void tell(Event event, const Told&... told) {
        run([&](auto& out) { (machine_.*event)(told..., out); });
    }
    void boot();
    void publish_status();

    void carry_out(const effects::open_directories&);
    void carry_out(const effects::start_controller& effect);
    void carry_out(const effects::start_checkpoints&) {
        checkpoints_.open(node_, checkpoint_owners::options(*config_, options_.planted),
                          machine_.directories()->directories, gates_, self());
        moves_.open(node_, options_.planted, gates_, checkpoints_);
    }
    void carry_out(const effects::move_effect& effect) { moves_.carry_out(effect); }
    void carry_out(const effects::set_aside_directories& effect) { work_.set_aside(effect, gates_, self()); }
    void carry_out(const effects::shut_directory& effect) {
        if (const auto found = gates_.find(effect.path); found != gates_.end())
            found->second->shut(effect.why);
    }
    void carry_out(const effects::open_partition& effect);
    void carry_out(const effects::close_partition& effect);
    void carry_out(const effects::remove_strays& effect) { work_.remove_strays(effect, gates_, self()); }
    void carry_out(const effects::remove_partition_files& effect) { work_.remove(effect, gates_, self()); }
    void carry_out(const effects::lose_directory& effect) {
        send(partitions_.at(effect.id), directory_lost{effect.detail});
    }
    void carry_out(effects::configure_broker& effect);
    void carry_out(const effects::configure_partition& effect);
    void carry_out(const effects::reopen_later&) {
        delayed_send(this, broker_limits::reopen_interval, reopen_due{});
    }
    void carry_out(const effects::record_created& effect) {
        work_.record_created(gates_.at(machine_.directories()->metadata_directory), effect.upto, self());
    }
    void carry_out(const effects::publish_view& effect);
    void carry_out(const effects::confirm_applied& effect) {
        send(controller_, metadata_applied{effect.applied});
    }
    void carry_out(const effects::bind_listeners&);
    void carry_out(const effects::close_listeners&);
    void carry_out(const effects::close_controller&) { send(controller_, close_controller{}); }
    void carry_out(const effects::close_directories& effect);
    void carry_out(const effects::arm_timer& effect) {
        delayed_send(this, effect.delay, broker_timer{effect.token});
    }
    void carry_out(const effects::report_started&);
    void carry_out(const effects::report_failed& effect);
    void carry_out(const effects::report_stopped& effect);
    void carry_out(const effects::note& effect);

    void on_directories_opened(const result<opened_directories>& outcome) {
        if (outcome) {
            gates_ = make_gates(*outcome, config_->log_dir_reserve_bytes, options_.planted, ctrl());
            journals_.open(node_, *config_, options_.planted, outcome->directories, gates_);
        }
        run([&](auto& out) { machine_.on_directories_opened(outcome, out); });
    }
    void on_partition_opened(const partition_opened& message) {
        if (message.code != errc::ok)
            forget_partition(message.partition);
        else
            keep_opened(message.partition);
        run([&](auto& out) { machine_.on_partition_opened(message, out); });
        moves_.answer(machine_);
    }
    void keep_opened(const topic_partition& id) {
        // One that was deleted while it hung is here no more, and will be told to close.
        if (BARNABAS_MARK_IF(!partitions_.contains(id), deleted_one_opened_after_all))
            partitions_[id] = caf::actor_cast<caf::actor>(current_sender());
        journals_.done_with(id);
    }
    void on_partition_closed(const partition_closed& message) {
        forget_partition(message.partition);
        moves_.forget(message.partition);
        journals_.done_with(message.partition);
        run([&](auto& out) { machine_.on_partition_closed(message, out); });
        moves_.answer(machine_);
    }
    void on_init_producer_id(const init_producer_id_request& request);
    void on_describe_log_dirs(const describe_log_dirs_request& request);
    void on_set_aside(const std::string& directory, const result<void>& outcome) {
        if (const auto all = work_.has_set_aside(directory, outcome))
            tell(&broker::on_directories_set_aside, *all);
    }
    void leave_if_given_up(const std::string& directory);
    void directories_have_closed(bool all) {
        if (all)
            run([&](auto& out) { machine_.on_directories_closed(closing_.outcome(), out); });
    }
    void carry_out(producer_id_source::effects& out);
    void check_retention_of_all();
    void forget_partition(const topic_partition& id) {
        partitions_.erase(id);
        cleaner_.on_gone(id);
    }
    void listener_has_closed();
    void checkpoints_have_closed(const checkpoints_closed& message);
    void end();
    caf::actor self() { return caf::actor_cast<caf::actor>(this); }

    runtime::node_services& node_;
    std::shared_ptr<const broker_config> config_;
    boot_events events_;
    boot_options options_;
    broker machine_;
    producer_id_source producer_ids_;
    std::uint64_t next_waiting_ = 0;
    std::map<std::uint64_t, runtime::pending_reply<init_producer_id_response>> waiting_;

    std::shared_ptr<published_view> view_;
    std::shared_ptr<published_status> status_;
    caf::actor http_;
    caf::actor room_watch_;
    caf::actor hang_watch_;
    /// Of the directories that could be used at start.
    gates_by_path gates_;
    caf::actor controller_;
    commit_journals journals_;
    std::map<topic_partition, caf::actor> partitions_;
    checkpoint_owners checkpoints_;
    directory_work work_;
    directory_closing closing_;
    std::vector<opened_listener> listeners_;
    std::size_t listeners_open_ = 0;
    /// `config_` with what clients have altered; and what connections see of it.
    broker_config altered_;
    std::shared_ptr<const broker_config> shown_config_ = config_;
    cleaner_shell cleaner_;
    moves_shell moves_;
    coordinators coordinators_;
};

caf::behavior broker_actor::make_behavior() {
    boot();
    return caf::message_handler{
        [this](const directories_opened& m) { on_directories_opened(**m.outcome); },
        [this](const metadata_replayed& m) { machine_.on_replayed(m); },
        [this](const metadata_committed& m) { run([&](auto& out) { machine_.on_image(m, out); }); },
        [this](const partition_opened& m) { on_partition_opened(m); },
        [this](const partition_closed& m) { on_partition_closed(m); },
        [this](const directories_set_aside& m) { on_set_aside(m.directory, *m.outcome); },
        [this](const strays_removed& m) { work_.go_on_removing(m, gates_, machine_.is_closing(), self()); },
        [this](const created_recorded& m) { tell(&broker::on_created_recorded, *m.outcome); },
        [this](const partition_offline& m) { tell(&broker::on_partition_offline, m.partition); },
        [this](const reopen_due&) { run([&](auto& out) { machine_.on_reopen_due(out); }); },
        [this](const directory_failed& m) {
            tell(&broker::on_directory_failed, m.path, m.why);
            leave_if_given_up(m.path);
        },
        [this](const directory_waits& m) {
            tell(&broker::on_directory_waits, m.wait);
            leave_if_given_up(m.wait.path);
        },
        [this](const room_seen& m) { run([&](auto& out) { machine_.on_room(m.room, out); }); },
        [this](const listener_closed&) { listener_has_closed(); },
        [this](const journal::journal_closed&) {
            closing_.on_journal_closed(caf::actor_cast<caf::actor_addr>(current_sender()));
        },
        [this](const controller_failed& m) { tell(&broker::on_controller_failed, m); },
        [this](const controller_closed&) { run([&](auto& out) { machine_.on_controller_closed(out); }); },
        [this](const directories_closed& m) {
            directories_have_closed(closing_.on_directory_closed(m.directory, *m.outcome));
        },
        [this](const checkpoints_closed& m) { checkpoints_have_closed(m); },
        [this](const broker_timer& m) { run([&](auto& out) { machine_.on_timer(m.token, out); }); },
        [this](const stop_broker&) { run([&](auto& out) { machine_.on_stop(out); }); },
        [this](const init_producer_id_request& m) { on_init_producer_id(m); },
        [this](const describe_log_dirs_request& m) { on_describe_log_dirs(m); },
        [this](const allocate_producer_ids_response& m) {
            producer_id_source::effects out;
            producer_ids_.on_block(m, out);
            carry_out(out);
        },
        [this](const retention_due&) { check_retention_of_all(); },
        [this](const cleaning_due&) { cleaner_.on_due(); },
        [this](const cleaning_state& m) { cleaner_.on_state(m); },
        [this](const partition_cleaned& m) { cleaner_.on_cleaned(m); },
    }
        .or_else(moves_.handlers(
            node_, machine_, [this](const auto& step) { run(step); },
            [this](const topic_partition& id) { forget_partition(id); }));
}

void broker_actor::boot() {
    auto http = open_configured_http(node_, *config_, status_, view_);
    if (!http)
        return run([&](auto& out) { machine_.on_http_failed(http.failure(), out); });
    http_ = *http;
    hang_watch_ = spawn_hang_watch(node_, *config_, self());
    run([&](auto& out) { machine_.on_boot(out); });
}

void broker_actor::publish_status() {
    const auto now = machine_.status();
    if (now == *status_->current())
        return;
    status_->publish(std::make_shared<const broker_status>(now));
    count_directories(node_, now);
    if (events_.on_progress)
        events_.on_progress(now);
}

void broker_actor::carry_out(const effects::open_directories&) {
    data_directory_options wanted;
    wanted.directories = config_->log_dirs;
    wanted.metadata_directory = config_->metadata_log_dir;
    wanted.node = node_id(config_->node_id);
    wanted.cordoned = config_->cordoned_log_dirs;
    wanted.cluster_id = options_.cluster_id;
    wanted.seed = node_.seed;
    wanted.planted = options_.planted;
    work_.open(std::move(wanted), self());
}

void broker_actor::carry_out(const effects::start_controller& effect) {
    room_watch_ = spawn_room_watch(node_, gates_, options_.planted, self());
    auto wanted = controller_options_of(*config_, effect.cluster_id, options_.planted);
    wanted.directory = join_path(machine_.directories()->metadata_directory, metadata_log_directory);
    wanted.gate = gates_.at(machine_.directories()->metadata_directory);
    controller_ = spawn_controller(node_, std::move(wanted), self());
}

void broker_actor::carry_out(const effects::open_partition& effect) {
    auto wanted = partition_options_of(effect, {altered_, gates_, journals_, checkpoints_});
    wanted.planted = options_.planted;
    wanted.taps = options_.partitions;
    if (wanted.config.cleanup_compact)
        cleaner_.on_opened(effect.id);
    partitions_[effect.id] =
        spawn_partition(node_, home_of(effect.id, node_.scheduling->loop_count()), std::move(wanted), self());
}

void broker_actor::carry_out(effects::configure_broker& effect) {
    take_altered(altered_, *config_, std::move(effect.for_all), std::move(effect.here));
    shown_config_ = std::make_shared<const broker_config>(altered_);
}

void broker_actor::carry_out(const effects::configure_partition& effect) {
    auto config = effective(altered_, effect.configs);
    cleaner_.on_configured(effect.id, config.cleanup_compact, effect.moves);
    send(partitions_.at(effect.id), configure_partition{std::move(config), effect.was_compacted, effect.led});
}

void broker_actor::carry_out(const effects::close_partition& effect) {
    send(partitions_.at(effect.id), barnabas::close_partition{effect.remove_files});
}

void broker_actor::carry_out(const effects::publish_view& effect) {
    auto next =
        std::make_shared<broker_view>(broker_view{effect.image, shown_config_, {}, {}, effect.offline});
    for (const auto& id : effect.routes)
        next->partitions.emplace(id, moves_.route(id));
    coordinators_.follow(*next);
    view_->publish(std::move(next));
}

void broker_actor::carry_out(const effects::bind_listeners&) {
    server_context context;
    context.config = config_;
    context.view = view_;
    context.access = std::make_shared<allow_all_authorizer>();
    context.broker = self();
    context.controller = controller_;
    context.workspaces =
        std::make_shared<std::vector<batch::codec_workspace>>(node_.scheduling->loop_count());
    context.tap = options_.connections;
    context.planted = options_.planted;
    result<void> outcome;
    for (const auto& one : config_->listeners) {
        auto opened = open_listener(node_, {one.name, {one.host, one.port}}, context);
        if (!opened) {
            outcome = error{opened.failure().code, "the listener " + to_string(one) +
                                                       " cannot be bound: " + opened.failure().detail};
            break;
        }
        listeners_.push_back(std::move(*opened));
        ++listeners_open_;
    }
    run([&](auto& out) { machine_.on_listeners_bound(outcome, out); });
}

void broker_actor::carry_out(const effects::close_listeners&) {
    coordinators_.close();
    for (const auto& one : listeners_)
        send(one.actor, close_listener{});
    if (listeners_open_ == 0)
        run([&](auto& out) { machine_.on_listeners_closed(out); });
}

void broker_actor::listener_has_closed() {
    if (--listeners_open_ == 0)
        run([&](auto& out) { machine_.on_listeners_closed(out); });
}

void broker_actor::carry_out(const effects::close_directories& effect) {
    directories_have_closed(
        closing_.begin(*machine_.directories(), effect.clean, gates_, machine_.given_up()));
}

void broker_actor::checkpoints_have_closed(const checkpoints_closed& message) {
    if (message.code != errc::ok)
        carry_out(effects::note{effects::note_level::warn, "checkpoint_not_written",
                                to_string(error{message.code, message.detail})});
    closing_.on_checkpoints_closed(message);
}

/// What waits for one that hangs waits no longer.
void broker_actor::leave_if_given_up(const std::string& directory) {
    if (!machine_.given_up().contains(directory))
        return;
    on_set_aside(directory, error{errc::storage_error, "the data directory " + directory + " hangs"});
    directories_have_closed(closing_.give_up(directory));
}

void broker_actor::carry_out(const effects::report_started&) {
    std::vector<runtime::endpoint> addresses;
    for (const auto& one : listeners_)
        addresses.push_back(one.local);
    delayed_send(this, std::chrono::milliseconds(config_->log_retention_check_interval_ms), retention_due{});
    cleaner_.on_started();
    publish_status();
    if (events_.on_started)
        events_.on_started(addresses);
}

void broker_actor::carry_out(const effects::report_failed& effect) {
    end();
    if (events_.on_failed)
        events_.on_failed(effect.why);
}

void broker_actor::carry_out(const effects::report_stopped& effect) {
    end();
    auto not_closed = closing_.not_closed();
    not_closed.insert(effect.not_closed.begin(), effect.not_closed.end());
    if (events_.on_stopped)
        events_.on_stopped(not_closed);
}

void broker_actor::end() {
    for (const auto& directory : closing_.left())
        carry_out(effects::note{effects::note_level::warn, "data_directory_left",
                                directory + " did not come back: it gets no marker of a clean stop, and the "
                                            "next start looks after its logs"});
    if (room_watch_)
        send(room_watch_, close_room_watch{});
    if (hang_watch_)
        send(hang_watch_, close_hang_watch{});
    if (http_)
        send(http_, close_http{});
    if (moves_.actor())
        send(moves_.actor(), close_moves{});
    quit();
}

/// Actors that hold each other would outlive the node; so the root lets go of all.
void broker_actor::on_exit() {
    for (auto& [number, reply] : waiting_)
        reply.forget();
    waiting_.clear();
    view_->publish(empty_view());
    partitions_.clear();
    moves_.let_go();
    coordinators_.let_go();
    journals_.let_go();
    checkpoints_.let_go();
    listeners_.clear();
    controller_ = room_watch_ = hang_watch_ = http_ = nullptr;
}

void broker_actor::carry_out(const effects::note& effect) {
    const auto fields = log_fields{}.message(effect.message);
    if (effect.level == effects::note_level::error)
        node_.log->error(effect.event, fields);
    else if (effect.level == effects::note_level::warn)
        node_.log->warn(effect.event, fields);
    else
        node_.log->info(effect.event, fields);
}

void broker_actor::on_init_producer_id(const init_producer_id_request& request) {
    const auto number = next_waiting_++;
    waiting_.emplace(
        number, runtime::pending_reply<init_producer_id_response>(node_, current_sender(), request.token));
    producer_id_source::effects out;
    producer_ids_.on_request(number, out);
    carry_out(out);
}

void broker_actor::on_describe_log_dirs(const describe_log_dirs_request& request) {
    spawn_log_dirs_inquiry(node_,
                           {{node_, current_sender(), request.token},
                            machine_.describe_log_dirs(request),
                            gates_,
                            moves_.actor(),
                            std::min(broker_limits::log_dirs_wait_max,
                                     std::chrono::milliseconds(config_->request_timeout_ms) / 2)},
                           [this](const topic_partition& id) { return moves_.route(id); });
}

void broker_actor::carry_out(producer_id_source::effects& out) {
    if (out.ask)
        send(controller_, allocate_producer_ids_request{});
    for (auto& [number, answer] : out.answers) {
        auto found = waiting_.find(number);
        found->second.deliver(this, answer);
        waiting_.erase(found);
    }
}

void broker_actor::check_retention_of_all() {
    for (const auto& [id, partition] : partitions_)
        send(partition, check_retention{});
    delayed_send(this, std::chrono::milliseconds(config_->log_retention_check_interval_ms), retention_due{});
}

} // namespace

caf::actor boot_broker(runtime::node_services& node, std::shared_ptr<const broker_config> config,
                       boot_events events, const boot_options& options) {
    return runtime::spawn<caf::actor, broker_actor>(node, {loop_index(0), "broker"}, std::move(config),
                                                    std::move(events), options);
}

} // namespace barnabas
