#include "actors/group/coordinator_actor.hpp"

#include "actors/group/group_messages.hpp"
#include "actors/group/group_records.hpp"
#include "actors/partition/partition_messages.hpp"
#include "protocol/batch/builder.hpp"
#include "protocol/model/mark.hpp"
#include "runtime/node/spawn.hpp"
#include "tests/unit/runtime/test_node.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <gtest/gtest.h>

#include <utility>
#include <variant>

/// Loading from what compaction leaves of `__consumer_offsets` (card GRP-09), and what is written there.
namespace barnabas::group::coordinator_actor_test {
namespace {

using runtime::reports;

struct compacted_log {
    log_offset start{0};
    log_offset end{0};
    /// The only batch that is left, of one record; -1 for none.
    log_offset batch_at{-1};
};

/// The deletion of a group that nobody knows.
slice deletion_at(log_offset offset) {
    batch::builder_options options;
    options.base_offset = offset;
    batch::batch_builder builder(options);
    const auto encoded = encode(classic_record{"group", std::nullopt});
    builder.append(timestamp_ms(0), std::span<const std::byte>(encoded.key), std::nullopt);
    return builder.build();
}

class played_log final : public caf::event_based_actor {
public:
    played_log(caf::actor_config& config, runtime::node_services&, compacted_log holds,
               reports<log_offset>& asked, reports<std::int32_t>& appended)
        : event_based_actor(config), holds_(holds), asked_(asked), appended_(appended) {}

    caf::behavior make_behavior() override {
        return {[this](const read_request& question) {
                    send(caf::actor_cast<caf::actor>(current_sender()), answer_to(question));
                    // Behind the answer: what a test sends when it sees this comes later.
                    asked_.push(question.fetch_offset);
                },
                [this](const append_request& append) {
                    for (const auto& one : append.batches)
                        appended_.push(one.header.record_count);
                    append_response written;
                    written.token = append.token;
                    send(caf::actor_cast<caf::actor>(current_sender()), std::move(written));
                }};
    }

private:
    read_response answer_to(const read_request& question) const {
        read_response told;
        told.token = question.token;
        told.high_watermark = told.last_stable_offset = holds_.end;
        told.log_start_offset = holds_.start;
        if (question.fetch_offset < holds_.start)
            told.code = errc::offset_out_of_range;
        else if (question.fetch_offset <= holds_.batch_at)
            told.records = deletion_at(holds_.batch_at);
        return told;
    }

    compacted_log holds_;
    reports<log_offset>& asked_;
    reports<std::int32_t>& appended_;
};

class asker final : public caf::event_based_actor {
public:
    asker(caf::actor_config& config, runtime::node_services&, reports<coordinator_response>& answers)
        : event_based_actor(config), answers_(answers) {}
    caf::behavior make_behavior() override {
        return {[this](const coordinator_response& answer) { answers_.push(answer); }};
    }

private:
    reports<coordinator_response>& answers_;
};

struct coordinator_actor_test : testing::Test {
    reports<log_offset> asked;
    /// Records of each batch.
    reports<std::int32_t> appended;
    reports<coordinator_response> answers;
    // Ends first: its actors report.
    std::unique_ptr<runtime::production_node> node = runtime::make_node(1);

    caf::actor load(const compacted_log& holds) {
        auto& services = node->services();
        coordinator_actor_options options;
        options.log = runtime::spawn<caf::actor, played_log>(services, {loop_index(0), "partition"}, holds,
                                                             asked, appended);
        options.groups = std::make_shared<const group_options>();
        options.topics = std::make_shared<const metadata_image>();
        return spawn_coordinator(services, loop_index(0), std::move(options));
    }
    void ask(const caf::actor& coordinator, request_body body) {
        const auto client =
            runtime::spawn<caf::actor, asker>(node->services(), {loop_index(0), "client"}, answers);
        caf::send_as(client, coordinator, coordinator_request{7, "group", std::move(body)});
    }
    static commit_request commit_of(std::int32_t partitions) {
        commit_request request;
        for (std::int32_t i = 0; i < partitions; ++i) {
            commit_request::partition one;
            one.topic = "topic";
            one.index = partition_index(i);
            request.partitions.push_back(one);
        }
        return request;
    }
    /// What a group that does not exist answers to a heartbeat.
    void expect_served_by(const caf::actor& coordinator) {
        const auto client =
            runtime::spawn<caf::actor, asker>(node->services(), {loop_index(0), "client"}, answers);
        caf::send_as(client, coordinator, coordinator_request{7, "group", heartbeat_request{}});
        const auto answer = answers.take();
        ASSERT_TRUE(answer.has_value());
        EXPECT_EQ(answer->token, 7u);
        ASSERT_EQ(answer->code, errc::ok);
        EXPECT_EQ(std::get<heartbeat_response>(answer->body).code, errc::unknown_member_id);
        EXPECT_EQ(asked.size(), 0u);
        caf::anon_send(coordinator, close_coordinator{});
    }
};

TEST_F(coordinator_actor_test, serves_from_a_log_of_which_no_record_is_left) {
    const auto coordinator = load({log_offset(0), log_offset(50)});
    EXPECT_EQ(asked.take(), log_offset(0));
    expect_served_by(coordinator);
}

TEST_F(coordinator_actor_test, serves_when_the_last_record_lies_far_in_front_of_the_end) {
    const auto coordinator = load({log_offset(0), log_offset(50), log_offset(10)});
    EXPECT_EQ(asked.take(), log_offset(0));
    EXPECT_EQ(asked.take(), log_offset(11));
    expect_served_by(coordinator);
}

TEST_F(coordinator_actor_test, begins_anew_where_the_log_begins) {
    const auto coordinator = load({log_offset(40), log_offset(40)});
    EXPECT_EQ(asked.take(), log_offset(0));
    EXPECT_EQ(asked.take(), log_offset(40));
    expect_served_by(coordinator);
}

/// The topic's largest record may be altered while groups are served: a coordinator that went by the old one
/// would write what its log refuses, and throw all of its groups away for it.
TEST_F(coordinator_actor_test, goes_by_options_that_were_altered_since_it_began) {
    const auto coordinator = load({log_offset(0), log_offset(0)});
    EXPECT_EQ(asked.take(), log_offset(0));
    group_options altered;
    altered.record_bytes_max = 1000;
    caf::anon_send(coordinator, topics_seen{std::make_shared<const metadata_image>(), nullptr,
                                            std::make_shared<const group_options>(altered)});
    join_request join;
    join.session_timeout = std::chrono::seconds(10);
    join.protocol_type = "consumer";
    join.protocols.push_back({"range", slice::copy_of(std::string(2000, 'm'))});
    const auto client =
        runtime::spawn<caf::actor, asker>(node->services(), {loop_index(0), "client"}, answers);
    caf::send_as(client, coordinator, coordinator_request{7, "group", std::move(join)});
    const auto answer = answers.take();
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(std::get<join_response>(answer->body).code, errc::message_too_large);
    caf::anon_send(coordinator, close_coordinator{});
}

/// Half of one would be no state that the group was ever in.
TEST_F(coordinator_actor_test, writes_a_large_decision_as_one_batch) {
    const auto coordinator = load({log_offset(0), log_offset(0)});
    EXPECT_EQ(asked.take(), log_offset(0));
    ask(coordinator, commit_of(20'000));
    EXPECT_EQ(appended.take(), 20'000);
    const auto answer = answers.take();
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->code, errc::ok);
    EXPECT_EQ(appended.size(), 0u);
    caf::anon_send(coordinator, close_coordinator{});
}

/// Its state has gone on as if it could be.
TEST_F(coordinator_actor_test, forgets_a_decision_that_cannot_be_written) {
    const auto marks = mark_hits("decision_too_large");
    const auto coordinator = load({log_offset(0), log_offset(0)});
    EXPECT_EQ(asked.take(), log_offset(0));
    group_options altered;
    altered.decision_bytes_max = 100;
    caf::anon_send(coordinator, topics_seen{std::make_shared<const metadata_image>(), nullptr,
                                            std::make_shared<const group_options>(altered)});
    consumer_heartbeat_request join;
    join.who.member_id = "member";
    join.rebalance_timeout = std::chrono::seconds(10);
    join.topics = {"topic"};
    join.owned = partitions_by_topic{};
    ask(coordinator, std::move(join));
    const auto answer = answers.take();
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->code, errc::internal);
    // It loads the log anew, where nothing of it is.
    EXPECT_EQ(asked.take(), log_offset(0));
    EXPECT_EQ(appended.size(), 0u);
    expect_served_by(coordinator);
    EXPECT_EQ(mark_hits("decision_too_large") - marks, 1u);
}

} // namespace
} // namespace barnabas::group::coordinator_actor_test
