#pragma once

#include "actors/partition/journal_link.hpp"
#include "actors/partition/leadership_messages.hpp"
#include "protocol/model/checkpointed_offsets.hpp"
#include "protocol/model/ids.hpp"
#include "protocol/model/planted_bugs.hpp"
#include "runtime/config/topic_config.hpp"
#include "runtime/disk/work_meter.hpp"
#include "runtime/node/node_services.hpp"

#include <caf/actor.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace barnabas {

class partition_taps;
namespace runtime {
class directory_gate;
}

struct partition_options {
    /// The partition's own directory, `<data directory>/<topic>-<partition>`.
    std::string directory;
    /// Of the data directory; all jobs go through it.
    std::shared_ptr<runtime::directory_gate> gate;
    std::string topic_name;
    topic_partition id;
    topic_config config;
    /// Compaction was allowed at some time.
    bool was_compacted = false;
    std::int64_t producer_id_expiration_ms = 86'400'000;
    std::int64_t recovery_point_interval_bytes = 16 << 20;
    leadership led;
    /// There is no directory yet.
    bool create = false;
    journal_use journal;
    /// What the checkpoints of the data directory say of it, and their owner.
    checkpointed_offsets checkpointed;
    /// What the log was when it was closed in good order; empty when it must be looked at.
    slice closed;
    /// What recovery has to check, and where that is counted.
    runtime::expected_work progress{};
    caf::actor checkpoints;
    planted_bugs planted;
    /// Null outside of simulations.
    partition_taps* taps = nullptr;
};

/// One partition stored here, with its log: machines `partition` (leader's side) and `replica::replica_log`
/// in one actor, since each event of one is an event of the other. Takes append_request, read_request,
/// forget_reader, offset_query, epoch_query, delete_records_request, check_retention, directory_lost,
/// close_partition. Tells `broker` partition_opened once, partition_offline at most once and partition_closed
/// last, and the owner of the checkpoints how its offsets move.
caf::actor spawn_partition(runtime::node_services& node, loop_index home, partition_options options,
                           caf::actor broker);

} // namespace barnabas
