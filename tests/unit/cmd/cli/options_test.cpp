#include "cmd/cli/options.hpp"

#include <gtest/gtest.h>

namespace barnabas::cli::options_test {

namespace {

constexpr option rows[] = {
    {"config", "FILE", "Configuration.", "", false, false, 'c'},
    {"override", "KEY=VALUE", "Wins over the file.", "", true},
    {"seed", "N", "First seed.", "1"},
    {"quiet", "", "Say less."},
};
const command start{"start", "Starts a broker.", rows};

result<parsed_options> parsed(std::vector<std::string_view> args, const command& what = start) {
    return parse(what, args);
}

std::string refusal(std::vector<std::string_view> args, const command& what = start) {
    auto all = parsed(std::move(args), what);
    return all ? "" : all.failure().detail;
}

} // namespace

TEST(options, all_forms_are_read) {
    auto all = parsed({"--config", "a", "--override=x=1", "--override", "y=2", "--quiet"});
    ASSERT_TRUE(all.has_value());
    EXPECT_EQ(all->value("config"), "a");
    EXPECT_EQ(all->values("override"), (std::vector<std::string>{"x=1", "y=2"}));
    EXPECT_TRUE(all->has("quiet"));
    EXPECT_EQ(all->value("seed"), "1");
    EXPECT_FALSE(all->has("seed"));
    EXPECT_EQ(parsed({"-c", "b"})->value("config"), "b");
}

TEST(options, mistakes_are_named) {
    EXPECT_EQ(refusal({"--confg", "a"}), "no option is named --confg; did you mean --config? (see --help)");
    EXPECT_EQ(refusal({"--xyzzy"}), "no option is named --xyzzy (see --help)");
    EXPECT_EQ(refusal({"-x"}), "no option is named -x (see --help)");
    EXPECT_EQ(refusal({"--config"}), "--config needs a value FILE");
    EXPECT_EQ(refusal({"--quiet=1"}), "--quiet takes no value");
    EXPECT_EQ(refusal({"--config", "a", "--config", "b"}), "--config is given twice");
    EXPECT_EQ(refusal({"stray"}), "'stray' is one argument too many for start (see --help)");
}

TEST(options, required_options_and_positionals_are_asked_for) {
    constexpr option needed[] = {{"seeds", "A..B", "Seeds.", "", false, true}};
    const command sweep{"sim sweep", "Runs many.", needed, {"FILE", "[MORE...]"}};
    EXPECT_EQ(refusal({"f"}, sweep), "sim sweep needs --seeds A..B (see --help)");
    EXPECT_EQ(refusal({"--seeds", "1..2"}, sweep), "sim sweep needs FILE (see --help)");
    auto all = parsed({"--seeds", "1..2", "a", "b", "--", "--c"}, sweep);
    ASSERT_TRUE(all.has_value());
    EXPECT_EQ(all->positionals(), (std::vector<std::string>{"a", "b", "--c"}));
}

TEST(options, who_asks_for_the_version_need_say_no_more) {
    constexpr option needed[] = {{"config", "FILE", "Configuration.", "", false, true},
                                 {"version", "", "Show the version."}};
    const command storage{"storage", "Formats.", needed, {"ACTION"}};
    auto all = parsed({"--version"}, storage);
    ASSERT_TRUE(all.has_value());
    EXPECT_TRUE(all->has("version"));
    EXPECT_EQ(refusal({}, storage), "storage needs --config FILE (see --help)");
}

TEST(options, numbers_have_a_range) {
    EXPECT_EQ(*parsed({"--seed", "7"})->number("seed", 1, 9), 7);
    EXPECT_EQ(parsed({"--seed", "10"})->number("seed", 1, 9).failure().detail,
              "--seed=10: allowed is a whole number from 1 to 9");
    EXPECT_FALSE(parsed({"--seed", "7x"})->number("seed", 1, 9));
}

TEST(options, beginnings_of_names_do_for_tools_like_those_of_kafka) {
    constexpr option kafka_rows[] = {{"topic", "NAME", ""}, {"topic-id", "ID", ""}, {"create", "", ""}};
    const command kafka{"topics", "Topics.", kafka_rows, {}, {}, true};
    EXPECT_TRUE(parsed({"--cr"}, kafka)->has("create"));
    EXPECT_EQ(parsed({"--topic=a", "--topic-i", "b"}, kafka)->value("topic"), "a");
    EXPECT_NE(refusal({"--top", "a"}, kafka), "") << "two options begin so";
    EXPECT_NE(refusal({"--quie"}), "") << "other tools want whole names";
}

TEST(options, a_value_may_be_left_out_where_the_row_says_so) {
    constexpr option loose[] = {{"state", "[STATES]", ""}, {"list", "", ""}};
    const command groups{"groups", "Groups.", loose};
    EXPECT_EQ(parsed({"--state", "--list"}, groups)->value("state"), "");
    EXPECT_TRUE(parsed({"--state", "--list"}, groups)->has("list"));
    EXPECT_EQ(parsed({"--list", "--state"}, groups)->value("state"), "");
    EXPECT_EQ(parsed({"--state", "Empty", "--list"}, groups)->value("state"), "Empty");
    EXPECT_NE(help_text("barnabas", groups).find("--state [STATES]"), std::string::npos);
}

TEST(options, a_list_with_commas_is_one_word) {
    constexpr option rows_of_lists[] = {{"servers", "HOST:PORT,...", ""},
                                        {"props", "KEY=VALUE...", "", {}, true}};
    const command produce{"produce", "Sends.", rows_of_lists, {"TOPIC"}};
    const auto given =
        parsed({"--servers", "a:1,b:2", "orders", "--props", "acks=1", "linger.ms=2"}, produce);
    EXPECT_EQ(given->positionals(), std::vector<std::string>{"orders"});
    EXPECT_EQ(given->values("props").size(), 2u);
}

TEST(options, values_may_be_absent_or_many) {
    constexpr option some[] = {{"codec", "[CODEC]", "", "none", false, false, 0, "gzip"},
                               {"props", "KEY=VALUE...", "", {}, true},
                               {"count", "N", ""}};
    const command tool{"tool", "", some};
    EXPECT_EQ(parsed({"--codec", "--count", "1"}, tool)->value("codec"), "gzip");
    EXPECT_EQ(parsed({"--codec", "lz4"}, tool)->value("codec"), "lz4");
    EXPECT_EQ(parsed({"--codec"}, tool)->value("codec"), "gzip");
    EXPECT_EQ(parsed({}, tool)->value("codec"), "none");
    const auto many = parsed({"--props", "a=1", "b=2", "--count", "-1", "--props", "c=3"}, tool);
    ASSERT_TRUE(many.has_value());
    EXPECT_EQ(many->values("props"), (std::vector<std::string>{"a=1", "b=2", "c=3"}));
    EXPECT_EQ(many->value("count"), "-1");
}

TEST(options, help_is_found_before_anything_is_checked) {
    EXPECT_TRUE(parsed({"--help", "--nonsense"})->help());
    EXPECT_TRUE(parsed({"-h"})->help());
}

TEST(options, help_text_lists_the_table) {
    const auto text = help_text("barnabas", start);
    EXPECT_TRUE(text.starts_with("usage: barnabas start [options]\n\nStarts a broker.\n")) << text;
    EXPECT_NE(text.find("  -c, --config FILE         Configuration.\n"), std::string::npos) << text;
    EXPECT_NE(text.find("      --seed N              First seed. Default: 1.\n"), std::string::npos) << text;
    EXPECT_NE(text.find("  -h, --help                Show this text.\n"), std::string::npos) << text;
}

TEST(options, an_action_is_one_of_the_table_and_help_lists_it) {
    constexpr option some[] = {{"config", "FILE", "Configuration.", "", false, false, 'c'},
                               {"version", "", ""}};
    constexpr action known[] = {{"info", "Shows what is there."}, {"random-uuid", "Prints an id."}};
    const command storage{"storage", "Formats.", some, {"ACTION"}, {}, true, known};
    EXPECT_EQ(parsed({"-c", "f", "info"}, storage)->positionals(), std::vector<std::string>{"info"});
    EXPECT_EQ(refusal({"inf"}, storage), "storage: 'inf' is none of info, random-uuid (see --help)");
    EXPECT_EQ(refusal({}, storage), "storage needs ACTION (see --help)");
    EXPECT_EQ(refusal({"--version"}, storage), "");
    EXPECT_EQ(help_text("barnabas", storage)
                  .find("usage: barnabas storage [options] ACTION\n\nFormats.\n\n"
                        "actions:\n"
                        "  info         Shows what is there.\n"
                        "  random-uuid  Prints an id.\n"
                        "\n"
                        "options:\n"
                        "  -c, --config FILE  Configuration.\n"),
              0u)
        << help_text("barnabas", storage);
}

TEST(commands, longest_name_wins_and_slips_are_named) {
    const command all[] = {start, {"sim", "About simulation.", {}}, {"sim run", "Runs one seed.", {}}};
    const std::string_view run[] = {"sim", "run", "--seed"}, typo[] = {"strat"}, half[] = {"sim", "other"},
                           two[] = {"smi", "run"};
    EXPECT_EQ(find_command(all, run)->what->name, "sim run");
    EXPECT_EQ(find_command(all, run)->words, 2U);
    EXPECT_EQ(find_command(all, half)->what->name, "sim");
    EXPECT_EQ(find_command(all, typo).failure().detail,
              "no command is named 'strat'; did you mean 'start'? (see --help)");
    EXPECT_FALSE(find_command(all, two));
    EXPECT_FALSE(find_command(all, std::span<const std::string_view>{}));
    EXPECT_NE(commands_text("barnabas", "A broker.", all).find("  sim run  Runs one seed.\n"),
              std::string::npos);
}

} // namespace barnabas::cli::options_test
