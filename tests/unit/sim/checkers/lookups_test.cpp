#include "sim/checkers/checkers.hpp"
#include "tests/unit/sim/checkers/story.hpp"

#include <gtest/gtest.h>

#include <vector>

/// What clients are told about offsets, times, epochs and directories.
namespace barnabas::sim::lookups_test {
namespace {

/// Batches that were acknowledged, the marks of the log, and what a client is told of them.
class lookup_story {
public:
    lookup_story() : story_(make_lookups_show_the_log) { open(); }

    void open() { heard().on_log_opened({here, ++life_, marks_, false, false, false, false}); }
    /// Records with these timestamps; in the log and acknowledged.
    void acked(const std::vector<std::int64_t>& stamps, std::int32_t epoch = 0) {
        sent_batch batch;
        batch.token = heard().batches().size();
        batch.where = here;
        batch.first_record = heard().records();
        for (const auto stamp : stamps) {
            batch.contents.push_back(1'000 + batch.first_record + batch.contents.size());
            batch.stamps.emplace_back(stamp);
        }
        const auto base = marks_.log_end_offset;
        heard().on_sent(batch);
        append(std::ssize(stamps), epoch);
        show(marks_.log_end_offset.get());
        heard().on_append_answered({here, -1, true, base, marks_.log_end_offset, marks_});
        heard().on_result({batch.token, delivery::acked, base, virtual_time(0)});
    }
    void append(std::int64_t records, std::int32_t epoch = 0) {
        const auto base = marks_.log_end_offset;
        marks_.log_end_offset = base + records;
        heard().on_log_appended(
            {here,
             life_,
             {base, base + (records - 1), leader_epoch(epoch), 0, producer_id(-1), producer_epoch(-1), -1}});
    }
    void show(std::int64_t upto) {
        marks_.written_offset = marks_.stable_offset = marks_.high_watermark = log_offset(upto);
        heard().on_log_moved({here, marks_});
    }
    void start(std::int64_t at) {
        marks_.log_start_offset = log_offset(at);
        heard().on_log_moved({here, marks_});
    }
    /// A reader is told where the log starts.
    bool start_fits(std::int64_t at) {
        heard().on_watermark({0, here, log_offset(-1), log_offset(at), virtual_time(0)});
        return !story_.broken();
    }
    void topic_goes() { heard().on_topic_goes(0, 0, virtual_time{0}); }
    void close() { heard().on_log_closed({here, life_, true, 0, 0}); }

    void ask() { heard().on_lookup_begun(); }
    bool fits(std::int64_t asked, std::int64_t offset, std::int64_t timestamp = -1) {
        heard().on_offset_told({here, timestamp_ms(asked), log_offset(offset), timestamp_ms(timestamp)});
        return !story_.broken();
    }
    bool epoch_fits(std::int32_t asked, std::int32_t epoch, std::int64_t end) {
        heard().on_epoch_end_told({here, leader_epoch(asked), leader_epoch(epoch), log_offset(end)});
        return !story_.broken();
    }
    bool directories_fit(const std::vector<described_directory>& directories, bool complete = true) {
        heard().on_log_dirs_told({directories, complete});
        return !story_.broken();
    }
    bool broken() const { return story_.broken(); }

private:
    sim::history& heard() { return story_.told(); }

    story story_;
    log_marks marks_{};
    std::uint64_t life_ = 0;
};

constexpr std::int64_t latest = -1;
constexpr std::int64_t earliest = -2;
constexpr std::int64_t largest = -3;

struct with_batches : lookup_story {
    with_batches() {
        acked({100, 120, 110});
        acked({90, 200});
        ask();
    }
};

TEST(lookups, by_time_name_the_first_record_that_is_not_older) {
    with_batches told;
    for (const auto& [asked, offset, stamp] :
         {std::tuple{0, 0, 100}, {100, 0, 100}, {101, 1, 120}, {121, 4, 200}, {201, -1, -1}})
        EXPECT_TRUE(told.fits(asked, offset, stamp)) << asked;
}

TEST(lookups, by_time_that_miss_a_record_are_refused) {
    EXPECT_FALSE(with_batches().fits(101, 2, 110));
    EXPECT_FALSE(with_batches().fits(101, 4, 200));
    EXPECT_FALSE(with_batches().fits(200, -1));
}

TEST(lookups, by_time_that_name_another_record_are_refused) {
    EXPECT_FALSE(with_batches().fits(101, 0, 120)) << "the timestamp is of another record";
    EXPECT_FALSE(with_batches().fits(101, 0, 100)) << "it is older";
    EXPECT_FALSE(with_batches().fits(300, 9, 300)) << "nobody has seen that offset";
}

TEST(lookups, do_not_miss_what_is_deleted_or_came_behind_the_question) {
    with_batches told;
    told.start(2);
    EXPECT_TRUE(told.fits(100, 2, 110));
    told.acked({500});
    EXPECT_TRUE(told.fits(300, -1));
    told.ask();
    EXPECT_FALSE(told.fits(300, -1));
}

/// Retention of a life that was killed may be undone, and its answer still be on its way.
TEST(lookups, do_not_miss_what_was_deleted_in_any_life) {
    with_batches told;
    told.start(3);
    told.open();
    told.start(0);
    EXPECT_TRUE(told.fits(100, 4, 200));
}

TEST(lookups, of_the_start_are_refused_to_readers_where_no_life_of_the_log_began) {
    with_batches told;
    EXPECT_TRUE(told.start_fits(-1)) << "not told";
    told.start(2);
    told.open();
    EXPECT_TRUE(told.start_fits(0));
    EXPECT_TRUE(told.start_fits(2));
    EXPECT_FALSE(told.start_fits(3));
    with_batches gone;
    gone.topic_goes();
    EXPECT_TRUE(gone.start_fits(3)) << "it may be that of the next topic of its name";
}

TEST(lookups, of_the_largest_time_name_a_record_that_has_it) {
    EXPECT_TRUE(with_batches().fits(largest, 4, 200));
    EXPECT_FALSE(with_batches().fits(largest, 1, 120));
    EXPECT_FALSE(with_batches().fits(largest, 3, 200));
    EXPECT_FALSE(with_batches().fits(largest, -1));
    with_batches emptied;
    emptied.start(5);
    EXPECT_TRUE(emptied.fits(largest, -1));
}

TEST(lookups, of_the_ends_lie_between_what_was_acknowledged_and_what_is_shown) {
    EXPECT_TRUE(with_batches().fits(latest, 5));
    EXPECT_FALSE(with_batches().fits(latest, 4));
    EXPECT_FALSE(with_batches().fits(latest, 6));
    EXPECT_TRUE(with_batches().fits(earliest, 0));
    EXPECT_FALSE(with_batches().fits(earliest, 1));
    with_batches told;
    told.acked({300});
    EXPECT_TRUE(told.fits(latest, 5)) << "the record may have come behind the question";
    EXPECT_TRUE(told.fits(latest, 6));
}

struct with_epochs : lookup_story {
    with_epochs() {
        acked({1, 2}, 1);
        acked({3}, 4);
        append(2, 4);
        ask();
    }
};

TEST(lookups, of_epochs_end_where_a_later_one_begins) {
    for (const auto& [asked, epoch, end] :
         {std::tuple{0, 0, 0}, {1, 1, 2}, {3, 1, 2}, {3, -1, 2}, {4, 4, 3}, {5, -1, -1}})
        EXPECT_TRUE(with_epochs().epoch_fits(asked, epoch, end)) << asked;
}

TEST(lookups, of_epochs_that_end_elsewhere_are_refused) {
    EXPECT_FALSE(with_epochs().epoch_fits(1, 1, 0));
    EXPECT_FALSE(with_epochs().epoch_fits(1, 1, 3));
    EXPECT_FALSE(with_epochs().epoch_fits(3, 4, 2));
    EXPECT_FALSE(with_epochs().epoch_fits(4, 4, 5)) << "nobody may see it yet";
    EXPECT_FALSE(with_epochs().epoch_fits(4, -1, -1));
}

TEST(lookups, of_directories_list_every_partition_once_with_what_it_holds) {
    const described_directory good{"/a", 100, 50, {{here, 70}}};
    EXPECT_TRUE(with_batches().directories_fit({good}));
    EXPECT_TRUE(with_batches().directories_fit({{"/a", -1, -1, {{here, 70}}}}));
    EXPECT_FALSE(with_batches().directories_fit({good, {"/b", 100, 50, {{here, 70}}}}));
    EXPECT_TRUE(with_batches().directories_fit({good, {"/b", 100, 50, {{here, 0, true}}}}));
    EXPECT_FALSE(with_batches().directories_fit({good, {"/b", 100, 50, {{here, 0, true}, {here, 0, true}}}}));
    EXPECT_FALSE(with_batches().directories_fit({{"/a", 100, 50, {{here, 0}}}}));
    EXPECT_FALSE(with_batches().directories_fit({{"/a", 100, 101, {{here, 70}}}}));
    EXPECT_FALSE(with_batches().directories_fit({{"/a", 100, -1, {{here, 70}}}}));
    EXPECT_FALSE(with_batches().directories_fit({{"a", 100, 50, {{here, 70}}}}));
}

TEST(lookups, of_directories_may_leave_out_a_partition_that_is_about_to_close) {
    const described_directory empty{"/a", 100, 50, {}};
    with_batches told;
    EXPECT_TRUE(told.directories_fit({empty}));
    told.close();
    told.open();
    told.append(1);
    EXPECT_FALSE(told.broken());
    with_batches serving;
    EXPECT_TRUE(serving.directories_fit({empty}, false));
    serving.append(1);
    EXPECT_FALSE(serving.broken()) << "a directory was offline";
    EXPECT_TRUE(serving.directories_fit({empty}));
    serving.append(1);
    EXPECT_TRUE(serving.broken());
}

} // namespace
} // namespace barnabas::sim::lookups_test
