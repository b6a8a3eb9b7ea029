#pragma once

#include "protocol/model/checkpointed_offsets.hpp"
#include "protocol/model/error.hpp"
#include "runtime/disk/disk.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// The checkpoint files of a data directory (docs/log-format.md): Kafka's text, version 0, the count, then
/// `topic partition offset` per line.
namespace barnabas {

enum class checkpoint_kind : std::uint8_t { recovery_point, log_start, high_watermark, cleaned_upto };
inline constexpr std::array<checkpoint_kind, 4> all_checkpoints{
    checkpoint_kind::recovery_point, checkpoint_kind::log_start, checkpoint_kind::high_watermark,
    checkpoint_kind::cleaned_upto};

using offsets_by_partition = std::map<partition_name, checkpointed_offsets>;

/// Kafka's name of the file.
std::string_view file_name_of(checkpoint_kind kind);
/// The field that the file keeps.
log_offset& value_of(checkpointed_offsets& offsets, checkpoint_kind kind);
log_offset value_of(const checkpointed_offsets& offsets, checkpoint_kind kind);

std::string encode_checkpoint(const offsets_by_partition& offsets, checkpoint_kind kind);
/// malformed: not in this format, or a count that does not fit.
result<std::map<partition_name, log_offset>> decode_checkpoint(std::string_view text);

/// Second copies, which are read when the files are damaged: the same text and a line with its CRC32C.
/// Without log starts records deleted by DeleteRecords would come back. Below a recovery point that the copy
/// says, too, nothing counts as an unfinished write.
inline constexpr std::string_view log_start_copy_name = "log-start-offset-checkpoint.barnabas";
inline constexpr std::string_view recovery_point_copy_name = "recovery-point-offset-checkpoint.barnabas";
/// Empty: this one has no copy.
std::string_view copy_name_of(checkpoint_kind kind);
std::string encode_checkpoint_copy(std::string_view text);
/// The text that it is a copy of.
result<std::string> decode_checkpoint_copy(std::string_view copy);

struct found_checkpoints {
    offsets_by_partition offsets;
    /// Names that have lines and no partition in this directory; the lines count for nothing.
    std::vector<partition_name> without_partition;
    /// Absent or damaged, so that they are to be written.
    std::set<checkpoint_kind> to_write;
    /// Sentences for people: what is damaged, and what follows.
    std::vector<std::string> damage;
    /// The same of lines that a crash leaves and that count for nothing.
    std::vector<std::string> ignored{};
};

/// Job: reads all checkpoints of the directory. Damaged ones count for nothing, unless a copy takes their
/// place; one that cannot be read is an error, since it may hold a promise.
result<found_checkpoints> read_checkpoints(runtime::file_system& files, const std::string& directory);

/// Job: replaces files, each through a temporary one, so that a crash leaves the old or the new.
struct checkpoint_job {
    std::string directory;
    std::vector<std::pair<checkpoint_kind, std::string>> texts;
    /// Of tests only.
    bool planted_no_sync = false;
    result<void> outcome = error{errc::internal, "the job has not run"};

    void run(runtime::file_system& files);
};

} // namespace barnabas
