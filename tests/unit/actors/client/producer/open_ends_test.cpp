#include "tests/unit/actors/client/producer/produce_run.hpp"

#include <gtest/gtest.h>

// Batches that may be written, and what else happens before they can be repeated.
namespace barnabas::client::open_ends_test {
namespace {

using kafka::api_key;
using kafka::error_code;
using test::keys;
using test::millisecond;
using test::produce_run;
using test::second;
using batches = std::vector<produce_run::sent_batch>;

/// The brokers tell that topic "t" has this id, and the others theirs. A Produce before that waits.
void tell_topics(produce_run& it, std::uint8_t id_of_t) {
    it.run();
    while (!it.cluster.requests.empty() && it.cluster.requests.front().key() == api_key::metadata) {
        const auto asked = it.cluster.take(api_key::metadata);
        auto said = it.cluster.metadata(asked);
        for (auto& topic : said.topics)
            if (topic.name == "t")
                topic.topic_id.bytes[0] = id_of_t;
        it.cluster.answer(asked, said);
        it.run();
    }
}

/// The next batch is cut off; what else is asked finds "t" as it was.
void cut_off(produce_run& it, std::uint8_t id_of_t) {
    it.hang_up(it.take_produce());
    tell_topics(it, id_of_t);
}

/// Topic "t" becomes the one of this id before its next record.
void move_t(produce_run& it, std::uint8_t from, std::uint8_t to) {
    tell_topics(it, from);
    it.send("next");
    it.answer(it.take_produce(), error_code::not_leader_or_follower);
    for (int i = 0; i < 3; ++i) {
        tell_topics(it, to);
        it.pass(200 * millisecond);
    }
}

TEST(open_ends, a_topic_that_comes_back_waits_for_what_may_be_written_elsewhere) {
    produce_run it;
    it.cluster.brokers = {{1, "one"}, {2, "two"}};
    it.cluster.topics["u"] = {2};
    it.open_up();
    it.send_to("u", "open");
    tell_topics(it, 7);
    it.cluster.connect("two:9092");
    it.run();
    // Nobody leads it for a while, so that nothing of it is under way.
    it.cluster.topics["u"] = {-1};
    cut_off(it, 7);
    move_t(it, 7, 8);
    const auto moved = it.take_produce();
    EXPECT_EQ(it.batches_of(moved), (batches{{0, 1, 7000, 0, 0}}));
    it.answer(moved, 0);
    move_t(it, 8, 7);
    EXPECT_FALSE(it.cluster.has(api_key::produce));
    EXPECT_EQ(it.reports.size(), 2u);
    it.cluster.topics["u"] = {2};
    for (int i = 0; i < 3; ++i) {
        it.pass(second);
        tell_topics(it, 7);
    }
    it.cluster.connect("two:9092");
    it.run();
    const auto again = it.take_produce();
    EXPECT_EQ(it.cluster.address_of(again), "two:9092");
    EXPECT_EQ(it.batches_of(again), (batches{{0, 1, 7000, 0, 0}}));
    it.answer(again, 4);
    tell_topics(it, 7);
    const auto back = it.take_produce();
    EXPECT_EQ(it.batches_of(back), (batches{{0, 1, 7000, 1, 0}}));
    it.answer(back, 0);
    ASSERT_EQ(it.reports.size(), 4u);
    for (const auto& one : it.reports)
        EXPECT_TRUE(one.ok()) << one.why.detail;
}

TEST(open_ends, partitions_of_one_topic_that_comes_back_do_not_wait_for_each_other) {
    produce_run it;
    it.cluster.brokers = {{1, "one"}, {2, "two"}};
    it.cluster.topics["t"] = {1, 2};
    it.open_up();
    it.send("first", 1);
    it.cluster.connect("two:9092");
    it.run();
    it.answer(it.take_produce(), 0);
    move_t(it, 7, 8);
    it.answer(it.take_produce(), 0);
    it.send("moves, too", 1);
    it.answer(it.take_produce(), 0);
    it.send("open", 1);
    cut_off(it, 8);
    move_t(it, 8, 7);
    const auto back = it.take_produce();
    EXPECT_EQ(it.batches_of(back), (batches{{0, 1, 7000, 1, 0}}));
    EXPECT_EQ(it.reports.back().fate, delivery_fate::unknown);
    it.answer(back, 0);
    EXPECT_TRUE(it.reports.back().ok());
}

TEST(open_ends, what_cannot_be_repeated_says_why) {
    produce_run it;
    it.cluster.brokers = {{1, "one"}, {2, "two"}};
    it.cluster.topics["t"] = {1, 2};
    it.open_up();
    it.send("open", 1);
    it.cluster.connect("two:9092");
    it.run();
    cut_off(it, 7);
    it.send("next");
    it.answer(it.take_produce(), error_code::unknown_producer_id);
    it.pass(second);
    ASSERT_EQ(it.reports.size(), 2u);
    EXPECT_EQ(it.reports[1].fate, delivery_fate::unknown);
    EXPECT_NE(
        it.reports[1].why.detail.find("it was sent, and may be written; then the broker did not know the "
                                      "sequences of another batch, so that it cannot be repeated"),
        std::string::npos)
        << it.reports[1].why.detail;
}

TEST(open_ends, what_may_be_written_after_an_answer_is_not_said_to_have_had_none) {
    produce_run it(keys{{"delivery.timeout.ms", "3000"}, {"request.timeout.ms", "2000"}});
    it.send("a");
    it.come_up();
    for (int i = 0; i < 100 && it.reports.empty(); ++i) {
        if (it.cluster.has(api_key::produce))
            it.answer(it.take_produce(), error_code::not_enough_replicas_after_append);
        it.tell_topics();
        it.pass(100 * millisecond);
    }
    ASSERT_EQ(it.reports.size(), 1u);
    EXPECT_EQ(it.reports[0].fate, delivery_fate::unknown);
    EXPECT_NE(
        it.reports[0].why.detail.find("as far as: ack (it was sent, and may be written); the last attempt: "),
        std::string::npos)
        << it.reports[0].why.detail;
}

} // namespace
} // namespace barnabas::client::open_ends_test
