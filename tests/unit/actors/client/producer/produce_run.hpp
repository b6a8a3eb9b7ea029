#pragma once

#include "actors/client/producer/batch_sender.hpp"
#include "actors/client/producer/produce_call.hpp"
#include "protocol/batch/big_endian.hpp"
#include "protocol/kafka/init_producer_id.hpp"
#include "protocol/kafka/produce.hpp"
#include "tests/unit/actors/client/played_cluster.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace barnabas::client::test {

using keys = std::map<std::string, std::string>;

/// A producer's machines on a cluster client whose brokers are played by hand.
struct produce_run {
    explicit produce_run(keys properties = {}, bool planted_client_bugs::*bug = nullptr)
        : settings(read(std::move(properties), bug)), cluster(of_cluster(settings)),
          records(settings, runtime::random(5)), sender(settings, runtime::random(6)) {
        cluster.topics["t"] = {1, 1};
    }

    producer_settings settings;
    /// Calls that die with the cluster still answer.
    std::deque<std::function<void(sender_effects&)>> heard;
    played_cluster cluster;
    record_accumulator records;
    batch_sender sender;
    std::vector<delivery_report> reports;
    std::vector<sender_effects::lost_sequence> sequences_lost;
    /// How often something that could be done waited for another event. Nobody comes back for it.
    std::size_t left_undone = 0;

    static producer_settings read(keys properties, bool planted_client_bugs::*bug) {
        properties.try_emplace("bootstrap.servers", "one:9092");
        properties.try_emplace("linger.ms", "0");
        auto made = read_producer_settings(properties);
        EXPECT_TRUE(made.has_value()) << made.failure().detail;
        if (bug != nullptr)
            made->planted.*bug = true;
        return *made;
    }
    static keys of_cluster(const producer_settings& from) {
        return {{"retries", "0"},
                {"request.timeout.ms", std::to_string(from.cluster.request_timeout_ns / millisecond)}};
    }

    void send(const std::string& value, std::int32_t partition = 0) {
        send(value, partition, [this](const delivery_report& report) { reports.push_back(report); });
    }
    void send(const std::string& value, std::int32_t partition, delivery_callback call) {
        const auto done =
            records.append({"t", {}, value, {}, partition}, call, cluster.now, timestamp_ms(50));
        EXPECT_EQ(done.what, record_accumulator::verdict::taken) << done.why.detail;
        run();
    }
    void send_to(const std::string& topic, const std::string& value) {
        delivery_callback call = [this](const delivery_report& report) { reports.push_back(report); };
        const auto done = records.append({topic, {}, value, {}, 0}, call, cluster.now, timestamp_ms(50));
        EXPECT_EQ(done.what, record_accumulator::verdict::taken) << done.why.detail;
        run();
    }
    /// What follows from everything that was heard.
    void run() {
        do {
            sender_effects out;
            if (!heard.empty()) {
                heard.front()(out);
                heard.pop_front();
            }
            settle(
                records, sender, [](const auto& call) { call(); }, cluster.now, out);
            carry_out(out);
        } while (!heard.empty());
        look_for_what_waits();
    }
    void pass(std::int64_t ns) {
        const auto until = cluster.now + ns;
        while (true) {
            const auto due = earlier(cluster.client.deadline(),
                                     earlier(sender.deadline(cluster.now), records.deadline(cluster.now)));
            const bool stop = due == monotonic_ns{} || due > until;
            cluster.pass((stop ? until : std::max(due, cluster.now)) - cluster.now);
            run();
            if (stop)
                return;
        }
    }

    /// The first connection: facts, a producer id, and the cluster client's own question for leaders.
    void come_up() {
        cluster.connect("one:9092");
        tell_topic();
        if (settings.idempotent)
            tell_id(7000);
        tell_topic();
    }
    /// The same with the connection there and the first question for facts answered.
    void come_up_again() {
        tell_id(7000);
        tell_topics();
    }
    /// Its first record is written at offset 0 of partition 0.
    void open_up() {
        send("first");
        come_up();
        answer(take_produce(), 0);
    }
    void tell_topic() {
        cluster.tell_metadata();
        run();
    }
    void tell_topics() {
        run();
        while (cluster.has(kafka::api_key::metadata))
            tell_topic();
    }
    void tell_id(std::int64_t id) {
        kafka::init_producer_id_response said;
        said.producer_id = id;
        said.producer_epoch = 0;
        cluster.answer(cluster.take(kafka::api_key::init_producer_id), said);
        run();
    }
    played_cluster::request take_produce() { return cluster.take(kafka::api_key::produce); }

    struct sent_batch {
        std::int32_t partition = 0;
        std::int32_t records = 0;
        std::int64_t id = 0;
        std::int16_t epoch = 0;
        std::int32_t sequence = 0;
        friend bool operator==(const sent_batch&, const sent_batch&) = default;
    };
    static std::vector<sent_batch> batches_of(const played_cluster::request& request) {
        std::vector<sent_batch> all;
        const auto asked = request.as<kafka::produce_request>();
        for (const auto& topic : asked.topic_data)
            for (const auto& one : topic.partition_data) {
                const auto* at = one.records->data();
                all.push_back({one.index, batch::load_big_endian<std::int32_t>(at + batch::at::record_count),
                               batch::load_big_endian<std::int64_t>(at + batch::at::producer_id),
                               batch::load_big_endian<std::int16_t>(at + batch::at::producer_epoch),
                               batch::load_big_endian<std::int32_t>(at + batch::at::base_sequence)});
            }
        return all;
    }
    void answer(const played_cluster::request& to, std::int64_t base_offset,
                kafka::error_code code = kafka::error_code::none) {
        kafka::produce_response said;
        const auto asked = to.as<kafka::produce_request>();
        for (const auto& topic : asked.topic_data) {
            auto& entry = said.responses.emplace_back();
            entry.name = std::string(topic.name.text());
            entry.topic_id = topic.topic_id;
            for (const auto& one : topic.partition_data) {
                auto& partition = entry.partition_responses.emplace_back();
                partition.index = one.index;
                partition.error_code = kafka::wire_value(code);
                partition.base_offset = code == kafka::error_code::none ? base_offset : -1;
            }
        }
        cluster.answer(to, said);
        run();
    }
    void answer(const played_cluster::request& to, kafka::error_code code) { answer(to, -1, code); }
    void hang_up(const played_cluster::request& of) {
        cluster.hang_up(of.link);
        run();
    }
    void close() {
        sender_effects out;
        const error why{errc::closed, "closed"};
        records.close();
        sender.on_close(records, why, out);
        carry_out(out);
    }

private:
    void look_for_what_waits() {
        sender_effects out;
        settle(
            records, sender, [](const auto& call) { call(); }, cluster.now, out);
        const bool nothing = out.requests.empty() && out.finished.empty() && out.dropped.empty() &&
                             out.topics_asked.empty() && !out.producer_id_asked;
        left_undone += nothing ? 0 : 1;
        EXPECT_TRUE(nothing || settings.planted.rest_of_refused_forgotten);
        carry_out(out);
    }
    void carry_out(sender_effects& out) {
        for (const auto& batch : out.finished)
            tell_waiters(*batch);
        for (const auto& one : out.dropped)
            tell_failure(one.topic, -1, one.call, one.why);
        for (const auto& one : out.sequences_lost)
            sequences_lost.push_back(one);
        if (!out.topics_asked.empty())
            cluster.submit(make_topics_call(out.topics_asked, true, [this](topics_said said) {
                heard.push_back([this, said](sender_effects&) {
                    for (const auto& [name, facts] : said)
                        sender.on_topic(name, facts, cluster.now);
                });
            }));
        if (out.producer_id_asked)
            cluster.submit(make_producer_id_call([this](const result<producer_id_facts>& said) {
                heard.push_back([this, said](sender_effects&) { sender.on_producer_id(said, cluster.now); });
            }));
        for (auto& order : out.requests) {
            const auto timeout = order.timeout_ns;
            auto done = [this](std::uint64_t request, std::vector<produced_part> parts) {
                heard.push_back([this, request, parts](sender_effects& into) {
                    sender.on_produced(request, parts, cluster.now, into);
                });
            };
            cluster.submit(std::make_unique<produce_call>(std::move(order), std::move(done)), timeout);
        }
    }
};

} // namespace barnabas::client::test
