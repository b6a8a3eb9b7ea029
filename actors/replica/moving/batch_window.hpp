#pragma once

#include "protocol/batch/record_batch.hpp"
#include "protocol/model/error.hpp"
#include "runtime/disk/disk.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace barnabas::replica {

/// Where a window of batches is to be read, and what must be in it.
struct window_place {
    runtime::file_id log;
    std::string name; ///< for messages
    std::uint64_t position = 0;
    /// Bytes of the file.
    std::uint64_t size = 0;
    /// No batch begins below; those that do not end below `upto` are left out.
    log_offset from;
    log_offset upto;
    /// Of the next segment: all batches end below.
    std::optional<log_offset> next_base{};
    std::size_t bytes_max = 0;
};

/// Whole batches that follow one another.
struct batch_window {
    slice bytes;
    std::vector<batch::batch_header> headers;
};

/// Reads whole batches, one at least if there is one below `upto`, however large it is. What a copy takes
/// over is believed from then on, so everything is read twice and must come the same, and each CRC must be
/// right: what a disk gave wrongly once does not get into the copy, not even where no CRC covers it. More
/// than `bytes_max` are taken only for a batch that is as large as it says. Empty at the end, and before a
/// batch that is not (wholly) below `upto`. Code: corrupt_message.
result<batch_window> read_window(runtime::file_system& files, const window_place& place);

} // namespace barnabas::replica
