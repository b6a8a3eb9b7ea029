#include "runtime/metrics/kafka_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace barnabas::runtime::kafka_text_test {
namespace {

bool has(const std::string& page, const std::string& line) {
    return page.find("\n" + line + "\n") != std::string::npos;
}

TEST(kafka_text, counters_are_told_under_kafkas_names) {
    metric_registry registry;
    registry.counter_of("stored_records_total", "x").add(12);
    registry.counter_of("log_syncs_total", "x", {{"directory", "a"}}).add(2);
    registry.counter_of("log_syncs_total", "x", {{"directory", "b"}}).add(3);
    registry.counter_of("converted_records_total", "x", {{"api", "Produce"}, {"client_id", "c"}}).add(5);
    registry.counter_of("converted_records_total", "x", {{"api", "Fetch"}, {"client_id", "c"}}).add(7);
    const auto page = kafka_text(registry, {});
    EXPECT_TRUE(has(page, "kafka_server_brokertopicmetrics_messagesin_total 12")) << page;
    EXPECT_TRUE(has(page, "kafka_log_logflushstats_logflushrateandtimems_count 5")) << page;
    EXPECT_TRUE(has(page, "kafka_server_brokertopicmetrics_producemessageconversions_total 5")) << page;
    EXPECT_TRUE(has(page, "kafka_server_brokertopicmetrics_fetchmessageconversions_total 7")) << page;
    EXPECT_TRUE(has(page, "kafka_server_brokertopicmetrics_bytesin_total 0")) << "what never happened is 0";
    EXPECT_TRUE(has(page, "# TYPE kafka_server_brokertopicmetrics_messagesin_total counter")) << page;
}

TEST(kafka_text, errors_are_told_by_request_and_name) {
    metric_registry registry;
    registry.counter_of("response_errors_total", "x", {{"api", "Fetch"}, {"error", "OFFSET_OUT_OF_RANGE"}})
        .add(2);
    registry.counter_of("response_errors_total", "x", {{"api", "Produce"}, {"error", "NOT_ENOUGH_REPLICAS"}})
        .add(3);
    const auto page = kafka_text(registry, {});
    const std::string name = "kafka_network_requestmetrics_errors_total";
    EXPECT_TRUE(has(page, name + "{request=\"FetchConsumer\",error=\"OFFSET_OUT_OF_RANGE\"} 2")) << page;
    EXPECT_TRUE(has(page, name + "{request=\"Produce\",error=\"NOT_ENOUGH_REPLICAS\"} 3")) << page;
}

TEST(kafka_text, requests_are_told_by_version) {
    metric_registry registry;
    registry.counter_of("requests_total", "x", {{"api", "Fetch"}, {"version", "11"}}).add(4);
    registry.counter_of("requests_total", "x", {{"api", "Produce"}, {"version", "3"}}).add(2);
    const auto page = kafka_text(registry, {});
    const std::string name = "kafka_network_requestmetrics_requests_total";
    EXPECT_TRUE(has(page, name + "{request=\"FetchConsumer\",version=\"11\"} 4")) << page;
    EXPECT_TRUE(has(page, name + "{request=\"Produce\",version=\"3\"} 2")) << page;
}

TEST(kafka_text, parts_of_the_time_have_names_of_their_own) {
    metric_registry registry;
    const std::pair<const char*, const char*> names[] = {
        {"request_queue_seconds", "requestqueuetimems"},
        {"request_local_seconds", "localtimems"},
        {"request_remote_seconds", "remotetimems"},
        {"response_queue_seconds", "responsequeuetimems"},
    };
    double seconds = 0.001;
    for (const auto& [ours, kafkas] : names) {
        registry.histogram_of(ours, "x", {1}, {{"api", "Produce"}}).observe(seconds);
        const auto page = kafka_text(registry, {});
        EXPECT_TRUE(has(page, std::string("kafka_network_requestmetrics_") + kafkas +
                                  "_count{request=\"Produce\"} 1"))
            << page;
        EXPECT_NE(page.find(std::string("kafka_network_requestmetrics_") + kafkas +
                            "_sum{request=\"Produce\"} " + (seconds < 0.0015 ? "1" : "2") + "\n"),
                  std::string::npos)
            << page;
        seconds = 0.002;
    }
}

TEST(kafka_text, connections_are_told_by_listener_and_loop) {
    metric_registry registry;
    registry.gauge_of("connections", "x", {{"listener", "PLAINTEXT"}, {"loop", "0"}}).set(2);
    registry.gauge_of("connections", "x", {{"listener", "PLAINTEXT"}, {"loop", "1"}}).set(3);
    registry.gauge_of("waiting_requests", "x").set(6);
    const auto page = kafka_text(registry, {});
    const std::string name = "kafka_server_socket_server_metrics_connection_count";
    EXPECT_TRUE(has(page, name + "{listener=\"PLAINTEXT\",networkProcessor=\"0\"} 2")) << page;
    EXPECT_TRUE(has(page, name + "{listener=\"PLAINTEXT\",networkProcessor=\"1\"} 3")) << page;
    EXPECT_TRUE(has(page, "kafka_network_requestchannel_requestqueuesize 6")) << page;
}

TEST(kafka_text, faults_of_batches_are_told_apart) {
    metric_registry registry;
    std::uint64_t count = 1;
    for (const auto* fault : {"damaged", "magic", "order", "no_key"})
        registry.counter_of("faulty_batches_total", "x", {{"fault", fault}}).add(count++);
    const auto page = kafka_text(registry, {});
    const std::string name = "kafka_server_brokertopicmetrics_";
    EXPECT_TRUE(has(page, name + "invalidmessagecrcrecords_total 1")) << page;
    EXPECT_TRUE(has(page, name + "invalidmagicnumberrecords_total 2")) << page;
    EXPECT_TRUE(has(page, name + "invalidoffsetorsequencerecords_total 3")) << page;
    EXPECT_TRUE(has(page, name + "nokeycompactedtopicrecords_total 4")) << page;
}

TEST(kafka_text, the_process_is_told_by_who_knows_it) {
    metric_registry registry;
    EXPECT_EQ(kafka_text(registry, {}).find("process_open_fds"), std::string::npos);
    registry.computed_gauge("process_open_fds", "x", [] { return 17.0; });
    EXPECT_TRUE(has(kafka_text(registry, {}), "process_open_fds 17"));
}

TEST(kafka_text, times_of_requests_have_quantiles_in_ms) {
    metric_registry registry;
    auto& times = registry.histogram_of("request_seconds", "x", {0.001, 0.002, 0.010}, {{"api", "Fetch"}});
    for (int i = 0; i < 50; ++i)
        times.observe(0.0005);
    for (int i = 0; i < 49; ++i)
        times.observe(0.0015);
    times.observe(1);
    const auto page = kafka_text(registry, {});
    const std::string name = "kafka_network_requestmetrics_totaltimems";
    EXPECT_TRUE(has(page, name + "{request=\"FetchConsumer\",quantile=\"0.50\"} 1")) << page;
    EXPECT_TRUE(has(page, name + "{request=\"FetchConsumer\",quantile=\"0.999\"} 10"))
        << "above the last bound only that is known";
    EXPECT_TRUE(has(page, name + "_count{request=\"FetchConsumer\"} 100")) << page;
    EXPECT_TRUE(has(page, "kafka_server_brokertopicmetrics_totalfetchrequests_total 100")) << page;
    EXPECT_TRUE(has(page, "kafka_server_brokertopicmetrics_totalproducerequests_total 0")) << page;
}

TEST(kafka_text, the_state_of_the_cluster_is_told) {
    kafka_facts facts;
    facts.partitions = 4;
    facts.under_replicated = 2;
    facts.offline_partitions = 1;
    facts.is_controller = true;
    const auto page = kafka_text(metric_registry(), facts);
    EXPECT_TRUE(has(page, "kafka_server_replicamanager_partitioncount 4")) << page;
    EXPECT_TRUE(has(page, "kafka_server_replicamanager_underreplicatedpartitions 2")) << page;
    EXPECT_TRUE(has(page, "kafka_controller_kafkacontroller_offlinepartitionscount 1")) << page;
    EXPECT_TRUE(has(page, "kafka_controller_kafkacontroller_activecontrollercount 1")) << page;
}

TEST(kafka_text, every_family_says_what_it_is_before_its_lines) {
    metric_registry registry;
    registry.histogram_of("request_seconds", "x", {0.001}, {{"api", "Produce"}}).observe(0.0001);
    const auto page = kafka_text(registry, {});
    std::string family;
    for (std::size_t at = 0; at < page.size();) {
        const auto end = page.find('\n', at);
        const auto line = page.substr(at, end - at);
        at = end + 1;
        if (line.starts_with("# TYPE "))
            family = line.substr(7, line.rfind(' ') - 7);
        const bool is_comment = line.starts_with("#");
        EXPECT_TRUE(is_comment || line.starts_with(family)) << line << " stands under " << family;
    }
}

} // namespace
} // namespace barnabas::runtime::kafka_text_test
