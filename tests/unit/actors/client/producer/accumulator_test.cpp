#include "actors/client/producer/accumulator.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace barnabas::client::accumulator_test {
namespace {

constexpr std::int64_t millisecond = 1'000'000;

producer_settings small() {
    producer_settings settings;
    settings.batch_bytes = 1000;
    settings.linger_ns = 5 * millisecond;
    settings.request_bytes_max = 100'000;
    settings.buffer_bytes = 4000;
    settings.max_block_ns = 100 * millisecond;
    settings.delivery_timeout_ns = 1000 * millisecond;
    return settings;
}

struct accumulator_run {
    explicit accumulator_run(const producer_settings& settings = small())
        : records(settings, runtime::random(3)) {}

    record_accumulator records;
    monotonic_ns now{1};
    std::vector<delivery_report> reports;
    std::vector<dropped_record> dropped;

    record_accumulator::appended put(std::size_t bytes, std::optional<std::int32_t> partition = 0,
                                     std::optional<std::string> key = {}) {
        const std::string value(bytes, 'x');
        delivery_callback call = [this](const delivery_report& report) { reports.push_back(report); };
        return records.append({"t", key, value, {}, partition}, call, now, timestamp_ms(77));
    }
    void know(std::size_t partitions) { records.on_topic("t", std::vector<bool>(partitions, true), dropped); }
    auto take(std::size_t room = 100) {
        return records.take([room](const std::string&, std::int32_t) { return room; }, now);
    }
};

using verdict = record_accumulator::verdict;

TEST(accumulator, a_batch_is_ready_when_it_is_full_or_old) {
    accumulator_run it;
    it.know(1);
    EXPECT_TRUE(it.put(300).wake);
    EXPECT_FALSE(it.put(300).wake);
    EXPECT_TRUE(it.take().empty());
    EXPECT_EQ(it.records.deadline(it.now), it.now + 5 * millisecond);
    it.put(300);
    EXPECT_TRUE(it.put(300).wake);
    const auto full = it.take();
    ASSERT_EQ(full.size(), 1u);
    EXPECT_EQ(full[0]->content.count(), 3);
    it.now = it.now + 5 * millisecond;
    const auto old = it.take();
    ASSERT_EQ(old.size(), 1u);
    EXPECT_EQ(old[0]->content.count(), 1);
    EXPECT_TRUE(it.records.empty());
}

TEST(accumulator, what_cannot_be_sent_now_stays_and_grows) {
    accumulator_run it;
    it.know(1);
    it.put(300);
    it.now = it.now + 5 * millisecond;
    EXPECT_TRUE(it.take(0).empty());
    it.put(300);
    const auto taken = it.take(1);
    ASSERT_EQ(taken.size(), 1u);
    EXPECT_EQ(taken[0]->content.count(), 2);
}

TEST(accumulator, a_full_buffer_takes_nothing_until_there_is_room) {
    accumulator_run it;
    it.know(2);
    for (int i = 0; i < 4; ++i)
        EXPECT_EQ(it.put(900).what, verdict::taken);
    const auto refused = it.put(900);
    EXPECT_EQ(refused.what, verdict::full);
    EXPECT_EQ(refused.why.code, errc::throttled);
    EXPECT_TRUE(it.reports.empty());
    // Nothing lingers meanwhile.
    auto taken = it.take();
    EXPECT_EQ(taken.size(), 4u);
    EXPECT_EQ(it.put(900).what, verdict::full);
    it.records.release(taken[0]->charged);
    EXPECT_EQ(it.put(900).what, verdict::taken);
}

TEST(accumulator, a_record_that_never_fits_is_refused) {
    accumulator_run it;
    it.know(1);
    EXPECT_EQ(it.put(100'000).why.code, errc::message_too_large);
    EXPECT_NE(it.put(100'000).why.detail.find("max.request.size (100000)"), std::string::npos);
    EXPECT_NE(it.put(5000).why.detail.find("buffer.memory (4000)"), std::string::npos);
    EXPECT_EQ(it.put(10, 1).why.detail, "topic 't' has no partition 1: there are 1");
    EXPECT_EQ(it.put(10, -1).why.code, errc::invalid_request);
    EXPECT_EQ(it.records.charged(), 0u);
}

TEST(accumulator, a_name_that_no_topic_can_have_is_refused_at_once) {
    for (const std::string& name : {std::string(""), std::string("bad topic"), std::string("."),
                                    std::string(".."), std::string(250, 'a'), std::string("t\u00e9")}) {
        accumulator_run it;
        delivery_callback call;
        const auto done = it.records.append({name, {}, "v"}, call, it.now, timestamp_ms(1));
        EXPECT_EQ(done.what, verdict::refused) << name;
        EXPECT_EQ(done.why.code, errc::invalid_topic) << name;
        EXPECT_TRUE(it.records.topics_wanted().empty());
    }
    for (const std::string& name : {std::string("..."), std::string(249, 'a'), std::string("A.b_c-9")}) {
        accumulator_run it;
        delivery_callback call;
        EXPECT_EQ(it.records.append({name, {}, "v"}, call, it.now, timestamp_ms(1)).what, verdict::taken)
            << name;
    }
}

TEST(accumulator, records_without_a_key_fill_one_batch_after_the_other) {
    auto settings = small();
    settings.buffer_bytes = 1'000'000;
    accumulator_run it(settings);
    it.know(8);
    for (int i = 0; i < 300; ++i)
        it.put(100, std::nullopt);
    std::map<std::int32_t, int> batches;
    it.now = it.now + 5 * millisecond;
    for (const auto& batch : it.take()) {
        ++batches[batch->partition];
        EXPECT_TRUE(!batch->full || batch->content.count() >= 8);
    }
    EXPECT_GE(batches.size(), 5u);
}

TEST(accumulator, keys_choose_unless_they_are_ignored) {
    auto settings = small();
    settings.buffer_bytes = 1'000'000;
    accumulator_run it(settings);
    it.know(8);
    for (int i = 0; i < 20; ++i)
        it.put(10, std::nullopt, "a");
    it.now = it.now + 5 * millisecond;
    auto taken = it.take();
    ASSERT_EQ(taken.size(), 1u);
    EXPECT_EQ(taken[0]->partition, partition_of_key("a", 8));
    settings.ignore_keys = true;
    std::set<std::int32_t> seen;
    accumulator_run other(settings);
    other.know(8);
    for (int i = 0; i < 200; ++i)
        other.put(100, std::nullopt, "a");
    other.now = other.now + 5 * millisecond;
    for (const auto& batch : other.take())
        seen.insert(batch->partition);
    EXPECT_GT(seen.size(), 3u);
}

TEST(accumulator, partitions_take_turns_whatever_the_key_if_they_are_to) {
    auto settings = small();
    settings.round_robin = true;
    accumulator_run it(settings);
    it.records.on_topic("t", {true, false, true, true}, it.dropped);
    for (int i = 0; i < 7; ++i)
        it.put(10, std::nullopt, i % 2 == 0 ? std::optional<std::string>("a") : std::nullopt);
    // Who names a partition takes nobody's turn.
    it.put(10, 1);
    it.put(10, std::nullopt);
    it.now = it.now + 5 * millisecond;
    std::map<std::int32_t, std::uint32_t> records;
    for (const auto& batch : it.take())
        records[batch->partition] += static_cast<std::uint32_t>(batch->content.count());
    EXPECT_EQ(records, (std::map<std::int32_t, std::uint32_t>{{0, 3}, {1, 1}, {2, 3}, {3, 2}}));
}

TEST(accumulator, a_record_that_the_buffer_refuses_takes_no_turn) {
    auto settings = small();
    settings.round_robin = true;
    settings.buffer_bytes = settings.batch_bytes;
    accumulator_run it(settings);
    it.know(2);
    std::map<std::int32_t, int> batches;
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(it.put(900, std::nullopt).what, verdict::taken);
        EXPECT_EQ(it.put(900, std::nullopt).what, verdict::full);
        for (const auto& batch : it.take()) {
            ++batches[batch->partition];
            it.records.release(batch->charged);
        }
    }
    EXPECT_EQ(batches, (std::map<std::int32_t, int>{{0, 5}, {1, 5}}));
}

TEST(accumulator, records_wait_for_their_topic) {
    accumulator_run it;
    EXPECT_TRUE(it.put(10, 0).wake);
    EXPECT_FALSE(it.put(10, 5).wake);
    EXPECT_EQ(it.records.topics_wanted(), std::vector<std::string>{"t"});
    EXPECT_FALSE(it.records.empty());
    const auto below = it.records.flush();
    EXPECT_TRUE(it.records.has_batches_below(below));
    it.know(2);
    ASSERT_EQ(it.dropped.size(), 1u);
    EXPECT_EQ(it.dropped[0].why.code, errc::unknown_topic_or_partition);
    // It was there before the flush, so it does not linger.
    EXPECT_TRUE(it.records.has_batches_below(below));
    const auto taken = it.take();
    ASSERT_EQ(taken.size(), 1u);
    EXPECT_EQ(taken[0]->deadline, monotonic_ns(1) + 1000 * millisecond);
    EXPECT_EQ(it.records.charged(), 1000u);
}

TEST(accumulator, what_filled_the_buffer_before_its_topic_was_known_is_sent) {
    accumulator_run it;
    int sent = 0;
    while (it.put(550, sent % 2).what == verdict::taken)
        ++sent;
    EXPECT_EQ(sent, 6);
    it.know(2);
    EXPECT_TRUE(it.dropped.empty());
    EXPECT_LE(it.records.charged(), 4000u);
    EXPECT_EQ(it.put(550).what, verdict::full);
    std::int32_t records = 0;
    for (const auto& batch : it.take())
        records += batch->content.count();
    EXPECT_EQ(records, sent);
}

TEST(accumulator, room_that_comes_without_a_finished_batch_is_told) {
    accumulator_run it;
    while (it.put(10).what == verdict::taken) {
    }
    const auto full = it.records.charged();
    EXPECT_FALSE(it.records.take_given_back());
    // Together they take less than each in a batch of its own.
    it.know(1);
    EXPECT_TRUE(it.dropped.empty());
    EXPECT_LT(it.records.charged(), full);
    EXPECT_TRUE(it.records.take_given_back());
    EXPECT_FALSE(it.records.take_given_back());
    EXPECT_EQ(it.put(10).what, verdict::taken);
}

TEST(accumulator, a_topic_made_anew_with_fewer_partitions_is_counted_anew) {
    auto settings = small();
    settings.buffer_bytes = 1'000'000;
    accumulator_run it(settings);
    it.know(8);
    it.put(10, 7);
    for (int i = 0; i < 8; ++i)
        it.put(900, std::nullopt);
    it.put(10, std::nullopt);
    it.know(2);
    EXPECT_EQ(it.put(10, 5).why.detail, "topic 't' has no partition 5: there are 2");
    // What was for partition 7 stays there.
    it.now = it.now + 5 * millisecond;
    std::set<std::int32_t> before;
    for (const auto& batch : it.take())
        before.insert(batch->partition);
    EXPECT_TRUE(before.contains(7));
    std::set<std::int32_t> after;
    for (const std::string key : {"a", "b", "c", "d"}) {
        it.put(10, std::nullopt, key);
        after.insert(partition_of_key(key, 2));
    }
    for (int i = 0; i < 40; ++i)
        it.put(900, std::nullopt);
    it.now = it.now + 5 * millisecond;
    std::set<std::int32_t> seen;
    for (const auto& batch : it.take())
        seen.insert(batch->partition);
    after.insert({0, 1});
    EXPECT_EQ(seen, after);
}

TEST(accumulator, what_waits_too_long_is_given_back) {
    accumulator_run it;
    it.put(10);
    it.now = it.now + 100 * millisecond;
    std::vector<std::unique_ptr<producer_batch>> late;
    it.records.expire(
        it.now, [](const std::string& topic) { return "nobody knows " + topic; }, late, it.dropped);
    ASSERT_EQ(it.dropped.size(), 1u);
    EXPECT_EQ(it.dropped[0].why, (error{errc::request_timed_out, "nobody knows t"}));
    it.know(1);
    it.put(10);
    it.now = it.now + 1000 * millisecond;
    it.records.expire(
        it.now, [](const std::string&) { return std::string(); }, late, it.dropped);
    EXPECT_EQ(late.size(), 1u);
    EXPECT_TRUE(it.records.empty());
}

TEST(accumulator, the_oldest_is_due_first_whatever_its_partition) {
    auto settings = small();
    settings.buffer_bytes = 100'000;
    accumulator_run it(settings);
    it.know(1000);
    it.put(10, 900);
    it.now = it.now + millisecond;
    it.put(10, 20);
    it.put(900, 500);
    it.now = it.now + millisecond;
    it.put(900, 500);
    EXPECT_EQ(it.records.deadline(it.now), it.now + 3 * millisecond);
    const auto partitions_of = [](const auto& batches) {
        std::vector<std::int32_t> all;
        for (const auto& one : batches)
            all.push_back(one->partition);
        return all;
    };
    EXPECT_EQ(partitions_of(it.take()), std::vector<std::int32_t>{500});
    it.now = it.now + 3 * millisecond;
    EXPECT_EQ(partitions_of(it.take()), std::vector<std::int32_t>{900});
    EXPECT_EQ(it.records.deadline(it.now), it.now + millisecond);
    // What is ready and has no room does not hold up the others' time.
    it.now = it.now + millisecond;
    EXPECT_TRUE(it.take(0).empty());
    EXPECT_EQ(it.records.deadline(it.now), it.now + millisecond);
    it.put(900, 500), it.put(900, 500);
    it.now = it.now + 996 * millisecond;
    std::vector<std::unique_ptr<producer_batch>> late;
    const auto expire = [&] {
        it.records.expire(
            it.now, [](const std::string&) { return std::string(); }, late, it.dropped);
    };
    expire();
    EXPECT_EQ(partitions_of(late), (std::vector<std::int32_t>{500, 20}));
    EXPECT_EQ(it.records.deadline(it.now), it.now + 4 * millisecond);
    it.now = it.now + 4 * millisecond;
    expire();
    EXPECT_EQ(partitions_of(late), (std::vector<std::int32_t>{500, 20, 500, 500}));
    EXPECT_TRUE(it.records.empty());
}

TEST(accumulator, a_closed_one_takes_nothing) {
    accumulator_run it;
    it.know(1);
    it.put(10);
    it.records.close();
    EXPECT_EQ(it.put(10).why.code, errc::closed);
    EXPECT_EQ(it.take().size(), 1u);
}

} // namespace
} // namespace barnabas::client::accumulator_test
