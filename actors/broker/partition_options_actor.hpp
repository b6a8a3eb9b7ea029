#pragma once

#include "actors/broker/broker_effects.hpp"
#include "actors/broker/checkpoint_owners_actor.hpp"
#include "actors/broker/commit_journals.hpp"
#include "actors/broker/directory_jobs.hpp"
#include "actors/partition/partition_actor.hpp"
#include "runtime/config/broker_config.hpp"

namespace barnabas {

/// What a broker has for all its partitions.
struct partition_furniture {
    const broker_config& config;
    const gates_by_path& gates;
    commit_journals& journals;
    const checkpoint_owners& checkpoints;
};

/// The same in every run and on every node, so that a partition and its files stay on one loop.
loop_index home_of(const topic_partition& id, std::uint32_t loops);

/// What the partition that is to be opened is told.
partition_options partition_options_of(const broker_effects::open_partition& effect,
                                       const partition_furniture& with);

} // namespace barnabas
