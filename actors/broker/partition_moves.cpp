#include "actors/broker/limits.hpp"
#include "actors/broker/moving/moving_names.hpp"
#include "actors/broker/partition_set.hpp"
#include "actors/broker/small_files.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <utility>

/// Moves of partitions between data directories. A partition is `open` while its log is copied, `moving` from
/// the closing of its log to the end of the move, and then opened where the log lies now.
namespace barnabas {

namespace effects = broker_effects;

errc partition_set::move(const wanted_move& wanted, effects::effects& out) {
    const moving_name longest{partition_directory_name(wanted.topic, partition_index(wanted.partition)),
                              std::string(unique_id_digits, '0'), moving_kind::future};
    if (to_string(longest).size() > directory_name_bytes_max)
        return errc::invalid_topic;
    if (!places_.is_known(wanted.directory))
        return errc::not_found;
    if (places_.is_offline(wanted.directory))
        return errc::storage_error;
    if (places_.is_cordoned(wanted.directory))
        return errc::invalid_replica_assignment;
    const auto found = find_named(wanted.topic, wanted.partition);
    if (found == partitions_.end()) {
        prefer(wanted);
        return is_known(wanted.topic, wanted.partition) ? errc::not_leader_or_follower
                                                        : errc::unknown_topic_or_partition;
    }
    const auto state = found->second.state;
    if (state == partition_state::failed || state == partition_state::offline ||
        moves_left_.contains(found->first))
        return errc::storage_error;
    const bool is_reopened = state == partition_state::opening && moves_.contains(found->first);
    if (closing_ || (state != partition_state::open && state != partition_state::moving && !is_reopened))
        return errc::not_leader_or_follower;
    move_to(found->first, wanted.directory, out);
    return errc::ok;
}

bool partition_set::is_known(const std::string& topic, std::int32_t partition) const {
    const auto* known = published_ != nullptr ? published_->find_topic(topic) : nullptr;
    return known != nullptr && partition >= 0 &&
           static_cast<std::size_t>(partition) < known->partitions.size();
}

std::optional<topic_partition> partition_set::id_of(const std::string& topic, std::int32_t partition) const {
    if (!is_known(topic, partition))
        return std::nullopt;
    return topic_partition{published_->find_topic(topic)->id, partition_index(partition)};
}

partition_set::partitions_by_id::iterator partition_set::find_named(const std::string& topic,
                                                                    std::int32_t partition) {
    // One that is open may not be shown yet.
    const auto id = id_of(topic, partition);
    return id ? partitions_.find(*id) : partitions_.end();
}

bool partition_set::is_target(const topic_partition& id, const wanted_move& wanted) const {
    const auto running = moves_.find(id);
    return running != moves_.end() && !running->second.cancelled &&
           running->second.target == wanted.directory && id_of(wanted.topic, wanted.partition) == id;
}

bool partition_set::is_settled(const wanted_move& wanted) const {
    const auto id = id_of(wanted.topic, wanted.partition);
    const auto running = id ? moves_.find(*id) : moves_.end();
    if (running == moves_.end())
        return true;
    const auto& move = running->second;
    // What was cancelled must not begin again, and what follows must have begun.
    if (move.cancelled || !move.then.empty())
        return false;
    return move.begun || move.target != wanted.directory;
}

/// Kafka, too, remembers where a replica shall go that is not here yet, as long as it runs.
void partition_set::prefer(const wanted_move& wanted) {
    const auto name = partition_directory_name(wanted.topic, partition_index(wanted.partition));
    if (preferred_.contains(name) || preferred_.size() < broker_limits::preferred_directories_max)
        preferred_[name] = wanted.directory;
}

void partition_set::move_to(const topic_partition& id, const std::string& directory, effects::effects& out) {
    const auto& partition = partitions_.at(id);
    const auto running = moves_.find(id);
    if (running == moves_.end()) {
        if (partition.data_directory != directory)
            begin_move(id, directory, "", out);
        return;
    }
    auto& move = running->second;
    // One whose log is closed already goes on to its end; what is wanted now comes after it.
    const auto& goal = move.ended ? partition.data_directory : move.target;
    const bool goes_on = !move.cancelled && directory == goal;
    move.then = goes_on ? "" : directory;
    if (goes_on || move.cancelled || partition.state != partition_state::open)
        return;
    move.cancelled = true;
    out.emplace_back(effects::move_effect{effects::cancel_move{id, false}});
}

void partition_set::begin_move(const topic_partition& id, const std::string& directory,
                               const std::string& unique_id, effects::effects& out) {
    const auto& partition = partitions_.at(id);
    moves_[id] = local_move{directory};
    out.emplace_back(
        effects::move_effect{effects::begin_move{id, partition.topic, partition.data_directory, directory,
                                                 unique_id, published_->find_topic(id.topic)->configs}});
}

void partition_set::on_move_report(const move_report& report, effects::effects& out) {
    const auto found = moves_.find(report.id);
    if (found == moves_.end())
        return;
    if (report.what == move_report::kind::begun) {
        found->second.begun = report.code == errc::ok;
        return;
    }
    const auto at = partitions_.find(report.id);
    if (report.what == move_report::kind::ended) {
        // The partition may have closed before it.
        if (at == partitions_.end())
            moves_.erase(found);
        else
            on_move_ended(report, out);
        return;
    }
    // The end of a cancelled one is on the way.
    if (at == partitions_.end() || at->second.state != partition_state::open || closing_ ||
        found->second.cancelled)
        return;
    at->second.state = partition_state::moving;
    found->second.hands_over = true;
    out.emplace_back(effects::move_effect{effects::hand_over{report.id}});
}

/// The log is closed, and the questions of clients wait.
void partition_set::on_handed_over(const partition_handed_over& closed, effects::effects& out) {
    if (!moves_.contains(closed.partition))
        return on_handed_over_late(closed, out);
    auto& partition = partitions_.at(closed.partition);
    partition.handed_over = closed.checkpointed;
    if (closed.code != errc::ok) {
        BARNABAS_MARK(moving_log_not_closed);
        unflushed_.insert(partition.data_directory);
        out.emplace_back(effects::note{effects::note_level::warn, "partition_not_closed",
                                       described(partition.topic, closed.partition.partition) + ": " +
                                           to_string(error{closed.code, closed.detail})});
    }
    auto& move = moves_.at(closed.partition);
    // A lack of room has lost nothing: it is opened again where it lies.
    move.close_failed |= closed.code != errc::ok && !is_scarce(closed.code);
    if (move.ended)
        conclude_move(closed.partition, out);
    else if (closed.code != errc::ok || closing_ || partition.state == partition_state::closing)
        out.emplace_back(effects::move_effect{effects::cancel_move{closed.partition, closing_}});
    else
        out.emplace_back(effects::move_effect{effects::finish_move{closed.partition, closed.checkpointed}});
}

void partition_set::on_move_ended(const move_report& report, effects::effects& out) {
    auto& partition = partitions_.at(report.id);
    auto& move = moves_.at(report.id);
    if (report.moved) {
        places_.removed(partition.data_directory);
        partition.data_directory = move.target;
        places_.added(partition.data_directory);
    }
    move.ended = true;
    if (!move.hands_over) {
        const auto then = move.then;
        moves_.erase(report.id);
        return after_move(report.id, then, out);
    }
    if (partition.handed_over)
        conclude_move(report.id, out);
}

/// The move is over and the log is closed.
void partition_set::conclude_move(const topic_partition& id, effects::effects& out) {
    auto& partition = partitions_.at(id);
    const bool is_deleted = partition.state == partition_state::closing;
    if (!is_deleted && !closing_)
        return moves_.at(id).close_failed ? give_up_moved(id, out) : reopen_moved(id, out);
    moves_.erase(id);
    out.emplace_back(effects::move_effect{effects::pass_on{id, false}});
    if (BARNABAS_MARK_IF(is_deleted, deleted_while_moved)) {
        out.emplace_back(effects::remove_partition_files{
            id,
            join_path(partition.data_directory, partition_directory_name(partition.topic, id.partition))});
        return;
    }
    BARNABAS_MARK(closed_while_moved);
    partitions_.erase(id);
}

/// What was acknowledged may be in the commit journal only, which the next start reads.
void partition_set::give_up_moved(const topic_partition& id, effects::effects& out) {
    BARNABAS_MARK(moving_log_given_up);
    moves_.erase(id);
    partitions_.at(id).state = partition_state::failed;
    failed_known_.reset();
    out.emplace_back(effects::move_effect{effects::pass_on{id, false}});
    publish(published_, out);
}

/// `reopening_` brings it back by `on_partition_opened`, and that to `on_moved_opened`.
void partition_set::reopen_moved(const topic_partition& id, effects::effects& out) {
    auto& partition = partitions_.at(id);
    const auto* topic = published_->find_topic(id.topic);
    BARNABAS_ASSERT(topic != nullptr);
    partition.state = partition_state::opening;
    // Whatever comes now, it is not made anew.
    partition.is_new = false;
    partition.was_closed_here = true;
    partition.checkpointed = *std::exchange(partition.handed_over, std::nullopt);
    reopening_.insert(id);
    effects::open_partition opening;
    opening.id = id;
    opening.topic = partition.topic;
    opening.data_directory = partition.data_directory;
    opening.led = leadership_in(topic->partitions.at(static_cast<std::size_t>(id.partition.get())));
    opening.configs = topic->configs;
    opening.was_compacted = published_->may_have_been_compacted(*topic);
    partition.configured_at = published_->applied;
    partition.led = opening.led;
    opening.checkpointed = partition.checkpointed;
    opening.was_closed_here = true;
    out.emplace_back(std::move(opening));
}

/// Whether it could be opened or not, where the log lies now.
void partition_set::on_moved_opened(const topic_partition& id, effects::effects& out) {
    const auto found = moves_.find(id);
    if (found == moves_.end())
        return;
    const auto then = found->second.then;
    moves_.erase(found);
    const auto at = partitions_.find(id);
    const bool is_open = at != partitions_.end() && at->second.state == partition_state::open;
    out.emplace_back(effects::move_effect{effects::pass_on{id, is_open}});
    if (published_ != nullptr && !closing_ && at != partitions_.end() &&
        at->second.state != partition_state::closing)
        publish(published_, out);
    if (is_open)
        after_move(id, then, out);
}

void partition_set::after_move(const topic_partition& id, const std::string& then, effects::effects& out) {
    const auto& partition = partitions_.at(id);
    if (closing_ || partition.state != partition_state::open)
        return;
    if (!then.empty() && then != partition.data_directory && !places_.is_offline(then))
        return begin_move(id, then, "", out);
    out.emplace_back(effects::move_effect{effects::move_over{id, published_->find_topic(id.topic)->configs}});
}

/// What a crash interrupted begins anew, as soon as everything is open.
void partition_set::resume_moves(effects::effects& out) {
    std::erase_if(futures_, [&](const auto& one) { return resume_move(one.first, one.second, out); });
    settle_discarded(out);
}

/// False while it is not known what becomes of it.
bool partition_set::resume_move(const std::string& directory, const stored_move& future,
                                effects::effects& out) {
    const auto parsed = parse_partition_directory(future.directory_name);
    const auto found = parsed ? find_named(parsed->topic, parsed->index.get()) : partitions_.end();
    const bool here = found != partitions_.end();
    const bool is_open = here && found->second.state == partition_state::open;
    if (is_open && future.id == found->first.topic && found->second.data_directory != directory &&
        !places_.is_offline(directory) && !moves_.contains(found->first) &&
        !moves_left_.contains(found->first)) {
        BARNABAS_MARK(move_resumed);
        begin_move(found->first, directory, future.unique_id, out);
        return true;
    }
    // It may be opened when there is room.
    if (here && !is_open)
        return false;
    // The log may be out of sight, or on its way: the next start looks again. What has been asked for since
    // is newer than this.
    if (!lost_.empty() || (here && moves_left_.contains(found->first)))
        return true;
    BARNABAS_MARK(useless_future_removed);
    const auto path = join_path(
        directory, to_string(moving_name{future.directory_name, future.unique_id, moving_kind::future}));
    out.emplace_back(effects::note{effects::note_level::warn, "future_directory_removed",
                                   path + " is a copy of no partition that lies elsewhere; it is removed"});
    out.emplace_back(effects::move_effect{effects::remove_left_over{path}});
    return true;
}

/// Logs that were moved to somewhere that nobody sees: of deleted topics, or the last that is left.
void partition_set::settle_discarded(effects::effects& out) {
    for (const auto& [directory, left] : std::exchange(discarded_, {})) {
        const auto path = join_path(
            directory, to_string(moving_name{left.directory_name, left.unique_id, moving_kind::discarded}));
        const auto parsed = parse_partition_directory(left.directory_name);
        if (BARNABAS_MARK_IF(parsed && is_known(parsed->topic, parsed->index.get()), last_log_kept)) {
            out.emplace_back(effects::note{
                effects::note_level::warn, "moved_log_not_found",
                path + " is what a move left of " + left.directory_name +
                    ", but no directory of log.dirs has the log; it is kept: bring the directory back to "
                    "which it was moved"});
            continue;
        }
        out.emplace_back(effects::move_effect{effects::remove_left_over{path}});
    }
}

/// The topics of these are going.
void partition_set::cancel_moves_of_removed(effects::effects& out) {
    for (const auto& [id, move] : moves_)
        if (!target_->topic_names.contains(id.topic))
            out.emplace_back(effects::move_effect{effects::cancel_move{id, false}});
}

std::vector<described_partition>
partition_set::describe_futures(const std::string& directory,
                                const describe_log_dirs_request& request) const {
    std::vector<described_partition> found;
    for (const auto& [id, move] : moves_) {
        const auto at = partitions_.find(id);
        if (at == partitions_.end() || move.target != directory || at->second.data_directory == directory ||
            !is_wanted(request, at->second.topic, id.partition))
            continue;
        found.push_back({at->second.topic, id, 0, true, 0});
    }
    return found;
}

} // namespace barnabas
