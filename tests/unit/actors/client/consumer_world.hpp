#pragma once

#include "actors/client/consumer/cluster_consumer.hpp"
#include "protocol/batch/builder.hpp"
#include "protocol/kafka/fetch.hpp"
#include "protocol/kafka/find_coordinator.hpp"
#include "protocol/kafka/list_offsets.hpp"
#include "tests/unit/actors/client/played_cluster.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace barnabas::client::test {

/// A consumer on brokers played by hand: one client of the cluster for its Fetches, one for the rest.
class consumer_world {
public:
    using keys = std::map<std::string, std::string>;
    using request = played_cluster::request;

private:
    struct submitted {
        consumer_ports::lane by{};
        std::unique_ptr<cluster_call> call;
        std::optional<std::int64_t> timeout_ns;
    };
    /// Before those that may still have something to say when they end.
    std::deque<submitted> submitted_;
    std::vector<std::function<void(monotonic_ns)>> events_;

public:
    explicit consumer_world(keys properties = {}, std::uint64_t seed = 1)
        : cluster({}, seed), fetches({{"retries", "0"}}, seed),
          consumer(settings_of(std::move(properties)), ports(), runtime::random(seed),
                   [this](const std::string& sentence) { troubles.push_back(sentence); }) {
        cluster.topics["t"] = {1, 1};
    }

    static consumer_settings settings_of(keys properties) {
        properties.try_emplace("bootstrap.servers", "one:9092");
        properties.try_emplace("auto.offset.reset", "earliest");
        auto settings = read_consumer_settings(properties);
        EXPECT_TRUE(settings.has_value()) << settings.failure().detail;
        return *settings;
    }
    consumer_ports ports() {
        consumer_ports made;
        made.submit = [this](consumer_ports::lane by, std::unique_ptr<cluster_call> call,
                             std::optional<std::int64_t> timeout_ns) {
            submitted_.push_back({by, std::move(call), timeout_ns});
        };
        made.later = [this](std::function<void(monotonic_ns)> then) { events_.push_back(std::move(then)); };
        made.wall_now = [this] { return wall; };
        return made;
    }

    /// The time of day.
    timestamp_ms wall{1'600'000'000'000};
    played_cluster cluster;
    /// It is what `cluster` is.
    played_cluster fetches;
    std::vector<std::string> troubles;
    cluster_consumer consumer;

    /// Everything that follows from what happened.
    void settle() {
        do {
            consumer.step(cluster.now);
            while (!submitted_.empty()) {
                auto one = std::move(submitted_.front());
                submitted_.pop_front();
                auto& to = one.by == consumer_ports::lane::fetches ? fetches : cluster;
                to.submit(std::move(one.call), one.timeout_ns);
            }
            for (auto& then : std::exchange(events_, {})) {
                then(cluster.now);
                consumer.step(cluster.now);
            }
            consumer.step(cluster.now);
        } while (!submitted_.empty() || !events_.empty());
    }
    void pass(std::int64_t ns) {
        const auto until = cluster.now + ns;
        while (cluster.now < until) {
            constexpr std::int64_t tick = 10 * millisecond;
            const auto some = std::min<std::int64_t>(tick, until - cluster.now);
            cluster.pass(some);
            fetches.pass(some);
            settle();
        }
    }
    /// Broker 1 coordinates the group g.
    void answer_coordinator() {
        const auto asked = take(kafka::api_key::find_coordinator);
        kafka::find_coordinator_response said;
        auto& entry = said.coordinators.emplace_back();
        entry.key = "g";
        entry.node_id = 1;
        entry.host = "one";
        entry.port = 9092;
        answer(asked, said);
    }
    void assign(std::set<partition_name> names) {
        EXPECT_TRUE(consumer.assign(names).has_value());
        settle();
    }
    /// Connects and tells of the cluster whoever asks.
    void introduce() {
        fetches.brokers = cluster.brokers;
        fetches.topics = cluster.topics;
        fetches.absent_topic = cluster.absent_topic;
        fetches.leader_epoch = cluster.leader_epoch;
        bool more = true;
        while (more) {
            more = false;
            for (auto* one : {&cluster, &fetches}) {
                const bool connects = !one->wanted.empty();
                const bool asks = is_next(*one, kafka::api_key::metadata);
                if (connects)
                    one->connect(one->wanted.begin()->first);
                else if (asks)
                    one->tell_metadata();
                more = more || connects || asks;
                settle();
            }
        }
    }
    played_cluster& of(kafka::api_key key) { return key == kafka::api_key::fetch ? fetches : cluster; }
    request take(kafka::api_key key) {
        introduce();
        return of(key).take(key);
    }
    bool has(kafka::api_key key) {
        introduce();
        return of(key).has(key);
    }
    template <class Message>
    void answer(const request& to, const Message& with) {
        of(to.key()).answer(to, with);
        settle();
    }
    /// Every partition begins at that offset.
    void answer_offsets(const request& to, std::int64_t offset) {
        kafka::list_offsets_response said;
        for (const auto& topic : to.as<kafka::list_offsets_request>().topics) {
            auto& entry = said.topics.emplace_back();
            entry.name = topic.name;
            for (const auto& one : topic.partitions) {
                auto& partition = entry.partitions.emplace_back();
                partition.partition_index = one.partition_index;
                partition.offset = offset;
            }
        }
        answer(to, said);
    }

    struct fetched {
        slice records;
        kafka::error_code code = kafka::error_code::none;
        std::vector<aborted_span> aborted = {};
        std::int64_t high_watermark = 0;
        std::int64_t last_stable = 0;
    };
    /// What the Fetch finds, by partition; the others have nothing new.
    void answer_fetch(const request& to, const std::map<std::int32_t, fetched>& found) {
        kafka::fetch_response said;
        for (const auto& topic : to.as<kafka::fetch_request>().topics) {
            auto& entry = said.responses.emplace_back();
            entry.topic = topic.topic.text();
            entry.topic_id = topic.topic_id;
            for (const auto& one : topic.partitions) {
                auto& partition = entry.partitions.emplace_back();
                partition.partition_index = one.partition;
                const auto at = found.find(one.partition);
                if (at == found.end())
                    continue;
                partition.error_code = kafka::wire_value(at->second.code);
                partition.records = at->second.records;
                partition.high_watermark = at->second.high_watermark;
                partition.last_stable_offset = at->second.last_stable;
                partition.aborted_transactions.emplace();
                for (const auto& span : at->second.aborted)
                    partition.aborted_transactions->push_back({span.producer, span.first_offset, {}});
            }
        }
        answer(to, said);
    }
    /// "v<offset>" for each of these offsets, in one batch.
    static slice batch_of(std::int64_t first, std::int64_t count, batch::builder_options options = {}) {
        options.base_offset = log_offset(first);
        batch::batch_builder builder(options);
        for (std::int64_t offset = first; offset < first + count; ++offset)
            builder.append_text(timestamp_ms(1000 + offset), "k", "v" + std::to_string(offset));
        return builder.build();
    }
    /// The offsets asked for, by partition.
    static std::map<std::int32_t, std::int64_t> wishes(const request& asked) {
        std::map<std::int32_t, std::int64_t> offsets;
        for (const auto& topic : asked.as<kafka::fetch_request>().topics)
            for (const auto& one : topic.partitions)
                offsets[one.partition] = one.fetch_offset;
        return offsets;
    }

    /// Begins a poll; `polled` has the answer when there is one.
    void poll(std::int64_t wait_ns = second) {
        polled.reset();
        consumer.poll(cluster.now + wait_ns, cluster.now,
                      [this](result<poll_answer> said) { polled.emplace(std::move(said)); });
        settle();
    }
    /// "0:3=v3" for each record that the last poll gave.
    std::vector<std::string> texts() const {
        std::vector<std::string> all;
        if (!polled || !*polled)
            return all;
        for (const auto& one : (*polled)->records)
            all.push_back(std::to_string(one.where->partition) + ":" + std::to_string(one.offset) + "=" +
                          std::string(text_of(one.value, "null")));
        return all;
    }
    errc failure() const { return polled && !*polled ? polled->code() : errc::ok; }

    std::optional<result<poll_answer>> polled;

private:
    /// Brokers answer in the order of the requests.
    static bool is_next(const played_cluster& side, kafka::api_key key) {
        std::set<link_number> seen;
        for (const auto& one : side.requests)
            if (seen.insert(one.link).second && one.key() == key)
                return true;
        return false;
    }
};

} // namespace barnabas::client::test
