#include "actors/broker/coordinators_actor.hpp"

#include "actors/group/group_messages.hpp"
#include "actors/group/group_names.hpp"
#include "actors/partition/partition_messages.hpp"
#include "protocol/model/mark.hpp"
#include "runtime/node/spawn.hpp"
#include "tests/unit/runtime/test_node.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <variant>
#include <vector>

/// Which coordinators a broker has, as partitions of `__consumer_offsets` change their leaders.
namespace barnabas::coordinators_test {
namespace {

using runtime::reports;

/// A log without records, which reports under which epoch it is read, and forgets what is written.
class empty_log final : public caf::event_based_actor {
public:
    empty_log(caf::actor_config& config, runtime::node_services&, reports<leader_epoch>& read)
        : event_based_actor(config), read_(read) {}
    caf::behavior make_behavior() override {
        return {[this](const read_request& question) {
                    read_response told;
                    told.token = question.token;
                    told.high_watermark = told.log_end_offset = told.log_start_offset = log_offset(0);
                    send(caf::actor_cast<caf::actor>(current_sender()), told);
                    read_.push(question.current_leader_epoch);
                },
                [this](const append_request& question) {
                    append_response told;
                    told.token = question.token;
                    send(caf::actor_cast<caf::actor>(current_sender()), told);
                }};
    }

private:
    reports<leader_epoch>& read_;
};

class asker final : public caf::event_based_actor {
public:
    asker(caf::actor_config& config, runtime::node_services&, reports<group::coordinator_response>& answers)
        : event_based_actor(config), answers_(answers) {}
    caf::behavior make_behavior() override {
        return {[this](const group::coordinator_response& answer) { answers_.push(answer); }};
    }

private:
    reports<group::coordinator_response>& answers_;
};

class coordinators_test : public testing::Test {
protected:
    coordinators_test() {
        id_.topic.bytes.fill(9);
        all_ = std::make_unique<coordinators>(node_->services(), config_, planted_bugs{});
    }
    ~coordinators_test() override { all_->close(); }

    /// The coordinator that connections see then; null when none is here.
    caf::actor follow(std::int32_t leader, std::int32_t epoch, bool has_log = true) {
        auto image = std::make_shared<metadata_image>();
        image->group_configs = group_configs_;
        image->group_configs_at = log_offset(static_cast<std::int64_t>(group_configs_.size()));
        topic_metadata topic;
        topic.name = std::string(group::offsets_topic);
        topic.id = id_.topic;
        topic.partitions.push_back(
            {partition_index(0), node_id(leader), leader_epoch(epoch), 0, {}, {}, log_offset(0)});
        image->topic_names[topic.id] = topic.name;
        image->topics[topic.name] = topic;
        broker_view view;
        view.image = image;
        if (has_log)
            view.partitions[id_] = log_;
        all_->follow(view);
        EXPECT_EQ(view.coordinators.at(0).leader, node_id(leader));
        return view.coordinators.at(0).actor;
    }
    group::coordinator_response ask(const caf::actor& coordinator, group::request_body question) {
        const auto client =
            runtime::spawn<caf::actor, asker>(node_->services(), {loop_index(0), "client"}, answers_);
        caf::send_as(client, coordinator, group::coordinator_request{1, "group", std::move(question)});
        return answers_.take().value_or(group::coordinator_response{0, errc::dropped, {}});
    }
    errc ask(const caf::actor& coordinator) { return ask(coordinator, group::heartbeat_request{}).code; }
    /// What a member that joins under this name is told.
    std::chrono::milliseconds interval_of(const caf::actor& coordinator, const std::string& member) {
        group::consumer_heartbeat_request joins;
        joins.who.member_id = member;
        joins.names_itself = true;
        joins.epoch = group::joining_epoch;
        joins.rebalance_timeout = std::chrono::minutes(1);
        joins.topics = std::vector<std::string>{"t"};
        joins.owned.emplace();
        const auto told = ask(coordinator, std::move(joins));
        EXPECT_EQ(told.code, errc::ok);
        return std::get<group::consumer_heartbeat_response>(told.body).heartbeat_interval;
    }

    reports<leader_epoch> read_;
    reports<group::coordinator_response> answers_;
    decltype(metadata_image::group_configs) group_configs_;
    broker_config config_;
    topic_partition id_;
    // Ends first: its actors report.
    std::unique_ptr<runtime::production_node> node_ = runtime::make_node(1);
    caf::actor log_ =
        runtime::spawn<caf::actor, empty_log>(node_->services(), {loop_index(0), "partition"}, read_);
    std::unique_ptr<coordinators> all_;
};

TEST_F(coordinators_test, there_is_one_where_the_partition_is_led) {
    // A copy of the log alone makes none.
    EXPECT_TRUE(!follow(2, 3));
    EXPECT_TRUE(!follow(1, 4, false));
    const auto first = follow(1, 4);
    ASSERT_TRUE(first);
    EXPECT_EQ(read_.take(), leader_epoch(4));
    EXPECT_EQ(ask(first), errc::ok);
    // Nothing has changed.
    EXPECT_TRUE(follow(1, 4) == first);
    EXPECT_EQ(ask(first), errc::ok);
    EXPECT_EQ(read_.size(), 0u);
}

TEST_F(coordinators_test, another_broker_takes_it_and_gives_it_back) {
    const auto marks = mark_hits("coordinator_deposed");
    const auto first = follow(1, 4);
    EXPECT_EQ(read_.take(), leader_epoch(4));
    EXPECT_EQ(ask(first), errc::ok);
    EXPECT_TRUE(!follow(2, 5));
    EXPECT_EQ(ask(first), errc::not_coordinator);
    const auto again = follow(1, 6);
    ASSERT_TRUE(again);
    EXPECT_TRUE(again != first);
    EXPECT_EQ(read_.take(), leader_epoch(6));
    EXPECT_EQ(ask(again), errc::ok);
    EXPECT_EQ(ask(first), errc::not_coordinator);
    EXPECT_EQ(mark_hits("coordinator_deposed") - marks, 1u);
}

/// As when the leader was another one for a moment.
TEST_F(coordinators_test, each_epoch_has_its_own) {
    const auto first = follow(1, 4);
    const auto second = follow(1, 5);
    ASSERT_TRUE(second);
    EXPECT_TRUE(second != first);
    EXPECT_EQ(read_.take(), leader_epoch(4));
    EXPECT_EQ(read_.take(), leader_epoch(5));
    EXPECT_EQ(ask(first), errc::not_coordinator);
    EXPECT_EQ(ask(second), errc::ok);
}

TEST_F(coordinators_test, hear_what_groups_have_of_their_own) {
    ASSERT_TRUE(config_.set("group.consumer.heartbeat.interval.ms", "6000"));
    group_configs_["other"] = {{"consumer.heartbeat.interval.ms", "7000"}};
    const auto coordinator = follow(1, 4);
    EXPECT_EQ(read_.take(), leader_epoch(4));
    EXPECT_EQ(interval_of(coordinator, "a"), std::chrono::seconds(6));
    group_configs_["group"] = {{"consumer.heartbeat.interval.ms", "8000"}};
    EXPECT_TRUE(follow(1, 4) == coordinator);
    EXPECT_EQ(interval_of(coordinator, "b"), std::chrono::seconds(8));
    // Also the one that comes next, from the beginning.
    const auto next = follow(1, 5);
    EXPECT_EQ(read_.take(), leader_epoch(5));
    EXPECT_EQ(interval_of(next, "c"), std::chrono::seconds(8));
}

} // namespace
} // namespace barnabas::coordinators_test
