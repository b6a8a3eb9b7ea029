#include "actors/group/group_records.hpp"
#include "tests/golden/messages.hpp"

#include <gtest/gtest.h>

#include <map>

/// Records of the consumer protocol as Kafka writes them.
namespace barnabas::group::consumer_records_test {
namespace {

using kafka::testing::for_each_message;
using kafka::testing::message_vector;

struct kind_of_record {
    std::vector<slice> keys;
    std::vector<slice> values;
};

/// By the name without "Key" and "Value".
std::map<std::string, kind_of_record> golden_records() {
    std::map<std::string, kind_of_record> kinds;
    const auto file = kafka::testing::vectors_folder() + "/group-coordinator-records.jsonl.gz";
    const bool read = for_each_message(file, [&](const message_vector& vector) {
        if (!vector.message.starts_with("ConsumerGroup") || !vector.framed)
            return;
        const bool is_key = vector.message.ends_with("Key");
        auto& kind = kinds[vector.message.substr(0, vector.message.size() - (is_key ? 3 : 5))];
        (is_key ? kind.keys : kind.values).push_back(*vector.framed);
    });
    EXPECT_TRUE(read);
    return kinds;
}

result<std::optional<group_record>> decoded(const slice& key, const std::optional<slice>& value) {
    batch::record_view record;
    record.key = key.bytes();
    if (value)
        record.value = value->bytes();
    return decode_group_record(record);
}

result<std::optional<group_record>> decoded(const encoded_record& record) {
    return decoded(slice::copy_of(std::span<const std::byte>(record.key)),
                   record.value ? std::optional(slice::copy_of(std::span<const std::byte>(*record.value)))
                                : std::nullopt);
}

void expect_same_when_written_again(const std::string& name, const slice& key, const slice& value) {
    const auto first = decoded(key, value);
    ASSERT_TRUE(first.has_value()) << name << ": " << to_string(first.failure());
    ASSERT_TRUE(first->has_value()) << name;
    // What Kafka 4.0 kept of topics is never written here.
    const auto& record = std::get<consumer_record>(**first);
    if (const auto* legacy = std::get_if<legacy_topics_record>(&record)) {
        EXPECT_TRUE(legacy->present);
        return;
    }
    const auto again = encode(**first);
    EXPECT_EQ(slice::copy_of(std::span<const std::byte>(again.key)).text(), key.text()) << name;
    const auto second = decoded(again);
    ASSERT_TRUE(second.has_value()) << name << ": " << to_string(second.failure());
    EXPECT_EQ(**second, **first) << name;
}

TEST(consumer_records, those_of_kafka_mean_the_same_when_written_again) {
    const auto kinds = golden_records();
    EXPECT_EQ(kinds.size(), 7u);
    for (const auto& [name, kind] : kinds) {
        EXPECT_FALSE(kind.keys.empty()) << name;
        for (const auto& key : kind.keys)
            for (const auto& value : kind.values)
                expect_same_when_written_again(name, key, value);
    }
}

TEST(consumer_records, deletions_keep_their_keys) {
    for (const auto& [name, kind] : golden_records())
        for (const auto& key : kind.keys) {
            const auto first = decoded(key, std::nullopt);
            ASSERT_TRUE(first.has_value()) << name << ": " << to_string(first.failure());
            const auto again = encode(**first);
            EXPECT_FALSE(again.value.has_value());
            EXPECT_EQ(slice::copy_of(std::span<const std::byte>(again.key)).text(), key.text()) << name;
        }
}

TEST(consumer_records, bytes_that_follow_no_format_are_refused) {
    for (const auto& [name, kind] : golden_records()) {
        const auto& key = kind.keys.front();
        const auto& value = kind.values.back();
        for (std::size_t size = 2; size < key.size(); ++size)
            EXPECT_EQ(decoded(slice::copy_of(key.sub(0, size).bytes()), value).code(), errc::corrupt_message)
                << name;
        for (std::size_t size = 0; size < value.size(); ++size)
            EXPECT_EQ(decoded(key, slice::copy_of(value.sub(0, size).bytes())).code(), errc::corrupt_message)
                << name;
        auto newer = slice::copy_of(value.bytes());
        newer.patch_before_sharing()[1] = std::byte{1};
        EXPECT_EQ(decoded(key, newer).code(), errc::unsupported_version) << name;
    }
}

TEST(consumer_records, a_member_is_kept_with_all_that_it_said) {
    consumer_subscription said;
    said.instance_id = "i";
    said.rack = "r";
    said.client_id = "c";
    said.host = "/h";
    said.topics = {"a", "b"};
    said.pattern = "a.*";
    said.rebalance_timeout = std::chrono::milliseconds(7);
    said.assignor = "range";
    said.classic = {std::chrono::milliseconds(9), {{"range", slice::copy_of("s")}}};
    const group_record record = consumer_record(consumer_member_record{"g", "m", said});
    const auto again = decoded(encode(record));
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(**again, record);
}

} // namespace
} // namespace barnabas::group::consumer_records_test
