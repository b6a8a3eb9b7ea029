#include "tests/unit/actors/client/producer/produce_run.hpp"

#include <gtest/gtest.h>

namespace barnabas::client::batch_sender_test {
namespace {

using kafka::api_key;
using kafka::error_code;
using test::keys;
using test::millisecond;
using test::produce_run;
using test::second;
using batches = std::vector<produce_run::sent_batch>;

std::vector<std::int64_t> offsets(const produce_run& it) {
    std::vector<std::int64_t> all;
    for (const auto& one : it.reports)
        all.push_back(one.offset);
    return all;
}

TEST(batch_sender, a_record_is_delivered_with_its_offset) {
    produce_run it;
    it.send("a");
    it.come_up();
    const auto asked = it.take_produce();
    EXPECT_EQ(asked.as<kafka::produce_request>().acks, -1);
    EXPECT_EQ(it.batches_of(asked), (batches{{0, 1, 7000, 0, 0}}));
    EXPECT_TRUE(it.reports.empty());
    it.answer(asked, 41);
    ASSERT_EQ(it.reports.size(), 1u);
    EXPECT_TRUE(it.reports[0].ok());
    EXPECT_EQ(it.reports[0].topic, "t");
    EXPECT_EQ(it.reports[0].partition, 0);
    EXPECT_EQ(it.reports[0].offset, 41);
    EXPECT_EQ(it.reports[0].timestamp_ms, 50);
    EXPECT_EQ(it.records.charged(), 0u);
    EXPECT_EQ(it.sender.metrics().records_sent, 1u);
}

TEST(batch_sender, what_waited_goes_together_and_partitions_of_a_broker_share_a_request) {
    produce_run it;
    for (const auto* value : {"a", "b", "c"})
        it.send(value);
    it.send("d", 1);
    it.come_up();
    const auto asked = it.take_produce();
    EXPECT_EQ(it.batches_of(asked), (batches{{0, 3, 7000, 0, 0}, {1, 1, 7000, 0, 0}}));
    EXPECT_FALSE(it.cluster.has(api_key::produce));
    it.answer(asked, 10);
    EXPECT_EQ(offsets(it), (std::vector<std::int64_t>{10, 11, 12, 10}));
    EXPECT_EQ(it.sender.metrics().requests, 1u);
}

TEST(batch_sender, five_requests_are_under_way_and_the_rest_gathers) {
    produce_run it;
    it.send("first");
    it.come_up();
    it.send("not before the broker knows the sequences");
    const auto first = it.take_produce();
    EXPECT_FALSE(it.cluster.has(api_key::produce));
    it.answer(first, 0);
    it.answer(it.take_produce(), 1);
    for (int i = 0; i < 9; ++i)
        it.send("next");
    std::vector<test::played_cluster::request> sent;
    while (it.cluster.has(api_key::produce))
        sent.push_back(it.take_produce());
    ASSERT_EQ(sent.size(), 5u);
    EXPECT_EQ(it.batches_of(sent[4]), (batches{{0, 1, 7000, 0, 6}}));
    it.answer(sent[0], 2);
    EXPECT_EQ(it.batches_of(it.take_produce()), (batches{{0, 4, 7000, 0, 7}}));
}

TEST(batch_sender, what_was_cut_off_is_repeated_under_its_sequence_and_in_order) {
    produce_run it;
    it.open_up();
    it.send("a");
    it.send("b");
    const auto first = it.take_produce();
    it.hang_up(first);
    EXPECT_EQ(it.reports.size(), 1u);
    it.pass(second);
    it.cluster.connect("one:9092");
    it.tell_topics();
    const auto again = it.take_produce();
    EXPECT_EQ(it.batches_of(again), (batches{{0, 1, 7000, 0, 1}}));
    const auto behind = it.take_produce();
    EXPECT_EQ(it.batches_of(behind), (batches{{0, 1, 7000, 0, 2}}));
    it.answer(again, 5);
    it.answer(behind, 6);
    EXPECT_EQ(offsets(it), (std::vector<std::int64_t>{0, 5, 6}));
    EXPECT_EQ(it.sender.metrics().record_retries, 2u);
}

TEST(batch_sender, a_duplicate_counts_as_written) {
    produce_run it;
    it.send("a");
    it.come_up();
    it.answer(it.take_produce(), error_code::duplicate_sequence_number);
    ASSERT_EQ(it.reports.size(), 1u);
    EXPECT_TRUE(it.reports[0].ok());
    EXPECT_EQ(it.reports[0].offset, -1);
}

TEST(batch_sender, a_sequence_that_does_not_fit_leads_to_the_next_epoch) {
    produce_run it;
    it.send("a");
    it.come_up();
    it.answer(it.take_produce(), 0);
    it.send("b");
    it.send("c");
    const auto front = it.take_produce();
    const auto behind = it.take_produce();
    it.answer(front, error_code::unknown_producer_id);
    ASSERT_EQ(it.sequences_lost.size(), 1u);
    // What is under way comes back first.
    it.pass(second);
    EXPECT_FALSE(it.cluster.has(api_key::produce));
    it.answer(behind, error_code::out_of_order_sequence_number);
    EXPECT_EQ(it.sequences_lost.size(), 1u);
    it.pass(second);
    const auto again = it.take_produce();
    EXPECT_EQ(it.batches_of(again), (batches{{0, 1, 7000, 1, 0}}));
    it.answer(again, 1);
    const auto next = it.take_produce();
    EXPECT_EQ(it.batches_of(next), (batches{{0, 1, 7000, 1, 1}}));
    it.answer(next, 2);
    EXPECT_EQ(offsets(it), (std::vector<std::int64_t>{0, 1, 2}));
}

TEST(batch_sender, topic_ids_that_come_and_go_with_an_upgrade_do_not_begin_a_new_count) {
    produce_run it;
    it.cluster.topic_id_byte = 0;
    it.open_up();
    std::int32_t sequence = 1;
    for (const auto id : std::vector<std::uint8_t>{7, 0, 7}) {
        it.send("next");
        it.hang_up(it.take_produce());
        it.pass(second);
        it.cluster.topic_id_byte = id;
        it.cluster.connect("one:9092");
        it.tell_topics();
        const auto again = it.take_produce();
        EXPECT_EQ(it.batches_of(again), (batches{{0, 1, 7000, 0, sequence}}));
        it.answer(again, sequence++);
    }
    EXPECT_EQ(offsets(it), (std::vector<std::int64_t>{0, 1, 2, 3}));
}

TEST(batch_sender, a_topic_that_comes_back_is_written_under_the_next_epoch) {
    produce_run it;
    it.open_up();
    struct turn {
        std::uint8_t id;
        std::int16_t epoch;
    };
    // Under one epoch sequence 0 is never written twice to the same topic.
    for (const auto& [id, epoch] : std::vector<turn>{{8, 0}, {7, 1}, {8, 1}, {7, 2}}) {
        it.send("next");
        it.answer(it.take_produce(), error_code::not_leader_or_follower);
        it.cluster.topic_id_byte = id;
        it.pass(second);
        it.tell_topics();
        it.pass(second);
        const auto again = it.take_produce();
        EXPECT_EQ(it.batches_of(again), (batches{{0, 1, 7000, epoch, 0}}));
        it.answer(again, 0);
    }
    EXPECT_EQ(it.reports.size(), 5u);
    for (const auto& one : it.reports)
        EXPECT_TRUE(one.ok()) << one.why.detail;
}

TEST(batch_sender, what_is_open_when_its_topic_is_made_anew_stays_open) {
    produce_run it;
    it.open_up();
    it.send("open");
    it.hang_up(it.take_produce());
    it.send("next");
    it.pass(second);
    it.cluster.topic_id_byte = 8;
    it.cluster.connect("one:9092");
    it.tell_topics();
    ASSERT_EQ(it.reports.size(), 2u);
    EXPECT_EQ(it.reports[1].fate, delivery_fate::unknown);
    EXPECT_NE(it.reports[1].why.detail.find("the topic was made anew"), std::string::npos);
    const auto asked = it.take_produce();
    EXPECT_EQ(it.batches_of(asked), (batches{{0, 1, 7000, 0, 0}}));
    it.answer(asked, 0);
    EXPECT_TRUE(it.reports.back().ok());
}

TEST(batch_sender, a_leader_that_moved_is_found) {
    produce_run it;
    it.cluster.brokers = {{1, "one"}, {2, "two"}};
    it.send("a");
    it.come_up();
    const auto asked = it.take_produce();
    it.cluster.topics["t"] = {2, 1};
    it.cluster.leader_epoch = 2;
    it.answer(asked, error_code::not_leader_or_follower);
    it.tell_topics();
    it.pass(200 * millisecond);
    it.cluster.connect("two:9092");
    it.run();
    const auto again = it.take_produce();
    EXPECT_EQ(it.cluster.address_of(again), "two:9092");
    EXPECT_EQ(it.batches_of(again), (batches{{0, 1, 7000, 0, 0}}));
    it.answer(again, 9);
    EXPECT_EQ(offsets(it), (std::vector<std::int64_t>{9}));
}

TEST(batch_sender, reports_come_in_order_even_if_answers_do_not) {
    produce_run it(keys{{"enable.idempotence", "false"}});
    it.send("a");
    it.come_up();
    it.send("b");
    const auto first = it.take_produce();
    const auto second_one = it.take_produce();
    EXPECT_EQ(it.batches_of(first), (batches{{0, 1, -1, -1, -1}}));
    it.answer(first, error_code::not_enough_replicas);
    it.answer(second_one, 3);
    EXPECT_TRUE(it.reports.empty());
    it.pass(200 * millisecond);
    it.answer(it.take_produce(), 4);
    EXPECT_EQ(offsets(it), (std::vector<std::int64_t>{4, 3}));
}

TEST(batch_sender, nobody_there_is_told_with_how_far_it_got) {
    produce_run it(
        keys{{"delivery.timeout.ms", "2000"}, {"request.timeout.ms", "1000"}, {"max.block.ms", "500"}});
    it.send("a");
    it.cluster.refuse("one:9092");
    it.run();
    it.pass(second);
    ASSERT_EQ(it.reports.size(), 1u);
    EXPECT_EQ(it.reports[0].fate, delivery_fate::failed);
    EXPECT_EQ(it.reports[0].why.code, errc::request_timed_out);
    EXPECT_EQ(it.reports[0].why.detail, "topic 't' is not known after 500 ms (max.block.ms)");
    EXPECT_EQ(it.sender.metrics().record_errors, 1u);
}

TEST(batch_sender, a_leader_that_is_gone_is_not_waited_for) {
    produce_run it;
    it.cluster.brokers = {{1, "one"}, {2, "two"}};
    it.cluster.topics["t"] = {2, 2};
    it.send("a");
    it.come_up();
    it.cluster.refuse("two:9092");
    it.run();
    it.cluster.topics["t"] = {1, 1};
    it.cluster.leader_epoch = 2;
    for (int i = 0; i < 3 && !it.cluster.has(api_key::produce); ++i) {
        it.pass(200 * millisecond);
        it.tell_topics();
    }
    const auto asked = it.take_produce();
    EXPECT_EQ(it.cluster.address_of(asked), "one:9092");
    it.answer(asked, 3);
    EXPECT_EQ(offsets(it), (std::vector<std::int64_t>{3}));
}

TEST(batch_sender, a_partition_that_is_gone_is_not_asked_for_all_the_time) {
    produce_run it(keys{{"delivery.timeout.ms", "3000"}, {"request.timeout.ms", "2000"}});
    it.open_up();
    it.send("b", 1);
    const auto asked = it.take_produce();
    it.cluster.topics["t"] = {1};
    it.answer(asked, error_code::unknown_topic_or_partition);
    int questions = 0;
    for (; it.cluster.has(api_key::metadata) && questions < 50; ++questions)
        it.tell_topic();
    // For the refusal, for the partition that is missing, and one of the cluster client itself.
    EXPECT_LE(questions, 3);
    for (int i = 0; i < 30 && it.reports.size() < 2; ++i) {
        it.pass(100 * millisecond);
        for (; it.cluster.has(api_key::metadata) && questions < 50; ++questions)
            it.tell_topic();
    }
    EXPECT_GT(questions, 3);
    EXPECT_LE(questions, 10);
    ASSERT_EQ(it.reports.size(), 2u);
    EXPECT_EQ(it.reports[1].fate, delivery_fate::failed);
    EXPECT_EQ(it.reports[1].why.code, errc::request_timed_out);
    it.send("c");
    it.answer(it.take_produce(), 1);
    EXPECT_TRUE(it.reports.back().ok());
}

TEST(batch_sender, a_partition_that_comes_back_gets_its_batch) {
    produce_run it;
    it.open_up();
    it.send("b", 1);
    const auto asked = it.take_produce();
    it.cluster.topics["t"] = {1};
    it.answer(asked, error_code::unknown_topic_or_partition);
    for (int i = 0; i < 3 && it.cluster.has(api_key::metadata); ++i)
        it.tell_topic();
    it.pass(300 * millisecond);
    it.cluster.topics["t"] = {1, 1};
    it.tell_topics();
    it.pass(200 * millisecond);
    it.tell_topics();
    const auto again = it.take_produce();
    EXPECT_EQ(it.batches_of(again), (batches{{1, 1, 7000, 0, 0}}));
    it.answer(again, 4);
    EXPECT_EQ(offsets(it), (std::vector<std::int64_t>{0, 4}));
}

TEST(batch_sender, a_broker_that_cannot_be_reached_is_named) {
    produce_run it(keys{{"delivery.timeout.ms", "2000"}, {"request.timeout.ms", "1000"}});
    it.cluster.brokers = {{1, "one"}, {2, "two"}};
    it.cluster.topics["t"] = {2};
    it.send("a");
    it.come_up();
    for (int i = 0; i < 10 && it.reports.empty(); ++i) {
        if (it.cluster.wanted.contains("two:9092"))
            it.cluster.refuse("two:9092");
        it.run();
        it.pass(200 * millisecond);
        it.tell_topics();
    }
    ASSERT_EQ(it.reports.size(), 1u);
    EXPECT_EQ(it.reports[0].fate, delivery_fate::failed);
    EXPECT_EQ(it.reports[0].why.code, errc::request_timed_out);
    EXPECT_NE(it.reports[0].why.detail.find("it got as far as: connect (two:9092)"), std::string::npos)
        << it.reports[0].why.detail;
}

TEST(batch_sender, a_topic_that_is_not_there_says_so) {
    produce_run it(keys{{"max.block.ms", "1000"}});
    it.cluster.topics.clear();
    it.send("a");
    it.cluster.connect("one:9092");
    it.tell_topic();
    it.tell_id(7000);
    for (int i = 0; i < 5 && it.reports.empty(); ++i) {
        if (it.cluster.has(api_key::metadata))
            it.tell_topic();
        it.pass(300 * millisecond);
    }
    ASSERT_EQ(it.reports.size(), 1u);
    EXPECT_EQ(it.reports[0].why.detail,
              "topic 't' is not known after 1000 ms (max.block.ms); the last question about it: the broker "
              "answered UNKNOWN_TOPIC_OR_PARTITION");
}

TEST(batch_sender, a_topic_that_the_cluster_refuses_is_not_waited_for) {
    const std::vector<std::pair<error_code, errc>> cases{
        {error_code::invalid_topic_exception, errc::invalid_topic},
        {error_code::topic_authorization_failed, errc::topic_authorization_failed}};
    for (const auto& [answered, told] : cases) {
        produce_run it;
        it.cluster.topics.clear();
        it.cluster.absent_topic = answered;
        it.send("a");
        it.send("b");
        it.cluster.connect("one:9092");
        it.tell_topic();
        ASSERT_EQ(it.reports.size(), 2u);
        EXPECT_EQ(it.reports[0].why.code, told);
        EXPECT_EQ(it.reports[1].fate, delivery_fate::failed);
        EXPECT_TRUE(it.records.empty());
        EXPECT_EQ(it.records.charged(), 0u);
        EXPECT_EQ(it.sender.metrics().record_errors, 2u);
        // It is nobody's for ever: the next record asks again.
        it.cluster.topics["t"] = {1, 1};
        it.send("c");
        it.come_up_again();
        it.answer(it.take_produce(), 3);
        ASSERT_EQ(it.reports.size(), 3u);
        EXPECT_TRUE(it.reports[2].ok()) << it.reports[2].why.detail;
    }
}

TEST(batch_sender, a_broker_that_does_not_answer_leaves_it_open_and_the_next_goes_under_a_new_epoch) {
    produce_run it(keys{{"delivery.timeout.ms", "3000"}, {"request.timeout.ms", "2000"}});
    it.send("a");
    it.come_up();
    it.take_produce();
    it.pass(3 * second);
    ASSERT_EQ(it.reports.size(), 1u);
    EXPECT_EQ(it.reports[0].fate, delivery_fate::unknown);
    EXPECT_EQ(it.reports[0].why.code, errc::request_timed_out);
    EXPECT_NE(it.reports[0].why.detail.find("not delivered after 3000 ms: it got as far as: ack ("),
              std::string::npos)
        << it.reports[0].why.detail;
    it.send("b");
    it.pass(second);
    it.cluster.connect("one:9092");
    it.tell_topics();
    EXPECT_EQ(it.batches_of(it.take_produce()), (batches{{0, 1, 7000, 1, 0}}));
}

TEST(batch_sender, a_refused_batch_fails_alone_and_leaves_no_hole) {
    produce_run it;
    it.open_up();
    it.send("a");
    it.send("b");
    const auto first = it.take_produce();
    const auto behind = it.take_produce();
    it.answer(first, error_code::message_too_large);
    ASSERT_EQ(it.reports.size(), 2u);
    EXPECT_EQ(it.reports[1].fate, delivery_fate::failed);
    it.answer(behind, error_code::out_of_order_sequence_number);
    it.pass(second);
    const auto again = it.take_produce();
    EXPECT_EQ(it.batches_of(again), (batches{{0, 1, 7000, 1, 0}}));
    it.answer(again, 0);
    EXPECT_TRUE(it.reports.back().ok());
}

TEST(batch_sender, without_acknowledgements_records_are_sent_and_done) {
    produce_run it(keys{{"acks", "0"}});
    it.send("a");
    it.come_up();
    const auto asked = it.take_produce();
    EXPECT_EQ(asked.as<kafka::produce_request>().acks, 0);
    ASSERT_EQ(it.reports.size(), 1u);
    EXPECT_EQ(it.reports[0].fate, delivery_fate::sent);
    EXPECT_EQ(it.reports[0].offset, -1);
    it.pass(60 * second);
    EXPECT_FALSE(it.cluster.has(api_key::produce));
}

TEST(batch_sender, the_end_tells_everybody) {
    produce_run it;
    it.send("a");
    it.come_up();
    it.take_produce();
    it.send("b", 1);
    it.close();
    ASSERT_EQ(it.reports.size(), 2u);
    EXPECT_EQ(it.reports[0].fate, delivery_fate::unknown);
    EXPECT_EQ(it.reports[0].why.code, errc::closed);
}

TEST(batch_sender, what_never_left_the_accumulator_counts_as_an_error_at_the_end) {
    produce_run it;
    it.open_up();
    it.send("under way");
    it.take_produce();
    for (int i = 0; i < 9; ++i)
        it.send("gathers");
    it.send_to("another", "of nobody");
    it.close();
    EXPECT_EQ(it.reports.size(), 12u);
    EXPECT_EQ(it.sender.metrics().records_sent, 1u);
    EXPECT_EQ(it.sender.metrics().record_errors, 11u);
    EXPECT_EQ(it.records.charged(), 0u);
    EXPECT_TRUE(it.records.empty());
}

TEST(batch_sender, a_request_is_no_larger_than_it_may_be_and_all_get_their_turn) {
    produce_run it(keys{{"max.request.size", "2000"}, {"max.in.flight.requests.per.connection", "1"}});
    it.cluster.topics["t"] = {1, 1, 1};
    const std::string value(1000, 'x');
    it.send(value, 0);
    it.come_up();
    for (const std::int32_t partition : {1, 2, 0})
        it.send(value, partition);
    std::vector<std::int32_t> served;
    while (it.cluster.has(api_key::produce)) {
        const auto asked = it.take_produce();
        for (const auto& one : it.batches_of(asked))
            served.push_back(one.partition);
        it.answer(asked, 0);
    }
    EXPECT_EQ(served, (std::vector<std::int32_t>{0, 1, 2, 0}));
}

} // namespace
} // namespace barnabas::client::batch_sender_test
