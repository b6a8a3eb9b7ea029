#include "protocol/internal/metadata_records.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

namespace barnabas::metadata_records_test {

namespace {

uuid numbered_uuid(std::uint8_t first) {
    uuid id;
    for (std::size_t i = 0; i < id.bytes.size(); ++i)
        id.bytes[i] = static_cast<std::uint8_t>(first + i);
    return id;
}

std::vector<metadata_record> one_of_each() {
    const auto id = numbered_uuid(200);
    return {
        no_op_record{},
        feature_level_record{7},
        topic_created_record{"orders", id},
        partition_record{
            id, partition_index(3), node_id(1), leader_epoch(4), 9, {node_id(1), node_id(2)}, {node_id(1)}},
        topic_removed_record{id},
        config_changed_record{id, "retention.ms", "1000"},
        config_changed_record{node_id(3), "log.retention.ms", std::nullopt},
        config_changed_record{cluster_resource{}, "min.insync.replicas", ""},
        config_changed_record{named_group{"g"}, "consumer.session.timeout.ms", "50000"},
        broker_registered_record{
            node_id(1), {{"PLAINTEXT", "127.0.0.1", 9092}, {"EXTERNAL", "kafka.example", 65535}}, "r1"},
        broker_registered_record{node_id(2), {}, std::nullopt},
        producer_ids_allocated_record{node_id(1), producer_id(5000), 1000},
    };
}

} // namespace

TEST(metadata_records, every_kind_comes_back_as_it_was) {
    for (const auto& record : one_of_each()) {
        const auto bytes = encode(record);
        auto decoded = decode_metadata_record(bytes.bytes());
        ASSERT_TRUE(decoded.has_value()) << name_of(record) << ": " << to_string(decoded.failure());
        EXPECT_EQ(*decoded, record) << name_of(record);
    }
}

TEST(metadata_records, cut_bytes_give_an_error) {
    for (const auto& record : one_of_each()) {
        const auto bytes = encode(record);
        for (std::size_t size = 0; size < bytes.size(); ++size)
            EXPECT_FALSE(decode_metadata_record(bytes.bytes().first(size)).has_value())
                << name_of(record) << " " << size;
    }
}

TEST(metadata_records, changed_bytes_never_crash) {
    rc::check([] {
        const auto records = one_of_each();
        const auto& record = records[*rc::gen::inRange<std::size_t>(0, records.size())];
        const auto bytes = encode(record);
        std::vector<std::byte> damaged(bytes.bytes().begin(), bytes.bytes().end());
        const auto flips = *rc::gen::inRange(1, 8);
        for (int i = 0; i < flips; ++i)
            damaged[*rc::gen::inRange<std::size_t>(4, damaged.size())] =
                static_cast<std::byte>(*rc::gen::arbitrary<std::uint8_t>());
        auto decoded = decode_metadata_record(damaged);
        if (decoded)
            RC_ASSERT(decode_metadata_record(encode(*decoded).bytes()).has_value());
    });
}

TEST(metadata_records, random_bytes_never_crash) {
    rc::check([](std::vector<std::uint8_t> tail) {
        std::vector<std::byte> bytes;
        for (auto c : {'B', 'N', 'B', 'm'})
            bytes.push_back(static_cast<std::byte>(c));
        for (auto one : tail)
            bytes.push_back(static_cast<std::byte>(one));
        (void)decode_metadata_record(bytes);
    });
}

TEST(metadata_records, kafka_record_is_not_ours) {
    const std::byte kafka[] = {std::byte{1}, std::byte{12}, std::byte{0}, std::byte{1}};
    EXPECT_FALSE(is_metadata_record(kafka));
    EXPECT_EQ(decode_metadata_record(kafka).code(), errc::malformed);
}

TEST(metadata_records, newer_format_version_is_refused) {
    const auto bytes = encode(no_op_record{});
    std::vector<std::byte> newer(bytes.bytes().begin(), bytes.bytes().end());
    // Mark, segment table and root pointer come before the first field, the format version.
    constexpr std::size_t format_version_at = 4 + 8 + 8;
    ASSERT_EQ(newer[format_version_at], std::byte{1});
    newer[format_version_at] = std::byte{2};
    EXPECT_EQ(decode_metadata_record(newer).code(), errc::unsupported_version);
}

TEST(metadata_records, unknown_kind_is_refused_as_newer) {
    const auto bytes = encode(no_op_record{});
    std::vector<std::byte> newer(bytes.bytes().begin(), bytes.bytes().end());
    constexpr std::size_t kind_at = 4 + 8 + 8 + 2;
    ASSERT_EQ(newer[kind_at], std::byte{0});
    newer[kind_at] = std::byte{99};
    EXPECT_EQ(decode_metadata_record(newer).code(), errc::unsupported_version);
}

} // namespace barnabas::metadata_records_test
