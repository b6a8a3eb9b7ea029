#include "actors/replica/dump/small_dumps.hpp"

#include "actors/replica/dump/log_file.hpp"
#include "actors/replica/log/producer_state.hpp"
#include "actors/replica/log/small_file.hpp"
#include "protocol/batch/big_endian.hpp"
#include "protocol/kafka/aborted_transaction.hpp"

namespace barnabas::replica::dump {
namespace {

/// Five million producers; it is read as a whole, for its CRC covers the whole.
constexpr std::uint64_t snapshot_bytes_max = std::uint64_t{256} << 20;
constexpr std::size_t transaction_entry_size = 34; // int16 version, four int64

std::string producer_line(const snapshot_row& row) {
    const auto open = row.transaction_first_offset.get();
    auto text = "producerId: " + std::to_string(row.id.get()) +
                " producerEpoch: " + std::to_string(row.epoch.get()) +
                " coordinatorEpoch: " + std::to_string(row.coordinator_epoch) + " currentTxnFirstOffset: " +
                (open >= 0 ? "OptionalLong[" + std::to_string(open) + "]" : "OptionalLong.empty") +
                " lastTimestamp: " + std::to_string(row.timestamp.get()) + " ";
    if (row.last_offset.get() < 0)
        return text;
    // Sequences count modulo 2^31.
    const auto first = (std::int64_t{row.last_sequence} - row.offset_delta) & 0x7fffffff;
    return text + "firstSequence: " + std::to_string(first) +
           " lastSequence: " + std::to_string(row.last_sequence) +
           " lastOffset: " + std::to_string(row.last_offset.get()) +
           " offsetDelta: " + std::to_string(row.offset_delta) +
           " timestamp: " + std::to_string(row.timestamp.get());
}

std::string transaction_line(std::int16_t version, const kafka::aborted_txn& entry) {
    return "version: " + std::to_string(version) + " producerId: " + std::to_string(entry.producer_id) +
           " firstOffset: " + std::to_string(entry.first_offset) +
           " lastOffset: " + std::to_string(entry.last_offset) +
           " lastStableOffset: " + std::to_string(entry.last_stable_offset);
}

result<std::string> transaction_text(std::span<const std::byte> bytes) {
    kafka::wire_reader reader(slice::copy_of(bytes));
    const auto version = reader.int16("version");
    if (version != kafka::aborted_txn::highest_version)
        return error{errc::malformed, "version " + std::to_string(version) + " instead of 0"};
    const auto entry = kafka::aborted_txn::decode(reader, version);
    if (!entry)
        return entry.failure();
    return transaction_line(version, *entry);
}

} // namespace

void dump_producer_snapshot(dump_context& context, const std::string& path) {
    const auto bytes = read_small_file(context.files, path, snapshot_bytes_max);
    if (!bytes)
        return context.fail(bytes.failure());
    const auto rows = decode_snapshot_rows(bytes->bytes());
    if (!rows)
        return context.fail({rows.code(), path + ": " + rows.failure().detail});
    for (const auto& row : *rows)
        context.output.line(producer_line(row));
}

void dump_transaction_index(dump_context& context, const std::string& path) {
    auto index = log_file::open(context.files, path);
    if (!index)
        return context.fail(index.failure());
    std::uint64_t at = 0;
    for (; index->size() - at >= transaction_entry_size; at += transaction_entry_size) {
        const auto bytes = index->at(at, transaction_entry_size);
        if (!bytes)
            return context.fail(bytes.failure());
        const auto text = transaction_text(*bytes);
        if (!text)
            return context.fail(at_byte(path, at, text.failure()));
        context.output.line(*text);
    }
    if (at != index->size())
        context.fail(at_byte(path, at, {errc::malformed, "the file ends inside of an entry"}));
}

} // namespace barnabas::replica::dump
