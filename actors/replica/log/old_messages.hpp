#pragma once

#include "actors/replica/log/segment.hpp"
#include "actors/replica/log/small_file.hpp"
#include "protocol/batch/convert_stored.hpp"
#include "runtime/disk/work_meter.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Segments that Kafka wrote before 0.11, or with an older message format: messages of magic 0 and 1 are made
/// batches before anything else looks at the log.
namespace barnabas::replica {

/// A converted `.log` has this suffix until it takes the old one's place; left-overs are removed at the next
/// start.
inline constexpr std::string_view converted_suffix = ".converted";

/// Whether a `.log` begins with a message of magic 0 or 1, as far as its header says.
result<bool> begins_with_old_message(runtime::file_system& files, const std::string& path);

struct converted_segment {
    std::uint64_t records = 0;
    /// No sound batch has a leader epoch.
    bool without_epochs = true;
};

/// Makes batches of the old messages of one segment; batches are copied as they are. The new file is written
/// and synced beside the old one, whose indexes are removed before it takes its place: a crash leaves either,
/// and indexes are made anew. Nothing is written where there is no old message. From the first bytes on that
/// are neither a sound message nor a sound batch all is copied: recovery judges it, not this.
class segment_conversion {
public:
    /// With `gives_up`, a message that cannot be made a batch counts as such bytes, too.
    segment_conversion(runtime::file_system& files, std::string directory, bool gives_up,
                       runtime::work_share& progress)
        : files_(files), directory_(std::move(directory)), gives_up_(gives_up), progress_(progress) {}

    /// The new file is on stable storage behind it, but for its name. Without records there was nothing to
    /// do. `name_end` follows the suffix in the name of a `.log` that is no segment yet, and has no indexes.
    /// unsupported_for_message_format: a message with a right CRC cannot be made a batch; nothing was
    /// changed.
    result<converted_segment> write(log_offset base, std::string_view name_end = {});
    /// Puts what `write` made of some records in the old file's place.
    result<void> replace();

private:
    result<void> convert();
    result<bool> convert_next();
    result<bool> take_message(const slice& bytes);
    result<void> put(std::vector<slice> parts);
    result<void> copy_upto(std::uint64_t end);
    result<void> flush();
    result<void> finish();
    result<slice> bytes_at(std::uint64_t position, std::uint64_t count);
    result<void> remove_indexes();
    std::string path() const { return segment_path(directory_, base_, log_suffix) + name_end_; }
    std::string converted_path() const { return path() + std::string(converted_suffix); }

    runtime::file_system& files_;
    const std::string directory_;
    const bool gives_up_;
    runtime::work_share& progress_;

    log_offset base_;
    std::string name_end_;
    runtime::file_id source_;
    std::uint64_t size_ = 0;
    std::uint64_t position_ = 0;
    slice window_;
    std::uint64_t window_at_ = 0;
    std::uint64_t read_to_ = 0;
    /// Made with the first old message.
    std::optional<scoped_file> target_;
    std::uint64_t written_ = 0;
    std::vector<slice> pending_;
    std::uint64_t pending_bytes_ = 0;
    batch::codec_workspace workspace_;
    batch::stored_conversion conversion_{&workspace_};
    converted_segment done_;
};

} // namespace barnabas::replica
