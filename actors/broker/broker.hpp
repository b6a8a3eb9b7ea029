#pragma once

#include "actors/broker/broker_effects.hpp"
#include "actors/broker/broker_status.hpp"
#include "actors/broker/data_directories.hpp"
#include "actors/broker/log_dirs_messages.hpp"
#include "actors/broker/partition_set.hpp"
#include "actors/controller/controller_messages.hpp"
#include "actors/controller/replay_messages.hpp"
#include "actors/partition/partition_messages.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace barnabas {

/// What the machine is told once.
struct broker_options {
    node_id node;
    std::size_t recoveries_max = 1;
    planted_bugs planted;
};

/// The life of a broker from boot to stop, states in `broker_status.hpp`. Guarantees: clients are let in only
/// after all partitions of the newest metadata are open or have failed; a stop closes in the reverse order of
/// the boot, so that nothing that was let in is left without an answer; each step of a stop ends, by its
/// timer at the latest, and what took too long costs its own directory the marker of a clean stop; a data
/// directory that fails, or hangs for too long, takes its partitions offline and nothing else, but for the
/// last one and the metadata log's, which end the broker; exactly one of report_stopped and report_failed
/// is emitted, as the last effect.
class broker {
public:
    explicit broker(const broker_options& options);

    void on_boot(broker_effects::effects& out);
    /// Instead of `on_boot`: the page that was asked for cannot be served.
    void on_http_failed(const error& why, broker_effects::effects& out);
    void on_directories_opened(const result<opened_directories>& outcome, broker_effects::effects& out);
    /// Before the first image.
    void on_replayed(const metadata_replayed& message);
    void on_image(const metadata_committed& message, broker_effects::effects& out);
    void on_partition_opened(const partition_opened& message, broker_effects::effects& out);
    void on_partition_closed(const partition_closed& message, broker_effects::effects& out);
    void on_partition_offline(const topic_partition& id, broker_effects::effects& out) {
        if (partitions_)
            partitions_->on_partition_offline(id, out);
    }
    void on_directories_set_aside(const result<void>& outcome, broker_effects::effects& out);
    void on_reopen_due(broker_effects::effects& out);
    void on_created_recorded(const result<void>& outcome, broker_effects::effects& out);
    /// A write or sync there failed for good.
    void on_directory_failed(const std::string& path, const error& why, broker_effects::effects& out);
    /// A call there does not return, or has done so after all.
    void on_directory_waits(const directory_wait& wait, broker_effects::effects& out);
    void on_move_report(const move_report& report, broker_effects::effects& out);
    void on_handed_over(const partition_handed_over& message, broker_effects::effects& out);
    /// The codes of all moves, in their order. Those that begin are told by `begin_move`.
    alter_log_dirs_response alter_log_dirs(const alter_log_dirs_request& request,
                                           broker_effects::effects& out);
    void on_room(const directory_room& room, broker_effects::effects& out);
    void on_listeners_bound(const result<void>& outcome, broker_effects::effects& out);
    void on_controller_failed(const controller_failed& message, broker_effects::effects& out);
    void on_stop(broker_effects::effects& out);
    void on_listeners_closed(broker_effects::effects& out);
    void on_controller_closed(broker_effects::effects& out);
    void on_directories_closed(const result<void>& outcome, broker_effects::effects& out);
    void on_timer(std::uint64_t token, broker_effects::effects& out);

    broker_status status() const;
    bool is_closing() const noexcept { return state_ >= broker_state::closing_listeners; }
    /// What is known without asking partitions and disk.
    log_dirs_response describe_log_dirs(const describe_log_dirs_request& request) const;
    /// Directories that failed and hang: nobody waits for what was asked of them.
    const std::set<std::string>& given_up() const noexcept { return given_up_; }
    /// What was taken into use; absent before.
    const std::optional<opened_directories>& directories() const noexcept { return directories_; }
    const std::optional<partition_set>& partitions() const noexcept { return partitions_; }

private:
    void transition_to(broker_state next);
    void note_formatted(const data_directory& directory, broker_effects::effects& out) const;
    void fail(error why, broker_effects::effects& out);
    void close_from(broker_state first, broker_effects::effects& out);
    void begin_closing_step(broker_effects::effects& out);
    bool stopped_cleanly();
    void go_on_closing(broker_effects::effects& out);
    void serve_if_ready(broker_effects::effects& out);
    /// After whatever may have ended a step of the partitions.
    void follow_partitions(broker_effects::effects& out);
    bool is_offline(const std::string& path) const;
    void shut_hanging(broker_effects::effects& out);
    void give_up(const std::string& path, broker_effects::effects& out);
    void end(broker_effects::effects& out);
    std::set<std::string> not_closed() const;

    broker_options options_;
    broker_state state_ = broker_state::opening_directories;
    std::optional<opened_directories> directories_;
    std::optional<partition_set> partitions_;
    bool controller_runs_ = false;
    bool stop_wanted_ = false;
    /// A step of the stop took too long: the directories are not marked as cleanly closed.
    bool left_something_ = false;
    std::optional<error> failure_;
    /// That is all that failed: nothing is wrong with what was opened.
    bool only_listeners_failed_ = false;
    /// Directories that have less than their reserve.
    std::set<std::string> short_of_room_;
    /// With what was told of them last.
    std::map<std::string, std::string> hanging_;
    std::set<std::string> given_up_;
    /// The controller took too long to close its log.
    bool metadata_unclosed_ = false;
    std::uint64_t timer_ = 0;
};

} // namespace barnabas
