#pragma once

#include "actors/broker/checkpoint_file.hpp"
#include "actors/journal/journal_jobs.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"
#include "runtime/disk/disk.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace barnabas {

struct data_directory_options {
    /// `log.dirs`, where partitions live; at least one.
    std::vector<std::string> directories;
    /// `metadata.log.dir`: one of those, or one more.
    std::string metadata_directory;
    node_id node;
    /// Where fresh cluster and directory ids come from.
    std::uint64_t seed = 0;
};

/// A partition's directory as it was found at start.
struct stored_partition {
    std::string directory_name;
    std::string topic;
    partition_index index;
    /// From `partition.metadata`; absent where that file is damaged, or missing.
    std::optional<topic_id> id;
    /// There is no `partition.metadata`: its creation or its removal was cut short.
    bool is_fragment = false;
    /// What the checkpoints of the data directory say of it.
    checkpointed_offsets checkpointed{};
};

struct data_directory {
    std::string path;
    uuid id;
    runtime::file_id lock;
    /// It was empty and got its `meta.properties` now.
    bool formatted = false;
    /// The last broker stopped in good order. Only for people: recovery has rules of its own.
    bool was_stopped_cleanly = false;
    /// False for a `metadata.log.dir` that is not among `log.dirs`.
    bool holds_partitions = true;
    std::vector<stored_partition> partitions;
    /// What the commit journal held; null where no partitions are.
    std::shared_ptr<journal::found_journal> journal;
    /// Of the partitions that are there; without lines of others.
    found_checkpoints checkpoints;
};

struct opened_directories {
    std::string cluster_id;
    std::vector<data_directory> directories;
};

/// Job: takes the broker's directories into use, all or none. Makes and formats what is empty, locks all,
/// checks that all belong to this node and to one cluster, lists the partitions, removes the marker of a
/// clean stop. Every failure is one sentence with what to do. Codes: mismatched_directory (foreign files,
/// another node or cluster), locked, read_only, access_denied, disk_full, storage_error, invalid_config
/// (named twice).
result<opened_directories> open_data_directories(runtime::file_system& files,
                                                 const data_directory_options& options);

/// Job: if `clean`, removes the commit journals and leaves the marker of a clean stop; releases the locks.
result<void> close_data_directories(runtime::file_system& files, const opened_directories& opened,
                                    bool clean);

/// "orders-3" is partition 3 of "orders"; absent for other names (Kafka's "-delete", "-stray" and "-future"
/// too).
std::optional<stored_partition> parse_partition_directory(const std::string& name);

/// Where a topic's partition lives inside a data directory.
std::string partition_directory_name(const std::string& topic, partition_index index);

} // namespace barnabas
