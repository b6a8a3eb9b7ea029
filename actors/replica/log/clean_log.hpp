#pragma once

#include "actors/replica/jobs.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/slice.hpp"

#include <optional>
#include <span>

/// What a log was when it was closed in good order (docs/log-format.md, "Logs that were closed"): a start
/// that is told needs no look at its files.
namespace barnabas::replica {

/// Larger ones are not kept: such a log is opened the ordinary way.
inline constexpr std::size_t clean_log_bytes_max = 1 << 20;

/// Of `log`: segments, offsets, producers and epochs. Nothing when that is too much to keep.
std::optional<slice> encode_clean_log(const recovered_log& log, const topic_id& topic);

/// The log as it was closed; its active files are opened with their first use. An error (malformed,
/// inconsistent_topic_id) means that it is to be opened the ordinary way.
result<recovered_log> restore_clean_log(runtime::file_system& files, const log_options& options,
                                        std::span<const std::byte> closed);

} // namespace barnabas::replica
