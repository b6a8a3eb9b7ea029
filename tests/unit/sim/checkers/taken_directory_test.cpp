#include "sim/checkers/taken_directory.hpp"

#include "tests/unit/sim/checkers/log_story.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <tuple>

namespace barnabas::sim::taken_directory_test {
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
    /// A client asks who leads the partition; so much later it is answered.
    void tell_leader(bool has_leader, std::optional<bool> is_offline, std::int64_t seconds = 0) {
        hears->on_lookup_begun();
        pass(seconds);
        hears->on_leader_told({where, has_leader, is_offline});
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

TEST(taken_directory_goes_offline, who_tells_clients_for_long_that_somebody_leads_there_is_refused) {
    for (const std::int64_t seconds : {4, 5}) {
        taken_story told;
        told.tell_leader(true, false);
        told.take(log_story::where.partition);
        told.tell_leader(true, false);
        told.pass(seconds);
        told.tell_leader(true, false);
        EXPECT_EQ(told.broken(), seconds == 5);
    }
    taken_story asked_early;
    asked_early.take(log_story::where.partition);
    asked_early.tell_leader(true, false, 5);
    EXPECT_FALSE(asked_early.broken()) << "the answer may have been under way";
    taken_story went_offline;
    went_offline.take(log_story::where.partition);
    went_offline.close();
    went_offline.pass(5);
    went_offline.tell_leader(true, false);
    EXPECT_TRUE(went_offline.broken());
    taken_story elsewhere;
    elsewhere.take(log_story::where.partition + 1);
    elsewhere.pass(9);
    elsewhere.tell_leader(true, false);
    EXPECT_FALSE(elsewhere.broken());
}

TEST(taken_directory_goes_offline, leader_and_offline_replica_exclude_each_other) {
    const std::optional<bool> not_told;
    for (const auto& [has_leader, is_offline, broken] :
         {std::tuple{false, std::optional(true), false}, std::tuple{false, not_told, false},
          std::tuple{true, not_told, false}, std::tuple{false, std::optional(false), true},
          std::tuple{true, std::optional(true), true}}) {
        taken_story told;
        told.tell_leader(has_leader, is_offline);
        EXPECT_EQ(told.broken(), broken);
    }
}

TEST(taken_directory_goes_offline, who_hides_the_leader_of_what_goes_on_serving_is_refused) {
    taken_story told;
    told.tell_leader(false, true);
    told.acknowledge();
    told.pass(4);
    told.acknowledge();
    EXPECT_FALSE(told.broken());
    told.pass(1);
    told.acknowledge();
    EXPECT_TRUE(told.broken());
}

TEST(taken_directory_goes_offline, a_leader_may_be_hidden_until_its_log_is_open_and_shown) {
    taken_story opened_again;
    opened_again.tell_leader(false, true);
    opened_again.open(0);
    opened_again.pass(9);
    opened_again.acknowledge();
    EXPECT_FALSE(opened_again.broken());
    opened_again.open(0);
    opened_again.pass(4);
    opened_again.tell_leader(false, true);
    opened_again.pass(9);
    opened_again.acknowledge();
    EXPECT_FALSE(opened_again.broken()) << "it was being recorded";
    taken_story shown;
    shown.tell_leader(false, true);
    shown.tell_leader(true, false);
    shown.pass(9);
    shown.acknowledge();
    EXPECT_FALSE(shown.broken());
}

} // namespace
} // namespace barnabas::sim::taken_directory_test
