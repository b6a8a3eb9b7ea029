#pragma once

#include "actors/partition/partition.hpp"
#include "actors/partition/partition_actor.hpp"
#include "actors/partition/partition_messages.hpp"
#include "actors/partition/room_for_reads_actor.hpp"
#include "actors/replica/jobs.hpp"

namespace barnabas {

/// What the log of a partition is told at its opening; takes out of `options` what is large.
replica::open_job open_job_of(partition_options& options);

/// The topic's configuration has changed.
void configure(partition& machine, room_for_reads& reads, const configure_partition& wanted);

/// For people: what opening it found.
void report_opening(logger& log, const std::string& partition, const replica::recovery_report& report);

} // namespace barnabas
