#include "protocol/batch/patch.hpp"

#include "protocol/batch/big_endian.hpp"
#include "protocol/batch/crc32c.hpp"
#include "protocol/model/assert.hpp"

namespace barnabas::batch {
namespace {

std::span<std::byte> writable(const batch_view& batch) {
    BARNABAS_ASSERT(batch.bytes.size() >= batch_header_size);
    return batch.bytes.patch_before_sharing();
}

} // namespace

void set_base_offset(std::span<std::byte> batch, log_offset base_offset) {
    BARNABAS_ASSERT(batch.size() >= batch_header_size);
    store_big_endian(batch.data() + at::base_offset, base_offset.get());
}

void set_base_offset(batch_view& batch, log_offset base_offset) {
    set_base_offset(writable(batch), base_offset);
    batch.header.base_offset = base_offset;
}

void set_leader_epoch(std::span<std::byte> batch, leader_epoch epoch) {
    BARNABAS_ASSERT(batch.size() >= batch_header_size);
    store_big_endian(batch.data() + at::leader_epoch, epoch.get());
}

void set_leader_epoch(batch_view& batch, leader_epoch epoch) {
    set_leader_epoch(writable(batch), epoch);
    batch.header.leader_epoch = epoch;
}

void set_log_append_time(batch_view& batch, timestamp_ms now) {
    const auto attributes = static_cast<std::uint16_t>(batch.header.attributes | attribute::log_append_time);
    store_big_endian(writable(batch).data() + at::attributes, attributes);
    batch.header.attributes = attributes;
    set_max_timestamp(batch, now);
}

void set_max_timestamp(batch_view& batch, timestamp_ms max_timestamp) {
    store_big_endian(writable(batch).data() + at::max_timestamp, max_timestamp.get());
    batch.header.max_timestamp = max_timestamp;
    recompute_crc(batch);
}

void recompute_crc(batch_view& batch) {
    const auto bytes = writable(batch);
    BARNABAS_ASSERT(bytes.size() == batch.header.total_size());
    batch.header.crc = crc32c(bytes.subspan(at::attributes));
    store_big_endian(bytes.data() + at::crc, batch.header.crc);
}

} // namespace barnabas::batch
