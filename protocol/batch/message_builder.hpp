#pragma once

#include "protocol/batch/builder.hpp"
#include "protocol/batch/message_set.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace barnabas::batch {

struct message_builder_options {
    /// 0 or 1.
    std::int8_t magic = 1;
    /// With a codec the set is one wrapper. Not zstd, which old readers do not know.
    codec compression = codec::none;
    /// The codec's normal one unless set; it must pass check_level.
    std::optional<int> compression_level;
    /// Means nothing in magic 0.
    timestamp_type time_type = timestamp_type::create_time;
    /// Of the caller, if it keeps one.
    codec_workspace* workspace = nullptr;
};

/// Puts a message set of magic 0 or 1 together: answers to old consumers, tests.
class message_builder {
public:
    explicit message_builder(const message_builder_options& options = {});

    /// Offsets must grow. Magic 0 drops the timestamp. The bytes so far must stay below 2 GiB.
    void append(log_offset offset, timestamp_ms timestamp, optional_bytes key, optional_bytes value);

    /// Bytes that a message will take, without compression.
    static std::size_t message_size(std::int8_t magic, const optional_bytes& key,
                                    const optional_bytes& value) noexcept;

    std::int32_t message_count() const noexcept { return message_count_; }
    bool empty() const noexcept { return message_count_ == 0; }
    /// Bytes of the messages so far, without wrapper and compression.
    std::size_t uncompressed_size() const noexcept { return messages_.size(); }

    /// The finished set in memory of its own; empty without messages. The builder keeps its messages; `clear`
    /// begins the next set.
    slice build() const;

    /// Forgets the messages and takes new options; keeps its memory.
    void clear(const message_builder_options& options);

private:
    slice build_wrapper() const;

    message_builder_options options_;
    std::vector<std::byte> messages_;
    std::int32_t message_count_ = 0;
    log_offset first_offset_;
    log_offset last_offset_;
    timestamp_ms max_timestamp_ = no_timestamp;
};

} // namespace barnabas::batch
