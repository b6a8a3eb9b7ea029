#include "actors/group/coordinator_actor.hpp"
#include "actors/group/group_messages.hpp"
#include "actors/group/group_options.hpp"
#include "actors/partition/leadership_messages.hpp"
#include "actors/partition/partition_messages.hpp"
#include "protocol/batch/patch.hpp"
#include "protocol/model/mark.hpp"
#include "runtime/node/spawn.hpp"
#include "tests/unit/runtime/test_node.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

/// Coordinators of a partition that changes its leader (invariant G3).
namespace barnabas::group {
namespace {

using runtime::reports;

/// From now on nothing that is appended is stored.
struct hold_appends {};
/// All that was appended is stored.
struct store_appends {};

} // namespace
} // namespace barnabas::group

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::group::hold_appends)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::group::store_appends)

namespace barnabas::group::coordinator_leadership_test {
namespace {

/// A partition's log in memory, led as the test says. Reports each append that it has taken, by its epoch.
class kept_log final : public caf::event_based_actor {
public:
    kept_log(caf::actor_config& config, runtime::node_services&, reports<leader_epoch>& taken)
        : event_based_actor(config), taken_(taken) {}

    caf::behavior make_behavior() override {
        return {[this](const configure_partition& told) { led_ = told.led; },
                [this](const hold_appends&) { holds_ = true; },
                [this](const store_appends&) {
                    holds_ = false;
                    store();
                },
                [this](const append_request& request) { on_append(request); },
                [this](const read_request& request) { on_read(request); }};
    }

private:
    errc check(leader_epoch of_asker) const {
        if (!led_.here)
            return errc::not_leader_or_follower;
        return of_asker.get() < 0 || of_asker == led_.epoch ? errc::ok : errc::fenced_leader_epoch;
    }
    void on_append(const append_request& request) {
        append_response answer;
        answer.token = request.token;
        answer.code = check(request.current_leader_epoch);
        const auto asker = caf::actor_cast<caf::actor>(current_sender());
        if (answer.code != errc::ok)
            return send(asker, answer);
        for (auto one : request.batches) {
            batch::set_base_offset(one, end_);
            end_ = one.header.next_offset();
            batches_.push_back(one);
        }
        waiting_.emplace_back(asker, answer);
        taken_.push(led_.epoch);
        if (!holds_)
            store();
    }
    void store() {
        stored_ = end_;
        for (auto& [asker, answer] : std::exchange(waiting_, {}))
            send(asker, answer);
    }
    void on_read(const read_request& request) {
        read_response told;
        told.token = request.token;
        told.code = check(request.current_leader_epoch);
        told.log_start_offset = log_offset(0);
        told.log_end_offset = end_;
        told.high_watermark = told.last_stable_offset = stored_;
        for (const auto& one : batches_)
            if (told.records.empty() && one.header.base_offset >= request.fetch_offset &&
                one.header.next_offset() <= stored_)
                told.records = one.bytes;
        send(caf::actor_cast<caf::actor>(current_sender()), told);
    }

    reports<leader_epoch>& taken_;
    leadership led_{leader_epoch(4), true};
    bool holds_ = false;
    std::vector<batch::batch_view> batches_;
    log_offset end_{0};
    log_offset stored_{0};
    std::vector<std::pair<caf::actor, append_response>> waiting_;
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

struct coordinator_leadership : testing::Test {
    reports<leader_epoch> taken;
    reports<coordinator_response> answers;
    group_options options;
    // Ends first: its actors report.
    std::unique_ptr<runtime::production_node> node = runtime::make_node(1);
    caf::actor log =
        runtime::spawn<caf::actor, kept_log>(node->services(), {loop_index(0), "partition"}, taken);
    caf::actor client =
        runtime::spawn<caf::actor, asker>(node->services(), {loop_index(0), "client"}, answers);
    std::uint64_t asked = 0;
    std::vector<caf::actor> coordinators;

    ~coordinator_leadership() override {
        for (const auto& one : coordinators)
            caf::anon_send(one, close_coordinator{});
    }

    static topic_id topic() {
        topic_id id;
        id.bytes.fill(7);
        return id;
    }
    caf::actor coordinator_of(std::int32_t epoch) {
        auto image = std::make_shared<metadata_image>();
        image->topics["t"] = {"t", topic(), {}, {}, log_offset(0), false};
        image->topic_names[topic()] = "t";
        coordinator_actor_options wanted;
        wanted.log = log;
        wanted.epoch = leader_epoch(epoch);
        wanted.groups = std::make_shared<const group_options>(options);
        wanted.spawned_before = coordinators.size();
        wanted.topics = image;
        return coordinators.emplace_back(
            spawn_coordinator(node->services(), loop_index(0), std::move(wanted)));
    }
    void lead(std::int32_t epoch, bool here = true) {
        caf::anon_send(log, configure_partition{{}, false, {leader_epoch(epoch), here}});
    }
    void ask(const caf::actor& coordinator, request_body body) {
        caf::send_as(client, coordinator, coordinator_request{++asked, "group", std::move(body)});
    }
    void begin_commit(const caf::actor& coordinator, std::int64_t offset) {
        commit_request commit;
        auto& one = commit.partitions.emplace_back();
        one.topic = "t";
        one.id = topic();
        one.offset = log_offset(offset);
        ask(coordinator, std::move(commit));
    }
    /// Of the last one that was asked.
    coordinator_response answer() {
        const auto told = answers.take();
        EXPECT_TRUE(told.has_value());
        EXPECT_EQ(answers.size(), 0u);
        return told.value_or(coordinator_response{});
    }
    errc commit(const caf::actor& coordinator, std::int64_t offset) {
        return asked_when_loaded([&] { begin_commit(coordinator, offset); }).code;
    }
    /// What the coordinator knows; -1: nothing.
    log_offset committed(const caf::actor& coordinator) {
        const auto told = asked_when_loaded([&] { ask(coordinator, offsets_request{}); });
        EXPECT_EQ(told.code, errc::ok);
        const auto& all = std::get<offsets_response>(told.body).partitions;
        return all.empty() ? log_offset(-1) : all[0].offset;
    }
    template <class Question>
    coordinator_response asked_when_loaded(const Question& question) {
        for (;;) {
            question();
            auto told = answer();
            if (told.code != errc::coordinator_load_in_progress)
                return told;
        }
    }
};

TEST_F(coordinator_leadership, the_next_epoch_is_served_from_the_log) {
    const auto before = coordinator_of(4);
    EXPECT_EQ(commit(before, 5), errc::ok);
    lead(5);
    caf::anon_send(before, depose_coordinator{});
    const auto after = coordinator_of(5);
    EXPECT_EQ(committed(after), log_offset(5));
    EXPECT_EQ(commit(after, 6), errc::ok);
    EXPECT_EQ(taken.take(), leader_epoch(4));
    EXPECT_EQ(taken.take(), leader_epoch(5));
    // Whoever still comes to the old one is sent away.
    EXPECT_EQ(commit(before, 9), errc::not_coordinator);
    EXPECT_EQ(committed(after), log_offset(6));
}

/// Who waits for records, and who waits for other members.
TEST_F(coordinator_leadership, all_who_wait_are_told_when_it_is_lost) {
    const auto coordinator = coordinator_of(4);
    EXPECT_EQ(commit(coordinator, 5), errc::ok);
    caf::anon_send(log, hold_appends{});
    begin_commit(coordinator, 6);
    join_request join;
    join.session_timeout = std::chrono::seconds(10);
    join.rebalance_timeout = std::chrono::seconds(60);
    join.protocol_type = "consumer";
    join.protocols.push_back({"range", slice::copy_of(std::string("m"))});
    ask(coordinator, std::move(join));
    taken.take();
    taken.take();
    lead(5, false);
    caf::anon_send(coordinator, depose_coordinator{});
    EXPECT_EQ(answers.take()->code, errc::not_coordinator);
    EXPECT_EQ(answer().code, errc::not_coordinator);
    caf::anon_send(log, store_appends{});
    EXPECT_EQ(commit(coordinator, 7), errc::not_coordinator);
    EXPECT_EQ(taken.size(), 0u);
}

/// What an earlier coordinator wrote may become stable behind its back; the next one must know of it.
TEST_F(coordinator_leadership, loading_waits_for_what_is_not_stored_yet) {
    const auto before = coordinator_of(4);
    EXPECT_EQ(committed(before), log_offset(-1));
    caf::anon_send(log, hold_appends{});
    begin_commit(before, 5);
    taken.take();
    lead(5);
    caf::anon_send(before, depose_coordinator{});
    EXPECT_EQ(answer().code, errc::not_coordinator);
    const auto marks = mark_hits("load_waits_for_stored_records");
    const auto after = coordinator_of(5);
    for (auto seen = marks; seen < marks + 2; seen = mark_hits("load_waits_for_stored_records")) {
        ask(after, offsets_request{});
        ASSERT_EQ(answer().code, errc::coordinator_load_in_progress);
    }
    caf::anon_send(log, store_appends{});
    EXPECT_EQ(committed(after), log_offset(5));
}

/// The broker tells the partition first. Returns what the one who commits hears, and whether it was written.
std::pair<errc, bool> committed_after_the_epoch_was_raised(coordinator_leadership& it) {
    const auto before = it.coordinator_of(4);
    EXPECT_EQ(it.committed(before), log_offset(-1));
    it.lead(5);
    const auto heard = it.commit(before, 5);
    return {heard, it.taken.size() != 0};
}

TEST_F(coordinator_leadership, one_that_does_not_know_yet_is_refused_and_steps_down) {
    const auto marks = mark_hits("coordinator_stepped_down");
    EXPECT_EQ(committed_after_the_epoch_was_raised(*this), std::pair(errc::not_coordinator, false));
    EXPECT_EQ(mark_hits("coordinator_stepped_down"), marks + 1);
    // For good: what it knew is out of date.
    ask(coordinators[0], offsets_request{});
    EXPECT_EQ(answer().code, errc::not_coordinator);
    const auto after = coordinator_of(5);
    EXPECT_EQ(committed(after), log_offset(-1));
}

/// Clusters of one broker raise no epoch while they run.
TEST_F(coordinator_leadership, is_found_deposed_coordinator_writes) {
    options.planted.deposed_coordinator_writes = true;
    EXPECT_EQ(committed_after_the_epoch_was_raised(*this), std::pair(errc::ok, true));
    // The next leader serves, and does not know what the old one still promises.
    const auto after = coordinator_of(5);
    EXPECT_EQ(committed(after), log_offset(5));
    caf::anon_send(coordinators[0], depose_coordinator{});
    EXPECT_EQ(commit(coordinators[0], 6), errc::ok);
    EXPECT_EQ(committed(after), log_offset(5));
}

/// Where its log is closed for a while it is no other epoch: it comes back by itself.
TEST_F(coordinator_leadership, one_whose_log_comes_back_serves_again) {
    const auto coordinator = coordinator_of(4);
    EXPECT_EQ(commit(coordinator, 5), errc::ok);
    lead(4, false);
    EXPECT_EQ(commit(coordinator, 6), errc::not_coordinator);
    lead(4);
    coordinator_response told;
    do {
        ask(coordinator, offsets_request{});
        told = answer();
    } while (told.code == errc::not_coordinator || told.code == errc::coordinator_load_in_progress);
    ASSERT_EQ(told.code, errc::ok);
    EXPECT_EQ(std::get<offsets_response>(told.body).partitions.at(0).offset, log_offset(5));
}

} // namespace
} // namespace barnabas::group::coordinator_leadership_test
