#include "actors/broker/partition_set.hpp"
#include "actors/broker/small_files.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"

#include <utility>

/// Directories of other topics that have the name of a new partition.
namespace barnabas {

namespace effects = broker_effects;

/// What a crash, or a directory that was offline, left of deleted topics, and what does not say whose it is.
/// Here it only changes its name, so that the start need not wait for the removal. A directory that has the
/// name of a partition which is missing is none of these: it was dealt with before.
void partition_set::set_aside_removed(effects::set_aside_directories& aside, effects::effects& out) {
    if (current_ != nullptr || options_.planted.removed_directories_stay)
        return;
    const auto removed = places_.take_removed();
    for (const auto& [directory, stored, clean] : removed) {
        BARNABAS_MARK(interrupted_deletion_resumed);
        const auto& name = stored.directory_name;
        aside.renames.emplace_back(join_path(directory, name),
                                   join_path(directory, stray_directory_name(name, to_string(*stored.id))));
    }
    for (const auto& [name, place] : places_.stored())
        if (place.partition.is_fragment && !places_.is_offline(place.directory))
            aside.if_empty.push_back(join_path(place.directory, name));
    if (!removed.empty())
        out.emplace_back(effects::note{
            effects::note_level::info, "partition_deletions_resumed",
            std::to_string(removed.size()) + " directories of topics that were deleted are still there, as " +
                aside.renames.back().first +
                ": the deletion was interrupted. They are removed beside the start"});
}

void partition_set::on_directories_set_aside(const result<void>& outcome, effects::effects& out) {
    BARNABAS_ASSERT(step_ == step::setting_aside);
    if (BARNABAS_MARK_IF(blocked_.retrying(), set_aside_tried_again))
        return on_set_aside_again(outcome, out);
    // A partition whose place is still taken fails to open by itself, and waits for the next try.
    if (outcome)
        blocked_.succeeded();
    else {
        places_.put_back_removed();
        out.emplace_back(effects::note{
            effects::note_level::error, "partition_directory_not_set_aside",
            to_string(outcome.failure()) +
                "; it is tried again as long as a new partition needs the name, and at the next start"});
    }
    if (!closing_)
        begin_opening(out);
    else
        step_ = step::none;
}

/// One thing at a time: not while an image is carried out.
void partition_set::set_aside_again(effects::effects& out) {
    if (closing_ || blocked_.empty())
        return;
    if (step_ == step::none)
        if (auto order = blocked_.due(); !order.empty()) {
            step_ = step::setting_aside;
            out.emplace_back(effects::set_aside_directories{std::move(order)});
            return;
        }
    reopen_later(out);
}

void partition_set::on_set_aside_again(const result<void>& outcome, effects::effects& out) {
    step_ = step::none;
    const auto free = blocked_.tried(outcome.has_value());
    if (closing_)
        return;
    for (const auto& id : free)
        without_room_.emplace(id, partitions_.at(id).data_directory);
    reopen_later(out);
    // What was opened meanwhile is not shown yet.
    if (!reopened_.empty())
        begin_recording(out);
    else
        next_image(out);
}

/// Whether that is why it did not open.
bool partition_set::is_blocked(const partition_opened& opened, const local_partition& partition) {
    const auto name = partition_directory_name(partition.topic, opened.partition.partition);
    return opened.code == errc::inconsistent_topic_id && partition.is_new && !closing_ &&
           blocked_.take(opened.partition, join_path(partition.data_directory, name));
}

} // namespace barnabas
