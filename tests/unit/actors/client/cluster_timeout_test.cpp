#include "actors/client/admin/admin.hpp"
#include "protocol/kafka/create_topics.hpp"
#include "protocol/kafka/list_offsets.hpp"
#include "tests/unit/actors/client/played_cluster.hpp"

#include <gtest/gtest.h>

// What the error of a call says that ran out of time: how far it got.
namespace barnabas::client::cluster_timeout_test {
namespace {

using kafka::api_key;
using test::millisecond;
using test::played_cluster;
using test::second;

struct slow_run {
    played_cluster cluster;
    admin calls{[this](std::unique_ptr<cluster_call> call, std::optional<std::int64_t> timeout_ns) {
        cluster.submit(std::move(call), timeout_ns);
    }};
    pending<results<partition_name, listed_offset>> asked =
        calls.list_offsets({{{"t", 0}, offset_times::latest}}, {3'000, false});

    explicit slow_run(std::map<std::string, std::string> properties = {},
                      std::optional<std::int64_t> unreached_ns = {})
        : cluster(std::move(properties), 1, unreached_ns) {
        cluster.brokers = {{1, "one"}, {2, "two"}};
        cluster.topics["t"] = {2};
    }
    /// Refuses whatever is wanted until the call is over.
    void refuse_all(errc code) {
        for (int i = 0; i < 100 && !asked.is_done(); ++i) {
            const auto wanted = cluster.wanted;
            for (const auto& [address, link] : wanted)
                cluster.refuse(address, code);
            cluster.pass(100 * millisecond);
        }
    }
    /// Refuses whatever is wanted for so long, and once more.
    void refuse_for(std::int64_t ns) {
        const auto until = cluster.now + ns;
        do {
            const auto wanted = cluster.wanted;
            for (const auto& [address, link] : wanted)
                cluster.refuse(address);
            cluster.pass(100 * millisecond);
        } while (cluster.now < until);
    }
    std::string why() {
        EXPECT_TRUE(asked.is_done());
        if (!asked.is_done())
            return "not done";
        const auto& outcome = asked.get().begin()->second;
        EXPECT_EQ(outcome.code(), errc::request_timed_out);
        return outcome ? "no error" : outcome.failure().detail;
    }
};

#define EXPECT_SAYS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

TEST(cluster_timeout, a_name_that_nobody_knows_is_said) {
    slow_run it;
    it.refuse_all(errc::not_found);
    EXPECT_SAYS(it.why(), "ListOffsets for the leader of t-0 has no answer after 3000 ms");
    EXPECT_SAYS(it.why(), "as far as: resolve");
    EXPECT_SAYS(it.why(), "; one:9092: nobody is there (");
}

TEST(cluster_timeout, a_broker_that_refuses_is_said) {
    slow_run it;
    it.refuse_all(errc::connection_refused);
    EXPECT_SAYS(it.why(), "as far as: connect");
}

TEST(cluster_timeout, a_broker_that_does_not_tell_its_versions_is_said) {
    slow_run it;
    it.cluster.accept("one:9092");
    it.cluster.pass(3 * second);
    EXPECT_SAYS(it.why(), "as far as: authenticate");
}

TEST(cluster_timeout, metadata_that_does_not_come_is_said) {
    slow_run it;
    it.cluster.connect("one:9092");
    it.cluster.pass(3 * second);
    EXPECT_SAYS(it.why(), "as far as: metadata");
}

TEST(cluster_timeout, with_little_patience_a_call_to_nobody_ends_early) {
    for (const std::int64_t patience : {std::int64_t{0}, 2 * second}) {
        slow_run it(std::map<std::string, std::string>{{"bootstrap.servers", "one:9092,two:9092"}}, patience);
        EXPECT_FALSE(it.asked.is_done());
        const auto first = it.cluster.wanted.begin()->first;
        it.cluster.refuse(first);
        EXPECT_FALSE(it.asked.is_done()) << "the other server was not tried yet";
        it.refuse_for(patience + 200 * millisecond);
        EXPECT_SAYS(it.why(), "as far as: connect");
        EXPECT_LE(it.cluster.now - monotonic_ns(second), patience + second);
    }
}

TEST(cluster_timeout, a_server_that_is_silent_counts_as_nobody_when_patience_ends) {
    slow_run it({}, 2 * second);
    it.cluster.accept("one:9092");
    it.cluster.pass(2 * second - millisecond);
    EXPECT_FALSE(it.asked.is_done());
    it.cluster.pass(2 * millisecond);
    EXPECT_SAYS(it.why(), "as far as: authenticate");
}

/// Nothing else is due when the patience with the one that was tried later ends.
TEST(cluster_timeout, a_server_that_is_silent_from_later_on_counts_as_nobody_when_patience_with_it_ends) {
    slow_run it(std::map<std::string, std::string>{{"bootstrap.servers", "one:9092,two:9092"},
                                                   {"reconnect.backoff.ms", "10000"},
                                                   {"reconnect.backoff.max.ms", "10000"}},
                1500 * millisecond);
    it.cluster.pass(500 * millisecond);
    it.cluster.refuse(it.cluster.wanted.begin()->first);
    it.cluster.pass(1499 * millisecond);
    EXPECT_FALSE(it.asked.is_done());
    EXPECT_EQ(it.cluster.client.deadline(), it.cluster.now + millisecond);
    it.cluster.pass(2 * millisecond);
    EXPECT_SAYS(it.why(), "as far as: connect");
}

TEST(cluster_timeout, patience_with_nobody_does_not_shorten_other_calls) {
    slow_run it({}, second);
    it.cluster.refuse("one:9092");
    it.cluster.pass(200 * millisecond);
    it.cluster.connect("one:9092");
    it.cluster.pass(2 * second);
    EXPECT_FALSE(it.asked.is_done()) << "a broker is there";
    it.cluster.pass(2 * second);
    EXPECT_SAYS(it.why(), "as far as: metadata");
}

TEST(cluster_timeout, a_leader_that_is_not_known_is_said) {
    slow_run it;
    it.cluster.topics["t"] = {-1};
    it.cluster.connect("one:9092");
    it.cluster.tell_metadata();
    it.cluster.pass(3 * second);
    EXPECT_SAYS(it.why(), "as far as: leader (none is known for t-0)");
}

TEST(cluster_timeout, the_leader_that_cannot_be_reached_is_named) {
    slow_run it;
    it.cluster.connect("one:9092");
    it.cluster.tell_metadata();
    it.cluster.pass(3 * second);
    EXPECT_SAYS(it.why(), "as far as: connect (two:9092)");
}

TEST(cluster_timeout, an_answer_that_does_not_come_is_said) {
    slow_run it;
    it.cluster.connect("one:9092");
    it.cluster.tell_metadata();
    it.cluster.connect("two:9092");
    EXPECT_TRUE(it.cluster.has(api_key::list_offsets));
    it.cluster.pass(3 * second);
    EXPECT_SAYS(it.why(), "as far as: ack (asked of two:9092)");
}

TEST(cluster_timeout, metadata_that_never_comes_is_said_though_the_connection_was_given_up) {
    slow_run it(std::map<std::string, std::string>{{"request.timeout.ms", "1000"}});
    it.cluster.connect("one:9092");
    EXPECT_TRUE(it.cluster.has(api_key::metadata));
    it.cluster.pass(2 * second);
    EXPECT_TRUE(it.cluster.wanted.contains("one:9092")) << "the connection was not given up";
    it.cluster.pass(2 * second);
    EXPECT_SAYS(it.why(), "as far as: metadata");
}

TEST(cluster_timeout, a_call_that_asks_for_metadata_got_no_further_than_that) {
    played_cluster cluster;
    cluster.brokers = {{1, "one"}};
    admin calls([&](std::unique_ptr<cluster_call> call, std::optional<std::int64_t> timeout_ns) {
        cluster.submit(std::move(call), timeout_ns);
    });
    auto asked = calls.list_topics({3'000});
    cluster.connect("one:9092");
    EXPECT_TRUE(cluster.has(api_key::metadata));
    cluster.pass(3 * second);
    ASSERT_TRUE(asked.is_done());
    EXPECT_SAYS(asked.get().failure().detail, "as far as: metadata (asked of one:9092)");
}

TEST(cluster_timeout, a_peer_that_takes_connections_and_closes_them_is_no_failure_to_connect) {
    slow_run it;
    for (int i = 0; i < 100 && !it.asked.is_done(); ++i) {
        if (it.cluster.wanted.contains("one:9092"))
            it.cluster.hang_up(it.cluster.accept("one:9092"));
        it.cluster.pass(100 * millisecond);
    }
    EXPECT_SAYS(it.why(), "as far as: authenticate");
}

TEST(cluster_timeout, a_connection_that_was_ready_stays_the_furthest_point) {
    slow_run it;
    it.cluster.connect("one:9092");
    it.cluster.tell_metadata();
    it.cluster.connect("two:9092");
    // It asks for silence, and is gone before that is over.
    const auto asked = it.cluster.take(api_key::list_offsets);
    kafka::list_offsets_response said;
    said.throttle_time_ms = 2'000;
    auto& topic = said.topics.emplace_back();
    topic.name = "t";
    topic.partitions.emplace_back().error_code = kafka::wire_value(kafka::error_code::leader_not_available);
    it.cluster.answer(asked, said);
    it.cluster.pass(500 * millisecond);
    EXPECT_FALSE(it.cluster.has(api_key::list_offsets));
    it.cluster.hang_up(asked.link);
    it.cluster.pass(3 * second);
    EXPECT_SAYS(it.why(), "as far as: ack (two:9092)");
}

TEST(cluster_timeout, a_connection_of_an_earlier_call_does_not_count) {
    slow_run it;
    it.cluster.hang_up(it.cluster.accept("one:9092"));
    it.refuse_all(errc::connection_refused);
    EXPECT_SAYS(it.why(), "as far as: authenticate");
    it.asked = it.calls.list_offsets({{{"t", 0}, offset_times::latest}}, {3'000, false});
    it.refuse_all(errc::connection_refused);
    EXPECT_SAYS(it.why(), "as far as: connect");
}

TEST(cluster_timeout, a_request_that_was_sent_stays_the_furthest_point) {
    slow_run it(std::map<std::string, std::string>{{"request.timeout.ms", "1000"}});
    it.cluster.connect("one:9092");
    it.cluster.tell_metadata();
    it.cluster.connect("two:9092");
    EXPECT_TRUE(it.cluster.has(api_key::list_offsets));
    it.cluster.pass(2 * second);
    // The broker that stands still still has its connections taken.
    it.cluster.accept("two:9092");
    it.cluster.pass(second);
    EXPECT_SAYS(it.why(), "as far as: ack (asked of two:9092)");
}

} // namespace
} // namespace barnabas::client::cluster_timeout_test
