#include "sim/text/document.hpp"
#include "sim/text/field_text.hpp"
#include "sim/text/section_reader.hpp"

#include <gtest/gtest.h>

namespace barnabas::sim::text_test {
namespace {

TEST(scenario_document, keeps_sections_keys_rows_and_the_numbers_of_their_lines) {
    const auto read =
        parse_document("x", "# title\n\n[topic t0]\n partitions = 3 # three\n\n[sends]\na row\n");
    ASSERT_TRUE(read);
    ASSERT_EQ(read->sections.size(), 2u);
    const auto& topic = read->sections[0];
    EXPECT_EQ(topic.name, "topic");
    EXPECT_EQ(topic.argument, "t0");
    EXPECT_EQ(topic.line, 3u);
    ASSERT_NE(topic.find("partitions"), nullptr);
    EXPECT_EQ(topic.find("partitions")->value, "3");
    EXPECT_EQ(topic.find("partitions")->line, 4u);
    EXPECT_EQ(read->find("sends")->lines[0].value, "a row");
    EXPECT_TRUE(read->find("sends")->lines[0].key.empty());
}

TEST(scenario_document, names_file_and_line_of_what_it_cannot_take) {
    const std::pair<const char*, const char*> wrong[] = {
        {"seconds = 3\n", "x:1: the first line must open a section"},
        {"[a]\n[b\n", "x:2: a section is written"},
        {"[a]\n\n= 3\n", "x:3: there is no name"},
        {"[a]\nk = 1\nk = 2\n", "x:3: k was already set in line 2"},
        {"[ ]\n", "x:1: the section has no name"},
    };
    for (const auto& [text, message] : wrong) {
        const auto read = parse_document("x", text);
        ASSERT_FALSE(read) << text;
        EXPECT_EQ(read.failure().detail.substr(0, std::string(message).size()), message);
    }
}

TEST(field_text, durations_carry_the_coarsest_unit_that_is_exact) {
    EXPECT_EQ(duration_text(0), "0s");
    EXPECT_EQ(duration_text(250'000), "250us");
    EXPECT_EQ(duration_text(90'000'000'000), "90s");
    EXPECT_EQ(duration_text(3'600'000'000'000), "1h");
    EXPECT_EQ(duration_text(1'000'000'001), "1000000001ns");
    EXPECT_EQ(duration_text(-5'000'000), "-5ms");
}

TEST(field_text, what_is_written_is_read_again) {
    runtime::random draws(1);
    for (const std::int64_t ns : {0L, 1L, 999L, 1'000'000L, 61'000'000'000L, INT64_MAX, -7L}) {
        std::int64_t back = 1;
        ASSERT_TRUE(parse_field("x_ns", back, field_text("x_ns", ns), draws));
        EXPECT_EQ(back, ns);
    }
    std::uint64_t choice = 0;
    ASSERT_TRUE(parse_field("choice", choice, "18446744073709551615", draws));
    EXPECT_EQ(choice, UINT64_MAX);
}

TEST(field_text, ranges_are_drawn_within_their_ends) {
    runtime::random draws(7);
    std::int64_t least = INT64_MAX;
    std::int64_t most = 0;
    for (int i = 0; i < 1'000; ++i) {
        std::int64_t value = 0;
        ASSERT_TRUE(parse_field("x_ns", value, "1ms..4ms", draws));
        least = std::min(least, value);
        most = std::max(most, value);
    }
    EXPECT_GE(least, 1'000'000);
    EXPECT_LT(least, 1'100'000);
    EXPECT_LE(most, 4'000'000);
    EXPECT_GT(most, 3'600'000);
}

TEST(field_text, refuses_what_is_no_value_of_the_field) {
    runtime::random draws(1);
    std::int64_t duration = 0;
    std::uint32_t count = 0;
    bool truth = false;
    EXPECT_FALSE(parse_field("x_ns", duration, "3", draws)) << "a duration needs a unit";
    EXPECT_FALSE(parse_field("x_ns", duration, "3 weeks", draws));
    EXPECT_FALSE(parse_field("x_ns", duration, "10000000000s", draws)) << "it does not fit 64 bits";
    EXPECT_FALSE(parse_field("count", count, "-1", draws));
    EXPECT_FALSE(parse_field("count", count, "4294967296", draws));
    EXPECT_FALSE(parse_field("count", count, "5..3", draws));
    EXPECT_FALSE(parse_field("count", count, "3x", draws));
    EXPECT_FALSE(parse_field("count", count, "", draws));
    EXPECT_FALSE(parse_field("flag", truth, "true", draws));
}

struct two_fields {
    std::int64_t wait = 0;
    std::uint32_t count = 0;
};

template <class Options, class Visit>
requires std::is_same_v<std::remove_const_t<Options>, two_fields>
void for_each_field(Options& of, Visit&& visit) {
    visit("wait_ns", of.wait);
    visit("count", of.count);
}

TEST(section_reader, sets_the_fields_that_the_section_names) {
    const auto read = parse_document("x", "[s]\nwait = 3ms\nconfig.a.b = c d\n");
    ASSERT_TRUE(read);
    two_fields options{1, 9};
    std::vector<std::pair<std::string, std::string>> configs;
    section_reader reader(*read, read->sections[0], runtime::random(1));
    ASSERT_TRUE(reader.fields(options).configs(configs).done());
    EXPECT_EQ(options.wait, 3'000'000);
    EXPECT_EQ(options.count, 9u);
    ASSERT_EQ(configs.size(), 1u);
    EXPECT_EQ(configs[0], (std::pair<std::string, std::string>("a.b", "c d")));
}

TEST(section_reader, names_the_line_of_a_wrong_value_and_of_an_unknown_key) {
    two_fields options;
    const auto wrong = parse_document("x", "[s]\n\ncount = many\n");
    const auto value = section_reader(*wrong, wrong->sections[0], runtime::random(1)).fields(options).done();
    ASSERT_FALSE(value);
    EXPECT_EQ(value.failure().detail, "x:3: count: 'many' is no whole number");
    const auto unknown = parse_document("x", "[s]\ncuont = 3\n");
    const auto key =
        section_reader(*unknown, unknown->sections[0], runtime::random(1)).fields(options).done();
    ASSERT_FALSE(key);
    EXPECT_EQ(key.failure().detail, "x:2: [s] has no cuont; did you mean count?");
}

} // namespace
} // namespace barnabas::sim::text_test
