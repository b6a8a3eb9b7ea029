#pragma once

#include "protocol/batch/record_batch.hpp"
#include "protocol/model/error.hpp"
#include "runtime/disk/disk.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace barnabas::replica {

/// Reads a segment's batches one after another through a window that is used again as soon as nobody holds
/// slices of it. Checks the CRC of each batch: what is damaged must not get a sound CRC by being rewritten.
/// No CRC covers offset and epoch of a batch, and what compaction does by them cannot be taken back: where
/// they do not simply go on, the window is read until two reads agree. Memory: a few windows, or the largest
/// batch that there really is.
class batch_stream {
public:
    struct source {
        runtime::file_id log;
        std::uint64_t size = 0;
        std::string name; ///< for messages
        log_offset base_offset{0};
        /// A batch that says it is longer (and longer than the window) is believed only when its CRC was
        /// found right piece by piece: no CRC covers the length, and what it asks for is memory.
        std::uint64_t unproven_max = 1 << 20;
    };

    batch_stream(source from, std::size_t window_bytes)
        : source_(std::move(from)), window_bytes_(window_bytes), next_offset_(source_.base_offset) {}

    /// None at the end. corrupt_message where no sound batch begins.
    result<std::optional<batch::batch_view>> next(runtime::file_system& files);
    /// Bytes of the batches handed out so far.
    std::uint64_t position() const { return position_; }
    /// `first` and what lies behind it as one slice, if they lie side by side in the present window.
    std::optional<slice> joined(const slice& first, const slice& second) const;

private:
    result<batch::batch_view> look(runtime::file_system& files);
    result<void> prove_length(runtime::file_system& files, const batch::batch_header& header) const;
    error corrupt(const std::string& why) const;
    bool is_strange(const batch::batch_header& header) const;
    result<void> make_steady(runtime::file_system& files);
    result<void> fill(runtime::file_system& files, std::size_t count);
    std::span<const std::byte> unread() const;
    std::shared_ptr<chunk> free_memory(std::size_t bytes);

    source source_;
    std::size_t window_bytes_;
    std::uint64_t position_ = 0;
    std::shared_ptr<chunk> memory_;
    std::vector<std::shared_ptr<chunk>> kept_;
    std::uint64_t window_at_ = 0;
    std::size_t window_size_ = 0;
    /// Two reads of the window agreed.
    bool steady_ = false;
    log_offset next_offset_;
    leader_epoch epoch_{-1};
};

} // namespace barnabas::replica
