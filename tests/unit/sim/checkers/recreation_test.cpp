#include "sim/workloads/topic_lives.hpp"
#include "tests/unit/sim/checkers/story.hpp"

#include <gtest/gtest.h>

namespace barnabas::sim::recreation_test {
namespace {

/// The same partition of the topic that was made next under that name.
constexpr place next_life{0, 0, 1};

topic_id id_of(std::uint8_t number) {
    topic_id made;
    made.bytes[0] = number;
    return made;
}

TEST(topic_lives, another_id_counts_only_when_the_topic_before_was_about_to_go) {
    topic_lives lives(1);
    EXPECT_EQ(lives.number_of(0, id_of(1)), 0U);
    EXPECT_EQ(lives.number_of(0, id_of(2)), 0U) << "a broker that forgot its topic is not excused";
    lives.goes(0);
    EXPECT_EQ(lives.number_of(0, id_of(3)), 1U);
    EXPECT_EQ(lives.number_of(0, id_of(4)), 1U);
    EXPECT_EQ(lives.number_of(0, id_of(1)), 0U);
    EXPECT_EQ(lives.newest(0), 1U);
    EXPECT_EQ(lives.number_of(7, id_of(4)), 0U) << "not one of those that are made again";
}

TEST(recreation, records_of_a_topic_that_was_deleted_need_not_last) {
    for (const auto make : {&make_acked_records_survive, &make_nothing_unseen}) {
        story kept(make);
        kept.acked(0);
        kept.end();
        EXPECT_TRUE(kept.broken());
        story gone(make);
        gone.acked(0);
        gone.told().on_topic_goes(0, 0, virtual_time{0});
        gone.end();
        EXPECT_FALSE(gone.broken());
    }
}

TEST(recreation, record_of_an_older_topic_is_not_read_from_a_newer_one) {
    story told(&make_nothing_invented);
    told.send(1);
    told.told().on_topic_goes(0, 0, virtual_time{0});
    told.read(0, 0);
    EXPECT_FALSE(told.broken()) << "while it is there";
    told.read_raw({0, false, next_life, log_offset(0), 0, 1'000, told.now()});
    EXPECT_TRUE(told.broken());
}

TEST(recreation, offsets_begin_anew) {
    story told(&make_offsets_contiguous);
    told.send(2);
    told.read(0, 0);
    told.read_raw({0, false, next_life, log_offset(0), 1, 1'001, told.now()});
    EXPECT_FALSE(told.broken());
    told.read_raw({0, false, next_life, log_offset(2), 1, 1'001, told.now()});
    EXPECT_TRUE(told.broken());
}

} // namespace
} // namespace barnabas::sim::recreation_test
