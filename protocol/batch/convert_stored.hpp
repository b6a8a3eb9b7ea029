#pragma once

#include "protocol/batch/builder.hpp"
#include "protocol/batch/message_set.hpp"

#include <cstdint>
#include <utility>
#include <vector>

namespace barnabas::batch {

/// Makes batches of the messages of magic 0 and 1 that a log holds since the days before Kafka 0.11. Records
/// keep their offsets (also gaps that compaction left), timestamps (none in magic 0), keys and values. A
/// wrapper becomes one batch with its codec. Plain messages become batches without one, several to a batch,
/// as long as they may be in the same: one magic, one type of timestamp, and with log-append time one
/// timestamp, which a batch has only once.
class stored_conversion {
public:
    explicit stored_conversion(codec_workspace* workspace = nullptr) : workspace_(workspace) {}

    /// Takes the next message. After an error nothing of it was taken; codes of message_reader, and:
    ///   invalid_record     its offsets do not grow, or reach beyond the wrapper's
    ///   message_too_large  it unpacks to more than conversion_bytes_max
    result<void> take(const message_view& message);

    /// Plain messages that come now begin a new batch.
    void end_batch();

    /// The batches that are whole, in memory of their own; they are forgotten here.
    std::vector<slice> take_batches() { return std::exchange(batches_, {}); }
    /// In all messages taken.
    std::uint64_t record_count() const noexcept { return record_count_; }

private:
    result<void> take_plain(const message_view& message);
    result<void> take_wrapper(const message_view& message);
    result<std::int32_t> delta_behind(const message_header& wrapper, log_offset offset) const;
    bool joins(const message_header& message) const;
    void begin(const message_header& message, log_offset base);
    void finish();

    codec_workspace* workspace_;
    batch_builder builder_;
    /// Of the message that began the batch.
    message_header first_;
    log_offset base_{0};
    log_offset last_{-1};
    std::vector<slice> batches_;
    std::uint64_t record_count_ = 0;
};

} // namespace barnabas::batch
