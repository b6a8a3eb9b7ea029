#include "tests/unit/actors/client/producer/produce_run.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <utility>

/// Which records of a batch are to blame, as the broker says it (KIP-467).
namespace barnabas::client::refused_records_test {
namespace {

using kafka::error_code;
using test::produce_run;
using test::second;
using batches = std::vector<produce_run::sent_batch>;
using named_records = std::vector<std::pair<std::int32_t, std::optional<std::string>>>;

/// Four records that go as one batch.
struct refused_run : produce_run {
    refused_run() {
        for (const auto* value : {"a", "b", "c", "d"})
            send(value);
        come_up();
    }
    void refuse(error_code code, const named_records& records) {
        const auto to = take_produce();
        const auto asked = to.as<kafka::produce_request>();
        kafka::produce_response said;
        auto& entry = said.responses.emplace_back();
        entry.name = std::string(asked.topic_data[0].name.text());
        entry.topic_id = asked.topic_data[0].topic_id;
        auto& partition = entry.partition_responses.emplace_back();
        partition.error_code = kafka::wire_value(code);
        partition.base_offset = -1;
        partition.error_message = "the sentence for all";
        for (const auto& [index, why] : records) {
            auto& one = partition.record_errors.emplace_back();
            one.batch_index = index;
            one.batch_index_error_message = why;
        }
        cluster.answer(to, said);
        run();
    }
    /// By record: whether it is blameless.
    std::vector<bool> blameless() const {
        std::vector<bool> all;
        for (const auto& one : reports) {
            EXPECT_EQ(one.fate, delivery_fate::failed);
            all.push_back(one.blameless);
        }
        return all;
    }
};

TEST(refused_records, one_that_is_named_has_the_code_and_the_others_may_be_sent_again) {
    refused_run it;
    it.refuse(error_code::invalid_timestamp, {{2, "it is too old"}});
    ASSERT_EQ(it.blameless(), (std::vector<bool>{true, true, false, true}));
    EXPECT_EQ(it.reports[2].why.code, errc::invalid_timestamp);
    EXPECT_EQ(it.reports[2].why.detail, "it is too old");
    EXPECT_EQ(it.reports[3].why.detail,
              "another record of its batch was refused: it is too old; this one may be sent again");
    // Under an epoch of their own, since the sequences of the batch are a hole.
    it.send("a");
    EXPECT_EQ(it.batches_of(it.take_produce()), (batches{{0, 1, 7000, 1, 0}}));
}

TEST(refused_records, of_several_the_sentences_tell_for_the_code_need_not_be_theirs) {
    refused_run it;
    it.refuse(error_code::invalid_timestamp, {{3, {}}, {0, "it has no key"}});
    ASSERT_EQ(it.blameless(), (std::vector<bool>{false, true, true, false}));
    EXPECT_EQ(it.reports[0].why.code, errc::invalid_record);
    EXPECT_EQ(it.reports[0].why.detail, "it has no key");
    EXPECT_EQ(it.reports[3].why.detail, "the sentence for all") << "it has none of its own";
}

TEST(refused_records, nobody_is_blameless_where_nobody_that_there_is_was_named) {
    for (const auto& records : {named_records{}, named_records{{-1, "?"}, {4, "?"}}}) {
        refused_run it;
        it.refuse(error_code::invalid_record, records);
        EXPECT_EQ(it.blameless(), std::vector<bool>(4, false));
        EXPECT_NE(it.reports[0].why.detail.find("the sentence for all"), std::string::npos);
    }
}

TEST(refused_records, nobody_is_blameless_while_the_batch_may_be_written) {
    refused_run it;
    it.hang_up(it.take_produce());
    it.pass(second);
    it.cluster.connect("one:9092");
    it.tell_topics();
    it.pass(second);
    it.refuse(error_code::invalid_timestamp, {{2, "it is too old"}});
    ASSERT_EQ(it.reports.size(), 4u);
    for (const auto& one : it.reports) {
        EXPECT_EQ(one.fate, delivery_fate::unknown);
        EXPECT_FALSE(one.blameless);
    }
}

/// Answers of all kinds, in any order in which a broker may give them.
struct answered_run : produce_run {
    explicit answered_run(std::uint64_t seed, bool planted_client_bugs::*bug = nullptr)
        : produce_run({}, bug), draws(seed) {
        open_up();
        constexpr error_code codes[] = {error_code::none,
                                        error_code::none,
                                        error_code::invalid_record,
                                        error_code::invalid_record,
                                        error_code::out_of_order_sequence_number,
                                        error_code::request_timed_out,
                                        error_code::not_leader_or_follower,
                                        error_code::unknown_producer_id};
        for (int step = 0; step < 60; ++step)
            step_on(codes[draws.below(std::size(codes))]);
        for (int step = 0; step < 300 && reports.size() < sent; ++step)
            answer_one(error_code::none);
    }

    runtime::random draws;
    std::size_t sent = 1;

private:
    void step_on(error_code code) {
        const auto what = draws.below(10);
        if (what < 5 && ++sent)
            return send("x", static_cast<std::int32_t>(draws.below(2)));
        if (what == 5 && cluster.has(kafka::api_key::produce))
            return hang_up(take_produce());
        if (what == 6)
            return pass(second / 4);
        answer_one(code);
    }
    void answer_one(error_code code) {
        if (cluster.has(kafka::api_key::metadata))
            return tell_topic();
        if (cluster.has(kafka::api_key::init_producer_id))
            return tell_id(7000);
        if (cluster.has(kafka::api_key::produce))
            return answer(take_produce(), code == error_code::none ? 5 : -1, code);
        if (cluster.wanted.contains("one:9092"))
            cluster.connect("one:9092");
        pass(test::millisecond * 100);
    }
};

TEST(refused_records, whatever_is_answered_nothing_that_can_be_done_waits) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        const answered_run it(seed);
        ASSERT_EQ(it.reports.size(), it.sent) << "seed " << seed;
        ASSERT_EQ(it.left_undone, 0U) << "seed " << seed;
    }
}

TEST(refused_records, is_found_rest_of_refused_forgotten) {
    bool found = false;
    for (std::uint64_t seed = 1; seed <= 20 && !found; ++seed)
        found = answered_run(seed, &planted_client_bugs::rest_of_refused_forgotten).left_undone > 0;
    EXPECT_TRUE(found);
}

} // namespace
} // namespace barnabas::client::refused_records_test
