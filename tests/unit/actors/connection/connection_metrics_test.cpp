#include "actors/connection/connection_metrics.hpp"

#include "runtime/metrics/text.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace barnabas::connection_metrics_test {
namespace {

class converted_records : public ::testing::Test {
protected:
    converted_records() {
        node_.metrics = &registry_;
        reconnect();
    }

    void reconnect() { metrics_.emplace(node_, "PLAINTEXT", loop_index(0)); }

    void convert(const std::string& client, kafka::api_key key = kafka::api_key::produce) {
        request_context request;
        request.key = key;
        request.client_id = client;
        metrics_->converted(request, 1);
    }

    /// Of the series with that client id, as the page shows it; nothing if it has no such line.
    std::optional<std::string> shown(const std::string& client, const std::string& api = "Produce") const {
        const auto page = runtime::prometheus_text(registry_);
        const auto line =
            "barnabas_converted_records_total{api=\"" + api + "\",client_id=\"" + client + "\"} ";
        const auto at = page.find(line);
        if (at == std::string::npos)
            return std::nullopt;
        EXPECT_EQ(page.find(line, at + 1), std::string::npos) << "two lines of one series";
        const auto from = at + line.size();
        return page.substr(from, page.find('\n', from) - from);
    }

    runtime::metric_registry registry_;
    runtime::node_services node_;
    std::optional<connection_metrics> metrics_;
};

TEST_F(converted_records, a_listed_client_keeps_its_series_when_all_are_taken) {
    for (int number = 0; number < 201; ++number)
        convert("client-" + std::to_string(number));
    EXPECT_EQ(shown("client-199"), "1");
    EXPECT_EQ(shown("client-200"), std::nullopt);
    EXPECT_EQ(shown("(others)"), "1");
    reconnect();
    convert("client-0");
    convert("client-200");
    EXPECT_EQ(shown("client-0"), "2");
    EXPECT_EQ(shown("(others)"), "2");
    convert("client-0", kafka::api_key::fetch);
    EXPECT_EQ(shown("client-0"), "2");
    EXPECT_EQ(shown("(others)", "Fetch"), "1");
}

TEST_F(converted_records, many_clients_behind_one_connection_keep_theirs) {
    for (int round = 0; round < 2; ++round)
        for (int number = 0; number < 250; ++number)
            convert("client-" + std::to_string(number));
    EXPECT_EQ(shown("client-0"), "2");
    EXPECT_EQ(shown("client-199"), "2");
    EXPECT_EQ(shown("(others)"), "100");
}

TEST_F(converted_records, ids_that_are_no_text_share_a_series) {
    convert("id\xff");
    convert("id\xfe");
    EXPECT_EQ(shown("id\xef\xbf\xbd"), "2");
}

TEST_F(converted_records, a_long_id_is_cut_between_letters) {
    const std::string front(63, 'a');
    convert(front + "\xc3\xa4" + "b");
    EXPECT_EQ(shown(front), "1");
    convert(front + "bc");
    EXPECT_EQ(shown(front + "b"), "1");
}

TEST(connection_traffic, batches_and_refusals_have_their_counters) {
    runtime::metric_registry registry;
    runtime::node_services node;
    node.metrics = &registry;
    connection_metrics metrics(node, "PLAINTEXT", loop_index(0));
    metrics.batch_taken(3, 100);
    metrics.batch_taken(1, 50);
    metrics.records_given(70);
    metrics.part_refused(kafka::api_key::produce);
    metrics.part_refused(kafka::api_key::fetch);
    const auto page = runtime::prometheus_text(registry);
    for (const auto* line : {"barnabas_stored_records_total 4", "barnabas_stored_record_bytes_total 150",
                             "barnabas_fetched_record_bytes_total 70", "barnabas_refused_batches_total 1",
                             "barnabas_refused_fetches_total 1"})
        EXPECT_NE(page.find("\n" + std::string(line) + "\n"), std::string::npos) << line;
}

TEST(connection_traffic, requests_count_by_version_and_their_times_have_parts) {
    runtime::metric_registry registry;
    runtime::node_services node;
    node.metrics = &registry;
    connection_metrics metrics(node, "PLAINTEXT", loop_index(0));
    constexpr std::int64_t ms = 1'000'000;
    finished_request one;
    one.key = kafka::api_key::produce;
    one.version = 9;
    one.begun_at = one.arrived_at + 1 * ms;
    one.parked_at = one.begun_at + 2 * ms;
    one.answered_at = one.parked_at + 4 * ms;
    one.sent_at = one.answered_at + 8 * ms;
    metrics.finished(one);
    one.version = 7;
    metrics.finished(one);
    metrics.finished(one);
    const auto sum = [&](const char* name) {
        return registry.histogram_of(name, "", runtime::latency_bounds(), {{"api", "Produce"}}).sum();
    };
    EXPECT_NEAR(sum("request_seconds"), 0.045, 1e-9);
    EXPECT_NEAR(sum("request_queue_seconds"), 0.003, 1e-9);
    EXPECT_NEAR(sum("request_local_seconds"), 0.006, 1e-9);
    EXPECT_NEAR(sum("request_remote_seconds"), 0.012, 1e-9);
    EXPECT_NEAR(sum("response_queue_seconds"), 0.024, 1e-9);
    const auto page = runtime::prometheus_text(registry);
    EXPECT_NE(page.find("barnabas_requests_total{api=\"Produce\",version=\"9\"} 1\n"), std::string::npos);
    EXPECT_NE(page.find("barnabas_requests_total{api=\"Produce\",version=\"7\"} 2\n"), std::string::npos);
}

TEST(connection_traffic, connections_and_their_waiting_requests_go_with_them) {
    runtime::metric_registry registry;
    runtime::node_services node;
    node.metrics = &registry;
    const auto has = [&](const std::string& line) {
        return runtime::prometheus_text(registry).find("\n" + line + "\n") != std::string::npos;
    };
    connection_metrics stays(node, "PLAINTEXT", loop_index(1));
    stays.requests_wait(2);
    {
        connection_metrics goes(node, "PLAINTEXT", loop_index(1));
        goes.requests_wait(5);
        goes.requests_wait(3);
        EXPECT_TRUE(has("barnabas_waiting_requests 5"));
        EXPECT_TRUE(has("barnabas_connections{listener=\"PLAINTEXT\",loop=\"1\"} 2"));
    }
    EXPECT_TRUE(has("barnabas_waiting_requests 2"));
    EXPECT_TRUE(has("barnabas_connections{listener=\"PLAINTEXT\",loop=\"1\"} 1"));
}

} // namespace
} // namespace barnabas::connection_metrics_test
