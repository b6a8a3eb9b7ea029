#include "actors/client/limits.hpp"
#include "tests/unit/actors/client/producer/produce_run.hpp"

#include <gtest/gtest.h>

#include <algorithm>

// What a producer remembers of topics that it does not write to any more.
namespace barnabas::client::idle_topics_test {
namespace {

using kafka::api_key;
using test::keys;
using test::produce_run;
using test::second;
using batches = std::vector<produce_run::sent_batch>;

/// Answers what is asked of topics; how often `name` was among them.
int tell_topics(produce_run& it, const std::string& name) {
    int times = 0;
    while (it.cluster.has(api_key::metadata)) {
        const auto asked = it.cluster.take(api_key::metadata);
        const auto wishes = asked.as<kafka::metadata_request>();
        times += static_cast<int>(std::count_if(wishes.topics->begin(), wishes.topics->end(),
                                                [&](const auto& wish) { return wish.name == name; }));
        it.cluster.answer(asked, it.cluster.metadata(asked));
        it.run();
    }
    return times;
}

/// A record each second for another topic, "u".
int work_elsewhere(produce_run& it, int seconds) {
    int asked_for_t = 0;
    for (int i = 0; i < seconds; ++i) {
        it.send_to("u", "x");
        asked_for_t += tell_topics(it, "t");
        while (it.cluster.has(api_key::produce))
            it.answer(it.take_produce(), i);
        it.pass(second);
    }
    return asked_for_t;
}

const keys quickly_idle{{"metadata.max.idle.ms", "8000"}, {"metadata.max.age.ms", "2000"}};

TEST(idle_topics, are_asked_for_no_more_and_found_again) {
    produce_run it(quickly_idle);
    it.cluster.topics["u"] = {1};
    it.open_up();
    EXPECT_GE(work_elsewhere(it, 7), 2);
    EXPECT_TRUE(it.records.knows("t"));
    work_elsewhere(it, 5);
    EXPECT_FALSE(it.records.knows("t"));
    EXPECT_EQ(work_elsewhere(it, 10), 0);
    EXPECT_TRUE(it.records.knows("u"));
    it.send("again");
    EXPECT_EQ(tell_topics(it, "t"), 1);
    // The broker remembers the first one.
    const auto asked = it.take_produce();
    EXPECT_EQ(it.batches_of(asked), (batches{{0, 1, 7000, 0, 1}}));
    it.answer(asked, 1);
    EXPECT_TRUE(it.reports.back().ok());
}

TEST(idle_topics, are_not_idle_while_a_batch_is_under_way) {
    produce_run it(quickly_idle);
    it.cluster.topics["u"] = {1};
    it.open_up();
    it.send("slow", 1);
    const auto asked = it.take_produce();
    it.cluster.topics["t"] = {1, -1};
    it.answer(asked, kafka::error_code::not_leader_or_follower);
    EXPECT_GE(work_elsewhere(it, 20), 6);
    it.cluster.topics["t"] = {1, 1};
    work_elsewhere(it, 3);
    EXPECT_EQ(std::count_if(it.reports.begin(), it.reports.end(),
                            [](const auto& one) { return one.ok() && one.topic == "t"; }),
              2);
}

TEST(idle_topics, lead_to_a_new_epoch_when_there_are_too_many_counts) {
    produce_run it(quickly_idle);
    it.cluster.topics["u"] = {1};
    it.cluster.topics["t"].assign(limits::idle_lines_max + 1, 1);
    it.open_up();
    for (std::size_t i = 1; i < it.cluster.topics["t"].size(); ++i)
        it.send("once", static_cast<std::int32_t>(i));
    while (it.cluster.has(api_key::produce))
        it.answer(it.take_produce(), 0);
    EXPECT_EQ(it.reports.size(), limits::idle_lines_max + 1);
    work_elsewhere(it, 14);
    EXPECT_EQ(it.sender.metrics().epochs, 1u);
    work_elsewhere(it, 14);
    EXPECT_EQ(it.sender.metrics().epochs, 1u);
    EXPECT_TRUE(std::all_of(it.reports.begin(), it.reports.end(), [](const auto& one) { return one.ok(); }));
    it.send("again");
    tell_topics(it, "t");
    EXPECT_EQ(it.batches_of(it.take_produce()), (batches{{0, 1, 7000, 1, 0}}));
}

} // namespace
} // namespace barnabas::client::idle_topics_test
