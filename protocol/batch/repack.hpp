#pragma once

#include "protocol/batch/record_batch.hpp"

#include <optional>

namespace barnabas::batch {

class codec_workspace;

struct repack_options {
    codec compression = codec::none;
    /// Of that codec (check_level); the codec's normal one unless set.
    std::optional<int> level;
    /// Of the caller, if it keeps one.
    codec_workspace* workspace = nullptr;
};

/// The same batch with another codec: a topic's `compression.type` over what its producer chose. Header and
/// records stay as they are, but for codec, length and CRC. In memory of its own, so that it may be patched.
/// The batch has passed validate_batch. Memory: the records once unpacked, and once as a batch. Codes:
///   message_too_large  unpacks to more than conversion_bytes_max
///   corrupt_message    damaged packed bytes
///   invalid_config     the level (see check_level)
result<batch_view> repack(const batch_view& batch, const repack_options& options);

} // namespace barnabas::batch
