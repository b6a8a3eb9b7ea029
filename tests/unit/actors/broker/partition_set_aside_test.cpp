#include "protocol/model/mark.hpp"
#include "tests/unit/actors/broker/partition_set_fixture.hpp"

#include <gtest/gtest.h>

/// Directories of other topics that have the name of a new partition and cannot be set aside.
namespace barnabas::partition_set_aside_test {
namespace {

const error no_descriptors{errc::too_many_open_files, "no descriptor is left"};

class set_aside : public ::testing::Test {
protected:
    /// What is left of topic 8 has the name of t-0, and the disk says that it cannot be renamed.
    set_aside() {
        apply(set, image_of(5, {{"t", 1}}));
        effects::effects out;
        set.on_directories_set_aside(no_descriptors, out);
        EXPECT_EQ(notes(out).front(), "partition_directory_not_set_aside");
        EXPECT_EQ(all<effects::open_partition>(out).size(), 1u);
    }
    static std::vector<data_directory> one_directory() {
        auto directories = directories_with({stored("t", 0, id_of(8))});
        directories.pop_back();
        return directories;
    }
    /// The opening that the other topic's directory refuses.
    effects::effects refuse() { return opened(set, place(1, 0), errc::inconsistent_topic_id); }
    effects::effects tick() {
        effects::effects out;
        set.on_reopen_due(out);
        return recorded(set, std::move(out));
    }
    effects::effects answer(const result<void>& outcome) {
        effects::effects out;
        set.on_directories_set_aside(outcome, out);
        return recorded(set, std::move(out));
    }

    partition_set set{usual, one_directory()};
};

TEST_F(set_aside, is_tried_again_and_then_the_partition_is_made) {
    const auto blocked = mark_hits("partition_blocked");
    auto out = refuse();
    EXPECT_EQ(mark_hits("partition_blocked") - blocked, 1u);
    EXPECT_EQ(all<effects::reopen_later>(out).size(), 1u);
    EXPECT_TRUE(set.is_serving());
    EXPECT_EQ(set.failed_count(), 1u);
    const auto again = all<effects::set_aside_directories>(tick());
    ASSERT_EQ(again.size(), 1u);
    ASSERT_EQ(again[0].renames.size(), 1u);
    EXPECT_EQ(again[0].renames[0].first, "/a/t-0");
    EXPECT_EQ(again[0].renames[0].second, "/a/t-0." + to_string(id_of(8)) + "-stray");
    out = answer({});
    EXPECT_TRUE(notes(out).empty());
    EXPECT_EQ(all<effects::reopen_later>(out).size(), 1u);
    const auto opening = all<effects::open_partition>(tick());
    ASSERT_EQ(opening.size(), 1u);
    EXPECT_TRUE(opening[0].create);
    EXPECT_EQ(opening[0].data_directory, "/a");
    out = opened(set, place(1, 0));
    EXPECT_EQ(set.open_partitions(), std::vector<topic_partition>{place(1, 0)});
    EXPECT_EQ(all<effects::publish_view>(out).size(), 1u);
    EXPECT_EQ(set.failed_count(), 0u);
    EXPECT_TRUE(all<effects::set_aside_directories>(tick()).empty());
}

TEST_F(set_aside, pauses_grow_and_the_reason_is_said_once) {
    refuse();
    std::vector<int> pauses;
    int waited = 0;
    for (int second = 0; second < 400; ++second) {
        ++waited;
        auto out = tick();
        EXPECT_TRUE(notes(out).empty());
        if (all<effects::set_aside_directories>(out).empty()) {
            EXPECT_EQ(all<effects::reopen_later>(out).size(), 1u) << second;
            continue;
        }
        pauses.push_back(std::exchange(waited, 0));
        out = answer(no_descriptors);
        EXPECT_TRUE(notes(out).empty());
        EXPECT_EQ(all<effects::reopen_later>(out).size(), 1u);
    }
    EXPECT_EQ(pauses, (std::vector<int>{1, 2, 4, 8, 16, 32, 64, 64, 64, 64, 64}));
}

/// A rename may fail behind its effect: then the name is the new partition's by now.
TEST_F(set_aside, is_not_tried_again_when_the_partition_opened) {
    const auto out = opened(set, place(1, 0));
    EXPECT_TRUE(all<effects::reopen_later>(out).empty());
    EXPECT_TRUE(all<effects::set_aside_directories>(tick()).empty());
}

TEST_F(set_aside, other_reasons_not_to_open_do_not_wait_for_it) {
    const auto out = opened(set, place(1, 0), errc::corrupt_message);
    EXPECT_TRUE(all<effects::reopen_later>(out).empty());
    EXPECT_TRUE(all<effects::set_aside_directories>(tick()).empty());
}

TEST_F(set_aside, images_wait_for_a_try_and_it_for_them) {
    refuse();
    ASSERT_EQ(all<effects::set_aside_directories>(tick()).size(), 1u);
    auto out = apply(set, image_of(6, {{"t", 1}, {"u", 2}}));
    EXPECT_TRUE(out.empty()) << "one thing at a time";
    out = answer(no_descriptors);
    ASSERT_EQ(all<effects::open_partition>(out).size(), 1u);
    for (int i = 0; i < 3; ++i) {
        out = tick();
        EXPECT_TRUE(all<effects::set_aside_directories>(out).empty()) << "u-0 is being opened";
        EXPECT_EQ(all<effects::reopen_later>(out).size(), 1u);
    }
    opened(set, place(2, 0));
    tick();
    EXPECT_EQ(all<effects::set_aside_directories>(tick()).size(), 1u);
}

/// Its files are the other topic's.
TEST_F(set_aside, a_topic_that_is_deleted_meanwhile_takes_no_files_along) {
    refuse();
    const auto deleted = mark_hits("blocked_partition_deleted");
    auto out = apply(set, image_of(6, {}));
    EXPECT_EQ(mark_hits("blocked_partition_deleted") - deleted, 1u);
    EXPECT_TRUE(all<effects::remove_partition_files>(out).empty());
    EXPECT_EQ(all<effects::confirm_applied>(out).size(), 1u);
    EXPECT_TRUE(all<effects::set_aside_directories>(tick()).empty());
    // A third topic of the name tries it anew.
    out = apply(set, image_of(7, {{"t", 3}}));
    ASSERT_EQ(all<effects::set_aside_directories>(out).size(), 1u);
    out = answer({});
    EXPECT_EQ(all<effects::open_partition>(out).size(), 1u);
}

TEST_F(set_aside, a_stop_does_not_wait_for_another_try) {
    refuse();
    ASSERT_EQ(all<effects::set_aside_directories>(tick()).size(), 1u);
    effects::effects out;
    set.close_all(out);
    EXPECT_FALSE(set.is_closed()) << "the disk is at it";
    answer({});
    EXPECT_TRUE(set.is_closed());
    EXPECT_TRUE(tick().empty());
}

} // namespace
} // namespace barnabas::partition_set_aside_test
