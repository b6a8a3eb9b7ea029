#include "actors/broker/partition_set.hpp"
#include "actors/broker/small_files.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <utility>

/// Data directories that hang: what was asked of them has failed for everybody who waits, though it may be
/// done one day.
namespace barnabas {

namespace effects = broker_effects;

void partition_set::give_up(const std::string& directory) {
    given_up_.insert(directory);
    unflushed_.insert(directory);
    // The next ones would only wait behind the first.
    recoveries_.forget(directory);
    makings_.forget(directory);
}

void partition_set::settle_given_up(effects::effects& out) {
    for (const auto& directory : given_up_)
        removals_.give_all(directory, out);
    while (!given_up_.empty() && settle_one_given_up(out)) {
    }
}

/// One at a time, since each may change all that there is.
bool partition_set::settle_one_given_up(effects::effects& out) {
    for (const auto& [id, move] : moves_) {
        const auto at = partitions_.find(id);
        const bool waits = given_up_.contains(move.target) ||
                           (at != partitions_.end() && given_up_.contains(at->second.data_directory));
        if (!waits || reopening_.contains(id))
            continue;
        settle_move(topic_partition(id), out);
        return true;
    }
    for (const auto& [key, partition] : partitions_) {
        if (!given_up_.contains(partition.data_directory))
            continue;
        const auto id = key;
        const auto why = "the data directory " + partition.data_directory + " hangs";
        if (BARNABAS_MARK_IF(partition.state == partition_state::opening, opening_given_up)) {
            partition_opened opened;
            opened.partition = id;
            opened.code = errc::storage_error;
            opened.detail = why;
            on_partition_opened(opened, out);
            opening_left_.insert(id);
            return true;
        }
        if (BARNABAS_MARK_IF(partition.state == partition_state::closing, closing_given_up)) {
            partition_closed closed;
            closed.partition = id;
            closed.code = errc::storage_error;
            closed.detail = why;
            on_partition_closed(closed, out);
            return true;
        }
    }
    return false;
}

/// Where the log lies in the end is not known: unless the move had only begun, it is out of service until the
/// next start looks. The target has nothing unflushed of it: a copy is on stable storage before it gets the
/// log's name, and made anew if it has not got it.
void partition_set::settle_move(const topic_partition& id, effects::effects& out) {
    BARNABAS_MARK(move_given_up);
    moves_.erase(id);
    moves_left_.insert(id);
    const auto at = partitions_.find(id);
    if (at == partitions_.end())
        return;
    auto& partition = at->second;
    if (partition.state == partition_state::open)
        return after_move(id, "", out);
    if (partition.state != partition_state::moving)
        return;
    if (!partition.handed_over)
        unflushed_.insert(partition.data_directory);
    out.emplace_back(effects::move_effect{effects::pass_on{id, false}});
    failed_known_.reset();
    if (closing_) {
        partitions_.erase(at);
        return;
    }
    partition.state = partition_state::failed;
    publish(published_, out);
}

/// Its log is open, and nobody wants it any more.
void partition_set::on_opened_late(const partition_opened& opened, effects::effects& out) {
    if (opened.code == errc::ok)
        out.emplace_back(effects::close_partition{opened.partition, false});
}

void partition_set::on_handed_over_late(const partition_handed_over& closed, effects::effects& out) {
    const auto found = partitions_.find(closed.partition);
    if (found == partitions_.end() || found->second.state != partition_state::closing)
        return;
    out.emplace_back(effects::remove_partition_files{
        closed.partition,
        join_path(found->second.data_directory,
                  partition_directory_name(found->second.topic, closed.partition.partition))});
}

bool partition_set::leave_unclosed() {
    for (const auto& [id, partition] : partitions_)
        unflushed_.insert(partition.data_directory);
    return step_ != step::setting_aside && step_ != step::recording;
}

} // namespace barnabas
