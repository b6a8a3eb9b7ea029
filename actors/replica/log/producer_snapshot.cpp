#include "actors/replica/log/producer_state.hpp"
#include "protocol/batch/big_endian.hpp"
#include "protocol/batch/crc32c.hpp"

#include <algorithm>
#include <string>

namespace barnabas::replica {
namespace {

constexpr std::int16_t snapshot_version = 1;
constexpr std::size_t checked_from = 6; // behind version and CRC
constexpr std::size_t entries_at = 10;
constexpr std::size_t entry_size = 46;
/// Behind the entries: "Barnabas", and the int64 offset from which on all below the snapshot was synced by
/// us. Kafka reads as many entries as are counted and checks the CRC of all that follows, so that it does not
/// mind.
constexpr std::int64_t sync_mark_text = 0x4261726e61626173;
constexpr std::size_t sync_mark_size = 16;
/// Behind the mark, if there are segments to speak of: int32 count, and per segment int64 base offset, uint32
/// bytes of `.log` and of `.txnindex`, int64 largest timestamp.
constexpr std::size_t facts_head_size = 4;
constexpr std::size_t facts_size = 24;
/// Behind all of them, likewise: the CRC32C of each `.txnindex`. Older snapshots end before.
constexpr std::size_t facts_crc_size = 4;

/// Byte positions of the fields of one producer.
namespace at {
constexpr std::size_t producer_id = 0;               // int64
constexpr std::size_t epoch = 8;                     // int16
constexpr std::size_t last_sequence = 10;            // int32
constexpr std::size_t last_offset = 14;              // int64
constexpr std::size_t offset_delta = 22;             // int32
constexpr std::size_t timestamp = 26;                // int64
constexpr std::size_t coordinator_epoch = 34;        // int32
constexpr std::size_t transaction_first_offset = 38; // int64
} // namespace at

using batch::load_big_endian;
using batch::store_big_endian;

error bad_snapshot(const std::string& why) {
    return {errc::malformed, "producer snapshot: " + why};
}

/// What stands behind the entries; nothing where their count does not fit.
std::optional<std::span<const std::byte>> trailer_of(std::span<const std::byte> snapshot) noexcept {
    if (snapshot.size() < entries_at)
        return std::nullopt;
    const auto count = load_big_endian<std::int32_t>(snapshot.data() + checked_from);
    const auto rest = snapshot.subspan(entries_at);
    if (count < 0 || static_cast<std::size_t>(count) > rest.size() / entry_size)
        return std::nullopt;
    return rest.subspan(static_cast<std::size_t>(count) * entry_size);
}

bool is_trailer(std::span<const std::byte> bytes) noexcept {
    if (bytes.size() < sync_mark_size || load_big_endian<std::int64_t>(bytes.data()) != sync_mark_text)
        return false;
    const auto facts = bytes.subspan(sync_mark_size);
    if (facts.empty())
        return true;
    if (facts.size() < facts_head_size)
        return false;
    const auto count = load_big_endian<std::uint32_t>(facts.data());
    const auto rest = facts.size() - facts_head_size;
    return rest == std::size_t{count} * facts_size ||
           rest == std::size_t{count} * (facts_size + facts_crc_size);
}

void encode_facts(std::byte* to, std::span<const segment_facts> facts) {
    store_big_endian(to, static_cast<std::uint32_t>(facts.size()));
    to += facts_head_size;
    for (const auto& one : facts) {
        store_big_endian(to, one.base_offset.get());
        store_big_endian(to + 8, one.log);
        store_big_endian(to + 12, one.transactions);
        store_big_endian(to + 16, one.newest.get());
        to += facts_size;
    }
    for (const auto& one : facts) {
        store_big_endian(to, one.transactions_crc.value_or(0));
        to += facts_crc_size;
    }
}

/// A null batch stands for a producer that has written markers only.
void encode_entry(std::byte* to, producer_id id, const producer_entry& entry, const producer_batch* shown) {
    const std::int64_t last_offset = shown == nullptr ? -1 : shown->last_offset.get();
    const std::int64_t delta = shown == nullptr ? 0 : shown->last_offset - shown->base_offset;
    const auto timestamp = shown == entry.last_batch() ? entry.last_timestamp : shown->timestamp;
    store_big_endian(to + at::producer_id, id.get());
    store_big_endian(to + at::epoch, entry.epoch.get());
    store_big_endian(to + at::last_sequence, shown == nullptr ? std::int32_t{-1} : shown->last_sequence);
    store_big_endian(to + at::last_offset, last_offset);
    store_big_endian(to + at::offset_delta, static_cast<std::int32_t>(delta));
    store_big_endian(to + at::timestamp, timestamp.get());
    store_big_endian(to + at::coordinator_epoch, entry.coordinator_epoch);
    store_big_endian(to + at::transaction_first_offset, entry.transaction_first_offset.get());
}

/// Puts the batch of a further entry of the same producer behind those that are known.
void merge_entry(producer_entry& known, producer_entry next) {
    const bool continues = next.epoch == known.epoch && next.batch_count == 1 && known.batch_count > 0 &&
                           known.batch_count < producer_batches_max &&
                           known.last_batch()->last_offset < next.last_batch()->base_offset;
    if (continues) {
        const auto newest = next.batches[0];
        next.batches = known.batches;
        next.batch_count = known.batch_count;
        next.unbroken_records = known.unbroken_records;
        next.remember(newest);
    }
    known = next;
}

snapshot_row decode_row(const std::byte* from) {
    snapshot_row row;
    row.id = producer_id(load_big_endian<std::int64_t>(from + at::producer_id));
    row.epoch = producer_epoch(load_big_endian<std::int16_t>(from + at::epoch));
    row.last_sequence = load_big_endian<std::int32_t>(from + at::last_sequence);
    row.last_offset = log_offset(load_big_endian<std::int64_t>(from + at::last_offset));
    row.offset_delta = load_big_endian<std::int32_t>(from + at::offset_delta);
    row.timestamp = timestamp_ms(load_big_endian<std::int64_t>(from + at::timestamp));
    row.coordinator_epoch = load_big_endian<std::int32_t>(from + at::coordinator_epoch);
    row.transaction_first_offset =
        log_offset(load_big_endian<std::int64_t>(from + at::transaction_first_offset));
    return row;
}

producer_entry entry_of(const snapshot_row& row) {
    producer_entry entry;
    entry.epoch = row.epoch;
    entry.coordinator_epoch = row.coordinator_epoch;
    entry.last_timestamp = row.timestamp;
    entry.transaction_first_offset = row.transaction_first_offset;
    const auto last_offset = row.last_offset.get();
    if (last_offset < 0 || row.last_sequence < 0 || row.offset_delta < 0 || row.offset_delta > last_offset)
        return entry;
    const std::int64_t first =
        (std::int64_t{row.last_sequence} - row.offset_delta) & 0x7fffffff; // sequences count modulo 2^31
    entry.remember({static_cast<std::int32_t>(first), row.last_sequence,
                    log_offset(last_offset - row.offset_delta), row.last_offset, row.timestamp});
    return entry;
}

} // namespace

std::vector<std::byte> producer_state::encode_snapshot(log_offset sound_from,
                                                       std::span<const segment_facts> facts) const {
    std::size_t count = 0;
    for (const auto& [id, entry] : entries_)
        count += std::max<std::size_t>(entry.batch_count, 1);
    const auto facts_bytes =
        facts.empty() ? 0 : facts_head_size + facts.size() * (facts_size + facts_crc_size);
    std::vector<std::byte> bytes(entries_at + count * entry_size + sync_mark_size + facts_bytes);
    store_big_endian(bytes.data(), snapshot_version);
    store_big_endian(bytes.data() + checked_from, static_cast<std::int32_t>(count));
    auto* to = bytes.data() + entries_at;
    for (const auto& [id, entry] : entries_) {
        for (std::size_t i = 0; i < std::max<std::size_t>(entry.batch_count, 1); ++i, to += entry_size)
            encode_entry(to, id, entry, entry.batch_count == 0 ? nullptr : &entry.batches[i]);
    }
    store_big_endian(to, sync_mark_text);
    store_big_endian(to + sizeof sync_mark_text, sound_from.get());
    if (!facts.empty())
        encode_facts(to + sync_mark_size, facts);
    store_big_endian(bytes.data() + 2, batch::crc32c(std::span(bytes).subspan(checked_from)));
    return bytes;
}

std::optional<log_offset> sync_mark_of(std::span<const std::byte> snapshot) noexcept {
    const auto trailer = trailer_of(snapshot);
    if (!trailer || !is_trailer(*trailer))
        return std::nullopt;
    return log_offset(load_big_endian<std::int64_t>(trailer->data() + sizeof sync_mark_text));
}

std::vector<segment_facts> facts_told_by(std::span<const std::byte> snapshot) {
    std::vector<segment_facts> told;
    const auto trailer = trailer_of(snapshot);
    if (!trailer || !is_trailer(*trailer) || trailer->size() == sync_mark_size)
        return told;
    const auto count = load_big_endian<std::uint32_t>(trailer->data() + sync_mark_size);
    const auto rest = trailer->subspan(sync_mark_size + facts_head_size);
    const auto checksums = rest.subspan(count * facts_size);
    for (std::size_t i = 0; i < count; ++i) {
        const auto* from = rest.data() + i * facts_size;
        told.push_back({log_offset(load_big_endian<std::int64_t>(from)),
                        load_big_endian<std::uint32_t>(from + 8), load_big_endian<std::uint32_t>(from + 12),
                        timestamp_ms(load_big_endian<std::int64_t>(from + 16))});
        if (!checksums.empty())
            told.back().transactions_crc =
                load_big_endian<std::uint32_t>(checksums.data() + i * facts_crc_size);
    }
    return told;
}

result<std::vector<snapshot_row>> decode_snapshot_rows(std::span<const std::byte> bytes, bool crc_matters) {
    if (bytes.size() < entries_at)
        return bad_snapshot("only " + std::to_string(bytes.size()) + " bytes");
    const auto version = load_big_endian<std::int16_t>(bytes.data());
    if (version != snapshot_version)
        return bad_snapshot("version " + std::to_string(version) + " instead of 1");
    if (crc_matters &&
        load_big_endian<std::uint32_t>(bytes.data() + 2) != batch::crc32c(bytes.subspan(checked_from)))
        return bad_snapshot("the CRC does not match");
    const auto count = load_big_endian<std::int32_t>(bytes.data() + checked_from);
    const auto trailer = trailer_of(bytes);
    if (!trailer || !(trailer->empty() || is_trailer(*trailer)))
        return bad_snapshot("the count does not match the size");
    std::vector<snapshot_row> rows;
    const auto size = static_cast<std::size_t>(count) * entry_size;
    for (auto rest = bytes.subspan(entries_at, size); !rest.empty(); rest = rest.subspan(entry_size))
        rows.push_back(decode_row(rest.data()));
    return rows;
}

result<producer_state> producer_state::decode_snapshot(std::span<const std::byte> bytes, bool crc_matters) {
    const auto rows = decode_snapshot_rows(bytes, crc_matters);
    if (!rows)
        return rows.failure();
    producer_state state;
    for (const auto& row : *rows)
        merge_entry(state.entries_[row.id], entry_of(row));
    for (const auto& [id, entry] : state.entries_)
        state.note_open(id, log_offset(-1), entry.transaction_first_offset);
    return state;
}

} // namespace barnabas::replica
