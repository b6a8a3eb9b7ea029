#pragma once

#include "actors/broker/checkpoint_file.hpp"
#include "actors/broker/clean_stop.hpp"
#include "actors/journal/journal_jobs.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"
#include "protocol/model/planted_bugs.hpp"
#include "runtime/disk/disk.hpp"
#include "runtime/random/random.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
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
    /// `cordoned.log.dirs`: no new partitions are put there.
    std::vector<std::string> cordoned;
    /// Whose they become if none of them is anybody's yet; empty: of a cluster of their own.
    std::string cluster_id;
    /// Where fresh cluster and directory ids come from.
    std::uint64_t seed = 0;
    planted_bugs planted{};
};

/// Whose a data directory is; every one that is used has it.
inline constexpr const char* identity_file = "meta.properties";
/// Whoever uses the directory holds its lock; Kafka does, too.
inline constexpr const char* lock_file = ".lock";
/// Beside the metadata log's directory; text: `0`, the offset. Kafka has no such file.
inline constexpr const char* created_file = "created-partitions-offset";

/// What that file says.
struct directory_identity {
    std::string cluster_id;
    node_id node;
    std::optional<uuid> directory;
};
/// An id that nobody has, for a directory or a topic.
uuid draw_uuid(runtime::random& ids);
/// Job: makes the directory, which is there, that node's. `value.directory` is given.
result<void> write_identity(runtime::file_system& files, const std::string& path,
                            const directory_identity& value);
/// Job: nothing in the directory can belong to somebody else, or it is not there. Code: mismatched_directory.
result<void> check_unused(runtime::file_system& files, const std::string& path);

/// A partition's directory as it was found at start.
struct stored_partition {
    std::string directory_name;
    std::string topic;
    partition_index index;
    /// From `partition.metadata`; absent where that file is damaged, or missing.
    std::optional<topic_id> id;
    /// There is no `partition.metadata`: its creation or its removal was cut short.
    bool is_fragment = false;
    /// Size of the segments from the recovery point on, which is the most that recovery has to check; only
    /// known where the last broker did not stop in good order.
    std::uint64_t bytes_to_check = 0;
    /// What the checkpoints of the data directory say of it.
    checkpointed_offsets checkpointed{};
    /// What the log was when it was closed in good order; empty when that is not known for certain.
    slice closed{};
};

/// A directory that a move left, `-future` or `-delete`.
struct stored_move {
    /// Of the partition.
    std::string directory_name;
    std::string unique_id;
    /// Of `futures`.
    std::optional<topic_id> id{};
};

struct data_directory {
    std::string path;
    uuid id;
    runtime::file_id lock;
    /// It was empty and got its `meta.properties` now.
    bool formatted = false;
    /// The last broker stopped in good order. Logs that it told of are not looked at; recovery of the others
    /// has rules of its own.
    bool was_stopped_cleanly = false;
    /// False for a `metadata.log.dir` that is not among `log.dirs`.
    bool holds_partitions = true;
    bool cordoned = false;
    /// Why nothing in it is read or written by this process, from the start or from a failure on.
    std::optional<error> offline;
    /// Something in it was not closed in good order by this process: it gets no marker of a clean stop.
    bool unflushed = false;
    /// What its logs were when this process closed them.
    closed_logs closed;
    std::vector<stored_partition> partitions;
    /// Of moves to here that were not completed; nothing in them is believed.
    std::vector<stored_move> futures{};
    /// Of moves from here whose copy is not to be seen: each may be all that is left of its log.
    std::vector<stored_move> discarded{};
    /// What the commit journal held; null where no partitions are.
    std::shared_ptr<journal::found_journal> journal;
    /// Of the partitions that are there; without lines of others.
    found_checkpoints checkpoints;
};

/// How much is free in a data directory, from a look at the disk.
struct directory_room {
    std::string path;
    std::uint64_t free_bytes = 0;
    std::uint64_t reserve_bytes = 0;
    bool is_short = false;
};

/// A call on a data directory that does not return, or has returned after all.
struct directory_wait {
    enum class kind {
        hangs,    ///< long enough to be told
        too_long, ///< nobody waits any longer
        answers,  ///< nothing is waited for any more
    };
    std::string path;
    kind how = kind::hangs;
    std::string what;
    std::chrono::milliseconds age{0};
};

struct opened_directories {
    std::string cluster_id;
    std::vector<data_directory> directories;
    /// What `metadata.log.dir` names, else the first directory. Without it there is no broker.
    std::string metadata_directory;
    /// Partitions whose first record lies below this offset of the metadata log were once made on this
    /// broker (see `record_created`); absent where no broker has said so.
    std::optional<log_offset> created_upto;
};

/// Job: takes the broker's directories into use. Makes and formats what is empty, locks all, checks that all
/// belong to this node and to one cluster, lists the partitions, removes the marker of a clean stop. A
/// directory that the system does not let us use is offline, as long as it is not the metadata log's and
/// another one can be used. Every failure is one sentence with what to do. Codes: mismatched_directory
/// (foreign files, another node or cluster), locked, invalid_config (named twice), and of the metadata log's
/// or the last directory: no_usable_directory.
result<opened_directories> open_data_directories(runtime::file_system& files,
                                                 const data_directory_options& options);

/// Job: if `clean`, removes the commit journals and leaves the marker of a clean stop; releases the locks.
result<void> close_data_directories(runtime::file_system& files, const opened_directories& opened,
                                    bool clean);

/// Job: remembers durably, beside the metadata log, that all partitions made by records below `upto` have
/// their directories. What is missing from then on was lost and is never made anew, empty.
result<void> record_created(runtime::file_system& files, const std::string& metadata_directory,
                            log_offset upto);

/// Job: the directories of partitions in a data directory, in the order of their names. `measured`: with
/// `bytes_to_check`. Those among `closed` are not looked at. `fragments` gets the names of those that were
/// set aside and belong to nobody.
result<std::vector<stored_partition>> list_partitions(runtime::file_system& files, const std::string& path,
                                                      bool measured, const closed_logs& closed,
                                                      std::vector<std::string>* fragments = nullptr);

/// Told of a directory that cannot be read, it takes that one out of use, or says why there is no start
/// without it.
using directory_refusal = std::function<result<void>(data_directory&, const error&)>;

/// Job: where the same partition lies in two directories, since its making was begun in one and ended in the
/// other, the empty ones become fragments. Code: mismatched_directory when two have records.
result<void> settle_twins(runtime::file_system& files, std::vector<data_directory>& directories,
                          const directory_refusal& refuse);

/// "orders-3" is partition 3 of "orders"; absent for other names (Kafka's "-delete", "-stray" and "-future"
/// too).
std::optional<stored_partition> parse_partition_directory(const std::string& name);

/// Where a topic's partition lives inside a data directory.
std::string partition_directory_name(const std::string& topic, partition_index index);

/// What a directory of that name is called when it is set aside: Kafka's form, where the topic is cut short
/// when the whole would be longer than a name may be. `whose` tells directories of one name apart.
std::string stray_directory_name(const std::string& directory_name, const std::string& whose);
/// Another one, where that one is taken.
std::string next_stray_directory_name(const std::string& stray_name);

} // namespace barnabas
