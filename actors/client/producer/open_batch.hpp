#pragma once

#include "actors/client/producer/producer_record.hpp"
#include "protocol/batch/compression.hpp"
#include "protocol/batch/record_batch.hpp"
#include "protocol/model/ids.hpp"
#include "protocol/model/slice.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace barnabas::client {

/// Bytes that a record takes in a batch of its own, header and all: what max.request.size bounds.
std::size_t batch_bytes_of(const producer_record& record);

/// A record batch that is written where it will be sent from: records are copied once, behind room for the
/// header.
///
///     append ... close ... stamp (again for another epoch)
class open_batch {
public:
    /// Room for at least `record` even if `capacity` is less.
    open_batch(std::size_t capacity, const producer_record& record);

    /// False: no room. `timestamp` stands for the record's when it has none.
    bool append(const producer_record& record, timestamp_ms timestamp);
    std::int32_t count() const noexcept { return count_; }
    /// Not compressed.
    std::size_t size() const noexcept { return size_; }
    std::size_t capacity() const noexcept { return memory_->capacity(); }

    /// Gives back what its records do not need: there is no room for another one. Before `close`.
    void trim();
    /// No record comes any more; compresses.
    void close(batch::codec codec, std::optional<int> level, batch::codec_workspace& workspace);
    bool is_closed() const noexcept { return closed_; }
    /// The bytes to send, under that id, epoch and sequence. They may be sent while the next ones are made.
    slice stamp(producer_id id, producer_epoch epoch, std::int32_t sequence);

private:
    std::shared_ptr<chunk> memory_;
    std::size_t size_ = batch::batch_header_size;
    std::int32_t count_ = 0;
    timestamp_ms first_ = no_timestamp;
    timestamp_ms newest_ = no_timestamp;
    batch::codec codec_ = batch::codec::none;
    bool closed_ = false;
    /// Somebody may still read what was stamped.
    bool stamped_ = false;
};

} // namespace barnabas::client
