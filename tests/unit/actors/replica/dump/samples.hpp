#pragma once

#include "actors/replica/log/offset_index.hpp"
#include "actors/replica/log/producer_state.hpp"
#include "actors/replica/log/time_index.hpp"
#include "protocol/batch/big_endian.hpp"
#include "protocol/batch/builder.hpp"
#include "protocol/batch/message_builder.hpp"
#include "tests/unit/actors/replica/dump/dump_host.hpp"

#include <vector>

/// Small pieces of a log, for the tests of its dump.
namespace barnabas::replica::dump {

inline slice sample_batch(std::int64_t offset, std::int64_t timestamp, int records,
                          batch::codec codec = batch::codec::none) {
    batch::builder_options options;
    options.base_offset = log_offset(offset);
    options.compression = codec;
    batch::batch_builder builder(options);
    for (int i = 0; i < records; ++i)
        builder.append_text(timestamp_ms(timestamp + i), "key-" + std::to_string(i), "value");
    return builder.build();
}

inline slice sample_messages(std::int64_t offset, std::int64_t timestamp, int records, std::int8_t magic,
                             batch::codec codec = batch::codec::none) {
    batch::message_builder_options options;
    options.magic = magic;
    options.compression = codec;
    batch::message_builder builder(options);
    for (int i = 0; i < records; ++i)
        builder.append(log_offset(offset + i), timestamp_ms(timestamp + i), batch::bytes_of("key"),
                       batch::bytes_of("value"));
    return builder.build();
}

/// The end of a transaction, as a coordinator writes it.
inline slice sample_marker(std::int64_t offset, bool commit) {
    batch::builder_options options;
    options.base_offset = log_offset(offset);
    options.producer_id = producer_id(7);
    options.producer_epoch = producer_epoch(1);
    options.transactional = true;
    options.control = true;
    batch::batch_builder builder(options);
    std::array<std::byte, 4> key{};
    batch::store_big_endian(key.data() + 2, static_cast<std::int16_t>(commit ? 1 : 0));
    std::array<std::byte, 6> value{};
    batch::store_big_endian(value.data() + 2, std::int32_t{5});
    builder.append(timestamp_ms(900), key, value);
    return builder.build();
}

inline slice offset_entries(const std::vector<offset_entry>& entries) {
    std::vector<std::byte> bytes;
    for (const auto& entry : entries)
        put_offset_entry(bytes, log_offset(10), entry);
    return slice::copy_of(bytes);
}

inline slice time_entries(const std::vector<time_point>& entries) {
    std::vector<std::byte> bytes;
    for (const auto& entry : entries)
        put_time_entry(bytes, log_offset(10), entry);
    return slice::copy_of(bytes);
}

inline slice sample_transactions() {
    std::vector<std::byte> bytes(2 * 34);
    for (std::size_t i = 0; i < 2; ++i)
        for (std::size_t field = 0; field < 4; ++field)
            batch::store_big_endian(bytes.data() + 34 * i + 2 + 8 * field,
                                    static_cast<std::int64_t>(100 * i + field));
    return slice::copy_of(bytes);
}

/// A producer with one batch of three records and an open transaction.
inline slice sample_snapshot() {
    producer_state state;
    batch::batch_header header;
    header.base_offset = log_offset(20);
    header.last_offset_delta = 2;
    header.max_timestamp = timestamp_ms(1234);
    header.producer_id = producer_id(7);
    header.producer_epoch = producer_epoch(1);
    header.base_sequence = 4;
    header.record_count = 3;
    header.attributes = batch::attribute::transactional;
    state.apply(header, monotonic_ns(0));
    return slice::copy_of(state.encode_snapshot());
}

/// A log with everything that may be in one, and the files beside it.
inline void put_sound_segment(dump_host& host) {
    const std::vector<slice> parts = {sample_messages(10, 100, 2, 0),
                                      sample_messages(12, 102, 3, 1, batch::codec::gzip),
                                      sample_batch(15, 105, 3),
                                      sample_batch(18, 108, 4, batch::codec::zstd),
                                      sample_batch(22, 112, 4, batch::codec::snappy),
                                      sample_batch(26, 116, 4, batch::codec::lz4),
                                      sample_marker(30, true)};
    const auto third = parts[0].size() + parts[1].size();
    host.put(".log", parts);
    host.put(".index", {offset_entries({{log_offset(17), file_position(third)},
                                        {log_offset(21), file_position(third + parts[2].size())}})});
    host.put(".timeindex",
             {time_entries({{timestamp_ms(107), log_offset(17)}, {timestamp_ms(119), log_offset(29)}})});
    host.put(".txnindex", {sample_transactions()});
    host.put(".snapshot", {sample_snapshot()});
}

} // namespace barnabas::replica::dump
