#include "actors/client/admin/admin.hpp"
#include "actors/client/limits.hpp"
#include "protocol/kafka/create_topics.hpp"
#include "protocol/kafka/delete_topics.hpp"
#include "protocol/kafka/list_offsets.hpp"
#include "tests/unit/actors/client/played_cluster.hpp"

#include <gtest/gtest.h>

namespace barnabas::client::cluster_client_test {
namespace {

using kafka::api_key;
using kafka::error_code;
using test::millisecond;
using test::played_cluster;
using test::second;

using keys = std::map<std::string, std::string>;

struct cluster_run {
    explicit cluster_run(keys properties = {}) : cluster(std::move(properties)) {}

    played_cluster cluster;
    admin calls{[this](std::unique_ptr<cluster_call> call, std::optional<std::int64_t> timeout_ns) {
        cluster.submit(std::move(call), timeout_ns);
    }};

    /// Three brokers, of which the second controls; topic t has a partition on each.
    void three_brokers() {
        cluster.brokers = {{1, "one"}, {2, "two"}, {3, "three"}};
        cluster.controller = 2;
        cluster.topics["t"] = {1, 2, 3};
    }
    pending<admin::created> create(const std::string& name) {
        return calls.create_topics({{name, 1, 1, {}, {}}});
    }
    pending<results<partition_name, listed_offset>> offsets(std::initializer_list<std::int32_t> partitions,
                                                            const std::string& topic = "t") {
        std::map<partition_name, std::int64_t> times;
        for (const auto partition : partitions)
            times[{topic, partition}] = offset_times::latest;
        return calls.list_offsets(times);
    }
    void answer_created(const played_cluster::request& to, error_code code) {
        kafka::create_topics_response said;
        for (const auto& topic : to.as<kafka::create_topics_request>().topics) {
            auto& entry = said.topics.emplace_back();
            entry.name = topic.name;
            entry.error_code = kafka::wire_value(code);
        }
        cluster.answer(to, said);
    }
    /// Every partition asked for ends at 100 + its number.
    void answer_offsets(const played_cluster::request& to, error_code code = error_code::none) {
        kafka::list_offsets_response said;
        for (const auto& topic : to.as<kafka::list_offsets_request>().topics) {
            auto& entry = said.topics.emplace_back();
            entry.name = topic.name;
            for (const auto& one : topic.partitions) {
                auto& partition = entry.partitions.emplace_back();
                partition.partition_index = one.partition_index;
                partition.error_code = kafka::wire_value(code);
                partition.offset = 100 + one.partition_index;
            }
        }
        cluster.answer(to, said);
    }
    template <class Later>
    static auto only(const Later& later) {
        EXPECT_TRUE(later.is_done());
        return later.is_done() ? later.get().begin()->second
                               : decltype(later.get().begin()->second)(error{errc::internal, "not done"});
    }
    static std::string detail(const pending<admin::created>& later) {
        const auto outcome = only(later);
        return outcome ? "" : outcome.failure().detail;
    }
};

TEST(cluster_client, connects_only_for_a_call_and_once_for_a_broker_it_knew_by_address) {
    cluster_run it;
    it.cluster.pass(60 * second);
    EXPECT_TRUE(it.cluster.wanted.empty());
    const auto made = it.create("a");
    it.cluster.connect("one:9092");
    it.cluster.tell_metadata();
    EXPECT_TRUE(it.cluster.wanted.empty());
    const auto asked = it.cluster.take(api_key::create_topics);
    EXPECT_EQ(asked.header.request_api_version, kafka::create_topics_request::highest_version);
    it.answer_created(asked, error_code::none);
    EXPECT_TRUE(it.only(made).has_value());
    EXPECT_EQ(it.cluster.open.size(), 1u);
}

TEST(cluster_client, a_dead_bootstrap_server_does_not_keep_it_from_the_others) {
    for (std::uint64_t seed = 1; seed < 9; ++seed) {
        played_cluster cluster(keys{{"bootstrap.servers", "dead:1,one:9092"}}, seed);
        const admin calls([&](auto call, auto timeout) { cluster.submit(std::move(call), timeout); });
        const auto listed = calls.list_topics();
        if (cluster.wanted.contains("dead:1")) {
            cluster.refuse("dead:1");
            EXPECT_EQ(cluster.troubles, std::vector<std::string>{"dead:1: nobody is there"});
        }
        cluster.connect("one:9092");
        const auto asked = cluster.take(api_key::metadata);
        EXPECT_FALSE(asked.as<kafka::metadata_request>().topics.has_value());
        cluster.answer(asked, kafka::metadata_response{});
        EXPECT_TRUE(listed.is_done());
    }
}

TEST(cluster_client, a_server_that_does_not_answer_the_connect_is_passed_by) {
    for (std::uint64_t seed = 1; seed < 9; ++seed) {
        played_cluster cluster(keys{{"bootstrap.servers", "hole:1,one:9092"}}, seed);
        const admin calls([&](auto call, auto timeout) { cluster.submit(std::move(call), timeout); });
        const auto listed = calls.list_topics();
        cluster.pass(limits::connect_patience_ns);
        EXPECT_TRUE(cluster.wanted.contains("one:9092")) << "seed " << seed;
    }
}

TEST(cluster_client, a_broker_that_is_no_controller_any_more_leads_to_the_new_one) {
    cluster_run it;
    it.three_brokers();
    const auto made = it.create("a");
    it.cluster.connect("one:9092");
    it.cluster.tell_metadata();
    it.cluster.connect("two:9092");
    const auto first = it.cluster.take(api_key::create_topics);
    EXPECT_EQ(it.cluster.address_of(first), "two:9092");
    it.cluster.controller = 3;
    it.answer_created(first, error_code::not_controller);
    EXPECT_FALSE(made.is_done());
    it.cluster.tell_metadata();
    it.cluster.pass(200 * millisecond);
    it.cluster.connect("three:9092");
    const auto second_try = it.cluster.take(api_key::create_topics);
    EXPECT_EQ(it.cluster.address_of(second_try), "three:9092");
    it.answer_created(second_try, error_code::none);
    EXPECT_TRUE(it.only(made).has_value());
}

TEST(cluster_client, an_error_of_one_topic_is_not_that_of_another) {
    cluster_run it;
    const auto made = it.calls.create_topics({{"a", 1, 1, {}, {}}, {"b", 1, 1, {}, {}}, {"c", 1, 1, {}, {}}});
    it.cluster.connect("one:9092");
    it.cluster.tell_metadata();
    const auto asked = it.cluster.take(api_key::create_topics);
    kafka::create_topics_response said;
    for (const char* name : {"a", "b"})
        said.topics.emplace_back().name = name;
    said.topics[1].error_code = kafka::wire_value(error_code::invalid_config);
    said.topics[1].error_message = "no such setting";
    it.cluster.answer(asked, said);
    ASSERT_TRUE(made.is_done());
    EXPECT_TRUE(made.get().at("a").has_value());
    EXPECT_EQ(made.get().at("b").failure(), (error{errc::invalid_config, "no such setting"}));
    EXPECT_EQ(made.get().at("c").code(), errc::malformed) << "the answer left it out";
}

TEST(cluster_client, partitions_go_to_their_leaders_in_one_request_each) {
    cluster_run it;
    it.three_brokers();
    it.cluster.topics["t"] = {1, 2, 1, 2};
    const auto found = it.offsets({0, 1, 2, 3});
    it.cluster.connect("one:9092");
    it.cluster.tell_metadata();
    const auto at_one = it.cluster.take(api_key::list_offsets);
    ASSERT_EQ(at_one.as<kafka::list_offsets_request>().topics.size(), 1u);
    EXPECT_EQ(at_one.as<kafka::list_offsets_request>().topics[0].partitions.size(), 2u);
    it.answer_offsets(at_one);
    EXPECT_FALSE(found.is_done());
    it.cluster.connect("two:9092");
    it.answer_offsets(it.cluster.take(api_key::list_offsets));
    ASSERT_TRUE(found.is_done());
    for (std::int32_t partition = 0; partition < 4; ++partition)
        EXPECT_EQ(found.get().at({"t", partition})->offset, 100 + partition);
}

TEST(cluster_client, a_leader_that_moved_is_found_again) {
    cluster_run it;
    it.three_brokers();
    const auto found = it.offsets({0});
    it.cluster.connect("one:9092");
    it.cluster.tell_metadata();
    it.cluster.topics["t"][0] = 3;
    it.cluster.leader_epoch = 2;
    it.answer_offsets(it.cluster.take(api_key::list_offsets), error_code::not_leader_or_follower);
    it.cluster.tell_metadata();
    it.cluster.pass(200 * millisecond);
    it.cluster.connect("three:9092");
    it.answer_offsets(it.cluster.take(api_key::list_offsets));
    EXPECT_EQ(it.only(found)->offset, 100);
}

TEST(cluster_client, a_broker_that_heard_of_the_election_late_does_not_bring_the_old_leader_back) {
    cluster_run it;
    it.three_brokers();
    it.cluster.leader_epoch = 5;
    const auto found = it.offsets({0});
    it.cluster.connect("one:9092");
    it.cluster.tell_metadata();
    it.cluster.topics["t"][0] = 3;
    it.cluster.leader_epoch = 4;
    it.answer_offsets(it.cluster.take(api_key::list_offsets), error_code::not_leader_or_follower);
    it.cluster.tell_metadata();
    it.cluster.pass(200 * millisecond);
    EXPECT_FALSE(it.cluster.wanted.contains("three:9092"));
    EXPECT_EQ(it.cluster.address_of(it.cluster.take(api_key::list_offsets)), "one:9092");
    EXPECT_FALSE(found.is_done());
}

TEST(cluster_client, a_partition_without_a_leader_is_waited_for) {
    cluster_run it;
    it.three_brokers();
    it.cluster.topics["t"][0] = -1;
    const auto found = it.offsets({0});
    it.cluster.connect("one:9092");
    for (int i = 0; i < 20; ++i) {
        it.cluster.tell_metadata();
        EXPECT_FALSE(it.cluster.has(api_key::metadata)) << "asked again without a pause";
        it.cluster.pass(2 * second);
    }
    it.cluster.topics["t"][0] = 1;
    it.cluster.leader_epoch = 2;
    it.cluster.tell_metadata();
    it.answer_offsets(it.cluster.take(api_key::list_offsets));
    EXPECT_TRUE(it.only(found).has_value());
}

TEST(cluster_client, a_topic_that_nobody_knows_fails_before_the_deadline) {
    cluster_run it;
    const auto found = it.offsets({0}, "ghost");
    it.cluster.connect("one:9092");
    for (int i = 0; i < 100 && !found.is_done(); ++i) {
        if (it.cluster.has(api_key::metadata))
            it.cluster.tell_metadata();
        it.cluster.pass(100 * millisecond);
    }
    EXPECT_EQ(it.only(found).failure(),
              (error{errc::unknown_topic_or_partition, "the cluster has no topic 'ghost'"}));
    EXPECT_LT(it.cluster.now, monotonic_ns(9 * second));
}

TEST(cluster_client, what_was_cut_off_is_asked_again_and_its_own_work_is_recognised) {
    cluster_run it;
    const auto made = it.create("a");
    it.cluster.connect("one:9092");
    it.cluster.tell_metadata();
    it.cluster.hang_up(it.cluster.take(api_key::create_topics).link);
    EXPECT_FALSE(made.is_done());
    EXPECT_EQ(it.cluster.troubles.size(), 1u);
    it.cluster.pass(second);
    it.cluster.connect("one:9092");
    it.answer_created(it.cluster.take(api_key::create_topics), error_code::topic_already_exists);
    const auto outcome = it.only(made);
    EXPECT_EQ(outcome.code(), errc::topic_already_exists);
    EXPECT_NE(outcome.failure().detail.find("may have taken effect"), std::string::npos);
}

TEST(cluster_client, a_broker_that_does_not_answer_is_given_up_after_the_request_timeout) {
    cluster_run it(keys{{"request.timeout.ms", "2000"}, {"default.api.timeout.ms", "5000"}});
    const auto made = it.create("a");
    it.cluster.connect("one:9092");
    it.cluster.tell_metadata();
    const auto slow = it.cluster.take(api_key::create_topics);
    EXPECT_LT(slow.as<kafka::create_topics_request>().timeout_ms, 2000) << "the broker could say nothing";
    it.cluster.pass(2100 * millisecond);
    EXPECT_FALSE(it.cluster.open.contains(slow.link));
    EXPECT_TRUE(it.cluster.wanted.contains("one:9092"));
    it.answer_created(slow, error_code::none);
    EXPECT_FALSE(made.is_done()) << "an answer on a connection that was given up";
    it.cluster.pass(5 * second);
    const auto why = it.detail(made);
    EXPECT_NE(why.find("as far as: ack (asked of one:9092)"), std::string::npos) << why;
    EXPECT_NE(why.find("did not answer in time"), std::string::npos) << why;
}

TEST(cluster_client, answers_that_cannot_be_read_fail_the_call_after_three) {
    cluster_run it;
    const auto made = it.create("a");
    for (int i = 0; i < 3; ++i) {
        EXPECT_FALSE(made.is_done());
        it.cluster.connect("one:9092");
        if (it.cluster.has(api_key::metadata))
            it.cluster.tell_metadata();
        it.cluster.pass(2 * second);
        const auto asked = it.cluster.take(api_key::create_topics);
        // A header, and a length of the topics that no frame of this size has.
        const std::vector<std::uint8_t> garbage{
            0, 0, 0, 10, 0, 0,   0, static_cast<std::uint8_t>(asked.header.correlation_id),
            0, 0, 0, 0,  0, 0xff};
        it.cluster.bytes(asked.link, std::as_bytes(std::span(garbage)));
        EXPECT_FALSE(it.cluster.open.contains(asked.link));
        it.cluster.pass(3 * second);
    }
    EXPECT_EQ(it.only(made).code(), errc::malformed);
}

TEST(cluster_client, an_answer_to_another_request_ends_the_connection) {
    cluster_run it;
    const auto made = it.create("a");
    it.cluster.connect("one:9092");
    auto asked = it.cluster.take(api_key::metadata);
    const auto said = it.cluster.metadata(asked);
    asked.header.correlation_id += 1;
    it.cluster.answer(asked, said);
    EXPECT_FALSE(it.cluster.open.contains(asked.link));
    EXPECT_FALSE(made.is_done());
}

TEST(cluster_client, speaks_the_highest_version_that_both_know) {
    cluster_run it;
    it.cluster.served_up_to = 3;
    const auto gone = it.calls.delete_topics({"a", "b"});
    it.cluster.connect("one:9092");
    it.cluster.tell_metadata();
    const auto asked = it.cluster.take(api_key::delete_topics);
    EXPECT_EQ(asked.header.request_api_version, 3);
    EXPECT_EQ(asked.as<kafka::delete_topics_request>().topic_names, (std::vector<std::string>{"a", "b"}));
    kafka::delete_topics_response said;
    said.responses.emplace_back().name = "a";
    said.responses.emplace_back().name = "b";
    it.cluster.answer(asked, said);
    EXPECT_TRUE(gone.get().at("a").has_value());
}

TEST(cluster_client, a_broker_that_is_too_old_for_the_call_is_named) {
    cluster_run it;
    it.cluster.served_up_to = 3;
    const auto made = it.calls.create_topics({{"a", -1, -1, {}, {}}});
    it.cluster.connect("one:9092");
    it.cluster.tell_metadata();
    EXPECT_EQ(it.only(made).code(), errc::unsupported_version);
    EXPECT_NE(it.detail(made).find("one:9092: the broker serves it up to version 3, this needs 4"),
              std::string::npos)
        << it.detail(made);
}

TEST(cluster_client, pauses_grow_and_end_with_the_retries) {
    cluster_run it(keys{{"retries", "4"}, {"retry.backoff.ms", "100"}, {"retry.backoff.max.ms", "400"}});
    const auto made = it.create("a");
    it.cluster.connect("one:9092");
    it.cluster.tell_metadata();
    const std::int64_t pauses[] = {100, 200, 400, 400};
    for (const auto pause : pauses) {
        it.answer_created(it.cluster.take(api_key::create_topics), error_code::not_controller);
        EXPECT_FALSE(made.is_done());
        if (it.cluster.has(api_key::metadata))
            it.cluster.tell_metadata();
        it.cluster.pass((pause * 8 / 10 - 1) * millisecond);
        EXPECT_FALSE(it.cluster.has(api_key::create_topics)) << "before " << pause << " ms";
        it.cluster.pass((pause * 4 / 10 + 2) * millisecond);
        if (it.cluster.has(api_key::metadata))
            it.cluster.tell_metadata();
    }
    it.answer_created(it.cluster.take(api_key::create_topics), error_code::not_controller);
    EXPECT_EQ(it.only(made).code(), errc::not_controller);
}

TEST(cluster_client, a_throttled_broker_is_left_alone) {
    cluster_run it;
    const auto first = it.calls.list_topics();
    it.cluster.connect("one:9092");
    kafka::metadata_response said;
    said.throttle_time_ms = 700;
    it.cluster.answer(it.cluster.take(api_key::metadata), said);
    ASSERT_TRUE(first.is_done());
    const auto again = it.calls.list_topics();
    it.cluster.pass(650 * millisecond);
    EXPECT_FALSE(it.cluster.has(api_key::metadata));
    it.cluster.pass(100 * millisecond);
    EXPECT_TRUE(it.cluster.has(api_key::metadata));
}

TEST(cluster_client, what_it_knows_is_asked_anew_when_it_is_old) {
    cluster_run it(keys{{"metadata.max.age.ms", "10000"}});
    it.three_brokers();
    it.cluster.controller = 1;
    const auto first = it.create("a");
    it.cluster.connect("one:9092");
    it.cluster.tell_metadata();
    it.answer_created(it.cluster.take(api_key::create_topics), error_code::none);
    ASSERT_TRUE(first.is_done());
    const auto soon = it.create("b");
    EXPECT_FALSE(it.cluster.has(api_key::metadata));
    it.answer_created(it.cluster.take(api_key::create_topics), error_code::none);
    ASSERT_TRUE(soon.is_done());
    it.cluster.pass(11 * second);
    const auto late = it.create("c");
    EXPECT_FALSE(it.cluster.has(api_key::create_topics)) << "of a controller that may have changed long ago";
    it.cluster.tell_metadata();
    it.answer_created(it.cluster.take(api_key::create_topics), error_code::none);
    EXPECT_TRUE(late.is_done());
}

TEST(cluster_client, a_broker_that_moved_is_found_at_its_new_address) {
    cluster_run it;
    it.three_brokers();
    const auto made = it.create("a");
    it.cluster.connect("one:9092");
    it.cluster.tell_metadata();
    it.cluster.brokers[1].host = "two-b";
    it.cluster.refuse("two:9092");
    const auto later = it.offsets({1});
    // Asked before there was a call for the topic.
    it.cluster.tell_metadata();
    EXPECT_TRUE(it.cluster.wanted.contains("two-b:9092"));
    it.cluster.pass(150 * millisecond);
    it.cluster.tell_metadata();
    it.cluster.connect("two-b:9092");
    EXPECT_TRUE(it.cluster.has(api_key::create_topics));
    EXPECT_TRUE(it.cluster.has(api_key::list_offsets));
    it.cluster.pass(5 * second);
    EXPECT_FALSE(it.cluster.wanted.contains("two:9092"));
}

TEST(cluster_client, back_to_the_bootstrap_servers_when_no_known_broker_is_left) {
    for (const bool rebootstrap : {true, false}) {
        cluster_run it(keys{{"bootstrap.servers", "dns:1"},
                            {"metadata.max.age.ms", "10000"},
                            {"metadata.recovery.strategy", rebootstrap ? "rebootstrap" : "none"}});
        const auto first = it.create("a");
        it.cluster.connect("dns:1");
        it.cluster.tell_metadata();
        it.cluster.connect("one:9092");
        const auto asked = it.cluster.take(api_key::create_topics);
        for (const auto link : std::set<link_number>(it.cluster.open))
            it.cluster.hang_up(link);
        it.cluster.brokers = {{9, "nine"}};
        it.cluster.controller = 9;
        it.cluster.pass(100 * millisecond);
        if (it.cluster.wanted.contains("one:9092"))
            it.cluster.refuse("one:9092");
        it.cluster.pass(2 * second);
        EXPECT_EQ(it.cluster.wanted.contains("dns:1"), rebootstrap);
        if (!rebootstrap)
            continue;
        it.cluster.connect("dns:1");
        it.cluster.pass(2 * second);
        it.cluster.tell_metadata();
        it.cluster.connect("nine:9092");
        it.answer_created(it.cluster.take(api_key::create_topics), error_code::none);
        EXPECT_TRUE(it.only(first).has_value());
    }
}

TEST(cluster_client, a_connection_that_nobody_uses_is_closed) {
    cluster_run it(keys{{"connections.max.idle.ms", "20000"}});
    const auto made = it.create("a");
    it.cluster.connect("one:9092");
    it.cluster.tell_metadata();
    it.answer_created(it.cluster.take(api_key::create_topics), error_code::none);
    it.cluster.pass(19 * second);
    EXPECT_EQ(it.cluster.open.size(), 1u);
    it.cluster.pass(2 * second);
    EXPECT_TRUE(it.cluster.open.empty());
    const auto later = it.create("b");
    it.cluster.connect("one:9092");
    it.answer_created(it.cluster.take(api_key::create_topics), error_code::none);
    EXPECT_TRUE(it.only(later).has_value());
    EXPECT_TRUE(it.cluster.troubles.empty());
}

TEST(cluster_client, no_more_requests_than_the_bound_wait_on_a_connection) {
    cluster_run it;
    std::vector<pending<admin::created>> all;
    for (int i = 0; i < 8; ++i)
        all.push_back(it.create("t" + std::to_string(i)));
    it.cluster.connect("one:9092");
    it.cluster.tell_metadata();
    EXPECT_EQ(it.cluster.requests.size(), limits::link_in_flight_max);
    for (int i = 0; i < 8; ++i)
        it.answer_created(it.cluster.take(api_key::create_topics), error_code::none);
    for (const auto& one : all)
        EXPECT_TRUE(it.only(one).has_value());
}

TEST(cluster_client, closing_gives_every_call_its_outcome) {
    cluster_run it;
    const auto asked = it.create("a");
    const auto waiting = it.offsets({0, 1});
    it.cluster.connect("one:9092");
    it.cluster.step([&](cluster_effects& out) { it.cluster.client.on_close(it.cluster.now, out); });
    EXPECT_EQ(it.only(asked).code(), errc::closed);
    EXPECT_EQ(waiting.get().size(), 2u);
    EXPECT_TRUE(it.cluster.open.empty());
    EXPECT_EQ(it.only(it.create("b")).code(), errc::closed);
    EXPECT_EQ(it.cluster.client.deadline(), monotonic_ns{});
}

TEST(cluster_client, a_call_that_nobody_carries_has_an_outcome) {
    const admin calls([](std::unique_ptr<cluster_call>, std::optional<std::int64_t>) {});
    const auto made = calls.create_topics({{"a", 1, 1, {}, {}}});
    EXPECT_EQ(cluster_run::only(made).code(), errc::closed);
}

} // namespace
} // namespace barnabas::client::cluster_client_test
