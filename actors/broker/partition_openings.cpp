#include "actors/broker/partition_set.hpp"
#include "actors/broker/small_files.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <utility>

/// How openings follow one another and end, how far they are, and those that find no room.
namespace barnabas {

namespace effects = broker_effects;

namespace {

/// What an operator can do, where the reason does not say so itself: of damage and of other topics'
/// directories it does.
std::string advice(errc code, const std::string& directory) {
    switch (code) {
    case errc::corrupt_message:
    case errc::inconsistent_topic_id:
    case errc::unsupported_for_message_format: return "";
    case errc::not_found:
        return ". Bring its directory back to " + directory + ", or delete the topic; then start again";
    default:
        return ". Look at the disk of " + directory +
               " and at who may write there, then start again; the other partitions are served";
    }
}

} // namespace

void partition_set::on_partition_opened(const partition_opened& opened, effects::effects& out) {
    if (BARNABAS_MARK_IF(opening_left_.erase(opened.partition) == 1, opened_after_all))
        return on_opened_late(opened, out);
    const auto found = partitions_.find(opened.partition);
    BARNABAS_ASSERT(found != partitions_.end());
    auto& partition = found->second;
    const bool again = reopening_.erase(opened.partition) == 1;
    if (BARNABAS_MARK_IF(again && partition.state == partition_state::closing, deleted_while_reopened)) {
        on_moved_opened(opened.partition, out);
        // Its actor closes it, if there is one.
        if (opened.code != errc::ok)
            out.emplace_back(effects::remove_partition_files{
                opened.partition,
                join_path(partition.data_directory,
                          partition_directory_name(partition.topic, opened.partition.partition))});
        return;
    }
    BARNABAS_ASSERT(partition.state == partition_state::opening);
    if (!again) {
        recoveries_.ended(partition.data_directory, opened.partition, out);
        makings_.ended(partition.data_directory, opened.partition, out);
    }
    if (!again && make_elsewhere(opened, out))
        return;
    BARNABAS_ASSERT(again || waiting_.erase(opened.partition) == 1);
    if (!again)
        note_progress(progress_.on_opened(waiting_.size()), out);
    take_outcome(opened, partition, out);
    const bool has_moved = moves_.contains(opened.partition);
    on_moved_opened(opened.partition, out);
    if (closing_) {
        if (partition.state == partition_state::failed) {
            partitions_.erase(found);
            return;
        }
        partition.state = partition_state::closing;
        out.emplace_back(effects::close_partition{opened.partition, false});
    } else if (again && !has_moved) {
        after_reopening(opened.partition, out);
    } else if (!again && waiting_.empty()) {
        begin_recording(out);
    }
}

void partition_set::take_outcome(const partition_opened& opened, local_partition& partition,
                                 effects::effects& out) {
    partition.state = opened.code == errc::ok ? partition_state::open : partition_state::failed;
    if (opened.code != errc::ok)
        note_not_opened(opened, partition, out);
    else if (opened.bytes_cut != 0)
        note_cut(opened, partition, out);
    if (partition.state == partition_state::open && places_.is_offline(partition.data_directory)) {
        partition.state = partition_state::offline;
        out.emplace_back(effects::lose_directory{opened.partition, lost_.at(partition.data_directory)});
    }
    if (partition.state != partition_state::open)
        failed_known_.reset();
}

/// What could not be made because its directory failed meanwhile is made in another one, as if that had been
/// chosen: otherwise nothing behind it could be remembered as made before the next start. Not when the first
/// one may have it, empty, under its name and identity, nor when it hangs, and may make it yet: once it is
/// back while the other one fails, its log would pass for the one that was written to.
bool partition_set::make_elsewhere(const partition_opened& opened, effects::effects& out) {
    const auto failed = partitions_.at(opened.partition);
    const bool may_be = opened.code != errc::ok && failed.is_new && !closing_ &&
                        places_.is_offline(failed.data_directory) && !opened.may_be_found &&
                        !given_up_.contains(failed.data_directory);
    if (!BARNABAS_MARK_IF(may_be, partition_made_elsewhere))
        return false;
    out.emplace_back(
        effects::note{effects::note_level::warn, "partition_made_elsewhere",
                      described(failed.topic, opened.partition.partition) + " could not be made in " +
                          failed.data_directory +
                          " and goes to another directory: " + to_string(error{opened.code, opened.detail})});
    unflushed_.insert(failed.data_directory);
    places_.removed(failed.data_directory);
    partitions_.erase(opened.partition);
    waiting_.erase(opened.partition);
    const auto& topic = *target_->find_topic(opened.partition.topic);
    open(topic, topic.partitions.at(static_cast<std::size_t>(opened.partition.partition.get())), out);
    if (waiting_.empty())
        begin_recording(out);
    return true;
}

void partition_set::note_progress(const std::optional<std::string>& line, effects::effects& out) {
    if (line)
        out.emplace_back(effects::note{effects::note_level::info, "partitions_opening", *line});
}

void partition_set::note_long_check(effects::effects& out) {
    if (!BARNABAS_MARK_IF(step_ == step::opening && progress_.is_long(), logs_checked_for_long))
        return;
    note_progress(progress_.on_tick(waiting_.size()), out);
    reopen_later(out);
}

void partition_set::note_cut(const partition_opened& opened, const local_partition& partition,
                             effects::effects& out) {
    out.emplace_back(effects::note{
        effects::note_level::warn, "partition_tail_cut",
        described(partition.topic, opened.partition.partition) + ": recovery cut " +
            std::to_string(opened.bytes_cut) +
            " bytes behind its last sound record: an unfinished write, or damage to what came after the last "
            "recovery point"});
}

void partition_set::note_not_opened(const partition_opened& opened, const local_partition& partition,
                                    effects::effects& out) {
    unflushed_.insert(partition.data_directory);
    if (partition.is_new)
        not_made_[opened.partition] = partition.created_at;
    const bool may_be_opened = is_scarce(opened.code);
    const auto what = described(partition.topic, opened.partition.partition) +
                      " is not served: " + to_string(error{opened.code, opened.detail});
    if (BARNABAS_MARK_IF(is_blocked(opened, partition), partition_blocked)) {
        out.emplace_back(effects::note{effects::note_level::warn, "partition_not_opened",
                                       what + "; it is tried again when its name is free"});
        return reopen_later(out);
    }
    if (!BARNABAS_MARK_IF(may_be_opened && !closing_, partition_without_room)) {
        out.emplace_back(effects::note{effects::note_level::error, "partition_not_opened",
                                       what + advice(opened.code, partition.data_directory)});
        return;
    }
    out.emplace_back(effects::note{effects::note_level::warn, "partition_not_opened",
                                   what + "; it is tried again until there is room"});
    reopen_later(out);
    without_room_.emplace(opened.partition, partition.data_directory);
}

void partition_set::reopen_later(effects::effects& out) {
    if (!std::exchange(reopen_armed_, true))
        out.emplace_back(effects::reopen_later{});
}

void partition_set::on_reopen_due(effects::effects& out) {
    reopen_armed_ = false;
    set_aside_again(out);
    note_long_check(out);
    if (std::exchange(recording_waits_, false))
        begin_recording(out);
    failed_known_.reset();
    for (const auto& [id, directory] : std::exchange(without_room_, {})) {
        const auto found = partitions_.find(id);
        if (closing_ || found == partitions_.end() || found->second.state != partition_state::failed ||
            places_.is_offline(directory))
            continue;
        const auto* topic = published_ != nullptr ? published_->find_topic(id.topic) : nullptr;
        const auto index = static_cast<std::size_t>(id.partition.get());
        if (topic == nullptr || index >= topic->partitions.size()) {
            // Not shown yet, or added to a topic that is: a little later.
            without_room_.emplace(id, directory);
            continue;
        }
        const auto& partition = topic->partitions[index];
        found->second.state = partition_state::opening;
        reopening_.insert(id);
        effects::open_partition again{id,
                                      topic->name,
                                      directory,
                                      leadership_in(partition),
                                      topic->configs,
                                      not_made_.contains(id),
                                      found->second.checkpointed};
        again.was_closed_here = found->second.was_closed_here;
        again.was_compacted = published_->may_have_been_compacted(*topic);
        found->second.configured_at = published_->applied;
        found->second.led = again.led;
        out.emplace_back(std::move(again));
    }
    if (!without_room_.empty())
        reopen_later(out);
}

/// Those that are being opened or moved hear of it when they are open.
void partition_set::configure_open(const metadata_image& image, effects::effects& out) {
    const topic_metadata* topic = nullptr;
    for (auto& [id, partition] : partitions_) {
        // In the order of topics.
        if (topic == nullptr || topic->id != id.topic)
            topic = image.find_topic(id.topic);
        const auto index = static_cast<std::size_t>(id.partition.get());
        if (topic == nullptr || partition.state != partition_state::open || index >= topic->partitions.size())
            continue;
        const auto led = leadership_in(topic->partitions[index]);
        // An image from before its opening is shown again while a newer one is carried out.
        const bool led_anew = led != partition.led && image.applied > partition.configured_at;
        if (partition.configured_at >= image.configured_at(*topic) && !led_anew)
            continue;
        BARNABAS_MARK(partition_configured);
        partition.configured_at = image.applied;
        partition.led = led;
        if (options_.planted.config_not_followed)
            continue;
        out.emplace_back(effects::configure_partition{
            id, topic->configs, image.may_have_been_compacted(*topic), moves_.contains(id), led});
    }
}

void partition_set::after_reopening(const topic_partition& id, effects::effects& out) {
    if (partitions_.at(id).state != partition_state::open)
        return;
    BARNABAS_MARK(partition_reopened);
    not_made_.erase(id);
    reopened_.insert(id);
    // An image that is being carried out records and shows it with the rest.
    if (step_ == step::none)
        begin_recording(out);
}

void partition_set::on_partition_offline(const topic_partition& id, effects::effects& out) {
    const auto found = partitions_.find(id);
    const auto move = moves_.find(id);
    if (move != moves_.end())
        move->second.close_failed = true;
    // One of a failed directory has lost its route already.
    if (found == partitions_.end() || found->second.state != partition_state::open)
        return;
    BARNABAS_MARK(partition_went_offline);
    found->second.state = partition_state::offline;
    failed_known_.reset();
    unflushed_.insert(found->second.data_directory);
    // Its log does not close in good order any more; the next start goes on with the move.
    if (BARNABAS_MARK_IF(move != moves_.end(), offline_while_moved))
        out.emplace_back(effects::move_effect{effects::cancel_move{id, true}});
    if (published_ != nullptr && !closing_)
        publish(published_, out);
}

} // namespace barnabas
