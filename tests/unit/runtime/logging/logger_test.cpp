#include "runtime/logging/logger.hpp"

#include <gtest/gtest.h>

namespace barnabas::logger_test {

TEST(logger, time_is_iso_in_utc) {
    EXPECT_EQ(format_time(timestamp_ms{0}), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(format_time(timestamp_ms{-1}), "1969-12-31T23:59:59.999Z");
    EXPECT_EQ(format_time(timestamp_ms{951782400123}), "2000-02-29T00:00:00.123Z");
    EXPECT_EQ(format_time(timestamp_ms{1795226645678}), "2026-11-21T02:04:05.678Z");
    EXPECT_EQ(format_time(timestamp_ms{4107542400000}), "2100-03-01T00:00:00.000Z");
}

TEST(logger, line_shows_fields_in_order_and_quotes_where_needed) {
    log_fields fields{
        {"host", "127.0.0.1"}, {"port", 9092}, {"ready", true}, {"offset", log_offset{7}}, {"empty", ""}};
    fields.message("it is open");
    EXPECT_EQ(
        format_line(timestamp_ms{0}, log_level::info, "listening", fields),
        "1970-01-01T00:00:00.000Z INFO  listening host=127.0.0.1 port=9092 ready=true offset=7 empty=\"\" "
        "message=\"it is open\"");
}

TEST(logger, what_a_client_sent_stays_on_its_line) {
    const auto line =
        format_line(timestamp_ms{0}, log_level::warn, "e", {{"k", std::string("a\"b\\c\nd\x1b[1m\x7f")}});
    EXPECT_TRUE(line.ends_with("k=\"a\\\"b\\\\c\\nd\\x1b[1m\\x7f\"")) << line;
}

TEST(logger, long_values_are_cut) {
    const auto line = format_line(timestamp_ms{0}, log_level::warn, "e", {{"k", std::string(100'000, 'x')}});
    EXPECT_LT(line.size(), 5000U);
    EXPECT_TRUE(line.ends_with("x..."));
}

TEST(logger, lower_levels_are_not_written) {
    std::string lines;
    line_logger log([] { return timestamp_ms{0}; }, [&](std::string_view line) { lines += line; },
                    log_level::warn);
    log.info("quiet");
    log.warn("loud", {{"why", "test"}});
    EXPECT_EQ(lines, "1970-01-01T00:00:00.000Z WARN  loud why=test\n");
}

TEST(logger, json_has_the_same_facts) {
    log_fields fields{{"host", "127.0.0.1"}, {"port", 9092}, {"ready", true}, {"offset", log_offset{7}}};
    fields.message("it is \"open\"");
    std::string lines;
    line_logger log([] { return timestamp_ms{0}; }, [&](std::string_view line) { lines += line; },
                    log_level::info, log_format::json);
    log.info("listening", fields);
    EXPECT_EQ(lines,
              R"({"time":"1970-01-01T00:00:00.000Z","level":"info","event":"listening","host":"127.0.0.1",)"
              R"("port":9092,"ready":true,"offset":7,"message":"it is \"open\""})"
              "\n");
}

TEST(logger, json_stays_json_whatever_a_client_sent) {
    const auto line =
        format_json(timestamp_ms{0}, log_level::warn, "e", {{"k", std::string("a\"b\\c\nd\x1b\x7f\xff")}});
    EXPECT_TRUE(line.ends_with(R"("k":"a\"b\\c\u000ad\u001b\u007f)"
                               "\xef\xbf\xbd\"}"))
        << line;
}

TEST(logger, memory_logger_keeps_and_finds_events) {
    memory_logger log;
    log.info("opened", {{"partition", 1}});
    log.info("opened", {{"partition", 2}});
    EXPECT_EQ(log.count("opened"), 2U);
    ASSERT_NE(log.find("opened"), nullptr);
    EXPECT_EQ(log.find("opened")->fields.value_of("partition"), "2");
    EXPECT_EQ(log.find("closed"), nullptr);
}

TEST(logger, levels_have_names) {
    EXPECT_EQ(parse_log_level("warn"), log_level::warn);
    EXPECT_EQ(parse_log_level("loud"), std::nullopt);
    EXPECT_EQ(name_of(log_level::error), "error");
    EXPECT_EQ(parse_log_format("json"), log_format::json);
    EXPECT_EQ(parse_log_format("xml"), std::nullopt);
}

} // namespace barnabas::logger_test
