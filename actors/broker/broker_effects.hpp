#pragma once

#include "actors/broker/data_directories.hpp"
#include "actors/broker/moving/move_effects.hpp"
#include "actors/controller/metadata_image.hpp"
#include "actors/partition/leadership_messages.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"
#include "runtime/disk/work_meter.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

/// What the machines of the broker role want done, as data. The shell carries effects out in the order
/// emitted.
namespace barnabas::broker_effects {

/// Answered by `on_directories_opened`.
struct open_directories {};
struct start_controller {
    std::string cluster_id;
};
/// One owner of checkpoint files for each data directory; they end when the directories are closed.
struct start_checkpoints {};
/// Nothing reaches it any more; heard of by `on_directory_failed`.
struct shut_directory {
    std::string path;
    error why;
};
/// Answered by `on_directories_set_aside`: each pair is a path and its new path.
struct set_aside_directories {
    std::vector<std::pair<std::string, std::string>> renames;
    /// Removed if nothing at all is in them.
    std::vector<std::string> if_empty{};
};
/// Directories that were set aside and belong to these topics, which were deleted, go for good; nothing waits
/// for that.
struct remove_strays {
    std::shared_ptr<const std::set<topic_id>> topics;
};
/// Answered by `on_partition_opened`.
struct open_partition {
    topic_partition id;
    std::string topic;
    /// The data directory (an entry of `log.dirs`) that holds, or will hold, the partition's directory.
    std::string data_directory;
    leadership led;
    std::map<std::string, std::string> configs;
    /// There is no directory yet.
    bool create = false;
    /// What the checkpoints of the data directory say of it.
    checkpointed_offsets checkpointed{};
    /// What the log was when it was closed in good order; empty when it must be looked at.
    slice closed{};
    /// By this process: what the commit journal held at start is not of this log.
    bool was_closed_here = false;
    /// Compaction was allowed at some time.
    bool was_compacted = false;
    /// What recovery has to check, and where that is counted.
    runtime::expected_work progress{};
};
/// Clients have altered these configs of all brokers, and of this one.
struct configure_broker {
    std::map<std::string, std::string> for_all;
    std::map<std::string, std::string> here;
};
/// An open partition goes by these configs of its topic from now on, and by those of the broker, and is led
/// so.
struct configure_partition {
    topic_partition id;
    std::map<std::string, std::string> configs;
    /// Compaction was allowed at some time.
    bool was_compacted = false;
    /// It goes to another directory, and no pass of compaction may begin.
    bool moves = false;
    leadership led;
};
/// Answered by `on_partition_closed`.
struct close_partition {
    topic_partition id;
    bool remove_files = false;
};
/// The files of a partition that could not be opened; answered by `on_partition_closed`.
struct remove_partition_files {
    topic_partition id;
    std::string directory;
};
/// A partition could not be opened and may be one day, or a large log is being checked: `on_reopen_due` a
/// while later.
struct reopen_later {};
/// Its data directory failed: it refuses everything from now on.
struct lose_directory {
    topic_partition id;
    std::string detail;
};
/// Answered by `on_created_recorded`: see data_directories.hpp.
struct record_created {
    log_offset upto;
};
/// Connections see this image and these partitions from now on.
struct publish_view {
    metadata_image_ptr image;
    std::vector<topic_partition> routes;
    /// Replicas here that have no route though the metadata may name them; sorted.
    std::vector<topic_partition> offline;
};
/// Tells the controller that everything up to here is carried out.
struct confirm_applied {
    log_offset applied;
};
/// Answered by `on_listener_bound` and `on_listener_failed`.
struct bind_listeners {};
/// Stops accepting and ends all connections; answered by `on_listeners_closed`.
struct close_listeners {};
/// Answered by `on_controller_closed`.
struct close_controller {};
/// Answered by `on_directories_closed`.
struct close_directories {
    bool clean = false;
};
/// Answered by `on_timer` with the same token.
struct arm_timer {
    std::uint64_t token = 0;
    std::chrono::milliseconds delay{0};
};
/// The broker serves clients.
struct report_started {};
/// The broker has ended because of this; nothing follows.
struct report_failed {
    error why;
};
/// The broker has ended as asked; nothing follows.
struct report_stopped {
    /// Data directories of which that is not known: offline, or not everything in them was closed.
    std::set<std::string> not_closed;
};

enum class note_level { info, warn, error };
/// Something for the log.
struct note {
    note_level level = note_level::info;
    /// Stable name, as metrics and tests know it.
    const char* event = "";
    std::string message;
};

using effect =
    std::variant<open_directories, start_controller, start_checkpoints, set_aside_directories, remove_strays,
                 open_partition, close_partition, remove_partition_files, reopen_later, lose_directory,
                 record_created, publish_view, confirm_applied, bind_listeners, close_listeners,
                 close_controller, close_directories, arm_timer, report_started, report_failed,
                 report_stopped, note, move_effect, shut_directory, configure_broker, configure_partition>;
using effects = std::vector<effect>;

} // namespace barnabas::broker_effects
