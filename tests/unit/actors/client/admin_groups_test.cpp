#include "actors/client/admin/admin.hpp"
#include "protocol/kafka/consumer_group_describe.hpp"
#include "protocol/kafka/delete_groups.hpp"
#include "protocol/kafka/describe_groups.hpp"
#include "protocol/kafka/describe_log_dirs.hpp"
#include "protocol/kafka/list_groups.hpp"
#include "protocol/kafka/offset_commit.hpp"
#include "protocol/kafka/offset_fetch.hpp"
#include "tests/unit/actors/client/played_cluster.hpp"

#include <gtest/gtest.h>

#include <algorithm>

// Calls to coordinators and to brokers by number.
namespace barnabas::client::admin_groups_test {
namespace {

using kafka::api_key;
using kafka::error_code;
using test::millisecond;
using test::played_cluster;
using test::second;

struct groups_run {
    played_cluster cluster;
    admin calls{[this](std::unique_ptr<cluster_call> call, std::optional<std::int64_t> timeout_ns) {
        cluster.submit(std::move(call), timeout_ns);
    }};
    std::map<std::string, std::int32_t> coordinators{{"a", 1}, {"b", 2}, {"c", 2}};

    groups_run() { cluster.brokers = {{1, "one"}, {2, "two"}}; }

    void tell_coordinators(error_code code = error_code::none) {
        const auto asked = cluster.take(api_key::find_coordinator);
        const auto wish = asked.as<kafka::find_coordinator_request>();
        kafka::find_coordinator_response said;
        said.error_code = kafka::wire_value(code);
        if (wish.coordinator_keys.empty())
            put(said, coordinators.at(wish.key));
        for (const auto& key : wish.coordinator_keys) {
            auto& one = said.coordinators.emplace_back();
            one.key = key;
            one.error_code = kafka::wire_value(code);
            put(one, coordinators.at(key));
        }
        cluster.answer(asked, said);
    }
    template <class Entry>
    void put(Entry& entry, std::int32_t broker) const {
        entry.node_id = broker;
        entry.host = broker == 1 ? "one" : "two";
        entry.port = 9092;
    }
    std::vector<std::string> answer_deleted(error_code code = error_code::none) {
        const auto asked = cluster.take(api_key::delete_groups);
        const auto names = asked.as<kafka::delete_groups_request>().groups_names;
        kafka::delete_groups_response said;
        for (const auto& name : names) {
            auto& one = said.results.emplace_back();
            one.group_id = name;
            one.error_code = kafka::wire_value(code);
        }
        cluster.answer(asked, said);
        return names;
    }
};

TEST(admin_groups, each_group_is_asked_of_its_coordinator_in_one_request) {
    groups_run it;
    const auto gone = it.calls.delete_groups({"c", "a", "b", "a"});
    it.cluster.connect("one:9092");
    it.cluster.tell_metadata();
    it.tell_coordinators();
    EXPECT_FALSE(it.cluster.has(api_key::find_coordinator));
    EXPECT_EQ(it.answer_deleted(), std::vector<std::string>{"a"});
    it.cluster.connect("two:9092");
    EXPECT_EQ(it.answer_deleted(error_code::non_empty_group), (std::vector<std::string>{"b", "c"}));
    ASSERT_TRUE(gone.is_done());
    EXPECT_TRUE(gone.get().at("a").has_value());
    EXPECT_EQ(gone.get().at("c").code(), errc::non_empty_group);
}

TEST(admin_groups, older_brokers_are_asked_for_one_coordinator_at_a_time) {
    groups_run it;
    it.cluster.served_up_to = 3;
    const auto gone = it.calls.delete_groups({"b", "c"});
    it.cluster.connect("one:9092");
    it.cluster.tell_metadata();
    it.tell_coordinators();
    it.tell_coordinators();
    it.cluster.connect("two:9092");
    while (it.cluster.has(api_key::delete_groups))
        it.answer_deleted();
    EXPECT_TRUE(gone.is_done());
}

TEST(admin_groups, a_coordinator_that_moved_is_looked_for_again) {
    groups_run it;
    const auto gone = it.calls.delete_groups({"a"});
    it.cluster.connect("one:9092");
    it.cluster.tell_metadata();
    it.tell_coordinators();
    it.coordinators["a"] = 2;
    it.answer_deleted(error_code::not_coordinator);
    it.cluster.pass(200 * millisecond);
    it.tell_coordinators();
    it.cluster.connect("two:9092");
    it.answer_deleted();
    EXPECT_TRUE(gone.get().at("a").has_value());
}

TEST(admin_groups, a_coordinator_that_nobody_names_is_said_in_the_end) {
    groups_run it;
    const auto gone = it.calls.delete_groups({"a"}, {3'000, false});
    it.cluster.connect("one:9092");
    it.cluster.tell_metadata();
    for (int i = 0; i < 30 && !gone.is_done(); ++i) {
        if (it.cluster.has(api_key::find_coordinator))
            it.tell_coordinators(error_code::coordinator_not_available);
        EXPECT_FALSE(it.cluster.has(api_key::find_coordinator)) << "asked again without a pause";
        it.cluster.pass(100 * millisecond);
    }
    ASSERT_TRUE(gone.is_done());
    const auto& outcome = gone.get().at("a");
    ASSERT_EQ(outcome.code(), errc::request_timed_out);
    EXPECT_NE(
        outcome.failure().detail.find("as far as: coordinator (none is known for 'a': the broker answered "
                                      "COORDINATOR_NOT_AVAILABLE)"),
        std::string::npos)
        << outcome.failure().detail;
}

TEST(admin_groups, a_group_that_may_not_be_looked_for_fails_at_once) {
    groups_run it;
    const auto gone = it.calls.delete_groups({"a"});
    it.cluster.connect("one:9092");
    it.cluster.tell_metadata();
    it.tell_coordinators(error_code::group_authorization_failed);
    EXPECT_EQ(gone.get().at("a").code(), errc::group_authorization_failed);
}

TEST(admin_groups, groups_of_either_protocol_are_described) {
    groups_run it;
    it.coordinators = {{"classic", 1}, {"consumer", 1}, {"dead", 1}};
    const auto found = it.calls.describe_groups({"classic", "consumer", "dead"});
    it.cluster.connect("one:9092");
    it.cluster.tell_metadata();
    it.tell_coordinators();
    kafka::consumer_group_describe_response as_new;
    for (const char* group : {"classic", "consumer", "dead"}) {
        auto& one = as_new.groups.emplace_back();
        one.group_id = group;
        one.error_code = kafka::wire_value(error_code::group_id_not_found);
    }
    as_new.groups[1].error_code = 0;
    as_new.groups[1].group_epoch = 7;
    as_new.groups[1].members.emplace_back().member_id = "m";
    it.cluster.answer(it.cluster.take(api_key::consumer_group_describe), as_new);
    const auto asked = it.cluster.take(api_key::describe_groups);
    EXPECT_EQ(asked.as<kafka::describe_groups_request>().groups,
              (std::vector<std::string>{"classic", "dead"}));
    kafka::describe_groups_response as_classic;
    for (const char* group : {"classic", "dead"}) {
        auto& one = as_classic.groups.emplace_back();
        one.group_id = group;
        one.group_state = group == std::string("dead") ? "Dead" : "Empty";
    }
    it.cluster.answer(asked, as_classic);
    ASSERT_TRUE(found.is_done());
    EXPECT_EQ(found.get().at("classic")->state, "Empty");
    EXPECT_FALSE(found.get().at("classic")->is_consumer_protocol);
    EXPECT_EQ(found.get().at("consumer")->epoch, 7);
    EXPECT_EQ(found.get().at("dead").code(), errc::group_id_not_found);
}

TEST(admin_groups, offsets_are_asked_for_in_the_last_version_with_names) {
    groups_run it;
    const auto found = it.calls.offsets_of_groups({"a"});
    it.cluster.connect("one:9092");
    it.cluster.tell_metadata();
    it.tell_coordinators();
    const auto asked = it.cluster.take(api_key::offset_fetch);
    EXPECT_EQ(asked.header.request_api_version, 9);
    kafka::offset_fetch_response said;
    auto& group = said.groups.emplace_back();
    group.group_id = "a";
    auto& topic = group.topics.emplace_back();
    topic.name = "t";
    for (std::int32_t partition = 0; partition < 2; ++partition) {
        auto& one = topic.partitions.emplace_back();
        one.partition_index = partition;
        one.committed_offset = partition == 0 ? 42 : -1;
    }
    it.cluster.answer(asked, said);
    ASSERT_TRUE(found.is_done() && found.get().at("a"));
    EXPECT_EQ(found.get().at("a")->size(), 1u) << "-1 is no offset";
    EXPECT_EQ(found.get().at("a")->at({"t", 0}).offset, 42);
}

TEST(admin_groups, an_offset_below_zero_is_refused_before_anything_is_sent) {
    groups_run it;
    const auto done = it.calls.commit_offsets("a", {{{"t", 0}, {5, -1, ""}}, {{"t", 1}, {-1, -1, ""}}});
    ASSERT_TRUE(done.is_done());
    const error wanted{errc::invalid_request, "offset -1 of t-1 cannot be committed: it is below 0"};
    EXPECT_EQ(done.get().at({"t", 0}).failure(), wanted);
    EXPECT_EQ(done.get().at({"t", 1}).failure(), wanted);
    EXPECT_TRUE(it.cluster.wanted.empty());
}

TEST(admin_groups, committed_offsets_have_a_result_each) {
    groups_run it;
    const auto done = it.calls.commit_offsets("a", {{{"t", 0}, {5, -1, ""}}, {{"t", 1}, {6, -1, ""}}});
    it.cluster.connect("one:9092");
    it.cluster.tell_metadata();
    it.tell_coordinators();
    const auto asked = it.cluster.take(api_key::offset_commit);
    const auto wish = asked.as<kafka::offset_commit_request>();
    ASSERT_EQ(wish.topics.size(), 1u);
    EXPECT_EQ(wish.topics[0].partitions.at(1).committed_offset, 6);
    EXPECT_EQ(wish.generation_id_or_member_epoch, -1);
    kafka::offset_commit_response said;
    auto& topic = said.topics.emplace_back();
    topic.name = "t";
    topic.partitions.emplace_back().partition_index = 0;
    auto& bad = topic.partitions.emplace_back();
    bad.partition_index = 1;
    bad.error_code = kafka::wire_value(error_code::unknown_topic_or_partition);
    it.cluster.answer(asked, said);
    ASSERT_TRUE(done.is_done());
    EXPECT_TRUE(done.get().at({"t", 0}).has_value());
    EXPECT_EQ(done.get().at({"t", 1}).code(), errc::unknown_topic_or_partition);
}

TEST(admin_groups, lists_the_groups_of_all_brokers_and_names_those_that_do_not_tell) {
    groups_run it;
    const auto found = it.calls.list_groups();
    it.cluster.connect("one:9092");
    it.cluster.tell_metadata();
    if (it.cluster.has(api_key::metadata))
        it.cluster.tell_metadata();
    it.cluster.connect("two:9092");
    for (int i = 0; i < 2; ++i) {
        const auto asked = it.cluster.take(api_key::list_groups);
        kafka::list_groups_response said;
        if (it.cluster.address_of(asked) == "one:9092")
            said.groups.emplace_back().group_id = "of one";
        else
            said.error_code = kafka::wire_value(error_code::cluster_authorization_failed);
        it.cluster.answer(asked, said);
    }
    ASSERT_TRUE(found.is_done() && found.get());
    ASSERT_EQ(found.get()->groups.size(), 1u);
    EXPECT_EQ(found.get()->groups[0].id, "of one");
    EXPECT_EQ(found.get()->failures.at(2).code, errc::cluster_authorization_failed);
}

TEST(admin_groups, a_broker_that_the_cluster_does_not_have_fails_before_the_deadline) {
    groups_run it;
    const auto found = it.calls.describe_log_dirs({1, 9});
    it.cluster.connect("one:9092");
    it.cluster.tell_metadata();
    it.cluster.answer(it.cluster.take(api_key::describe_log_dirs), kafka::describe_log_dirs_response{});
    for (int i = 0; i < 100 && !found.is_done(); ++i) {
        if (it.cluster.has(api_key::metadata))
            it.cluster.tell_metadata();
        it.cluster.pass(100 * millisecond);
    }
    ASSERT_TRUE(found.is_done());
    EXPECT_TRUE(found.get().at(1).has_value());
    EXPECT_EQ(found.get().at(9).failure(),
              (error{errc::broker_not_available, "the cluster has no broker 9"}));
}

} // namespace
} // namespace barnabas::client::admin_groups_test
