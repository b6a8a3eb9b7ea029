#include "protocol/kafka/api_key.hpp"
#include "protocol/kafka/error_codes.hpp"
#include "protocol/kafka/message_table.hpp"
#include "tests/golden/messages.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <initializer_list>

namespace barnabas::kafka::codes_test {
namespace {

TEST(api_key, names_and_flexible_versions_are_kafkas) {
    const auto facts = testing::protocol_facts();
    if (!facts)
        GTEST_SKIP() << "the facts in shared/kafka-protocol are absent";
    const auto rows = testing::read_json(*facts + "/api-keys.json");
    EXPECT_EQ(rows.as_array().size(), api_key_table.size());
    for (const auto& row : rows.as_array()) {
        const auto key = api_key{static_cast<std::int16_t>(row.at("key").as_int64())};
        EXPECT_EQ(name_of(key), std::string_view(row.at("name").as_string()));
        const auto& flexible = row.at("flexibleFrom");
        const auto expected = flexible.is_int64() ? flexible.as_int64() : never_flexible;
        EXPECT_EQ(api_key_table[static_cast<std::size_t>(key)].first_flexible_version, expected)
            << name_of(key);
    }
}

TEST(api_key, schemas_agree_with_the_table) {
    for (const auto& type : message_table())
        if (type.kind == message_kind::request || type.kind == message_kind::response) {
            const auto key = api_key{type.api_key};
            EXPECT_TRUE(type.name.starts_with(name_of(key))) << type.name;
            EXPECT_EQ(api_key_table[static_cast<std::size_t>(type.api_key)].first_flexible_version,
                      type.first_flexible_version)
                << type.name;
        }
}

TEST(api_key, numbers_that_are_no_api_are_unknown) {
    for (const std::int16_t number : std::initializer_list<std::int16_t>{-32768, -1, 95, 32767}) {
        EXPECT_FALSE(is_known(api_key{number}));
        EXPECT_EQ(name_of(api_key{number}), "Unknown");
        EXPECT_EQ(request_header_version(api_key{number}, 9), 1);
        EXPECT_EQ(response_header_version(api_key{number}, 9), 0);
    }
}

TEST(api_key, header_versions_follow_the_flexible_versions) {
    EXPECT_EQ(request_header_version(api_key::produce, 8), 1);
    EXPECT_EQ(request_header_version(api_key::produce, 9), 2);
    EXPECT_EQ(response_header_version(api_key::produce, 8), 0);
    EXPECT_EQ(response_header_version(api_key::produce, 9), 1);
    EXPECT_EQ(request_header_version(api_key::api_versions, 3), 2);
    EXPECT_EQ(response_header_version(api_key::api_versions, 3), 0);
    EXPECT_EQ(request_header_version(api_key::sasl_handshake, 1), 1);
    EXPECT_EQ(request_header_version(api_key::controlled_shutdown, 0), 0);
}

TEST(error_codes, numbers_and_names_are_kafkas) {
    const auto facts = testing::protocol_facts();
    if (!facts)
        GTEST_SKIP() << "the facts in shared/kafka-protocol are absent";
    const auto rows = testing::read_json(*facts + "/error-codes.json");
    for (const auto& row : rows.as_array()) {
        const auto code = error_code{static_cast<std::int16_t>(row.at("code").as_int64())};
        EXPECT_EQ(name_of(code), std::string_view(row.at("name").as_string()));
    }
    EXPECT_EQ(name_of(error_code{-2}), "UNKNOWN_CODE");
    EXPECT_EQ(name_of(error_code{9999}), "UNKNOWN_CODE");
}

TEST(error_codes, every_errc_has_a_code_and_only_ok_is_none) {
    for (std::uint16_t number = 0; number < 200; ++number) {
        const errc code{number};
        if (barnabas::name_of(code) != "unknown") {
            EXPECT_EQ(to_kafka(code) == error_code::none, code == errc::ok) << barnabas::name_of(code);
        }
    }
    EXPECT_EQ(wire_value(errc::corrupt_message), 2);
    EXPECT_EQ(wire_value(errc::message_too_large), 10);
    EXPECT_EQ(wire_value(errc::disk_full), 56);
    EXPECT_EQ(wire_value(errc::dropped), -1);
}

} // namespace
} // namespace barnabas::kafka::codes_test
