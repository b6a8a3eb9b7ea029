#include "tests/unit/actors/replica/dump/samples.hpp"

#include <gtest/gtest.h>

namespace barnabas::replica::dump::log_dump_test {
namespace {

using texts = std::vector<std::string>;

dump_options deep() {
    dump_options options;
    options.deep_iteration = true;
    return options;
}

dump_options with_data() {
    dump_options options;
    options.print_data_log = true;
    return options;
}

batch::builder_options from_ten() {
    batch::builder_options options;
    options.base_offset = log_offset(10);
    return options;
}

std::string crc_of(const slice& batch) {
    return std::to_string(batch::parse_header(batch.bytes())->crc);
}

TEST(log_dump, shows_a_batch_in_one_line_of_kafkas_words) {
    dump_host host;
    const auto batch = sample_batch(10, 1000, 3);
    host.put(".log", {batch});
    const auto said = host.dump(".log");
    EXPECT_EQ(
        said.lines,
        (texts{"Dumping /data/orders-0/00000000000000000010.log", "Log starting offset: 10",
               "baseOffset: 10 lastOffset: 12 count: 3 baseSequence: -1 lastSequence: -1 producerId: -1 "
               "producerEpoch: -1 partitionLeaderEpoch: -1 isTransactional: false isControl: false "
               "deleteHorizonMs: OptionalLong.empty position: 0 CreateTime: 1002 size: " +
                   std::to_string(batch.size()) + " magic: 2 compresscodec: none crc: " + crc_of(batch) +
                   " isvalid: true"}));
    EXPECT_EQ(said.complaints, texts{});
    EXPECT_EQ(host.failures, 0u);
}

TEST(log_dump, shows_delete_horizon_log_append_time_and_sequences_that_wrap) {
    dump_host host;
    batch::builder_options options;
    options.base_offset = log_offset(10);
    options.producer_id = producer_id(3);
    options.producer_epoch = producer_epoch(0);
    options.base_sequence = 0x7fffffff;
    options.time_type = batch::timestamp_type::log_append_time;
    options.delete_horizon = timestamp_ms(77);
    batch::batch_builder builder(options);
    builder.append_text(timestamp_ms(5), "a", std::nullopt);
    builder.append_text(timestamp_ms(6), std::nullopt, "b");
    host.put(".log", {builder.build()});
    const auto said = host.dump(".log", deep());
    ASSERT_EQ(said.lines.size(), 5u);
    EXPECT_NE(said.lines[2].find("baseSequence: 2147483647 lastSequence: 0 "), std::string::npos);
    EXPECT_NE(said.lines[2].find("deleteHorizonMs: OptionalLong[77] position: 0 LogAppendTime: 6 "),
              std::string::npos);
    EXPECT_EQ(said.lines[3], "| offset: 10 LogAppendTime: 6 keySize: 1 valueSize: -1 sequence: 2147483647 "
                             "headerKeys: []");
    EXPECT_EQ(said.lines[4],
              "| offset: 11 LogAppendTime: 6 keySize: -1 valueSize: 1 sequence: 0 headerKeys: []");
}

TEST(log_dump, shows_keys_and_values_as_text_and_leaves_nulls_out) {
    dump_host host;
    batch::batch_builder builder(from_ten());
    const std::vector<batch::header_view> headers = {{"first", std::nullopt}, {"second", std::nullopt}};
    builder.append_text(timestamp_ms(5), "k", "v\xff", headers);
    builder.append_text(timestamp_ms(6), std::nullopt, "only");
    builder.append_text(timestamp_ms(7), "alone", std::nullopt);
    host.put(".log", {builder.build()});
    const auto said = host.dump(".log", with_data());
    ASSERT_EQ(said.lines.size(), 6u);
    EXPECT_EQ(said.lines[3], "| offset: 10 CreateTime: 5 keySize: 1 valueSize: 2 sequence: -1 headerKeys: "
                             "[first,second] key: k payload: v\xef\xbf\xbd");
    EXPECT_EQ(
        said.lines[4],
        "| offset: 11 CreateTime: 6 keySize: -1 valueSize: 4 sequence: -1 headerKeys: [] payload: only");
    EXPECT_EQ(said.lines[5],
              "| offset: 12 CreateTime: 7 keySize: 5 valueSize: -1 sequence: -1 headerKeys: [] key: alone");
}

TEST(log_dump, shows_only_keys_and_values_without_record_metadata) {
    dump_host host;
    host.put(".log", {sample_batch(10, 100, 1), sample_marker(11, true)});
    auto options = with_data();
    options.skip_record_metadata = true;
    const auto said = host.dump(".log", options);
    ASSERT_EQ(said.lines.size(), 6u);
    EXPECT_EQ(said.lines[3], "| key: key-0 payload: value");
    EXPECT_EQ(said.lines[5], "");
}

TEST(log_dump, shows_the_ends_of_transactions) {
    dump_host host;
    host.put(".log", {sample_marker(10, true), sample_marker(11, false)});
    const auto said = host.dump(".log", with_data());
    ASSERT_EQ(said.lines.size(), 6u);
    EXPECT_EQ(said.lines[3],
              "| offset: 10 CreateTime: 900 keySize: 4 valueSize: 6 sequence: -1 headerKeys: [] "
              "endTxnMarker: COMMIT coordinatorEpoch: 5");
    EXPECT_NE(said.lines[5].find("endTxnMarker: ABORT coordinatorEpoch: 5"), std::string::npos);
}

TEST(log_dump, looks_into_wrappers_of_old_messages) {
    dump_host host;
    host.put(".log", {sample_messages(10, 500, 2, 0), sample_messages(12, 700, 2, 1, batch::codec::gzip)});
    const auto said = host.dump(".log", with_data());
    ASSERT_EQ(said.lines.size(), 9u);
    EXPECT_TRUE(said.lines[2].starts_with("offset: 10 position: 0 NoTimestampType: -1 size: 34 magic: 0 "));
    EXPECT_TRUE(said.lines[3].starts_with(
        "| offset: 10 NoTimestampType: -1 keySize: 3 valueSize: 5 isValid: true crc: "));
    EXPECT_TRUE(said.lines[3].ends_with(" key: key payload: value"));
    EXPECT_TRUE(said.lines[6].starts_with("offset: 13 position: 68 CreateTime: 701 "));
    EXPECT_NE(said.lines[6].find(" magic: 1 compresscodec: gzip "), std::string::npos);
    EXPECT_TRUE(said.lines[7].starts_with("| offset: 12 CreateTime: 700 "));
    EXPECT_TRUE(said.lines[8].starts_with("| offset: 13 CreateTime: 701 "));
}

TEST(log_dump, tells_gaps_between_records_the_newest_first) {
    dump_host host;
    host.put(".log", {sample_batch(10, 100, 2), sample_batch(15, 105, 1), sample_batch(15, 106, 1)});
    const auto said = host.dump(".log", deep());
    EXPECT_EQ(said.complaints, (texts{"Non-consecutive offsets in " + host.path(".log"),
                                      "  15 is followed by 15", "  11 is followed by 15"}));
    EXPECT_EQ(host.failures, 0u);
    EXPECT_EQ(host.dump(".log").complaints, texts{});
}

TEST(log_dump, counts_the_bytes_of_a_torn_tail) {
    dump_host host;
    const auto whole = sample_batch(10, 100, 2);
    host.put(".log", {whole, sample_batch(12, 102, 2).sub(0, 40)});
    auto said = host.dump(".log");
    EXPECT_EQ(said.lines.back(), "Found 40 invalid bytes at the end of 00000000000000000010.log");
    dump_options options;
    options.max_bytes = whole.size() + 10;
    said = host.dump(".log", options);
    EXPECT_EQ(said.lines.size(), 3u);
    EXPECT_EQ(host.failures, 0u);
}

TEST(log_dump, names_file_and_byte_where_no_batch_can_begin) {
    dump_host host;
    const auto whole = sample_batch(10, 100, 2);
    host.put(".log", {whole, slice::copy_of(std::vector<std::byte>(100))});
    const auto said = host.dump(".log");
    EXPECT_EQ(said.lines.size(), 3u);
    ASSERT_EQ(said.complaints.size(), 1u);
    EXPECT_TRUE(said.complaints[0].starts_with("Error: " + host.path(".log") + " at byte " +
                                               std::to_string(whole.size()) + ": "));
    EXPECT_EQ(host.failures, 1u);
}

TEST(log_dump, goes_on_behind_a_batch_whose_records_cannot_be_read) {
    dump_host host;
    const auto first = sample_batch(10, 100, 3, batch::codec::gzip);
    first.patch_before_sharing()[batch::at::records + 2] ^= std::byte{0xff};
    host.put(".log", {first, sample_batch(13, 103, 1)});
    const auto said = host.dump(".log", deep());
    EXPECT_EQ(host.failures, 1u);
    ASSERT_EQ(said.complaints.size(), 1u);
    EXPECT_NE(said.complaints[0].find(" at byte 0: "), std::string::npos);
    EXPECT_TRUE(said.lines[2].ends_with("isvalid: false"));
    EXPECT_TRUE(said.lines.back().starts_with("| offset: 13 "));
}

TEST(log_dump, of_a_name_without_an_offset_is_refused) {
    dump_host host;
    host.put_at("/data/orders-0/notes.log", {});
    const auto said = host.dump_all({"/data/orders-0/notes.log"});
    EXPECT_EQ(host.failures, 1u);
    EXPECT_EQ(said.lines.size(), 1u);
}

TEST(log_dump, reads_batches_larger_than_its_window) {
    dump_host host;
    batch::batch_builder builder(from_ten());
    const std::string large(300'000, 'x');
    builder.append_text(timestamp_ms(5), "k", large);
    host.put(".log", {builder.build(), sample_batch(11, 6, 1)});
    const auto said = host.dump(".log", with_data());
    ASSERT_EQ(said.lines.size(), 6u);
    EXPECT_TRUE(said.lines[2].ends_with("isvalid: true"));
    EXPECT_TRUE(said.lines[3].ends_with(large));
    EXPECT_TRUE(said.lines[4].ends_with("isvalid: true"));
}

} // namespace
} // namespace barnabas::replica::dump::log_dump_test
