#include "runtime/config/properties.hpp"

#include <gtest/gtest.h>

namespace barnabas::properties_test {

namespace {

std::vector<property> parsed(std::string_view text) {
    auto all = parse_properties("f", text);
    EXPECT_TRUE(all.has_value());
    return all ? *all : std::vector<property>{};
}

std::string only_value(std::string_view text) {
    const auto all = parsed(text);
    EXPECT_EQ(all.size(), 1U);
    return all.empty() ? "" : all.front().value;
}

} // namespace

TEST(properties, equals_colon_and_blanks_separate) {
    for (const auto* text : {"a=b", "a:b", "a b", "a = b", "a\t:  b", "  a=b", "a   b"}) {
        const auto all = parsed(text);
        ASSERT_EQ(all.size(), 1U) << text;
        EXPECT_EQ(all[0].key, "a") << text;
        EXPECT_EQ(all[0].value, "b") << text;
    }
}

TEST(properties, only_the_first_separator_counts) {
    EXPECT_EQ(only_value("a==b"), "=b");
    EXPECT_EQ(only_value("listeners=PLAINTEXT://:9092"), "PLAINTEXT://:9092");
}

TEST(properties, comments_and_empty_lines_are_dropped) {
    const auto all = parsed("# one\n! two\n\n   # three\n  \na=b # not a comment\n");
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].value, "b # not a comment");
    EXPECT_EQ(all[0].origin, "f:6");
}

TEST(properties, a_comment_is_not_continued) {
    EXPECT_EQ(parsed("# one \\\na=b").size(), 1U);
}

TEST(properties, backslash_joins_lines_and_drops_blanks_before_the_next) {
    const auto all = parsed("a=b,\\\n   c,\\\r\n\td\nx=y");
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].value, "b,c,d");
    EXPECT_EQ(all[0].origin, "f:1");
    EXPECT_EQ(all[1].origin, "f:4");
}

TEST(properties, two_backslashes_join_nothing) {
    const auto all = parsed("a=b\\\\\nc=d");
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].value, "b\\");
}

TEST(properties, backslash_at_the_end_of_the_file_is_dropped) {
    EXPECT_EQ(only_value("a=b\\"), "b");
}

TEST(properties, trailing_blanks_belong_to_the_value) {
    EXPECT_EQ(only_value("a=b  "), "b  ");
}

TEST(properties, escapes_are_read) {
    EXPECT_EQ(only_value("a=\\t\\n\\r\\f\\q\\\\"), "\t\n\r\fq\\");
    EXPECT_EQ(only_value("a=\\u00e9"), "\xc3\xa9");
    EXPECT_EQ(only_value("a=\\u20ac"), "\xe2\x82\xac");
    EXPECT_EQ(only_value("a=\\ud83d\\ude00"), "\xf0\x9f\x98\x80");
    EXPECT_EQ(parsed("a\\=b\\ c=d").front().key, "a=b c");
}

TEST(properties, half_a_surrogate_pair_becomes_the_replacement_character) {
    EXPECT_EQ(only_value("a=\\ud83dx"), "\xef\xbf\xbdx");
}

TEST(properties, broken_unicode_escape_names_the_line) {
    const auto all = parse_properties("server.properties", "a=b\nc=\\u12x4\n");
    ASSERT_FALSE(all.has_value());
    EXPECT_EQ(all.failure().detail, "server.properties:2: \\u must be followed by four hexadecimal digits");
}

TEST(properties, last_value_wins_with_its_line) {
    const auto all = parsed("a=1\nb=2\na=3");
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].value, "3");
    EXPECT_EQ(all[0].origin, "f:3");
}

TEST(properties, key_without_a_value_is_empty) {
    EXPECT_EQ(only_value("a"), "");
    EXPECT_EQ(only_value("a="), "");
}

TEST(properties, old_macintosh_line_ends_are_read) {
    EXPECT_EQ(parsed("a=1\rb=2").size(), 2U);
}

} // namespace barnabas::properties_test
