#include "runtime/metrics/registry.hpp"
#include "runtime/metrics/text.hpp"

#include <gtest/gtest.h>

namespace barnabas::runtime::metrics_test {

TEST(metric_registry, same_name_and_labels_give_the_same_handle) {
    metric_registry registry;
    auto& first = registry.counter_of("requests_total", "Requests.", {{"a", "1"}, {"b", "2"}});
    auto& same = registry.counter_of("requests_total", "Requests.", {{"b", "2"}, {"a", "1"}});
    auto& other = registry.counter_of("requests_total", "Requests.", {{"a", "2"}, {"b", "2"}});
    EXPECT_EQ(&first, &same);
    EXPECT_NE(&first, &other);
    first.add(3);
    EXPECT_EQ(same.value(), 3U);
}

TEST(metric_registry, histogram_counts_each_value_once) {
    histogram values({1, 2, 4});
    for (const double value : {0.5, 1.0, 1.5, 4.0, 100.0})
        values.observe(value);
    EXPECT_EQ(values.in_bucket(0), 2U);
    EXPECT_EQ(values.in_bucket(1), 1U);
    EXPECT_EQ(values.in_bucket(2), 1U);
    EXPECT_EQ(values.in_bucket(3), 1U);
    EXPECT_EQ(values.count(), 5U);
    EXPECT_DOUBLE_EQ(values.sum(), 107.0);
}

TEST(metric_registry, standard_bounds_grow) {
    histogram latency(latency_bounds()), size(size_bounds());
    latency.observe(0.001);
    size.observe(1000);
    EXPECT_EQ(latency.count() + size.count(), 2U);
}

TEST(prometheus_text, shows_every_kind) {
    metric_registry registry;
    registry.counter_of("bytes_in_total", "Bytes received.", {{"topic", "a"}}).add(10);
    registry.gauge_of("connections", "Open connections.").set(-2);
    registry.computed_gauge("uptime_seconds", "Since the start.", [] { return 1.5; });
    registry.computed_counter("turns_total", "Turns.", [] { return 3.0; });
    auto& spread = registry.histogram_of("wait_seconds", "Waiting.", {0.1, 1}, {{"api", "Fetch"}});
    spread.observe(0.05);
    spread.observe(5);
    EXPECT_EQ(prometheus_text(registry), "# HELP barnabas_bytes_in_total Bytes received.\n"
                                         "# TYPE barnabas_bytes_in_total counter\n"
                                         "barnabas_bytes_in_total{topic=\"a\"} 10\n"
                                         "# HELP barnabas_connections Open connections.\n"
                                         "# TYPE barnabas_connections gauge\n"
                                         "barnabas_connections -2\n"
                                         "# HELP barnabas_turns_total Turns.\n"
                                         "# TYPE barnabas_turns_total counter\n"
                                         "barnabas_turns_total 3\n"
                                         "# HELP barnabas_uptime_seconds Since the start.\n"
                                         "# TYPE barnabas_uptime_seconds gauge\n"
                                         "barnabas_uptime_seconds 1.5\n"
                                         "# HELP barnabas_wait_seconds Waiting.\n"
                                         "# TYPE barnabas_wait_seconds histogram\n"
                                         "barnabas_wait_seconds_bucket{api=\"Fetch\",le=\"0.1\"} 1\n"
                                         "barnabas_wait_seconds_bucket{api=\"Fetch\",le=\"1\"} 1\n"
                                         "barnabas_wait_seconds_bucket{api=\"Fetch\",le=\"+Inf\"} 2\n"
                                         "barnabas_wait_seconds_sum{api=\"Fetch\"} 5.05\n"
                                         "barnabas_wait_seconds_count{api=\"Fetch\"} 2\n");
}

TEST(prometheus_text, label_values_are_escaped) {
    metric_registry registry;
    registry.counter_of("c", "h", {{"k", "a\"b\\c\nd"}});
    EXPECT_NE(prometheus_text(registry).find("{k=\"a\\\"b\\\\c\\nd\"} 0"), std::string::npos);
}

TEST(prometheus_text, label_that_is_no_utf8_does_not_spoil_the_page) {
    const std::string unknown = "\xef\xbf\xbd";
    EXPECT_EQ(escaped_label("gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80"), "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80");
    EXPECT_EQ(escaped_label("a\xff\"b"), "a" + unknown + "\\\"b");
    EXPECT_EQ(escaped_label("\xc3"), unknown);
    EXPECT_EQ(escaped_label("\xc0\x80"), unknown + unknown);
}

TEST(metric_registry, removed_series_are_not_shown) {
    metric_registry registry;
    registry.counter_of("c", "h", {{"topic", "gone"}}).add();
    registry.counter_of("c", "h", {{"topic", "kept"}}).add();
    registry.remove("c", {"topic", "gone"});
    const auto text = prometheus_text(registry);
    EXPECT_EQ(text.find("gone"), std::string::npos);
    EXPECT_NE(text.find("kept"), std::string::npos);
    registry.remove("c", {"topic", "kept"});
    EXPECT_EQ(prometheus_text(registry), "");
}

} // namespace barnabas::runtime::metrics_test
