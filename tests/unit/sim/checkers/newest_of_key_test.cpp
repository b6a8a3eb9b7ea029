#include "tests/unit/sim/checkers/story.hpp"

#include <gtest/gtest.h>

namespace barnabas::sim::newest_of_key_test {
namespace {

/// Single records with shared keys, acknowledged one after another from offset 0 on.
class keyed_story : public story {
public:
    keyed_story() : story(make_newest_of_key_survives) {}

    std::uint64_t put(std::uint64_t key, bool tombstone = false, bool acked = true) {
        sent_batch batch;
        batch.token = told().batches().size();
        batch.where = here;
        batch.first_record = told().records();
        batch.contents.push_back(1'000 + batch.first_record);
        batch.keys.push_back({key, tombstone});
        told().on_sent(batch);
        if (acked)
            result(batch.token, delivery::acked, static_cast<std::int64_t>(batch.first_record));
        return batch.first_record;
    }
    void pass_at(std::int64_t now, std::int64_t upto) {
        cleaning_pass pass;
        pass.now = timestamp_ms(now);
        pass.delete_retention_ms = 100;
        pass.upto = log_offset(upto);
        told().on_cleaning_begun({here, 1, pass});
    }
    void find(std::uint64_t record) { audit(static_cast<std::int64_t>(record), record); }
};

TEST(newest_of_key_survives, older_records_may_go) {
    keyed_story story;
    story.put(1);
    const auto newest = story.put(1);
    story.find(newest);
    story.end();
    EXPECT_FALSE(story.broken());
}

TEST(newest_of_key_survives, the_newest_one_must_not) {
    keyed_story story;
    const auto old = story.put(1);
    story.put(1);
    story.find(old);
    story.end();
    EXPECT_TRUE(story.broken());
}

TEST(newest_of_key_survives, a_tombstone_must_not_either) {
    keyed_story story;
    story.put(1);
    story.put(1, true);
    story.end();
    EXPECT_TRUE(story.broken());
}

TEST(newest_of_key_survives, a_tombstone_may_go_with_the_first_pass_behind_its_horizon) {
    keyed_story story;
    story.put(1);
    story.put(1, true);
    story.pass_at(1'000, 2);
    story.pass_at(1'100, 2);
    story.end();
    EXPECT_FALSE(story.broken());
}

TEST(newest_of_key_survives, but_not_with_an_earlier_one) {
    for (const auto& [second, upto] : {std::pair{1'099, 2}, std::pair{1'100, 1}}) {
        keyed_story story;
        story.put(1);
        story.put(1, true);
        story.pass_at(1'000, 2);
        story.pass_at(second, upto);
        story.end();
        EXPECT_TRUE(story.broken());
    }
}

TEST(newest_of_key_survives, what_a_tombstone_ended_does_not_come_back) {
    keyed_story story;
    const auto old = story.put(1);
    story.put(1, true);
    story.pass_at(1'000, 2);
    story.pass_at(1'100, 2);
    story.find(old);
    story.end();
    EXPECT_TRUE(story.broken());
}

TEST(newest_of_key_survives, retention_takes_old_keys) {
    keyed_story story;
    story.put(1);
    const auto other = story.put(2);
    story.start(1, 2);
    story.find(other);
    story.end();
    EXPECT_FALSE(story.broken());
}

TEST(newest_of_key_survives, one_without_an_answer_may_have_taken_its_place) {
    keyed_story story;
    story.put(1);
    const auto unanswered = story.put(1, false, false);
    story.find(unanswered);
    story.end();
    EXPECT_FALSE(story.broken());
}

TEST(newest_of_key_survives, keys_and_readers_are_told_apart) {
    keyed_story story;
    const auto first = story.put(1);
    const auto second = story.put(2);
    story.read(static_cast<std::int64_t>(second), second);
    story.find(first);
    story.find(second);
    story.end();
    EXPECT_FALSE(story.broken());
}

TEST(newest_of_key_survives, a_reader_never_goes_back) {
    keyed_story story;
    const auto first = story.put(1);
    const auto second = story.put(2);
    story.read(static_cast<std::int64_t>(second), second);
    story.read(static_cast<std::int64_t>(first), first);
    EXPECT_TRUE(story.broken());
}

} // namespace
} // namespace barnabas::sim::newest_of_key_test
