#include "tests/unit/sim/checkers/story.hpp"

#include <gtest/gtest.h>

/// Checkers of liveness, bounds and leaks.
namespace barnabas::sim::liveness_test {
namespace {

std::unique_ptr<checker> liveness(const history& of) {
    return make_liveness_after_healing(of, {20 * second, 5 * second});
}

TEST(liveness_after_healing, refuses_a_producer_without_acknowledgement) {
    for (const bool stuck_before : {true, false}) {
        story told(&liveness);
        told.result(told.send(1), delivery::acked, 0);
        if (stuck_before)
            told.send(1);
        told.healed();
        if (!stuck_before)
            told.send(1);
        told.pass(10);
        told.progress_due(1, 0);
        EXPECT_TRUE(told.broken());
    }
}
TEST(liveness_after_healing, accepts_a_producer_that_nobody_asks) {
    story told(&liveness);
    told.result(told.send(1), delivery::acked, 0);
    told.healed();
    told.pass(10);
    told.progress_due(1, 0);
    EXPECT_FALSE(told.broken());
}
TEST(liveness_after_healing, refuses_a_reader_that_stands_still) {
    story told(&liveness);
    told.healed();
    told.result(told.send(2), delivery::acked, 0);
    told.read(0, 0);
    told.pass(10);
    told.progress_due(1, 1);
    EXPECT_TRUE(told.broken());
}
TEST(liveness_after_healing, refuses_a_late_result) {
    story told(&liveness);
    const auto token = told.send(1);
    told.pass(21);
    told.result(token, delivery::unknown);
    EXPECT_TRUE(told.broken());
}
TEST(liveness_after_healing, refuses_a_batch_that_never_had_a_result) {
    for (const std::int16_t acks : {std::int16_t(-1), std::int16_t(0)}) {
        story told(&liveness);
        told.result(told.send(1), delivery::acked, 0);
        told.send(1, acks);
        EXPECT_FALSE(told.broken());
        told.end();
        EXPECT_EQ(told.broken(), acks != 0) << "nobody is told under acks=0";
    }
}
TEST(liveness_after_healing, refuses_a_producer_without_acknowledgements_of_whom_nothing_arrives) {
    for (const bool arrives : {true, false}) {
        story told(&liveness);
        told.result(told.send(1, 0, false), delivery::unknown);
        told.pass(1);
        told.healed();
        told.pass(1);
        told.result(told.send(1, 0, false), delivery::unknown);
        told.result(told.send(1, 0, false), delivery::unknown);
        told.read(0, 0);
        if (arrives)
            told.read(1, 2);
        told.pass(10);
        told.progress_due(1, 1);
        EXPECT_EQ(told.broken(), !arrives) << "one that was sent before healing does not count";
    }
}
TEST(liveness_after_healing, accepts_progress_with_the_last_moments_unread) {
    story told(&liveness);
    told.healed();
    told.result(told.send(1), delivery::acked, 0);
    told.read(0, 0);
    told.pass(10);
    told.result(told.send(1), delivery::acked, 1);
    told.progress_due(1, 1);
    EXPECT_FALSE(told.broken());
}

TEST(liveness_after_healing, accepts_that_retention_took_what_a_reader_has_not_read) {
    for (const std::int64_t start : {1, 2}) {
        story told(&liveness);
        told.healed();
        told.result(told.send(2), delivery::acked, 0);
        told.start(start, 2);
        told.pass(10);
        told.progress_due(1, 1);
        EXPECT_EQ(told.broken(), start == 1) << "what is left must be read";
    }
}

TEST(liveness_after_healing, accepts_that_all_is_deleted_before_a_reader_is_given_anything) {
    for (const bool told_of_it : {false, true}) {
        story told(&liveness);
        told.healed();
        told.result(told.send(2), delivery::acked, 0);
        if (told_of_it)
            told.start(2, -1);
        told.pass(10);
        told.progress_due(1, 1);
        EXPECT_EQ(told.broken(), !told_of_it) << "who does not know that it is gone stands still";
    }
}

TEST(no_leak, refuses_dropped_replies_leaked_actors_and_silence) {
    end_facts dropped;
    dropped.replies_dropped = 1;
    end_facts leaked;
    leaked.leaked_actors = 1;
    end_facts connected;
    connected.open_connections = 1;
    end_facts opened;
    opened.open_files = 1;
    for (const auto& facts : {dropped, leaked, connected, opened}) {
        story told(&make_no_leak);
        told.end(facts);
        EXPECT_TRUE(told.broken());
    }
    story silent(&make_no_leak);
    silent.send(1);
    silent.end();
    EXPECT_TRUE(silent.broken());
}
TEST(no_leak, accepts_an_end_in_good_order) {
    story told(&make_no_leak);
    told.result(told.send(1), delivery::unknown);
    told.end();
    EXPECT_FALSE(told.broken());
}

TEST(answer_or_close, refuses_bytes_that_a_healthy_broker_ignores) {
    history told;
    told.add(make_answer_or_close(told));
    told.on_healed(virtual_time(second));
    EXPECT_FALSE(told.broken()) << "silence of hostile clients is no fault";
    told.on_bytes_ignored("half_request: the connection was not closed");
    ASSERT_TRUE(told.broken());
    EXPECT_EQ(told.broken()->checker, "answer_or_close");
}

} // namespace
} // namespace barnabas::sim::liveness_test
