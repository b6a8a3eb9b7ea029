#include "actors/client/admin/admin.hpp"
#include "actors/client/limits.hpp"
#include "protocol/kafka/delete_groups.hpp"
#include "protocol/kafka/list_offsets.hpp"
#include "tests/unit/actors/client/played_cluster.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <span>
#include <string_view>
#include <utility>

// Who is known to lead or coordinate, and cannot be reached: the cluster is asked again who it is by now.
namespace barnabas::client::cluster_unreachable_test {
namespace {

using kafka::api_key;
using test::millisecond;
using test::played_cluster;
using test::second;

struct lost_run {
    explicit lost_run(played_cluster::keys keys = {}, std::optional<std::int64_t> unreached_ns = {})
        : cluster(std::move(keys), 1, unreached_ns) {
        cluster.brokers = {{1, "one"}, {2, "two"}, {3, "three"}};
        cluster.topics["t"] = {2};
    }

    played_cluster cluster;
    admin calls{[this](std::unique_ptr<cluster_call> call, std::optional<std::int64_t> timeout_ns) {
        cluster.submit(std::move(call), timeout_ns);
    }};

    pending<results<partition_name, listed_offset>> ask_leader() {
        auto asked = calls.list_offsets({{{"t", 0}, offset_times::latest}});
        cluster.connect("one:9092");
        cluster.tell_metadata();
        return asked;
    }
    void tell_all() {
        while (cluster.has(api_key::metadata))
            cluster.tell_metadata();
    }
    /// Broker three leads from now on.
    void elect() {
        cluster.topics["t"] = {3};
        cluster.leader_epoch = 2;
    }
    void tell_coordinator(std::int32_t broker) {
        const auto asked = cluster.take(api_key::find_coordinator);
        kafka::find_coordinator_response said;
        auto& one = said.coordinators.emplace_back();
        one.key = "g";
        one.node_id = broker;
        one.host = broker == 2 ? "two" : "three";
        one.port = 9092;
        cluster.answer(asked, said);
    }
};

TEST(cluster_unreachable, a_leader_that_refuses_is_replaced_by_the_next_one) {
    lost_run it;
    const auto asked = it.ask_leader();
    it.cluster.refuse("two:9092");
    it.cluster.tell_metadata();
    EXPECT_FALSE(it.cluster.has(api_key::metadata)) << "asked again without a pause";
    it.elect();
    it.cluster.pass(150 * millisecond);
    it.cluster.tell_metadata();
    it.cluster.connect("three:9092");
    EXPECT_EQ(it.cluster.address_of(it.cluster.take(api_key::list_offsets)), "three:9092");
    EXPECT_FALSE(asked.is_done());
}

TEST(cluster_unreachable, a_leader_that_does_not_answer_the_connect_is_doubted_after_a_while) {
    lost_run it;
    const auto asked = it.ask_leader();
    it.cluster.pass(limits::connect_patience_ns - millisecond);
    EXPECT_FALSE(it.cluster.has(api_key::metadata));
    it.elect();
    it.cluster.pass(2 * millisecond);
    it.cluster.tell_metadata();
    it.cluster.connect("three:9092");
    EXPECT_TRUE(it.cluster.has(api_key::list_offsets));
    EXPECT_FALSE(asked.is_done());
}

TEST(cluster_unreachable, pauses_between_the_questions_grow) {
    lost_run it;
    const auto asked = it.ask_leader();
    it.cluster.refuse("two:9092");
    int questions = 0;
    for (int i = 0; i < 100; ++i) {
        if (it.cluster.has(api_key::metadata)) {
            it.cluster.tell_metadata();
            ++questions;
        }
        if (it.cluster.wanted.contains("two:9092"))
            it.cluster.refuse("two:9092");
        it.cluster.pass(100 * millisecond);
    }
    EXPECT_GE(questions, 8);
    EXPECT_LE(questions, 20);
    EXPECT_FALSE(asked.is_done());
}

TEST(cluster_unreachable, another_broker_is_asked_when_the_only_connection_was_to_the_leader) {
    lost_run it;
    it.cluster.topics["t"] = {1};
    const auto asked = it.ask_leader();
    it.cluster.hang_up(it.cluster.take(api_key::list_offsets).link);
    it.elect();
    for (int i = 0; i < 20 && !it.cluster.wanted.contains("two:9092"); ++i) {
        if (it.cluster.wanted.contains("one:9092"))
            it.cluster.refuse("one:9092");
        if (it.cluster.wanted.contains("three:9092"))
            it.cluster.refuse("three:9092");
        it.cluster.pass(100 * millisecond);
    }
    it.cluster.connect("two:9092");
    it.cluster.pass(second);
    it.cluster.tell_metadata();
    EXPECT_TRUE(it.cluster.wanted.contains("three:9092"));
    EXPECT_FALSE(asked.is_done());
}

TEST(cluster_unreachable, a_coordinator_that_refuses_is_looked_for_again) {
    lost_run it;
    const auto gone = it.calls.delete_groups({"g"});
    it.cluster.connect("one:9092");
    it.cluster.tell_metadata();
    it.tell_coordinator(2);
    EXPECT_FALSE(it.cluster.has(api_key::find_coordinator));
    it.cluster.refuse("two:9092");
    it.cluster.tell_metadata();
    it.tell_coordinator(2);
    EXPECT_FALSE(it.cluster.has(api_key::find_coordinator)) << "asked again without a pause";
    it.cluster.pass(150 * millisecond);
    it.cluster.tell_metadata();
    it.tell_coordinator(3);
    it.cluster.connect("three:9092");
    EXPECT_EQ(it.cluster.address_of(it.cluster.take(api_key::delete_groups)), "three:9092");
    EXPECT_FALSE(gone.is_done());
}

/// Bytes that are no answer of a broker; the peer sends them to each connection until time is over.
void answer_all(lost_run& it, std::string_view text, std::int64_t ns) {
    const auto until = it.cluster.now + ns;
    while (it.cluster.now < until) {
        while (it.cluster.wanted.contains("one:9092"))
            it.cluster.bytes(it.cluster.accept("one:9092"), std::as_bytes(std::span(text)));
        it.cluster.pass(100 * millisecond);
    }
}

TEST(cluster_unreachable, a_peer_that_speaks_no_kafka_is_told_once_until_it_says_something_else) {
    lost_run it;
    const auto asked = it.calls.list_offsets({{{"t", 0}, offset_times::latest}});
    answer_all(it, "220 ESMTP ready\r\n", 10 * second);
    answer_all(it, "SSH-2.0-OpenSSH_9.2\r\n", 5 * second);
    ASSERT_EQ(it.cluster.nonsense, std::vector<std::string>{it.cluster.nonsense.at(0)})
        << "numbers make no cause";
    EXPECT_NE(it.cluster.nonsense[0].find("the broker announced a response of"), std::string::npos);
    constexpr std::string_view short_frame("\0\0\0\4\0\0\0\x7f", 8);
    answer_all(it, short_frame, 5 * second);
    ASSERT_EQ(it.cluster.nonsense.size(), 2u);
    EXPECT_NE(it.cluster.nonsense[1].find("out of order"), std::string::npos) << it.cluster.nonsense[1];
    // A broker in between: what comes then is news again.
    for (int i = 0; i < 20 && !it.cluster.wanted.contains("one:9092"); ++i)
        it.cluster.pass(100 * millisecond);
    const auto link = it.cluster.accept("one:9092");
    it.cluster.tell_versions(it.cluster.take(api_key::api_versions, link));
    it.cluster.tell_metadata();
    it.cluster.hang_up(link);
    answer_all(it, short_frame, 5 * second);
    EXPECT_EQ(it.cluster.nonsense.size(), 3u);
    EXPECT_EQ(it.cluster.troubles.size(), 2u) << "each time that it was lost";
}

constexpr std::string_view http_answer = "HTTP/1.1 400 Bad Request\r\n\r\n";
constexpr std::string_view tls_alert("\x15\3\3\0\2\2\x16", 7), tls_handshake("\x16\3\1\0\x7a\2", 6);
constexpr std::string_view tls_sentence =
    "one:9092: a TLS server answers there, and this client has no TLS yet; "
    "name a PLAINTEXT listener of the broker";
constexpr std::string_view http_sentence =
    "one:9092: an HTTP server answers there, no broker; name a listener "
    "of the broker for clients, which is mostly at port 9092";

/// The peer at the end of the connection that is wanted sends it and no more.
void answer_once(lost_run& it, const std::string& address, std::string_view text) {
    it.cluster.bytes(it.cluster.accept(address), std::as_bytes(std::span(text)));
}

TEST(cluster_unreachable, what_answers_instead_of_a_broker_is_the_error_of_the_call_at_once) {
    for (const auto& [sent, sentence] :
         {std::pair{http_answer, http_sentence}, {tls_alert, tls_sentence}, {tls_handshake, tls_sentence}}) {
        lost_run it({}, 10 * second);
        const auto asked = it.calls.list_topics();
        answer_once(it, "one:9092", sent);
        ASSERT_TRUE(asked.is_done()) << sentence;
        EXPECT_EQ(asked.get().failure(), (error{errc::invalid_config, std::string(sentence)}));
        EXPECT_EQ(it.cluster.troubles, std::vector<std::string>{}) << "said twice";
        EXPECT_EQ(it.cluster.nonsense, std::vector<std::string>{}) << "logged as well";
    }
}

TEST(cluster_unreachable, what_answers_instead_of_a_broker_is_told_once_to_who_waits_on) {
    lost_run it;
    const auto asked = it.calls.list_topics();
    answer_all(it, tls_alert, 10 * second);
    EXPECT_FALSE(asked.is_done());
    EXPECT_EQ(it.cluster.troubles, std::vector<std::string>{std::string(tls_sentence)});
    EXPECT_EQ(it.cluster.nonsense, std::vector<std::string>{});
}

TEST(cluster_unreachable, who_hangs_up_before_it_told_its_versions_may_be_a_tls_server) {
    lost_run silent;
    const auto asked = silent.calls.list_topics();
    silent.cluster.hang_up(silent.cluster.accept("one:9092"));
    EXPECT_EQ(
        silent.cluster.troubles,
        std::vector<std::string>{"one:9092: the broker closed the connection before it told its versions, "
                                 "as TLS servers do; name a PLAINTEXT listener of the broker"});
    lost_run known;
    const auto more = known.calls.list_topics();
    known.cluster.connect("one:9092");
    known.cluster.hang_up(known.cluster.take(api_key::metadata).link);
    for (int i = 0; i < 20 && !known.cluster.wanted.contains("one:9092"); ++i)
        known.cluster.pass(100 * millisecond);
    known.cluster.hang_up(known.cluster.accept("one:9092"));
    EXPECT_EQ(known.cluster.troubles, std::vector<std::string>{"one:9092: the broker closed the connection"})
        << "it was a broker a moment ago";
    EXPECT_FALSE(asked.is_done() || more.is_done());
}

TEST(cluster_unreachable, a_call_waits_while_one_of_the_servers_may_be_a_broker) {
    lost_run it({{"bootstrap.servers", "one:9092,two:9092"}}, 10 * second);
    const auto asked = it.calls.list_topics();
    for (int i = 0; i < 30 && !(it.cluster.wanted.contains("two:9092")); ++i) {
        if (it.cluster.wanted.contains("one:9092"))
            answer_once(it, "one:9092", http_answer);
        it.cluster.pass(100 * millisecond);
    }
    EXPECT_FALSE(asked.is_done());
    it.cluster.connect("two:9092");
    it.tell_all();
    EXPECT_TRUE(asked.is_done() && asked.get().has_value());
}

TEST(cluster_unreachable, a_broker_that_takes_the_place_of_an_http_server_is_found_by_the_next_call) {
    lost_run it({}, 10 * second);
    const auto first = it.calls.list_topics();
    answer_once(it, "one:9092", http_answer);
    ASSERT_TRUE(first.is_done());
    it.cluster.pass(millisecond);
    const auto next = it.calls.list_topics();
    EXPECT_FALSE(next.is_done()) << "by what an earlier attempt found";
    it.cluster.pass(2 * second);
    it.cluster.connect("one:9092");
    it.tell_all();
    EXPECT_TRUE(next.is_done() && next.get().has_value());
}

TEST(cluster_unreachable, lengths_like_tls_or_http_from_a_broker_that_told_its_versions_are_no_kafka) {
    lost_run it({}, 10 * second);
    const auto asked = it.calls.list_topics();
    it.cluster.connect("one:9092");
    const auto link = it.cluster.take(api_key::metadata).link;
    it.cluster.bytes(link, std::as_bytes(std::span(http_answer)));
    EXPECT_FALSE(asked.is_done());
    ASSERT_EQ(it.cluster.nonsense.size(), 1u);
    EXPECT_NE(it.cluster.nonsense[0].find("the broker announced a response of"), std::string::npos);
}

} // namespace
} // namespace barnabas::client::cluster_unreachable_test
