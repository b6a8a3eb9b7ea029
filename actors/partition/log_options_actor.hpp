#pragma once

#include "actors/partition/leadership_messages.hpp"
#include "actors/partition/partition.hpp"
#include "actors/partition/partition_actor.hpp"
#include "actors/partition/partition_messages.hpp"
#include "actors/partition/room_for_reads_actor.hpp"
#include "actors/replica/jobs.hpp"
#include "runtime/disk/directory_gate.hpp"

#include <string>
#include <type_traits>

namespace barnabas {

/// What the log of a partition is told at its opening; takes out of `options` what is large.
replica::open_job open_job_of(partition_options& options);

/// The topic's configuration has changed, or who leads.
void configure(partition& machine, room_for_reads& reads, const configure_partition& wanted,
               const std::string& topic);

/// For people: what opening it found.
void report_opening(logger& log, const std::string& partition, const replica::recovery_report& report);

/// Whether the data directory has room for records of the topic; an error tells the client to try again.
/// Those of coordinators may use a part of what is kept back.
result<void> check_room(const runtime::directory_gate& gate, const std::string& topic,
                        const planted_bugs& planted);

/// What a deletion waits for may have the last room, and so may an opening, without which nothing can be read
/// or deleted; what comes by itself or brings more bytes may not.
template <class Job>
constexpr runtime::kept_room room_of() {
    constexpr bool deletes = std::is_same_v<Job, replica::close_job> ||
                             std::is_same_v<Job, replica::retire_job> ||
                             std::is_same_v<Job, replica::open_job>;
    return deletes ? runtime::kept_room::may_be_used : runtime::kept_room::for_others;
}

} // namespace barnabas
