#pragma once

#include "protocol/batch/message_set.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/slice.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>

namespace barnabas::replica {

enum class entry_kind : std::uint8_t { unknown, message, batch };

/// A message of magic 0 or 1, or a batch: whole, and with a right CRC. Without that check a torn tail of
/// zeros would look like an old message, and an old message like a torn tail.
struct sound_entry {
    entry_kind kind = entry_kind::unknown;
    slice bytes;
};

/// Gives the next so many bytes of a log, or as many as there are.
using next_bytes = std::function<result<slice>(std::size_t count)>;

/// What comes next in a log that has `left` bytes more; unknown unless it is sound. No CRC covers the length,
/// so that more than a header is asked for only where that is one.
result<sound_entry> look_at_entry(std::uint64_t left, const next_bytes& next);

} // namespace barnabas::replica
