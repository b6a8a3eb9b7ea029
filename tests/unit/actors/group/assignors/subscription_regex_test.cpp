#include "actors/group/assignors/subscription_regex.hpp"

#include <gtest/gtest.h>

#include <string>

namespace barnabas::group::subscription_regex_test {

namespace {

bool matches(std::string_view pattern, std::string_view topic) {
    const auto compiled = subscription_regex::compile(pattern);
    EXPECT_TRUE(compiled.has_value()) << pattern;
    return compiled && compiled->matches(topic);
}

} // namespace

TEST(subscription_regex, covers_the_whole_name) {
    EXPECT_TRUE(matches("orders", "orders"));
    EXPECT_FALSE(matches("orders", "orders-2"));
    EXPECT_FALSE(matches("orders", "my-orders"));
    EXPECT_TRUE(matches("orders.*", "orders-2"));
    EXPECT_TRUE(matches("a|ab", "ab"));
    EXPECT_FALSE(matches("", "orders"));
}

TEST(subscription_regex, knows_the_syntax_of_re2) {
    EXPECT_TRUE(matches("(?i)ORDERS-\\d+", "orders-17"));
    EXPECT_TRUE(matches("^(?:east|west)\\.[[:alpha:]]+$", "west.orders"));
    EXPECT_TRUE(matches("(?P<where>east)_.{2,4}", "east_abc"));
}

TEST(subscription_regex, says_what_is_wrong) {
    for (const auto* pattern : {"(", "[a", "*", "a{2,1}", "(?=ahead)", "(a)\\1", "\\", "\xff"}) {
        const auto compiled = subscription_regex::compile(pattern);
        EXPECT_EQ(compiled.code(), errc::invalid_regular_expression) << pattern;
    }
    EXPECT_NE(subscription_regex::compile("[a").failure().detail.find("missing ]"), std::string::npos);
}

TEST(subscription_regex, one_that_would_take_too_much_is_refused) {
    EXPECT_EQ(subscription_regex::compile("((.{1000}){1000}){1000}").code(),
              errc::invalid_regular_expression);
    EXPECT_EQ(subscription_regex::compile(std::string(100'000, '(') + std::string(100'000, ')')).code(),
              errc::invalid_regular_expression);
    EXPECT_TRUE(matches("[a-z]{1000}", std::string(1000, 'a')));
}

/// Back-tracking would take 2^40 steps.
TEST(subscription_regex, takes_linear_time) {
    EXPECT_FALSE(matches("(a*)*b", std::string(240, 'a')));
    EXPECT_FALSE(matches("(a|a)*c", std::string(240, 'a')));
}

} // namespace barnabas::group::subscription_regex_test
