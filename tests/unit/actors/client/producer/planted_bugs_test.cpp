#include "protocol/batch/record_reader.hpp"
#include "protocol/model/planted_client_bugs.hpp"
#include "tests/unit/actors/client/producer/produce_run.hpp"

#include <gtest/gtest.h>

#include <algorithm>

// What a producer reports agrees with what brokers have written, whatever is lost on the way; and planted
// bugs are seen.
namespace barnabas::client::planted_bugs_test {
namespace {

using kafka::api_key;
using kafka::error_code;
using test::keys;
using test::millisecond;
using test::produce_run;
using test::second;

/// The broker's side of the partitions: keeps what it is sent, and knows repetitions.
class model_broker {
public:
    struct outcome {
        std::int32_t partition = 0;
        error_code code = error_code::none;
        std::int64_t offset = -1;
    };

    std::map<std::int32_t, std::vector<std::string>> logs;

    std::vector<outcome> write(const test::played_cluster::request& request) {
        std::vector<outcome> all;
        const auto asked = request.as<kafka::produce_request>();
        for (const auto& topic : asked.topic_data)
            for (const auto& one : topic.partition_data)
                all.push_back(write_one(one.index, *one.records));
        return all;
    }

private:
    using producer_key = std::tuple<std::int32_t, std::int64_t, std::int16_t>;
    struct memory {
        std::int32_t next = 0;
        std::map<std::int32_t, std::int64_t> offsets;
    };

    outcome write_one(std::int32_t partition, const slice& records) {
        const auto batches = batch::split_batches(records);
        EXPECT_TRUE(batches && batches->size() == 1);
        const auto& header = batches->front().header;
        auto& known = producers_[{partition, header.producer_id.get(), header.producer_epoch.get()}];
        if (const auto before = known.offsets.find(header.base_sequence); before != known.offsets.end())
            return {partition, error_code::none, before->second};
        if (header.base_sequence != known.next)
            return {partition, error_code::out_of_order_sequence_number, -1};
        auto& log = logs[partition];
        const auto offset = static_cast<std::int64_t>(log.size());
        known.offsets[header.base_sequence] = offset;
        known.next += header.record_count;
        const auto done =
            batch::for_each_record(batches->front(), [&](const batch::record_view& record) -> result<void> {
                log.emplace_back(reinterpret_cast<const char*>(record.value->data()), record.value->size());
                return {};
            });
        EXPECT_TRUE(done.has_value());
        return {partition, error_code::none, offset};
    }

    std::map<producer_key, memory> producers_;
};

/// A producer through losses of all kinds, and what its reports say against the broker's logs.
class lossy_run {
public:
    explicit lossy_run(bool planted_client_bugs::*bug)
        : it_(keys{{"delivery.timeout.ms", "4000"}, {"request.timeout.ms", "3000"}}, bug) {}

    std::string fault() {
        send("a"), send("b"), send("c");
        it_.come_up();
        answer(take());
        for (const auto step : {&lossy_run::lose_an_answer, &lossy_run::lose_a_request,
                                &lossy_run::fail_beside_what_is_open, &lossy_run::never_answer}) {
            (this->*step)();
            if (const auto why = judge(); !why.empty())
                return why;
        }
        return {};
    }

private:
    void send(const std::string& value, std::int32_t partition = 0) {
        sent_.push_back({value, partition});
        it_.send(value, partition, [this, at = sent_.size() - 1](const delivery_report& report) {
            reports_[at].push_back(report);
        });
    }
    test::played_cluster::request take() { return it_.take_produce(); }
    void answer(const test::played_cluster::request& to, error_code refusal = error_code::none) {
        auto outcomes =
            refusal == error_code::none ? broker_.write(to) : std::vector<model_broker::outcome>{};
        kafka::produce_response said;
        const auto asked = to.as<kafka::produce_request>();
        std::size_t next = 0;
        for (const auto& topic : asked.topic_data) {
            auto& entry = said.responses.emplace_back();
            entry.name = std::string(topic.name.text());
            entry.topic_id = topic.topic_id;
            for (const auto& one : topic.partition_data) {
                auto& partition = entry.partition_responses.emplace_back();
                partition.index = one.index;
                const auto code = refusal == error_code::none ? outcomes[next].code : refusal;
                partition.error_code = kafka::wire_value(code);
                partition.base_offset = refusal == error_code::none ? outcomes[next++].offset : -1;
            }
        }
        it_.cluster.answer(to, said);
        it_.run();
    }
    void reconnect() {
        for (int i = 0; i < 20 && !it_.cluster.wanted.contains("one:9092"); ++i)
            it_.pass(100 * millisecond);
        if (it_.cluster.wanted.contains("one:9092"))
            it_.cluster.connect("one:9092");
        settle();
    }
    /// Answers all that is asked.
    void settle() {
        for (int i = 0; i < 10; ++i) {
            it_.tell_topics();
            while (it_.cluster.has(api_key::produce))
                answer(take());
            it_.pass(50 * millisecond);
        }
    }
    /// Written, and the connection breaks before the answer.
    void lose_an_answer() {
        send("d");
        const auto asked = take();
        broker_.write(asked);
        it_.hang_up(asked);
        reconnect();
    }
    /// The connection breaks before it is written.
    void lose_a_request() {
        send("e");
        for (int i = 0; i < 20 && !it_.cluster.has(api_key::produce); ++i) {
            if (it_.cluster.wanted.contains("one:9092"))
                it_.cluster.connect("one:9092");
            it_.tell_topics();
            it_.pass(100 * millisecond);
        }
        it_.hang_up(take());
        reconnect();
    }
    /// One batch may be written when another one fails for good.
    void fail_beside_what_is_open() {
        send("f", 1);
        settle();
        send("g");
        const auto open = take();
        broker_.write(open);
        send("h", 1);
        const auto refused = take();
        answer(open, error_code::not_enough_replicas_after_append);
        answer(refused, error_code::message_too_large);
        settle();
    }
    /// Written, and silence until it is too late.
    void never_answer() {
        send("i");
        if (it_.cluster.has(api_key::produce))
            broker_.write(take());
        it_.pass(6 * second);
    }

    std::string judge() {
        for (std::size_t i = 0; i < sent_.size(); ++i) {
            const auto& [value, partition] = sent_[i];
            const auto& log = broker_.logs[partition];
            const auto copies = std::count(log.begin(), log.end(), value);
            const auto& reports = reports_[i];
            if (reports.size() != 1)
                return value + " has " + std::to_string(reports.size()) + " reports";
            if (copies > 1)
                return value + " is there twice";
            const auto& report = reports.front();
            if (report.fate == delivery_fate::failed && copies != 0)
                return value + " failed and is there";
            if (report.fate == delivery_fate::written && copies != 1)
                return value + " is written and not there";
            const auto at = static_cast<std::size_t>(report.offset);
            if (report.offset >= 0 && (at >= log.size() || log[at] != value))
                return value + " is not at its offset";
        }
        return "";
    }

    struct sent_record {
        std::string value;
        std::int32_t partition = 0;
    };
    std::vector<sent_record> sent_;
    std::map<std::size_t, std::vector<delivery_report>> reports_;
    model_broker broker_;
    produce_run it_;
};

std::string fault_with(bool planted_client_bugs::*bug) {
    return lossy_run(bug).fault();
}

TEST(producer_reports, agree_with_the_log_through_losses) {
    EXPECT_EQ(fault_with(nullptr), "");
}

TEST(producer_reports, is_found_cut_off_called_failed) {
    EXPECT_EQ(fault_with(&planted_client_bugs::cut_off_called_failed), "i failed and is there");
}

TEST(producer_reports, is_found_repetition_renumbered) {
    EXPECT_EQ(fault_with(&planted_client_bugs::repetition_renumbered), "d is there twice");
}

TEST(producer_reports, is_found_open_batch_under_next_epoch) {
    EXPECT_EQ(fault_with(&planted_client_bugs::open_batch_under_next_epoch), "g is there twice");
}

TEST(producer_reports, is_found_late_report_forgotten) {
    EXPECT_EQ(fault_with(&planted_client_bugs::late_report_forgotten), "i has 0 reports");
}

TEST(producer_reports, is_found_reports_share_an_offset) {
    EXPECT_EQ(fault_with(&planted_client_bugs::reports_share_an_offset), "b is not at its offset");
}

} // namespace
} // namespace barnabas::client::planted_bugs_test
