#pragma once

#include "actors/replica/log/small_file.hpp"
#include "actors/replica/log/time_index.hpp"
#include "protocol/batch/big_endian.hpp"
#include "protocol/batch/crc32.hpp"
#include "protocol/batch/crc32c.hpp"
#include "protocol/batch/message_builder.hpp"
#include "protocol/batch/record_reader.hpp"
#include "tests/unit/actors/replica/log_host.hpp"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

/// Logs with messages of magic 0 and 1, as Kafka wrote them before 0.11.
namespace barnabas::replica {

struct plain_record {
    std::int64_t offset = 0;
    std::int64_t timestamp = -1;
    std::optional<std::string> key;
    std::optional<std::string> value;

    bool operator==(const plain_record&) const = default;
};

using plain_records = std::vector<plain_record>;

inline std::optional<std::string> text_of(const batch::optional_bytes& bytes) {
    return bytes ? std::optional(std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size()))
                 : std::nullopt;
}

inline batch::optional_bytes bytes_of(const std::optional<std::string>& text) {
    return text ? batch::optional_bytes(batch::bytes_of(std::string_view(*text))) : std::nullopt;
}

/// What a directory has, and what a reader of it must see.
struct old_log {
    std::map<std::string, std::vector<std::byte>> files;
    plain_records expected;
    std::int64_t base = 0;

    std::vector<std::byte>& file(std::string_view suffix) {
        return files[segment_file_name(log_offset(base), suffix)];
    }
    void put(const slice& bytes) {
        auto& log = file(log_suffix);
        log.insert(log.end(), bytes.bytes().begin(), bytes.bytes().end());
    }
    void add(const batch::message_builder_options& options, const plain_records& some) {
        batch::message_builder builder(options);
        for (const auto& one : some)
            builder.append(log_offset(one.offset), timestamp_ms(one.timestamp), bytes_of(one.key),
                           bytes_of(one.value));
        put(builder.build());
        expected.insert(expected.end(), some.begin(), some.end());
    }
    void add_batch(const plain_records& some, int epoch) {
        batch::builder_options options;
        options.base_offset = log_offset(some.front().offset);
        options.leader_epoch = leader_epoch(epoch);
        batch::batch_builder builder(options);
        for (const auto& one : some)
            builder.append(timestamp_ms(one.timestamp), bytes_of(one.key), bytes_of(one.value));
        put(builder.build());
        expected.insert(expected.end(), some.begin(), some.end());
    }
    /// Indexes that lead nowhere in another file.
    void add_indexes() {
        file(offset_index_suffix).assign(16, std::byte{3});
        file(time_index_suffix).assign(24, std::byte{0});
    }
    /// As they are when the segment is closed: the offset index may be empty where there are few bytes.
    void add_sound_indexes(std::int64_t newest_offset, std::int64_t newest_time) {
        file(offset_index_suffix);
        auto& times = file(time_index_suffix);
        times.resize(time_entry_size);
        batch::store_big_endian(times.data(), newest_time);
        batch::store_big_endian(times.data() + 8, static_cast<std::int32_t>(newest_offset - base));
    }
    void add_epochs(std::string_view text) {
        const auto bytes = std::as_bytes(std::span(text));
        files[std::string(epoch_checkpoint_name)] = {bytes.begin(), bytes.end()};
    }
    /// As Kafka writes it where there is no producer.
    void add_snapshot(std::int64_t offset) {
        std::vector<std::byte> bytes(10);
        bytes[1] = std::byte{1};
        batch::store_big_endian(bytes.data() + 2, batch::crc32c(std::span(bytes).subspan(6)));
        files[segment_file_name(log_offset(offset), snapshot_suffix)] = bytes;
    }
    /// All of it is on stable storage afterwards.
    void store(runtime::file_system& disk) const {
        EXPECT_TRUE(disk.create_directory("/data"));
        EXPECT_TRUE(disk.create_directory(test_directory));
        for (const auto& [name, bytes] : files) {
            const auto file = disk.open(std::string(test_directory) + "/" + name, runtime::open_mode::create);
            ASSERT_TRUE(file) << name;
            const auto content = slice::copy_of(bytes);
            EXPECT_TRUE(disk.write(*file, file_position(0), std::span(&content, 1)));
            EXPECT_TRUE(disk.sync(std::span(&*file, 1)));
            disk.close(*file);
        }
        for (const char* directory : {test_directory, "/data", "/"})
            EXPECT_TRUE(disk.sync_directory(directory));
    }
};

inline batch::message_builder_options kind(int magic, batch::codec compression = batch::codec::none,
                                           bool appended = false) {
    batch::message_builder_options options;
    options.magic = static_cast<std::int8_t>(magic);
    options.compression = compression;
    if (appended)
        options.time_type = batch::timestamp_type::log_append_time;
    return options;
}

inline plain_record record(std::int64_t offset, std::int64_t timestamp = -1) {
    return {offset, timestamp, "key " + std::to_string(offset % 5),
            "value " + std::to_string(offset) + std::string(60, '.')};
}

/// Three segments; the offsets have gaps, as compaction leaves them.
inline old_log three_segments() {
    old_log log;
    for (std::int64_t offset = 0; offset < 9; ++offset)
        log.add(kind(0), {record(offset)});
    log.add(kind(0, batch::codec::gzip), {record(9), record(10), record(12)});
    log.add(kind(0), {{13, -1, std::nullopt, "without a key"}, {14, -1, "key", std::nullopt}});
    log.add_indexes();
    log.base = 15;
    log.add(kind(0), {record(17)});
    log.add(kind(1, batch::codec::lz4), {record(20, 500), record(23, 400), record(24, 700)});
    log.add(kind(1, batch::codec::none, true), {record(25, 800)});
    log.add(kind(1, batch::codec::none, true), {record(26, 800)});
    log.add(kind(1, batch::codec::none, true), {record(27, 801)});
    log.add(kind(1, batch::codec::snappy, true), {record(28, 900), record(29, 900)});
    log.add_indexes();
    log.base = 30;
    for (std::int64_t offset = 30; offset < 50; ++offset)
        log.add(kind(1), {record(offset, 1000 + offset)});
    log.add_indexes();
    log.add_snapshot(30);
    return log;
}

/// The newest segments are of another format, and only the first look at the oldest tells of it.
inline old_log one_old_segment() {
    old_log log;
    for (std::int64_t offset = 0; offset < 10; ++offset)
        log.add(kind(1), {record(offset, 1000 + offset)});
    log.add_sound_indexes(9, 1009);
    for (const std::int64_t base : {10, 20}) {
        log.base = base;
        for (auto offset = base; offset < base + 10; ++offset)
            log.add_batch({record(offset, 1000 + offset)}, 3);
        log.add_sound_indexes(base + 9, 1009 + base);
    }
    log.add_epochs("0\n1\n3 10\n");
    log.add_snapshot(20);
    return log;
}

/// A wrapper whose CRC is right and whose value is no gzip.
inline void add_nonsense(old_log& log, std::int64_t offset) {
    batch::message_builder builder(kind(1));
    builder.append(log_offset(offset), timestamp_ms(5), std::nullopt, batch::bytes_of("no gzip"));
    auto bytes = builder.build();
    std::vector<std::byte> wrapper(bytes.bytes().begin(), bytes.bytes().end());
    wrapper[batch::message_at::attributes] = std::byte{1};
    batch::store_big_endian(wrapper.data() + batch::message_at::crc,
                            batch::crc32(std::span(wrapper).subspan(batch::message_at::magic)));
    log.put(slice::copy_of(wrapper));
}

/// The newest segment begins at 10.
inline old_log nonsense_below_recovery_point() {
    old_log log;
    for (std::int64_t offset = 0; offset < 5; ++offset)
        log.add(kind(0), {record(offset)});
    add_nonsense(log, 5);
    log.add(kind(0), {record(6)});
    log.base = 10;
    log.add(kind(1), {record(10, 1010), record(11, 1011)});
    log.add_snapshot(10);
    return log;
}

/// Kafka had put the compacted file in the place of the first two, and died.
inline old_log with_swap(bool some_left) {
    auto log = three_segments();
    const auto name = [](std::int64_t base, const char* end) {
        return segment_file_name(log_offset(base), log_suffix) + end;
    };
    auto swap = log.files.at(name(0, ""));
    const auto& second = log.files.at(name(15, ""));
    swap.insert(swap.end(), second.begin(), second.end());
    log.files[name(0, ".deleted")] = log.files.at(name(0, ""));
    log.files.erase(name(0, ""));
    if (!some_left) {
        log.files[name(15, ".deleted")] = second;
        log.files.erase(name(15, ""));
    }
    log.files[name(0, ".swap")] = swap;
    return log;
}

/// What a reader sees from `offset` on.
inline result<plain_records> records_from(log_host& host, std::int64_t offset) {
    plain_records seen;
    const auto end = host.log->log_end_offset();
    for (auto next = log_offset(offset); next < end;) {
        const auto read = host.read(next.get(), 300);
        if (!read)
            return read.failure();
        const auto batches = batch::split_batches(*read);
        if (!batches || batches->empty())
            break;
        for (const auto& batch : *batches)
            if (auto visited =
                    batch::for_each_record(batch,
                                           [&](const batch::record_view& one) {
                                               if (one.offset.get() >= offset)
                                                   seen.push_back({one.offset.get(), one.timestamp.get(),
                                                                   text_of(one.key), text_of(one.value)});
                                               return result<void>{};
                                           });
                !visited)
                return visited.failure();
        next = batches->back().header.next_offset();
    }
    return seen;
}

} // namespace barnabas::replica
