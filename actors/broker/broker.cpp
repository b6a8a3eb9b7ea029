#include "actors/broker/broker.hpp"

#include "actors/broker/limits.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>

namespace barnabas {

namespace effects = broker_effects;

namespace {

std::chrono::milliseconds patience(broker_state state) {
    switch (state) {
    case broker_state::closing_listeners: return broker_limits::close_listeners_max;
    case broker_state::closing_partitions: return broker_limits::close_partitions_max;
    case broker_state::closing_controller: return broker_limits::close_controller_max;
    default: return broker_limits::close_directories_max;
    }
}

} // namespace

std::string_view name_of(broker_state state) noexcept {
    switch (state) {
    case broker_state::opening_directories: return "opening_directories";
    case broker_state::starting_controller: return "starting_controller";
    case broker_state::opening_partitions: return "opening_partitions";
    case broker_state::binding_listeners: return "binding_listeners";
    case broker_state::running: return "running";
    case broker_state::closing_listeners: return "closing_listeners";
    case broker_state::closing_partitions: return "closing_partitions";
    case broker_state::closing_controller: return "closing_controller";
    case broker_state::closing_directories: return "closing_directories";
    case broker_state::ended: return "ended";
    }
    return "unknown";
}

namespace {

void note_offline(const std::string& path, const error& why, effects::effects& out) {
    out.emplace_back(effects::note{effects::note_level::error, "data_directory_offline",
                                   "nothing is written to or read from " + path +
                                       " any more, and its partitions answer "
                                       "KAFKA_STORAGE_ERROR: " +
                                       to_string(why) + ". Look after the disk, then restart the broker"});
}

} // namespace

broker::broker(const broker_options& options) : options_(options) {
    BARNABAS_ASSERT(options.node.get() >= 0);
}

void broker::transition_to(broker_state next) {
    // Only forward; closing states may be skipped over.
    BARNABAS_ASSERT(next > state_);
    BARNABAS_ASSERT(static_cast<int>(next) == static_cast<int>(state_) + 1 ||
                    next >= broker_state::closing_listeners);
    state_ = next;
}

void broker::on_boot(effects::effects& out) {
    BARNABAS_ASSERT(state_ == broker_state::opening_directories && !directories_);
    out.emplace_back(effects::open_directories{});
}

void broker::note_formatted(const data_directory& directory, effects::effects& out) const {
    const auto& all = directories_->directories;
    const auto used = std::find_if(all.begin(), all.end(),
                                   [](const data_directory& one) { return !one.offline && !one.formatted; });
    const auto owner =
        "broker " + std::to_string(options_.node.get()) + " of cluster " + directories_->cluster_id;
    if (BARNABAS_MARK_IF(used != all.end(), blank_beside_used))
        out.emplace_back(effects::note{
            effects::note_level::warn, "data_directory_blank",
            directory.path + " was not there, or was empty, while " + used->path +
                " has been in use; it is made anew for " + owner +
                ". If a disk should be mounted there, stop the broker now, mount it and start again: it "
                "would hide what is stored there meanwhile"});
    else
        out.emplace_back(effects::note{effects::note_level::info, "data_directory_formatted",
                                       directory.path + " was empty; it now belongs to " + owner});
}

void broker::on_http_failed(const error& why, effects::effects& out) {
    BARNABAS_ASSERT(state_ == broker_state::opening_directories && !directories_);
    failure_ = error{why.code, "barnabas.http.listener cannot be bound: " + why.detail};
    end(out);
}

void broker::on_directories_opened(const result<opened_directories>& outcome, effects::effects& out) {
    BARNABAS_ASSERT(!directories_);
    if (!outcome) {
        failure_ = outcome.failure();
        return end(out);
    }
    directories_ = *outcome;
    if (BARNABAS_MARK_IF(stop_wanted_, stop_while_opening))
        return close_from(broker_state::closing_directories, out);
    for (const auto& directory : directories_->directories)
        if (directory.offline)
            note_offline(directory.path, *directory.offline, out);
        else if (directory.formatted)
            note_formatted(directory, out);
        else if (BARNABAS_MARK_IF(!directory.was_stopped_cleanly, stopped_uncleanly))
            out.emplace_back(
                effects::note{effects::note_level::info, "data_directory_not_closed",
                              directory.path + " was not closed in good order; its logs are recovered"});
    for (const auto& directory : directories_->directories)
        for (const auto& damage : directory.checkpoints.damage)
            out.emplace_back(effects::note{effects::note_level::warn, "checkpoint_damaged", damage});
    for (const auto& directory : directories_->directories)
        for (const auto& line : directory.checkpoints.ignored)
            out.emplace_back(effects::note{effects::note_level::info, "checkpoint_line_ignored", line});
    partitions_.emplace(partition_set_options{options_.node, options_.recoveries_max,
                                              directories_->created_upto, options_.planted},
                        directories_->directories);
    out.emplace_back(effects::start_checkpoints{});
    transition_to(broker_state::starting_controller);
    controller_runs_ = true;
    out.emplace_back(effects::start_controller{directories_->cluster_id});
}

void broker::on_replayed(const metadata_replayed& message) {
    BARNABAS_ASSERT(partitions_.has_value());
    partitions_->know_removed(message.removed_topics);
}

void broker::on_image(const metadata_committed& message, effects::effects& out) {
    BARNABAS_ASSERT(partitions_.has_value());
    if (is_closing())
        return;
    if (state_ == broker_state::starting_controller) {
        transition_to(broker_state::opening_partitions);
        // Whoever needs what was found at start has it by now.
        for (auto& directory : directories_->directories) {
            directory.partitions = std::vector<stored_partition>();
            directory.checkpoints = found_checkpoints();
            directory.journal = nullptr;
        }
    }
    partitions_->on_image(message.image, out);
    follow_partitions(out);
}

void broker::on_partition_opened(const partition_opened& message, effects::effects& out) {
    if (!partitions_ || state_ == broker_state::ended)
        return;
    partitions_->on_partition_opened(message, out);
    follow_partitions(out);
}

void broker::on_partition_closed(const partition_closed& message, effects::effects& out) {
    if (!partitions_ || state_ == broker_state::ended)
        return;
    partitions_->on_partition_closed(message, out);
    follow_partitions(out);
}

void broker::on_directories_set_aside(const result<void>& outcome, effects::effects& out) {
    if (state_ == broker_state::ended)
        return;
    partitions_->on_directories_set_aside(outcome, out);
    follow_partitions(out);
}

void broker::on_reopen_due(effects::effects& out) {
    if (!is_closing())
        partitions_->on_reopen_due(out);
}

void broker::on_created_recorded(const result<void>& outcome, effects::effects& out) {
    if (state_ == broker_state::ended)
        return;
    partitions_->on_created_recorded(outcome, out);
    follow_partitions(out);
}

void broker::on_directory_failed(const std::string& path, const error& why, effects::effects& out) {
    if (!directories_ || state_ == broker_state::ended)
        return;
    auto& all = directories_->directories;
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const data_directory& one) { return one.path == path; });
    if (found == all.end() || found->offline)
        return;
    BARNABAS_MARK(directory_failed);
    found->offline = error{why.code, "the data directory " + path + " failed: " + why.detail};
    note_offline(path, why, out);
    if (partitions_)
        partitions_->on_directory_failed(path, *found->offline, out);
    if (hanging_.contains(path))
        give_up(path, out);
    const bool one_left = std::any_of(all.begin(), all.end(), [](const data_directory& one) {
        return one.holds_partitions && !one.offline;
    });
    if (path == directories_->metadata_directory)
        fail({errc::no_usable_directory,
              found->offline->detail + "; it holds the metadata log, without which no broker can run"},
             out);
    else if (!one_left)
        fail({errc::no_usable_directory, found->offline->detail + "; it was the last one of log.dirs"}, out);
}

void broker::on_directory_waits(const directory_wait& wait, effects::effects& out) {
    if (wait.how == directory_wait::kind::answers) {
        if (hanging_.erase(wait.path) != 0)
            out.emplace_back(effects::note{effects::note_level::warn, "data_directory_answers",
                                           wait.path + " answers again"});
        return;
    }
    const auto what = "a call on " + wait.path + " (" + wait.what + ") has not returned for " +
                      std::to_string(wait.age.count()) + " ms";
    if (BARNABAS_MARK_IF(hanging_.insert_or_assign(wait.path, what).second, directory_hangs))
        out.emplace_back(effects::note{effects::note_level::warn, "data_directory_hangs", what});
    if (given_up_.contains(wait.path) || !directories_)
        return;
    // A stop waits no longer than that it can be told.
    if (is_offline(wait.path))
        give_up(wait.path, out);
    else if (wait.how == directory_wait::kind::too_long || is_closing())
        out.emplace_back(effects::shut_directory{wait.path, {errc::storage_error, what}});
}

bool broker::is_offline(const std::string& path) const {
    const auto& all = directories_->directories;
    return std::any_of(all.begin(), all.end(),
                       [&](const data_directory& one) { return one.path == path && one.offline; });
}

/// Of what hung before the stop nothing more is told before it does so for too long.
void broker::shut_hanging(effects::effects& out) {
    for (const auto& [path, what] : hanging_)
        if (BARNABAS_MARK_IF(!given_up_.contains(path) && !is_offline(path), stop_beside_known_hang))
            out.emplace_back(effects::shut_directory{path, {errc::storage_error, what}});
}

/// What was asked of it may be answered one day, or never.
void broker::give_up(const std::string& path, effects::effects& out) {
    BARNABAS_MARK(hanging_directory_given_up);
    given_up_.insert(path);
    if (!partitions_ || state_ == broker_state::ended)
        return;
    partitions_->give_up(path);
    follow_partitions(out);
}

void broker::on_move_report(const move_report& report, effects::effects& out) {
    if (!partitions_ || state_ == broker_state::ended)
        return;
    partitions_->on_move_report(report, out);
    follow_partitions(out);
}

void broker::on_handed_over(const partition_handed_over& message, effects::effects& out) {
    if (!partitions_ || state_ == broker_state::ended)
        return;
    partitions_->on_handed_over(message, out);
    follow_partitions(out);
}

alter_log_dirs_response broker::alter_log_dirs(const alter_log_dirs_request& request, effects::effects& out) {
    alter_log_dirs_response answer;
    if (!partitions_ || is_closing())
        answer.code = errc::broker_not_available;
    else
        for (const auto& wanted : request.moves)
            answer.codes.push_back(partitions_->move(wanted, out));
    return answer;
}

void broker::on_room(const directory_room& room, effects::effects& out) {
    const bool was_short = short_of_room_.contains(room.path);
    if (room.is_short == was_short)
        return;
    if (partitions_)
        partitions_->set_short_of_room(room.path, room.is_short);
    const auto left = std::to_string(room.free_bytes) + " bytes are free in " + room.path;
    if (room.is_short) {
        short_of_room_.insert(room.path);
        out.emplace_back(effects::note{
            effects::note_level::warn, "data_directory_short_of_room",
            left + ", less than log.dir.reserve.bytes (" + std::to_string(room.reserve_bytes) +
                "): records are refused there until there is more; reading and deleting go on"});
    } else {
        BARNABAS_MARK(room_again);
        short_of_room_.erase(room.path);
        out.emplace_back(effects::note{effects::note_level::warn, "data_directory_has_room",
                                       left + ": records are taken there again"});
    }
}

void broker::follow_partitions(effects::effects& out) {
    partitions_->settle_given_up(out);
    if (state_ == broker_state::closing_partitions && partitions_->is_closed())
        return go_on_closing(out);
    serve_if_ready(out);
}

void broker::serve_if_ready(effects::effects& out) {
    if (state_ != broker_state::opening_partitions || !partitions_->is_serving())
        return;
    transition_to(broker_state::binding_listeners);
    out.emplace_back(effects::bind_listeners{});
}

void broker::on_listeners_bound(const result<void>& outcome, effects::effects& out) {
    if (is_closing())
        return;
    BARNABAS_ASSERT(state_ == broker_state::binding_listeners);
    if (!outcome) {
        only_listeners_failed_ = true;
        return fail(outcome.failure(), out);
    }
    transition_to(broker_state::running);
    out.emplace_back(effects::report_started{});
}

void broker::on_controller_failed(const controller_failed& message, effects::effects& out) {
    controller_runs_ = false;
    if (state_ == broker_state::closing_controller)
        return go_on_closing(out);
    // The disk may be heard of through its log first.
    const bool by_disk = message.code == errc::storage_error || message.code == errc::read_only ||
                         message.code == errc::access_denied;
    fail({by_disk ? errc::no_usable_directory : message.code, message.detail}, out);
}

void broker::fail(error why, effects::effects& out) {
    only_listeners_failed_ &= !failure_;
    if (!failure_)
        failure_ = std::move(why);
    if (!is_closing())
        close_from(broker_state::closing_listeners, out);
}

void broker::on_stop(effects::effects& out) {
    if (std::exchange(stop_wanted_, true) || is_closing())
        return;
    // What is being taken into use is released as soon as that is known.
    if (state_ != broker_state::opening_directories)
        close_from(broker_state::closing_listeners, out);
    else
        out.emplace_back(effects::arm_timer{++timer_, patience(state_)});
}

void broker::close_from(broker_state first, effects::effects& out) {
    transition_to(first);
    // What was opened just now has answered, though that was not told yet.
    if (first == broker_state::closing_listeners)
        shut_hanging(out);
    begin_closing_step(out);
}

void broker::begin_closing_step(effects::effects& out) {
    out.emplace_back(effects::arm_timer{++timer_, patience(state_)});
    switch (state_) {
    case broker_state::closing_listeners: out.emplace_back(effects::close_listeners{}); return;
    case broker_state::closing_partitions:
        partitions_->close_all(out);
        follow_partitions(out);
        return;
    case broker_state::closing_controller:
        if (controller_runs_)
            out.emplace_back(effects::close_controller{});
        else
            go_on_closing(out);
        return;
    case broker_state::closing_directories:
        out.emplace_back(effects::close_directories{stopped_cleanly()});
        return;
    default: BARNABAS_UNREACHABLE("not a closing step");
    }
}

/// Kafka skips recovery where it finds the marker, and the commit journal goes, so it must not stand beside a
/// log that was not flushed: not beside one that this broker has not even opened, either.
bool broker::stopped_cleanly() {
    bool some_flushed = false;
    for (auto& directory : directories_->directories) {
        directory.unflushed = (partitions_ && partitions_->left_unflushed(directory.path)) ||
                              (metadata_unclosed_ && directory.path == directories_->metadata_directory);
        if (options_.planted.hang_spoils_the_stop)
            directory.unflushed |= partitions_ && partitions_->left_unflushed();
        if (partitions_)
            directory.closed = partitions_->closed_in(directory.path);
        some_flushed |= !directory.unflushed && !directory.offline;
    }
    const bool all_opened = partitions_ && partitions_->is_serving();
    return (!failure_ || only_listeners_failed_) && !left_something_ && all_opened && some_flushed;
}

void broker::go_on_closing(effects::effects& out) {
    BARNABAS_ASSERT(is_closing() && state_ != broker_state::ended);
    if (state_ == broker_state::closing_directories)
        return end(out);
    transition_to(static_cast<broker_state>(static_cast<int>(state_) + 1));
    begin_closing_step(out);
}

void broker::on_listeners_closed(effects::effects& out) {
    if (state_ == broker_state::closing_listeners)
        go_on_closing(out);
}

void broker::on_controller_closed(effects::effects& out) {
    controller_runs_ = false;
    if (state_ == broker_state::closing_controller)
        go_on_closing(out);
}

void broker::on_directories_closed(const result<void>& outcome, effects::effects& out) {
    if (state_ != broker_state::closing_directories)
        return;
    if (!outcome)
        out.emplace_back(effects::note{effects::note_level::warn, "data_directory_not_closed",
                                       to_string(outcome.failure())});
    go_on_closing(out);
}

void broker::on_timer(std::uint64_t token, effects::effects& out) {
    const bool waits = is_closing() || (stop_wanted_ && state_ == broker_state::opening_directories);
    if (token != timer_ || !waits || state_ == broker_state::ended)
        return;
    BARNABAS_MARK(stop_step_timed_out);
    // What did not end is known of these steps: the directories in which nothing was left get their markers.
    if (state_ == broker_state::closing_controller)
        metadata_unclosed_ = true;
    else if (state_ != broker_state::closing_partitions || !partitions_->leave_unclosed())
        left_something_ = true;
    out.emplace_back(effects::note{effects::note_level::warn, "stop_step_timed_out",
                                   std::string(name_of(state_)) + " took longer than " +
                                       std::to_string(patience(state_).count()) +
                                       " ms; going on without it"});
    if (!is_closing())
        return end(out);
    go_on_closing(out);
}

void broker::end(effects::effects& out) {
    transition_to(broker_state::ended);
    if (failure_)
        out.emplace_back(effects::report_failed{*failure_});
    else
        out.emplace_back(effects::report_stopped{not_closed()});
}

std::set<std::string> broker::not_closed() const {
    std::set<std::string> paths;
    for (const auto& [path, what] : hanging_)
        paths.insert(path);
    if (directories_)
        for (const auto& directory : directories_->directories)
            if (directory.offline || directory.unflushed)
                paths.insert(directory.path);
    return paths;
}

broker_status broker::status() const {
    broker_status now;
    now.state = state_;
    if (partitions_) {
        now.partitions = partitions_->count();
        now.partitions_opening = partitions_->opening_count();
        now.partitions_failed = partitions_->failed_count();
        now.checked = partitions_->checked();
    }
    if (directories_)
        for (const auto& directory : directories_->directories)
            if (directory.offline)
                now.directories_offline.push_back(directory.path);
    now.directories_short_of_room.assign(short_of_room_.begin(), short_of_room_.end());
    for (const auto& [path, what] : hanging_)
        now.directories_hanging.push_back(path);
    return now;
}

log_dirs_response broker::describe_log_dirs(const describe_log_dirs_request& request) const {
    log_dirs_response answer;
    if (!directories_)
        return answer;
    for (const auto& directory : directories_->directories) {
        if (!directory.holds_partitions)
            continue;
        auto& entry = answer.directories.emplace_back();
        entry.path = directory.path;
        entry.cordoned = partitions_ ? partitions_->is_cordoned(directory.path) : directory.cordoned;
        if (directory.offline)
            entry.code = errc::storage_error;
        else if (partitions_)
            entry.partitions = partitions_->describe(directory.path, request);
    }
    return answer;
}

} // namespace barnabas
