#include "sim/checkers/checkers.hpp"
#include "sim/checkers/group_options_followed.hpp"
#include "tests/unit/sim/checkers/log_story.hpp"

#include <gtest/gtest.h>

#include <utility>

/// Altered configs: what may be told of them, and how retention and compaction follow.
namespace barnabas::sim::altered_configs_test {
namespace {

constexpr auto set = config_operation::set;
constexpr auto take_away = config_operation::remove;
constexpr const char* key = "retention.ms";

/// Topic 0 with retention.ms=1000, an administrator, and a clock.
class altering_story {
public:
    /// The same of a group, which sets nothing.
    struct of_group {};
    explicit altering_story(of_group) : subject_(first_group_with_configs + 3) {
        history_.add(make_altered_configs_stay(history_));
        history_.begin_alterations(subject_, {}, {});
    }
    struct of_broker {};
    explicit altering_story(of_broker) : subject_(altered_broker) {
        history_.add(make_altered_configs_stay(history_));
        history_.begin_alterations(subject_, {}, {});
        history_.begin_cordons();
    }
    explicit altering_story(const log_story::factory& make = &make_altered_configs_stay) {
        history_.add(make(history_));
        history_.begin_alterations(0, {{key, "1000"}}, {true, 604'800'000, -1, 1 << 30});
    }

    void ask(std::vector<config_change> changes, bool replaces = false) {
        history_.on_configs_asked({subject_, std::move(changes), replaces, now()});
    }
    void answer(bool confirmed) { history_.on_configs_answered({confirmed, now()}); }
    void alter(std::vector<config_change> changes, bool replaces = false) {
        ask(std::move(changes), replaces);
        answer(true);
    }
    void tell(const std::map<std::string, std::string>& configs) {
        history_.on_configs_told({subject_, configs, now()});
    }
    void crash() { history_.on_life_ended(1); }
    void pass_time(std::int64_t seconds) { at_ += seconds * second; }
    virtual_time now() { return virtual_time(at_ += millisecond); }
    bool broken() const { return history_.broken().has_value(); }
    history& told() { return history_; }

private:
    history history_;
    std::uint32_t subject_ = 0;
    std::int64_t at_ = 0;
};

TEST(altered_configs_stay, accepts_what_was_confirmed_and_nothing_older) {
    for (const bool older : {false, true}) {
        altering_story story;
        story.alter({{key, set, "5"}});
        story.crash();
        story.tell({{key, older ? "1000" : "5"}});
        EXPECT_EQ(story.broken(), older);
    }
}

TEST(altered_configs_stay, options_of_groups_stay_as_well) {
    for (const auto* told : {"5", "6"}) {
        altering_story story(altering_story::of_group{});
        story.alter({{heartbeat_option, set, "5"}});
        story.tell({{heartbeat_option, told}});
        EXPECT_EQ(story.broken(), told == std::string("6"));
    }
}

/// A member of group 3, where 300 ms hold when nothing is set.
bool is_badly_told(altering_story& story, std::int32_t interval_ms) {
    return !badly_followed({3, interval_ms, story.now()}, 300, story.told()).empty();
}

TEST(group_options_followed, members_are_told_what_the_group_was_altered_to) {
    altering_story story(altering_story::of_group{});
    story.pass_time(20);
    EXPECT_TRUE(is_badly_told(story, 200));
    EXPECT_FALSE(is_badly_told(story, 300));
    story.alter({{heartbeat_option, set, "200"}});
    story.pass_time(9);
    EXPECT_FALSE(is_badly_told(story, 300));
    story.pass_time(2);
    EXPECT_TRUE(is_badly_told(story, 300));
    EXPECT_FALSE(is_badly_told(story, 200));
    story.alter({{heartbeat_option, take_away, ""}});
    story.pass_time(11);
    EXPECT_TRUE(is_badly_told(story, 200));
}

TEST(group_options_followed, what_was_not_answered_may_be_or_not) {
    altering_story story(altering_story::of_group{});
    story.ask({{heartbeat_option, set, "200"}});
    story.answer(false);
    story.pass_time(20);
    EXPECT_FALSE(is_badly_told(story, 300));
    EXPECT_FALSE(is_badly_told(story, 200));
}

TEST(altered_configs_stay, refuses_a_deletion_that_was_forgotten) {
    for (const bool forgotten : {false, true}) {
        altering_story story;
        story.alter({{key, take_away, ""}});
        story.tell({});
        story.crash();
        story.tell(forgotten ? std::map<std::string, std::string>{{key, "1000"}}
                             : std::map<std::string, std::string>{});
        EXPECT_EQ(story.broken(), forgotten);
    }
}

TEST(altered_configs_stay, what_was_not_answered_may_be_or_not_and_then_stays) {
    for (const auto* now : {"5", "1000"}) {
        altering_story story;
        story.ask({{key, set, "5"}});
        story.answer(false);
        story.crash();
        story.tell({{key, now}});
        EXPECT_FALSE(story.broken());
        story.tell({{key, now == std::string("5") ? "1000" : "5"}});
        EXPECT_TRUE(story.broken());
    }
}

/// It waits in a socket that nobody reads yet.
TEST(altered_configs_stay, what_was_not_answered_may_land_behind_the_next_one_in_the_same_life) {
    for (const bool crashes : {false, true}) {
        altering_story story;
        story.ask({{key, set, "5"}});
        story.answer(false);
        if (crashes)
            story.crash();
        story.alter({{key, set, "6"}});
        story.tell({{key, "6"}});
        story.tell({{key, "5"}});
        EXPECT_EQ(story.broken(), crashes);
    }
}

TEST(altered_configs_stay, replacing_takes_back_what_is_not_named) {
    for (const bool kept : {false, true}) {
        altering_story story;
        story.alter({{"retention.bytes", set, "7"}}, true);
        std::map<std::string, std::string> told{{"retention.bytes", "7"}};
        if (kept)
            told[key] = "1000";
        story.tell(told);
        EXPECT_EQ(story.broken(), kept);
    }
}

TEST(altered_configs_stay, refuses_compaction_long_after_the_policy_went) {
    for (const std::int64_t later : {1, 20}) {
        altering_story story;
        story.alter({{"cleanup.policy", config_operation::append, "compact"}});
        story.alter({{"cleanup.policy", config_operation::subtract, "compact"}});
        story.pass_time(later);
        story.told().on_cleaning_begun({{0, 0}, 1, {}, story.now()});
        EXPECT_EQ(story.broken(), later == 20) << later;
    }
}

TEST(altered_configs_stay, refuses_a_new_log_in_a_directory_that_was_cordoned_before) {
    const auto made_in = [](altering_story& story, const char* directory, std::uint32_t incarnation) {
        log_opened event{{0, 0, incarnation}, 1, {}, false, true, false, false};
        event.data_directory = directory;
        story.told().on_log_opened(event);
        return story.broken();
    };
    for (const bool cordoned_first : {true, false}) {
        altering_story story(altering_story::of_broker{});
        if (cordoned_first)
            story.alter({{"cordoned.log.dirs", set, "/a,/b"}});
        story.told().on_topic_goes(0, 0, story.now());
        if (!cordoned_first)
            story.alter({{"cordoned.log.dirs", set, "/a,/b"}});
        EXPECT_FALSE(made_in(story, "/a", 0)) << "of a topic that nobody asked for";
        EXPECT_FALSE(made_in(story, "/c", 1));
        EXPECT_EQ(made_in(story, "/b", 1), cordoned_first);
    }
    altering_story free(altering_story::of_broker{});
    free.alter({{"cordoned.log.dirs", set, "/a,/b"}});
    free.told().on_topic_goes(0, 0, free.now());
    free.ask({{"cordoned.log.dirs", take_away, ""}});
    EXPECT_FALSE(made_in(free, "/b", 1)) << "it may be free by now";
}

TEST(altered_configs_stay, refuses_what_one_replica_acknowledges_for_two) {
    for (const bool before : {false, true}) {
        altering_story story;
        sent_batch batch;
        if (before)
            batch.at = story.now();
        story.alter({{"min.insync.replicas", set, "2"}});
        if (!before)
            batch.at = story.now();
        story.told().on_sent(batch);
        story.told().on_result({0, client::delivery::acked, log_offset(0), story.now()});
        EXPECT_EQ(story.broken(), !before);
    }
}

/// While both may hold, the looser one bounds what goes and the stricter one what stays.
TEST(altered_configs, bounds_of_retention_are_those_of_all_that_may_hold) {
    altering_story story;
    const auto& configs = std::as_const(story.told()).configs();
    story.ask({{key, set, "-1"}});
    EXPECT_EQ(configs.loosest(0, story.now()).ms, 1000);
    EXPECT_EQ(configs.strictest(0, story.now()).ms, -1);
    story.answer(true);
    EXPECT_EQ(configs.loosest(0, story.now()).ms, 1000);
    story.pass_time(20);
    EXPECT_EQ(configs.loosest(0, story.now()).ms, -1);
    story.alter({{"cleanup.policy", config_operation::subtract, "delete"}});
    EXPECT_TRUE(configs.loosest(0, story.now()).deletes);
    EXPECT_FALSE(configs.strictest(0, story.now()).deletes);
}

} // namespace
} // namespace barnabas::sim::altered_configs_test
