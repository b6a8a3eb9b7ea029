#include "sim/checkers/taken_directory.hpp"

#include "tests/unit/sim/checkers/log_story.hpp"

#include <gtest/gtest.h>

namespace barnabas::sim {
namespace {

/// There before the story, which makes the checker.
struct taken_listener {
    taken_directory_checker* hears = nullptr;
};

/// The log of one partition in a directory that is taken away.
class taken_story : taken_listener, public log_story {
public:
    taken_story()
        : log_story([this](const history& of) {
              auto made = make_taken_directory_goes_offline(of);
              hears = made.get();
              return made;
          }) {
        open(0);
        pass(10);
    }

    void pass(std::int64_t seconds) {
        now_ = now_ + seconds * second;
        hears->on_calm(calm_since_, now_);
    }
    void take(std::int32_t partition) { hears->on_taken("/data1", {{where.topic, partition}}); }
    void pause(std::int64_t seconds) { calm_since_ = now_ + seconds * second; }
    void never_calm() { calm_since_ = end_of_time; }
    void acknowledge() {
        const auto base = next_++;
        store(base, 1);
        answer(-1, base, next_);
    }
    bool broken() const { return !hears->violation().empty(); }

private:
    virtual_time now_{0};
    virtual_time calm_since_{0};
    std::int64_t next_ = 0;
};

TEST(taken_directory_goes_offline, who_acknowledges_for_long_without_its_directory_is_refused) {
    for (const std::int64_t seconds : {4, 5}) {
        taken_story told;
        told.take(log_story::where.partition);
        told.acknowledge();
        told.pass(seconds);
        told.acknowledge();
        EXPECT_EQ(told.broken(), seconds == 5);
    }
}

TEST(taken_directory_goes_offline, a_broker_that_stood_still_has_as_long_from_then_on) {
    taken_story told;
    told.take(log_story::where.partition);
    told.pause(3);
    told.pass(7);
    told.acknowledge();
    EXPECT_FALSE(told.broken());
    told.pass(1);
    told.acknowledge();
    EXPECT_TRUE(told.broken());
}

TEST(taken_directory_goes_offline, on_a_disk_that_may_stall_at_any_time_nothing_is_judged) {
    taken_story told;
    told.take(log_story::where.partition);
    told.never_calm();
    told.pass(20);
    told.acknowledge();
    EXPECT_FALSE(told.broken());
}

TEST(taken_directory_goes_offline, others_and_the_next_life_go_on) {
    taken_story told;
    told.take(log_story::where.partition + 1);
    told.pass(9);
    told.acknowledge();
    EXPECT_FALSE(told.broken());
    told.take(log_story::where.partition);
    told.end_life();
    told.open(1);
    told.pass(9);
    told.acknowledge();
    EXPECT_FALSE(told.broken());
}

TEST(taken_directory_goes_offline, a_log_that_moved_goes_on_elsewhere) {
    taken_story told;
    told.take(log_story::where.partition);
    told.open(0);
    told.pass(9);
    told.acknowledge();
    EXPECT_FALSE(told.broken());
}

} // namespace
} // namespace barnabas::sim
