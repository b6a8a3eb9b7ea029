#pragma once

#include "protocol/batch/record_batch.hpp"
#include "protocol/model/error.hpp"
#include "runtime/disk/disk.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace barnabas::replica {

struct located_batch {
    batch::batch_header header;
    file_position position;
};

/// Goes from batch header to batch header through a log file, reading a small window at a time.
class batch_walk {
public:
    batch_walk(runtime::file_system& files, runtime::file_id log, file_position from, std::uint64_t log_size)
        : files_(files), log_(log), next_(from.get()), log_size_(log_size) {}

    /// None at the end. corrupt_message or unsupported_for_message_format where no whole batch begins.
    result<std::optional<located_batch>> next();
    /// As `next`; what comes differently the second time, or wrong, is read again.
    result<std::optional<located_batch>> next_confirmed();
    /// The whole next batch, when its CRC is right; what comes wrong from the disk is read again.
    result<std::optional<batch::batch_view>> next_whole();

private:
    result<std::span<const std::byte>> header_bytes();
    result<std::optional<batch::batch_view>> look_at_next();

    runtime::file_system& files_;
    runtime::file_id log_;
    std::uint64_t next_;
    std::uint64_t log_size_;
    std::vector<std::byte> window_;
    std::uint64_t window_at_ = 0;
};

/// Reads the header once more: no CRC covers the length, and one that came wrong would take as much memory as
/// the file has bytes. corrupt_message when it is not the same.
result<void> confirm_header(runtime::file_system& files, runtime::file_id log, const located_batch& located);

/// Whether the CRC of the batch is right, looked at piece by piece through `window`: for one that says it is
/// so long that memory for all of it is not to be had for the asking. corrupt_message when it is not.
result<void> check_crc_in_parts(runtime::file_system& files, runtime::file_id log,
                                const located_batch& located, std::span<std::byte> window);

/// The whole batch of which the walk showed the header.
result<batch::batch_view> read_batch(runtime::file_system& files, runtime::file_id log,
                                     const located_batch& located);

/// "corrupt_message" with file, position and reason.
error corrupt_batch(const std::string& where, file_position position, const std::string& why);

} // namespace barnabas::replica
