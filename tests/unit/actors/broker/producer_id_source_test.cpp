#include "actors/broker/producer_id_source.hpp"

#include "actors/broker/limits.hpp"

#include <gtest/gtest.h>

#include <set>

namespace barnabas::producer_id_source_test {

namespace {

allocate_producer_ids_response block(std::int64_t first, std::int32_t count) {
    return {0, errc::ok, producer_id(first), count};
}

} // namespace

TEST(producer_id_source, parks_until_the_first_block_is_there) {
    producer_id_source source;
    producer_id_source::effects out;
    source.on_request(1, out);
    source.on_request(2, out);
    EXPECT_TRUE(out.ask);
    EXPECT_TRUE(out.answers.empty());
    EXPECT_EQ(source.waiting_count(), 2u);

    producer_id_source::effects then;
    source.on_block(block(5000, 1000), then);
    EXPECT_FALSE(then.ask);
    ASSERT_EQ(then.answers.size(), 2u);
    EXPECT_EQ(then.answers[0].first, 1u);
    EXPECT_EQ(then.answers[0].second.id.get(), 5000);
    EXPECT_EQ(then.answers[0].second.epoch.get(), 0);
    EXPECT_EQ(then.answers[1].second.id.get(), 5001);
}

TEST(producer_id_source, asks_for_the_next_block_before_it_runs_out_and_repeats_no_id) {
    producer_id_source source;
    std::set<std::int64_t> ids;
    std::int64_t next_block = 0;
    int waited = 0;
    for (std::uint64_t number = 0; number < 5000; ++number) {
        producer_id_source::effects out;
        source.on_request(number, out);
        waited += out.answers.empty() ? 1 : 0;
        for (const auto& [who, answer] : out.answers)
            EXPECT_TRUE(ids.insert(answer.id.get()).second);
        if (!out.ask)
            continue;
        producer_id_source::effects arrived;
        source.on_block(block(next_block, 1000), arrived);
        next_block += 1000;
        for (const auto& [who, answer] : arrived.answers)
            EXPECT_TRUE(ids.insert(answer.id.get()).second);
    }
    EXPECT_EQ(ids.size(), 5000u);
    EXPECT_EQ(waited, 1);
}

TEST(producer_id_source, failed_allocation_answers_all_and_is_tried_again) {
    producer_id_source source;
    producer_id_source::effects out;
    source.on_request(1, out);
    producer_id_source::effects failed;
    source.on_block(allocate_producer_ids_response::dropped(0), failed);
    ASSERT_EQ(failed.answers.size(), 1u);
    EXPECT_EQ(failed.answers[0].second.code, errc::coordinator_not_available);
    producer_id_source::effects again;
    source.on_request(2, again);
    EXPECT_TRUE(again.ask);
}

TEST(producer_id_source, too_many_waiting_are_told_to_come_back) {
    producer_id_source source;
    producer_id_source::effects out;
    for (std::uint64_t number = 0; number <= broker_limits::waiting_producers_max; ++number)
        source.on_request(number, out);
    ASSERT_EQ(out.answers.size(), 1u);
    EXPECT_EQ(out.answers[0].second.code, errc::coordinator_load_in_progress);
}

} // namespace barnabas::producer_id_source_test
