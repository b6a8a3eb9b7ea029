#include "runtime/config/time_text.hpp"

#include <gtest/gtest.h>

namespace barnabas::time_text_test {

TEST(date_time, is_utc_unless_it_names_a_zone) {
    EXPECT_EQ(*parse_date_time("1970-01-01T00:00:00.000"), 0);
    EXPECT_EQ(*parse_date_time("2020-01-01T00:00:00.000"), 1577836800000);
    EXPECT_EQ(*parse_date_time("2020-02-29T12:34:56.789Z"), 1582979696789);
    EXPECT_EQ(*parse_date_time("2020-01-01T00:00:00"), 1577836800000);
    EXPECT_EQ(*parse_date_time("2020-01-01T02:00:00.5+02:00"), 1577836800500);
    EXPECT_EQ(*parse_date_time("2020-01-01T00:00:00.000-0130"), 1577836800000 + 90 * 60 * 1000);
    EXPECT_EQ(*parse_date_time("1969-12-31T23:59:59.999"), -1);
}

TEST(date_time, nonsense_is_refused_by_name) {
    for (const auto* text :
         {"", "2020-01-01", "2020-01-01 00:00:00", "2020-13-01T00:00:00", "2019-02-29T00:00:00",
          "2020-01-01T24:00:00", "2020-01-01T00:00", "2020-01-01T00:00:00x", "2020-01-01T00:00:00+1", "noon"})
        EXPECT_FALSE(parse_date_time(text)) << text;
    EXPECT_TRUE(parse_date_time("noon").failure().detail.starts_with("'noon' is no time"))
        << "the text is named";
}

TEST(duration, parts_add_up) {
    EXPECT_EQ(*parse_duration("P1D"), 86400000);
    EXPECT_EQ(*parse_duration("PT2H30M"), 9000000);
    EXPECT_EQ(*parse_duration("P2DT0H0M0S"), 172800000);
    EXPECT_EQ(*parse_duration("PT1.25S"), 1250);
    EXPECT_EQ(*parse_duration("-PT1S"), -1000);
    EXPECT_EQ(*parse_duration("PT-1M"), -60000);
}

TEST(duration, nonsense_is_refused_by_name) {
    for (const auto* text : {"", "P", "1D", "PT", "P1M", "P1H", "PT1D", "PT1M1H", "PT1.5H", "P1DT", "P1D ",
                             "P99999999999999999999D"})
        EXPECT_FALSE(parse_duration(text)) << text;
}

} // namespace barnabas::time_text_test
