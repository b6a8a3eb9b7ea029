#include "tests/unit/sim/checkers/story.hpp"

#include <gtest/gtest.h>

namespace barnabas::sim {
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
} // namespace barnabas::sim
