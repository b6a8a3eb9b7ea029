#include "sim/checkers/consumer_checkers.hpp"
#include "tests/unit/sim/checkers/story.hpp"

#include <gtest/gtest.h>

/// Programs with the client library's consumer by hand: what their checkers refuse, and what they must accept
/// though it looks wrong.
namespace barnabas::sim::consumers_test {
namespace {

constexpr std::uint64_t group = 1;

/// Consumers read the partition `here`.
class consumer_story {
public:
    using factory = std::unique_ptr<consumer_checker> (*)(const history&);
    explicit consumer_story(factory make) : checker_(make(history_)) {}

    void begin(std::uint64_t consumer, std::uint64_t of_group = group, bool latest = false) {
        checker_->on_consumer(consumer_started{consumer, of_group, latest});
        assign(consumer);
    }
    void assign(std::uint64_t consumer) { checker_->on_consumer(consumer_assigned{consumer, here}); }
    void give_up(std::uint64_t consumer, bool committed = false) {
        checker_->on_consumer(consumer_given_up{consumer, here, committed});
    }
    void seek(std::uint64_t consumer, std::int64_t offset) {
        checker_->on_consumer(consumer_sought{consumer, here, log_offset(offset)});
    }
    /// From one offset up to another.
    void give(std::uint64_t consumer, std::int64_t from, std::int64_t to) {
        for (auto offset = from; offset < to; ++offset)
            checker_->on_consumer(consumer_delivered{consumer, here, log_offset(offset)});
    }
    void commit(std::int64_t offset) {
        checker_->on_consumer(consumer_committed{group, here, log_offset(offset)});
    }
    void lose_commit(std::int64_t offset) {
        checker_->on_consumer(consumer_commit_lost{group, here, log_offset(offset)});
    }
    void ask_committed() { checker_->on_consumer(consumer_committed_asked{question_, group}); }
    /// As an answer to what was asked last.
    void hear_committed(std::int64_t offset) {
        checker_->on_consumer(consumer_committed_seen{question_, group, here, log_offset(offset)});
    }
    void see_committed(std::int64_t offset) {
        ask_committed();
        hear_committed(offset);
    }
    /// Retention took what lies below.
    void begin_log(std::int64_t offset) {
        log_moved event;
        event.where = here;
        event.now.log_start_offset = log_offset(offset);
        history_.on_log_moved(event);
    }
    bool broken() const { return !checker_->violation().empty(); }

private:
    static constexpr std::uint64_t question_ = 7;
    history history_;
    std::unique_ptr<consumer_checker> checker_;
};

// ---- consumers_skip_nothing

TEST(consumers_skip_nothing, goes_on_where_the_group_was) {
    consumer_story of(make_consumers_skip_nothing);
    of.begin(1);
    of.give(1, 0, 5);
    of.begin(2);
    of.give(2, 3, 8);
    EXPECT_FALSE(of.broken());
}

TEST(consumers_skip_nothing, a_record_left_out_is_refused) {
    consumer_story of(make_consumers_skip_nothing);
    of.begin(1);
    of.give(1, 0, 2);
    of.give(1, 3, 4);
    EXPECT_TRUE(of.broken());
}

TEST(consumers_skip_nothing, a_record_given_twice_is_refused) {
    consumer_story of(make_consumers_skip_nothing);
    of.begin(1);
    of.give(1, 0, 2);
    of.give(1, 1, 2);
    EXPECT_TRUE(of.broken());
}

TEST(consumers_skip_nothing, to_begin_beyond_what_the_group_was_given_is_refused) {
    consumer_story of(make_consumers_skip_nothing);
    of.begin(1);
    of.give(1, 0, 5);
    of.begin(2);
    of.give(2, 6, 7);
    EXPECT_TRUE(of.broken());
}

TEST(consumers_skip_nothing, after_a_seek_another_offset_is_due) {
    for (const std::int64_t first : {2, 4}) {
        consumer_story of(make_consumers_skip_nothing);
        of.begin(1, 0);
        of.give(1, 0, 5);
        of.seek(1, 2);
        of.give(1, first, first + 1);
        EXPECT_EQ(of.broken(), first != 2);
    }
}

TEST(consumers_skip_nothing, what_retention_took_need_not_be_given) {
    consumer_story of(make_consumers_skip_nothing);
    of.begin(1);
    of.give(1, 0, 2);
    of.begin_log(7);
    of.give(1, 7, 8);
    EXPECT_FALSE(of.broken());
}

TEST(consumers_skip_nothing, who_begins_at_the_end_may_skip_only_without_a_commit) {
    for (const bool committed : {false, true}) {
        consumer_story of(make_consumers_skip_nothing);
        of.begin(1, group, true);
        of.give(1, 40, 42);
        if (committed)
            of.commit(42);
        of.begin(2, group, true);
        of.give(2, 50, 51);
        EXPECT_EQ(of.broken(), committed);
    }
}

// ---- consumers_keep_to_theirs

TEST(consumers_keep_to_theirs, a_record_of_a_partition_that_was_given_up_is_refused) {
    consumer_story of(make_consumers_keep_to_theirs);
    of.begin(1);
    of.give(1, 0, 2);
    of.give_up(1);
    of.assign(1);
    of.give(1, 2, 3);
    EXPECT_FALSE(of.broken());
    of.give_up(1);
    of.give(1, 3, 4);
    EXPECT_TRUE(of.broken());
}

TEST(consumers_keep_to_theirs, to_be_assigned_what_it_has_is_refused) {
    consumer_story of(make_consumers_keep_to_theirs);
    of.begin(1);
    of.assign(1);
    EXPECT_TRUE(of.broken());
}

TEST(consumers_keep_to_theirs, to_give_up_what_it_has_not_is_refused) {
    consumer_story of(make_consumers_keep_to_theirs);
    of.begin(1);
    of.give_up(1);
    EXPECT_FALSE(of.broken());
    of.give_up(1);
    EXPECT_TRUE(of.broken());
}

// ---- commits_follow_delivery

TEST(commits_follow_delivery, a_commit_ahead_of_what_was_given_is_refused) {
    for (const std::int64_t offset : {5, 6}) {
        consumer_story of(make_commits_follow_delivery);
        of.begin(1);
        of.give(1, 0, 5);
        of.see_committed(offset);
        EXPECT_EQ(of.broken(), offset == 6);
    }
}

TEST(commits_follow_delivery, where_the_log_begins_may_be_committed) {
    consumer_story of(make_commits_follow_delivery);
    of.begin(1);
    of.begin_log(9);
    of.see_committed(9);
    EXPECT_FALSE(of.broken());
}

TEST(commits_follow_delivery, a_confirmed_commit_that_is_gone_is_refused) {
    for (const std::int64_t told : {-1, 4, 5, 6}) {
        consumer_story of(make_commits_follow_delivery);
        of.begin(1);
        of.give(1, 0, 8);
        of.commit(5);
        of.see_committed(told);
        EXPECT_EQ(of.broken(), told < 5) << told;
    }
}

TEST(commits_follow_delivery, a_commit_that_is_gone_from_a_group_that_begins_at_the_end_is_refused) {
    consumer_story of(make_commits_follow_delivery);
    of.begin(1, group, true);
    of.give(1, 40, 42);
    of.commit(42);
    of.see_committed(-1);
    EXPECT_TRUE(of.broken());
}

TEST(commits_follow_delivery, nothing_need_be_told_before_anything_was_confirmed) {
    consumer_story of(make_commits_follow_delivery);
    of.begin(1);
    of.give(1, 0, 8);
    of.ask_committed();
    of.commit(5);
    of.hear_committed(-1);
    EXPECT_FALSE(of.broken());
}

TEST(commits_follow_delivery, a_commit_without_a_result_may_come_behind_a_newer_one) {
    for (const std::int64_t told : {2, 3}) {
        consumer_story of(make_commits_follow_delivery);
        of.begin(1);
        of.give(1, 0, 8);
        of.lose_commit(3);
        of.commit(5);
        of.see_committed(told);
        EXPECT_EQ(of.broken(), told == 2);
    }
}

TEST(commits_follow_delivery, a_commit_without_a_result_cannot_come_under_another_owner) {
    for (const std::int64_t first : {2, 3}) {
        consumer_story of(make_commits_follow_delivery);
        of.begin(1);
        of.give(1, 0, 8);
        of.lose_commit(3);
        of.commit(5);
        of.begin(2);
        of.give(2, first, 8);
        EXPECT_EQ(of.broken(), first == 2);
        of.commit(8);
        of.see_committed(3);
        EXPECT_TRUE(of.broken());
    }
}

TEST(commits_follow_delivery, to_begin_before_what_was_committed_is_refused) {
    for (const std::int64_t first : {4, 5}) {
        consumer_story of(make_commits_follow_delivery);
        of.begin(1);
        of.give(1, 0, 8);
        of.commit(5);
        of.give_up(1);
        of.begin(2);
        of.give(2, first, first + 1);
        EXPECT_EQ(of.broken(), first == 4);
    }
}

TEST(commits_follow_delivery, to_begin_before_what_the_last_owner_committed_as_it_gave_up_is_refused) {
    for (const bool committed : {false, true}) {
        consumer_story of(make_commits_follow_delivery);
        of.begin(1);
        of.give(1, 0, 8);
        of.give_up(1, committed);
        of.begin(2);
        of.give(2, 7, 8);
        EXPECT_EQ(of.broken(), committed);
    }
}

} // namespace
} // namespace barnabas::sim::consumers_test
