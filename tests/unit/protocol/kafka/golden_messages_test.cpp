#include "protocol/kafka/message_table.hpp"
#include "tests/golden/messages.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace barnabas::kafka::testing::golden_messages_test {
namespace {

const std::vector<std::string>& message_files() {
    static const std::vector<std::string> files{"requests",
                                                "responses",
                                                "headers",
                                                "data-messages",
                                                "group-coordinator-records",
                                                "transaction-coordinator-records",
                                                "share-coordinator-records",
                                                "legacy/requests",
                                                "legacy/responses",
                                                "legacy/headers"};
    return files;
}

std::string path_of(const std::string& name) {
    return vectors_folder() + "/" + name + ".jsonl.gz";
}

/// Visits all vectors; every message has a schema.
void for_each_known_message(const std::function<void(const message_vector&)>& visit) {
    for (const auto& name : message_files()) {
        const bool read = for_each_message(path_of(name), [&](const message_vector& vector) {
            ASSERT_NE(find_message(vector.message), nullptr) << vector.message;
            visit(vector);
        });
        EXPECT_TRUE(read) << name;
    }
}

TEST(golden_messages, every_vector_decodes_matches_its_json_and_encodes_to_its_bytes) {
    std::map<std::string, std::set<std::int16_t>> seen;
    for_each_known_message([&](const message_vector& vector) {
        seen[vector.message].insert(vector.version);
        const auto wrong = check_message(vector);
        EXPECT_FALSE(wrong) << *wrong;
    });
    for (const auto& type : message_table()) {
        const auto& versions = seen[std::string(type.name)];
        for (int version = type.lowest_version; version <= type.highest_known_version; ++version)
            EXPECT_TRUE(versions.contains(static_cast<std::int16_t>(version)))
                << type.name << " v" << version;
        EXPECT_EQ(versions.size(),
                  static_cast<std::size_t>(type.highest_known_version - type.lowest_version + 1))
            << type.name;
    }
}

TEST(golden_messages, every_frame_has_the_header_that_its_api_calls_for) {
    std::size_t checked = 0;
    for (const char* name : {"frames", "legacy/frames"}) {
        EXPECT_TRUE(for_each_frame(path_of(name), [&](const frame_vector& vector) {
            ++checked;
            const auto wrong = check_frame(vector);
            EXPECT_FALSE(wrong) << *wrong;
        }));
    }
    EXPECT_GT(checked, 700u);
}

TEST(golden_messages, a_message_cut_short_anywhere_is_an_error) {
    for_each_known_message([&](const message_vector& vector) {
        const auto* type = find_message(vector.message);
        for (std::size_t size = 0; size < vector.bytes.size(); ++size) {
            // A copy of its own, so that a read beyond the end leaves the allocation.
            const auto cut = slice::copy_of(vector.bytes.sub(0, size).bytes());
            const auto done = type->run_round_trip(cut, vector.version);
            ASSERT_FALSE(done.has_value())
                << vector.message << " v" << vector.version << " of " << size << " bytes";
            ASSERT_EQ(done.code(), errc::malformed);
        }
    });
}

TEST(golden_messages, damaged_messages_are_refused_or_mean_what_they_encode_to) {
    std::mt19937 random(20260101);
    std::size_t accepted = 0;
    for_each_known_message([&](const message_vector& vector) {
        const auto* type = find_message(vector.message);
        for (int turn = 0; turn < 20 && !vector.bytes.empty(); ++turn) {
            auto damaged = slice::copy_of(vector.bytes.bytes());
            damaged.patch_before_sharing()[random() % damaged.size()] =
                static_cast<std::byte>(random() & 0xff);
            const auto first = type->run_round_trip(damaged, vector.version);
            if (!first)
                continue;
            ++accepted;
            const auto second = type->run_round_trip(join(first->encoded), vector.version);
            ASSERT_TRUE(second.has_value()) << to_string(second.failure());
            ASSERT_EQ(first->json, second->json);
            ASSERT_EQ(first->encoded_size, total_size(first->encoded));
        }
    });
    EXPECT_GT(accepted, 0u);
}

TEST(golden_messages, versions_outside_the_schema_are_unsupported) {
    for (const auto& type : message_table()) {
        const auto above = static_cast<std::int16_t>(type.highest_known_version + 1);
        EXPECT_EQ(type.run_round_trip(slice(), above).code(), errc::unsupported_version) << type.name;
        EXPECT_EQ(type.run_round_trip(slice(), -1).code(), errc::unsupported_version) << type.name;
    }
}

} // namespace
} // namespace barnabas::kafka::testing::golden_messages_test
