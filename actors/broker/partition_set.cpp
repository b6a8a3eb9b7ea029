#include "actors/broker/partition_set.hpp"

#include "actors/broker/limits.hpp"
#include "actors/broker/small_files.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

namespace barnabas {

namespace effects = broker_effects;

std::string described(const std::string& topic, partition_index index) {
    return "partition " + std::to_string(index.get()) + " of topic '" + topic + "'";
}

partition_set::partition_set(const partition_set_options& options,
                             const std::vector<data_directory>& directories)
    : options_(options), places_(directories) {
    for (const auto& directory : directories) {
        if (directory.offline)
            lost_[directory.path] = directory.offline->detail;
        for (const auto& future : directory.futures)
            futures_.emplace_back(directory.path, future);
        for (const auto& left : directory.discarded)
            discarded_.emplace_back(directory.path, left);
    }
}

void partition_set::on_image(metadata_image_ptr image, effects::effects& out) {
    BARNABAS_ASSERT(image != nullptr);
    if (closing_)
        return;
    // Only the newest counts: confirming it confirms those before it.
    pending_ = std::move(image);
    next_image(out);
}

void partition_set::next_image(effects::effects& out) {
    if (step_ != step::none || pending_ == nullptr)
        return;
    target_ = std::move(pending_);
    pending_ = nullptr;
    // A disk that lied may have lost the end of the metadata log; what comes there now is new.
    if (current_ == nullptr && options_.created_upto)
        options_.created_upto = std::min(*options_.created_upto, target_->applied);
    if (target_->broker_configs_at > broker_configured_at_) {
        broker_configured_at_ = target_->broker_configs_at;
        const auto own = target_->broker_configs.find(options_.node);
        effects::configure_broker altered{target_->configs_of_all, own == target_->broker_configs.end()
                                                                       ? decltype(own->second){}
                                                                       : own->second};
        if (!options_.planted.cordon_not_followed)
            places_.follow_cordon(altered.for_all, altered.here);
        out.emplace_back(std::move(altered));
    }
    begin_removals(out);
}

void partition_set::begin_removals(effects::effects& out) {
    step_ = step::removing;
    failed_known_.reset();
    BARNABAS_ASSERT(waiting_.empty());
    for (const auto& [id, partition] : partitions_)
        if (!target_->topic_names.contains(id.topic))
            waiting_.insert(id);
    if (waiting_.empty())
        return begin_set_aside(out);
    // First nobody finds them any more; new topics stay unseen until they are open.
    auto without = std::make_shared<metadata_image>(*current_);
    for (const auto& id : waiting_) {
        auto& partition = partitions_.at(id);
        without->topics.erase(partition.topic);
        without->topic_names.erase(id.topic);
    }
    std::vector<effects::effect> closings;
    cancel_moves_of_removed(closings);
    for (const auto& id : std::set<topic_partition>(waiting_))
        remove(id, closings);
    publish(std::move(without), out);
    out.insert(out.end(), std::make_move_iterator(closings.begin()), std::make_move_iterator(closings.end()));
    if (waiting_.empty())
        begin_set_aside(out);
}

void partition_set::remove(const topic_partition& id, effects::effects& out) {
    auto& partition = partitions_.at(id);
    const auto name = partition_directory_name(partition.topic, id.partition);
    if (BARNABAS_MARK_IF(blocked_.contains(id), blocked_partition_deleted)) {
        // The files under its name are not its own.
        places_.left_behind(partition.data_directory, name);
        places_.removed(partition.data_directory);
        partition.data_directory.clear();
        blocked_.forget(id);
    }
    if (BARNABAS_MARK_IF(partition.data_directory.empty(), missing_partition_deleted)) {
        partitions_.erase(id);
        waiting_.erase(id);
        not_made_.erase(id);
        return;
    }
    const auto in_turn = [&](broker_effects::effect order) {
        removals_.give(partition.data_directory, broker_limits::changes_at_once, id, std::move(order), out);
    };
    if (partition.state == partition_state::moving) {
        // Its files go when it is known where they are.
    } else if (BARNABAS_MARK_IF(partition.state == partition_state::failed, failed_partition_deleted))
        in_turn(effects::remove_partition_files{id, join_path(partition.data_directory, name)});
    else if (partition.state == partition_state::opening)
        out.emplace_back(effects::close_partition{id, true});
    else
        in_turn(effects::close_partition{id, true});
    BARNABAS_MARK(partition_deleted);
    partition.state = partition_state::closing;
}

void partition_set::begin_set_aside(effects::effects& out) {
    step_ = step::setting_aside;
    effects::set_aside_directories aside;
    for_each_missing([&](const topic_metadata& topic, const partition_metadata& partition) {
        const auto name = partition_directory_name(topic.name, partition.index);
        // A log that was made here and is missing may be the one that names another topic: what says so may
        // have come wrong from the disk.
        const bool may_be_ours = was_made_before(partition) && !places_.holds(name, topic.id) &&
                                 !options_.planted.misnamed_log_set_aside;
        for (const auto& [directory, stored, clean] : places_.take_strangers(name, topic.id)) {
            if (BARNABAS_MARK_IF(may_be_ours, misnamed_log_left)) {
                const auto says = stored.id ? " says in partition.metadata that it belongs to topic " +
                                                  to_string(*stored.id)
                                            : std::string(" has no partition.metadata that can be read");
                out.emplace_back(effects::note{
                    effects::note_level::warn, "partition_directory_misnamed",
                    join_path(directory, name) + says + ", but " + described(topic.name, partition.index) +
                        " is missing, which has the id " + to_string(topic.id) +
                        ": it is left as it is. If it is this partition's, restore the file (two lines, "
                        "\"version: 0\" and \"topic_id: \" with this id)"});
                continue;
            }
            BARNABAS_MARK(partition_directory_set_aside);
            const auto from = join_path(directory, name);
            const auto to = join_path(
                directory, stray_directory_name(name, stored.id ? to_string(*stored.id) : "fragment"));
            aside.renames.emplace_back(from, to);
            out.emplace_back(effects::note{
                effects::note_level::warn, "partition_directory_set_aside",
                from + (stored.id == topic.id
                            ? " was made and never written to, and another directory has the "
                              "partition; it is moved to " +
                                  to
                        : stored.id ? " is what is left of another topic; it is moved to " + to
                                    : " is what is left of a making or a removal that was cut short; it is "
                                      "moved to " +
                                          to + ", or removed if it holds neither records nor an identity")});
        }
    });
    if (!aside.renames.empty())
        blocked_.ordered(aside.renames);
    set_aside_removed(aside, out);
    if (aside.renames.empty() && aside.if_empty.empty())
        return begin_opening(out);
    out.emplace_back(std::move(aside));
}

void partition_set::begin_opening(effects::effects& out) {
    step_ = step::opening;
    // Collected first, since opening changes what is missing.
    std::vector<std::pair<const topic_metadata*, const partition_metadata*>> missing;
    for_each_missing([&](const topic_metadata& topic, const partition_metadata& partition) {
        missing.emplace_back(&topic, &partition);
    });
    progress_.begin(missing.size());
    avoid_blank_directories();
    for (const auto& [topic, partition] : missing)
        open(*topic, *partition, out);
    note_unknown_directories(out);
    const auto removed = places_.forget_removed();
    if (removed != nullptr && !removed->empty() && !options_.planted.removed_directories_stay)
        out.emplace_back(effects::remove_strays{removed});
    if (waiting_.empty())
        begin_recording(out);
    else if (progress_.is_long())
        reopen_later(out);
}

void partition_set::open(const topic_metadata& topic, const partition_metadata& partition,
                         effects::effects& out) {
    failed_known_.reset();
    effects::open_partition opening;
    opening.id = {topic.id, partition.index};
    opening.topic = topic.name;
    opening.led = leadership_in(partition);
    opening.configs = topic.configs;
    opening.was_compacted = target_->may_have_been_compacted(topic);
    local_partition local{partition_state::opening, topic.name, "", partition.created_at, false, {}};
    local.led = opening.led;
    const auto stored = places_.take(partition_directory_name(topic.name, partition.index), topic.id);
    if (stored) {
        opening.data_directory = stored->directory;
        opening.progress = {progress_.checked(), stored->partition.bytes_to_check};
        local.checkpointed = opening.checkpointed = stored->partition.checkpointed;
        opening.closed = stored->partition.closed;
    } else if (!place_new(topic, partition, opening, out)) {
        local.state = partition_state::failed;
        partitions_[opening.id] = local;
        return;
    }
    local.data_directory = opening.data_directory;
    local.is_new = opening.create;
    local.configured_at = target_->applied;
    if (stored && places_.is_offline(stored->directory)) {
        local.state = partition_state::failed;
        partitions_[opening.id] = local;
        return;
    }
    waiting_.insert(opening.id);
    progress_.checked()->expect(opening.progress.amount);
    partitions_[opening.id] = local;
    if (!stored)
        return makings_.give(local.data_directory, broker_limits::changes_at_once, opening.id, opening, out);
    const auto most = stored->was_stopped_cleanly ? broker_limits::openings_max : options_.recoveries_max;
    recoveries_.give(local.data_directory, most, opening.id, opening, out);
}

namespace {

constexpr std::string_view lies_nowhere =
    " was made on this broker before, but no usable directory of log.dirs holds it. It is not made anew, "
    "since that would pass off an empty log as whole: bring the directory back, or delete the topic";
constexpr std::string_view may_lie_elsewhere =
    " may have been made before the broker stopped, in a directory of log.dirs that is not usable now or "
    "that a blank one has replaced: bring it back. If a directory is only new, start the broker once more, "
    "and the partition is made";

} // namespace

/// False when the partition must not, or cannot, be made.
bool partition_set::place_new(const topic_metadata& topic, const partition_metadata& partition,
                              effects::open_partition& opening, effects::effects& out) {
    const auto what = described(topic.name, partition.index);
    const bool made_before = was_made_before(partition) && !options_.planted.fresh_replica_elsewhere;
    if (made_before) {
        BARNABAS_MARK(partition_lost_with_directory);
        const bool held_back = options_.created_upto && !is_recorded(partition);
        std::string reasons;
        for (const auto& [path, why] : lost_)
            reasons += "; " + why;
        out.emplace_back(
            effects::note{effects::note_level::error, "partition_not_found",
                          what + std::string(held_back ? may_lie_elsewhere : lies_nowhere) + reasons});
        if (held_back)
            not_made_[opening.id] = partition.created_at;
        return false;
    }
    auto chosen = places_.choose(preferred_[partition_directory_name(topic.name, partition.index)]);
    preferred_.erase(partition_directory_name(topic.name, partition.index));
    if (!chosen) {
        out.emplace_back(effects::note{effects::note_level::error, "partition_not_placed",
                                       what + " is not served: " + chosen.failure().detail});
        not_made_[opening.id] = partition.created_at;
        return false;
    }
    opening.create = true;
    opening.data_directory = *chosen;
    places_.added(*chosen);
    // In the first image after a start every partition should have a directory.
    if (current_ == nullptr)
        out.emplace_back(effects::note{effects::note_level::warn, "partition_directory_missing",
                                       what + " has no directory; an empty one is made"});
    return true;
}

bool partition_set::is_recorded(const partition_metadata& partition) const {
    return options_.created_upto && partition.created_at < *options_.created_upto;
}

bool partition_set::was_made_before(const partition_metadata& partition) const {
    if (is_recorded(partition) || current_ != nullptr)
        return is_recorded(partition);
    // Directories of an earlier version do not say. What was not recorded before the last life ended may lie
    // in one that is away: if it is empty there, it would pass, when that is back, for the one that was made
    // and written to elsewhere meanwhile, as soon as that one's directory fails.
    return places_.incomplete_at_start();
}

void partition_set::on_directory_failed(const std::string& directory, const error& why,
                                        effects::effects& out) {
    if (!lost_.emplace(directory, why.detail).second)
        return;
    places_.set_offline(directory);
    failed_known_.reset();
    std::size_t count = 0;
    for (auto& [id, partition] : partitions_) {
        // What is being opened or closed hears from the disk itself.
        const bool serves =
            partition.state == partition_state::open || partition.state == partition_state::offline;
        if (partition.data_directory != directory || !serves)
            continue;
        ++count;
        partition.state = partition_state::offline;
        out.emplace_back(effects::lose_directory{id, why.detail});
        if (moves_.contains(id))
            out.emplace_back(effects::move_effect{effects::cancel_move{id, true}});
    }
    if (count != 0 && published_ != nullptr && !closing_)
        publish(published_, out);
}

bool is_wanted(const describe_log_dirs_request& request, const std::string& topic, partition_index index) {
    if (!request.wanted)
        return true;
    const auto found = request.wanted->find(topic);
    return found != request.wanted->end() && found->second.contains(index.get());
}

std::vector<described_partition> partition_set::describe(const std::string& directory,
                                                         const describe_log_dirs_request& request) const {
    std::vector<described_partition> found;
    for (const auto& [id, partition] : partitions_) {
        const bool serves = partition.state == partition_state::open ||
                            partition.state == partition_state::moving || moves_.contains(id);
        if (partition.data_directory != directory || !serves)
            continue;
        if (is_wanted(request, partition.topic, id.partition))
            found.push_back({partition.topic, id, 0, false, 0});
    }
    for (auto& future : describe_futures(directory, request))
        found.push_back(std::move(future));
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
        return std::tie(a.topic, a.id.partition) < std::tie(b.topic, b.id.partition);
    });
    return found;
}

void partition_set::on_partition_closed(const partition_closed& closed, effects::effects& out) {
    const auto found = partitions_.find(closed.partition);
    if (found == partitions_.end())
        return;
    if (found->second.state != partition_state::closing && given_up_.contains(found->second.data_directory))
        return;
    BARNABAS_ASSERT(found->second.state == partition_state::closing);
    if (closed.code != errc::ok) {
        unflushed_.insert(found->second.data_directory);
        out.emplace_back(effects::note{effects::note_level::warn, "partition_not_closed",
                                       described(found->second.topic, closed.partition.partition) + ": " +
                                           to_string(error{closed.code, closed.detail})});
    } else if (closing_ && !closed.state.empty()) {
        const auto name = partition_directory_name(found->second.topic, closed.partition.partition);
        closed_[found->second.data_directory].emplace(name, closed.state);
    }
    if (BARNABAS_MARK_IF(closed.code != errc::ok && !closing_, partition_files_left_behind))
        places_.left_behind(found->second.data_directory,
                            partition_directory_name(found->second.topic, closed.partition.partition));
    places_.removed(found->second.data_directory);
    removals_.ended(found->second.data_directory, closed.partition, out);
    not_made_.erase(closed.partition);
    reopened_.erase(closed.partition);
    partitions_.erase(found);
    waiting_.erase(closed.partition);
    if (!closing_ && step_ == step::removing && waiting_.empty())
        begin_set_aside(out);
}

void partition_set::publish(metadata_image_ptr image, effects::effects& out) {
    published_ = image;
    configure_open(*image, out);
    auto routes = open_partitions();
    std::vector<topic_partition> offline;
    for (const auto& [id, partition] : partitions_)
        if (!std::binary_search(routes.begin(), routes.end(), id))
            offline.push_back(id);
    out.emplace_back(effects::publish_view{std::move(image), std::move(routes), std::move(offline)});
}

void partition_set::close_all(effects::effects& out) {
    closing_ = true;
    failed_known_.reset();
    pending_ = nullptr;
    if (std::exchange(recording_waits_, false))
        step_ = step::none;
    // One that could not be opened has no files open.
    std::erase_if(partitions_, [](const auto& one) { return one.second.state == partition_state::failed; });
    for (const auto& [directory, id] : recoveries_.take_back()) {
        unflushed_.insert(directory);
        partitions_.erase(id);
        waiting_.erase(id);
    }
    // Nothing is on the disk of these.
    for (const auto& [directory, id] : makings_.take_back()) {
        partitions_.erase(id);
        waiting_.erase(id);
    }
    removals_.give_all(out);
    for (const auto& [id, move] : moves_)
        if (!reopening_.contains(id))
            out.emplace_back(effects::move_effect{effects::cancel_move{id, true}});
    for (auto& [id, partition] : partitions_) {
        // One that is being opened closes as soon as it has opened.
        if (partition.state != partition_state::open && partition.state != partition_state::offline)
            continue;
        partition.state = partition_state::closing;
        out.emplace_back(effects::close_partition{id, false});
    }
}

closed_logs partition_set::closed_in(const std::string& directory) const {
    const auto found = closed_.find(directory);
    return found == closed_.end() ? closed_logs{} : found->second;
}

bool partition_set::is_closed() const noexcept {
    return closing_ && partitions_.empty() && moves_.empty() && step_ != step::setting_aside &&
           step_ != step::recording;
}

std::size_t partition_set::failed_count() const {
    if (!failed_known_)
        failed_known_ = static_cast<std::size_t>(
            std::count_if(partitions_.begin(), partitions_.end(), [](const auto& one) {
                return one.second.state == partition_state::failed ||
                       one.second.state == partition_state::offline;
            }));
    return *failed_known_;
}

/// Clients find it: also while it moves, when their questions wait.
bool partition_set::is_served(const topic_partition& id, const local_partition& partition) const {
    return partition.state == partition_state::open || partition.state == partition_state::moving ||
           (partition.state == partition_state::opening && moves_.contains(id));
}

leadership partition_set::leadership_in(const partition_metadata& partition) const {
    return {partition.leader_epoch, partition.leader == options_.node};
}

std::vector<topic_partition> partition_set::open_partitions() const {
    std::vector<topic_partition> routes;
    for (const auto& [id, partition] : partitions_)
        if (is_served(id, partition) && !reopened_.contains(id))
            routes.push_back(id);
    return routes;
}

bool partition_set::is_stored_here(const partition_metadata& partition) const {
    return std::find(partition.replicas.begin(), partition.replicas.end(), options_.node) !=
           partition.replicas.end();
}

/// See `placement::avoid_blank`. Those of the image at hand count before the first of them is placed.
void partition_set::avoid_blank_directories() {
    bool some_missing = std::any_of(partitions_.begin(), partitions_.end(), [&](const auto& one) {
        return one.second.data_directory.empty() && !not_made_.contains(one.first);
    });
    for_each_missing([&](const topic_metadata& topic, const partition_metadata& partition) {
        some_missing |= was_made_before(partition) &&
                        !places_.holds(partition_directory_name(topic.name, partition.index), topic.id);
    });
    places_.avoid_blank(some_missing);
}

void partition_set::note_unknown_directories(effects::effects& out) {
    if (std::exchange(noted_unknown_, true))
        return;
    for (const auto& [name, stored] : places_.stored())
        if (!places_.is_of_removed(stored.partition))
            out.emplace_back(
                effects::note{effects::note_level::warn, "partition_directory_unknown",
                              join_path(stored.directory, name) +
                                  " belongs to no topic that this cluster has or had; it is left alone" +
                                  (stored.partition.id ? "" : ", unless it is empty")});
}

template <class Visit>
void partition_set::for_each_missing(const Visit& visit) const {
    for (const auto& [name, topic] : target_->topics)
        for (const auto& partition : topic.partitions)
            if (is_stored_here(partition) && !partitions_.contains({topic.id, partition.index}))
                visit(topic, partition);
}

} // namespace barnabas
