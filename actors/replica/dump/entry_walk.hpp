#pragma once

#include "actors/replica/dump/log_file.hpp"
#include "protocol/batch/message_set.hpp"
#include "protocol/batch/record_batch.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

namespace barnabas::replica::dump {

/// A batch of magic 2, or a message of magic 0 or 1, where it stands in its file.
struct log_entry {
    std::variant<batch::message_header, batch::batch_header> header;
    std::uint64_t position = 0;

    const batch::batch_header* as_batch() const { return std::get_if<batch::batch_header>(&header); }
    const batch::message_header* as_message() const { return std::get_if<batch::message_header>(&header); }
    std::int8_t magic() const;
    std::size_t size() const;
    std::uint32_t crc() const;
    log_offset last_offset() const;
    timestamp_ms max_timestamp() const;
    /// "CreateTime", "LogAppendTime" or "NoTimestampType".
    std::string_view time_type_name() const;
    std::uint8_t codec_bits() const;
};

/// Goes from entry to entry through a log of any magic by what their headers say.
class entry_walk {
public:
    /// Entries that end at or before `end`, which is inside the file.
    entry_walk(log_file& log, std::uint64_t from, std::uint64_t end) : log_(log), next_(from), end_(end) {}

    /// None where no further entry ends before the end; corrupt_message where none can begin.
    result<std::optional<log_entry>> next();
    /// Behind the last entry.
    std::uint64_t position() const { return next_; }

private:
    log_file& log_;
    std::uint64_t next_;
    std::uint64_t end_;
};

/// Whether the CRC is that of the bytes. Reads the entry piece by piece.
result<bool> is_valid(log_file& log, const log_entry& entry);

} // namespace barnabas::replica::dump
