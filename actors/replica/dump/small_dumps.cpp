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

fact_line producer_line(const snapshot_row& row) {
    fact_line line("producer");
    const auto open = row.transaction_first_offset.get();
    line.add("producerId", row.id.get());
    line.add("producerEpoch", row.epoch.get());
    line.add("coordinatorEpoch", row.coordinator_epoch);
    line.add_optional("currentTxnFirstOffset", open >= 0 ? std::optional(open) : std::nullopt);
    line.add("lastTimestamp", row.timestamp.get());
    // Kafka's line ends with a blank where a producer has no batch.
    line.set_tail(" ");
    if (row.last_offset.get() < 0)
        return line;
    line.set_tail("");
    // Sequences count modulo 2^31.
    line.add("firstSequence", (std::int64_t{row.last_sequence} - row.offset_delta) & 0x7fffffff);
    line.add("lastSequence", row.last_sequence);
    line.add("lastOffset", row.last_offset.get());
    line.add("offsetDelta", row.offset_delta);
    line.add("timestamp", row.timestamp.get());
    return line;
}

fact_line transaction_line(std::int16_t version, const kafka::aborted_txn& entry) {
    fact_line line("transaction");
    line.add("version", version);
    line.add("producerId", entry.producer_id);
    line.add("firstOffset", entry.first_offset);
    line.add("lastOffset", entry.last_offset);
    line.add("lastStableOffset", entry.last_stable_offset);
    return line;
}

result<fact_line> read_transaction(std::span<const std::byte> bytes) {
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
        context.output.facts(producer_line(row));
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
        const auto line = read_transaction(*bytes);
        if (!line)
            return context.fail(at_byte(path, at, line.failure()));
        context.output.facts(*line);
    }
    if (at != index->size())
        context.fail(at_byte(path, at, {errc::malformed, "the file ends inside of an entry"}));
}

} // namespace barnabas::replica::dump
