#include "actors/broker/lag/consumer_lag.hpp"

#include "actors/broker/lag/lag_text.hpp"
#include "actors/broker/lag/unread_record.hpp"
#include "actors/broker/limits.hpp"
#include "protocol/batch/builder.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <functional>

namespace barnabas::consumer_lag_test {
namespace {

constexpr std::int64_t noon = 1'700'000'000'000;

topic_partition place_of(std::string_view topic, int index) {
    topic_partition id;
    id.topic.bytes[0] = static_cast<std::uint8_t>(topic.front());
    id.partition = partition_index(index);
    return id;
}

/// One batch whose records were made at these times, in milliseconds since noon.
slice batch_at(std::int64_t offset, const std::vector<std::int64_t>& times,
               batch::builder_options options = {}) {
    options.base_offset = log_offset(offset);
    batch::batch_builder builder(options);
    for (const auto time : times)
        builder.append_text(timestamp_ms(noon + time), "k", "v");
    return builder.build();
}

slice marker_at(std::int64_t offset) {
    batch::builder_options options;
    options.control = options.transactional = true;
    return batch_at(offset, {0}, options);
}

std::optional<std::int64_t> unread_at(const slice& records, std::int64_t wanted) {
    const auto found = find_unread(records, log_offset(wanted));
    if (!found || !found->timestamp)
        return std::nullopt;
    return *found->timestamp - timestamp_ms(noon);
}

TEST(unread_record, is_the_first_at_or_behind_the_offset) {
    const auto batch = batch_at(10, {0, 5'000, 9'000});
    EXPECT_EQ(unread_at(batch, 3), 0);
    EXPECT_EQ(unread_at(batch, 10), 0);
    EXPECT_EQ(unread_at(batch, 11), 5'000);
    EXPECT_EQ(unread_at(batch, 12), 9'000);
    EXPECT_EQ(unread_at(batch, 13), std::nullopt);
}

TEST(unread_record, compressed_batch_of_one_moment_is_not_unpacked) {
    batch::builder_options options;
    options.compression = batch::codec::zstd;
    auto bytes = batch_at(10, {0, 1, 2}, options);
    std::vector<std::byte> broken(bytes.bytes().begin(), bytes.bytes().end());
    std::fill(broken.begin() + batch::batch_header_size, broken.end(), std::byte{0});
    EXPECT_EQ(unread_at(slice::copy_of(broken), 12), 0);
}

TEST(unread_record, time_of_appending_counts_where_the_topic_has_it) {
    batch::builder_options options;
    options.time_type = batch::timestamp_type::log_append_time;
    EXPECT_EQ(unread_at(batch_at(10, {0, 7'000}, options), 10), 7'000);
}

TEST(unread_record, markers_are_passed_over) {
    EXPECT_EQ(unread_at(marker_at(4), 4), std::nullopt);
    EXPECT_EQ(find_unread(marker_at(4), log_offset(4))->next, log_offset(5));
    EXPECT_EQ(find_unread(slice(), log_offset(4))->next, log_offset(-1));
}

/// Coordinators and partitions that answer in the order of the questions.
class played_broker final : public lag_port {
public:
    explicit played_broker(std::size_t partitions_max = 100) : machine(partitions_max, *this) {}

    struct log {
        std::int64_t start = 0;
        std::int64_t end = 0;
        /// By base offset.
        std::map<std::int64_t, slice> batches{};
        errc code = errc::ok;
    };

    lag_report round() {
        reads.clear();
        std::vector<partition_index> coordinators;
        for (const auto& [index, groups] : committed)
            coordinators.push_back(index);
        machine.begin(coordinators, now);
        while (!questions.empty()) {
            auto next = std::move(questions.front());
            questions.pop_front();
            next();
        }
        if (machine.running())
            machine.on_late();
        return std::move(reported);
    }
    /// The only row of the only group.
    partition_lag row() {
        auto report = round();
        return report.groups.at(0).topics.at(0).partitions.at(0);
    }
    /// `end` records, one batch each, made a minute apart.
    void fill(std::string_view topic, int index, std::int64_t end) {
        auto& log = logs[place_of(topic, index)];
        log.end = end;
        for (std::int64_t offset = 0; offset < end; ++offset)
            log.batches[offset] = batch_at(offset, {offset * 60'000});
    }
    void commit(const std::string& group, const std::string& topic,
                std::vector<group::partition_commit> commits, int coordinator = 0) {
        committed[partition_index(coordinator)].push_back({group, 1, {{topic, std::move(commits)}}});
    }

    void ask_commits(partition_index coordinator, const group::commits_query& query) override {
        questions.push_back([this, coordinator, query] {
            group::commits_response response;
            response.token = query.token;
            for (const auto& one : committed[coordinator]) {
                const auto count = one.topics.at(0).partitions.size();
                const bool fits = response.told + count <= query.partitions_max;
                (fits ? response.told : response.left_out) += count;
                if (fits)
                    response.groups.push_back(one);
            }
            machine.on_commits(response);
        });
    }
    std::optional<topic_partition> led_here(std::string_view topic, partition_index index) override {
        const auto id = place_of(topic, index.get());
        return logs.contains(id) ? std::optional(id) : std::nullopt;
    }
    void ask_end(const topic_partition& id, const offset_query& query) override {
        questions.push_back([this, id, query] {
            offset_query_response response;
            response.token = query.token;
            response.code = logs[id].code;
            response.log_start_offset = log_offset(logs[id].start);
            response.high_watermark = log_offset(logs[id].end);
            machine.on_end(response);
        });
    }
    void ask_record(const topic_partition& id, const read_request& query) override {
        reads.push_back(query.fetch_offset.get());
        questions.push_back([this, id, query] {
            read_response response;
            response.token = query.token;
            const auto found = logs[id].batches.lower_bound(query.fetch_offset.get());
            if (found != logs[id].batches.end())
                response.records = found->second;
            machine.on_record(response);
        });
    }
    void done(lag_report report) override { reported = std::move(report); }

    std::map<partition_index, std::vector<group::group_commits>> committed;
    std::map<topic_partition, log> logs;
    std::vector<std::int64_t> reads;
    lag_report reported;
    std::deque<std::function<void()>> questions;
    monotonic_ns now{1};
    consumer_lag machine;
};

group::partition_commit at(int index, std::int64_t offset) {
    return {partition_index(index), log_offset(offset)};
}

TEST(consumer_lag, tells_records_and_the_time_of_the_first) {
    played_broker broker;
    broker.fill("t", 0, 10);
    broker.commit("g", "t", {at(0, 7)});
    const auto row = broker.row();
    EXPECT_EQ(row.records, 3);
    EXPECT_EQ(row.oldest, timestamp_ms(noon + 7 * 60'000));
    EXPECT_FALSE(row.read_all);
}

TEST(consumer_lag, an_offset_below_0_makes_no_more_records_than_there_are) {
    played_broker broker;
    broker.fill("t", 0, 10);
    broker.commit("g", "t", {at(0, -7)});
    EXPECT_EQ(broker.row().records, 10);
}

TEST(consumer_lag, group_at_the_end_costs_no_read) {
    played_broker broker;
    broker.fill("t", 0, 10);
    broker.commit("g", "t", {at(0, 10)});
    const auto row = broker.row();
    EXPECT_EQ(row.records, 0);
    EXPECT_TRUE(row.read_all);
    EXPECT_TRUE(broker.reads.empty());
}

TEST(consumer_lag, offset_beyond_the_end_is_no_negative_lag) {
    played_broker broker;
    broker.fill("t", 0, 10);
    broker.commit("g", "t", {at(0, 12)});
    EXPECT_EQ(broker.row().records, 0);
}

TEST(consumer_lag, record_is_read_once_while_the_group_stays) {
    played_broker broker;
    broker.fill("t", 0, 10);
    broker.commit("g", "t", {at(0, 7)});
    broker.commit("h", "t", {at(0, 7)});
    broker.round();
    EXPECT_EQ(broker.reads.size(), 1u);
    broker.logs[place_of("t", 0)].end = 12;
    EXPECT_EQ(broker.row().oldest, timestamp_ms(noon + 7 * 60'000));
    EXPECT_TRUE(broker.reads.empty());
    EXPECT_EQ(broker.machine.remembered(), 1u);
    broker.now = broker.now + std::chrono::nanoseconds(broker_limits::lag_remembered_for).count();
    broker.round();
    EXPECT_EQ(broker.reads.size(), 1u) << "it may have been compacted away";
}

TEST(consumer_lag, what_no_group_is_at_is_forgotten) {
    played_broker broker;
    broker.fill("t", 0, 10);
    broker.commit("g", "t", {at(0, 7)});
    broker.round();
    broker.committed.clear();
    broker.commit("g", "t", {at(0, 8)});
    EXPECT_EQ(broker.row().oldest, timestamp_ms(noon + 8 * 60'000));
    EXPECT_EQ(broker.machine.remembered(), 1u);
}

TEST(consumer_lag, records_that_are_deleted_are_not_the_first) {
    played_broker broker;
    broker.fill("t", 0, 10);
    broker.logs[place_of("t", 0)].start = 5;
    broker.commit("g", "t", {at(0, 2)});
    const auto row = broker.row();
    EXPECT_EQ(row.records, 8) << "as Kafka's tools count";
    EXPECT_EQ(row.oldest, timestamp_ms(noon + 5 * 60'000));
}

TEST(consumer_lag, markers_are_nothing_to_wait_for) {
    played_broker broker;
    broker.fill("t", 0, 10);
    auto& log = broker.logs[place_of("t", 0)];
    log.batches[8] = marker_at(8);
    log.batches[9] = marker_at(9);
    broker.commit("g", "t", {at(0, 8)});
    auto row = broker.row();
    EXPECT_EQ(row.records, 2);
    EXPECT_TRUE(row.read_all);
    log.batches[10] = batch_at(10, {1});
    log.end = 11;
    row = broker.row();
    EXPECT_FALSE(row.read_all);
    EXPECT_EQ(row.oldest, timestamp_ms(noon + 1));
}

TEST(consumer_lag, partitions_of_other_brokers_and_broken_ones_are_left_out) {
    played_broker broker;
    broker.fill("t", 0, 10);
    broker.fill("t", 1, 10);
    broker.logs[place_of("t", 1)].code = errc::storage_error;
    broker.commit("g", "t", {at(0, 7), at(1, 7), at(2, 7)});
    const auto rows = broker.round().groups.at(0).topics.at(0).partitions;
    EXPECT_EQ(rows.at(0).records, 3);
    for (const int index : {1, 2}) {
        EXPECT_EQ(rows.at(index).committed, log_offset(7));
        EXPECT_EQ(rows.at(index).records, std::nullopt);
        EXPECT_EQ(rows.at(index).oldest, std::nullopt);
        EXPECT_FALSE(rows.at(index).read_all);
    }
}

TEST(consumer_lag, coordinators_share_one_bound) {
    played_broker broker(3);
    broker.fill("t", 0, 10);
    broker.commit("a", "t", {at(0, 1), at(1, 1)}, 0);
    broker.commit("b", "t", {at(0, 1), at(1, 1)}, 1);
    broker.commit("c", "t", {at(0, 1)}, 2);
    const auto report = broker.round();
    ASSERT_EQ(report.groups.size(), 2u);
    EXPECT_EQ(report.groups.at(1).name, "c");
    EXPECT_EQ(report.left_out, 2u);
}

TEST(consumer_lag, lookups_over_the_bound_come_in_the_next_round) {
    constexpr int many = static_cast<int>(broker_limits::lag_lookups_max) + 100;
    played_broker broker(many);
    std::vector<group::partition_commit> commits;
    for (int i = 0; i < many; ++i) {
        broker.fill("t", i, 2);
        commits.push_back(at(i, 1));
    }
    broker.commit("g", "t", commits);
    const auto known = [](const lag_report& report) {
        const auto& rows = report.groups.at(0).topics.at(0).partitions;
        return std::count_if(rows.begin(), rows.end(),
                             [](const partition_lag& one) { return one.oldest.has_value(); });
    };
    EXPECT_EQ(known(broker.round()), many - 100);
    EXPECT_EQ(known(broker.round()), many);
    EXPECT_EQ(broker.reads.size(), 100u);
}

TEST(consumer_lag, late_answers_of_an_earlier_round_mean_nothing) {
    played_broker broker;
    broker.fill("t", 0, 10);
    broker.commit("g", "t", {at(0, 7)});
    broker.machine.begin({partition_index(0)}, broker.now);
    auto late = std::move(broker.questions.front());
    broker.questions.pop_front();
    broker.machine.on_late();
    EXPECT_TRUE(broker.reported.groups.empty());
    broker.machine.begin({partition_index(0)}, broker.now);
    late();
    EXPECT_TRUE(broker.machine.running());
    ASSERT_EQ(broker.questions.size(), 1u) << "only the coordinator was asked";
}

TEST(consumer_lag, round_without_coordinators_ends_at_once) {
    played_broker broker;
    EXPECT_EQ(broker.round(), lag_report{});
    EXPECT_FALSE(broker.machine.running());
}

bool has_line(const std::string& text, const std::string& line) {
    return text.find("\n" + line + "\n") != std::string::npos;
}

TEST(lag_text, has_the_names_that_dashboards_know) {
    lag_report report;
    report.left_out = 4;
    const partition_lag behind{partition_index(0), log_offset(7), 3, false, timestamp_ms(noon)};
    const partition_lag at_end{partition_index(1), log_offset(5), 0, true, std::nullopt};
    const partition_lag away{partition_index(2), log_offset(9), std::nullopt, false, std::nullopt};
    report.groups.push_back({"g", 2, {{"t", {behind, at_end}}, {"u", {behind, away}}}});
    const auto text = lag_text(report, timestamp_ms(noon + 1'050));
    EXPECT_TRUE(has_line(text, "kafka_consumergroup_members{consumergroup=\"g\"} 2"));
    const std::string first = "{consumergroup=\"g\",topic=\"t\",partition=\"0\"} ";
    EXPECT_TRUE(has_line(text, "kafka_consumergroup_current_offset" + first + "7"));
    EXPECT_TRUE(has_line(text, "kafka_consumergroup_lag" + first + "3"));
    EXPECT_TRUE(has_line(text, "barnabas_consumer_group_lag_seconds" + first + "1.050"));
    const std::string topic = "{consumergroup=\"g\",topic=\"t\"} ";
    EXPECT_TRUE(has_line(text, "kafka_consumergroup_lag_sum" + topic + "3"));
    EXPECT_TRUE(has_line(text, "kafka_consumergroup_current_offset_sum" + topic + "12"));
    const std::string second = "{consumergroup=\"g\",topic=\"t\",partition=\"1\"} ";
    EXPECT_TRUE(has_line(text, "barnabas_consumer_group_lag_seconds" + second + "0"));
    EXPECT_TRUE(has_line(text, "barnabas_consumer_group_lag_left_out 4"));
    const std::string elsewhere = "{consumergroup=\"g\",topic=\"u\",partition=\"2\"}";
    EXPECT_TRUE(has_line(text, "kafka_consumergroup_current_offset" + elsewhere + " 9"));
    EXPECT_EQ(text.find("kafka_consumergroup_lag" + elsewhere), std::string::npos);
    EXPECT_EQ(text.find("kafka_consumergroup_lag_sum{consumergroup=\"g\",topic=\"u\"}"), std::string::npos)
        << "a part is no sum";
}

TEST(lag_text, timestamps_of_the_future_are_no_lag) {
    lag_report report;
    report.groups.push_back(
        {"g\"", 0, {{"t", {{partition_index(0), log_offset(7), 3, false, timestamp_ms(noon + 5)}}}}});
    EXPECT_TRUE(has_line(lag_text(report, timestamp_ms(noon)),
                         "barnabas_consumer_group_lag_seconds{consumergroup=\"g\\\"\",topic=\"t\","
                         "partition=\"0\"} 0.000"));
}

} // namespace
} // namespace barnabas::consumer_lag_test
