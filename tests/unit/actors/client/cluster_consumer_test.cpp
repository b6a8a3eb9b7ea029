#include "tests/unit/actors/client/consumer_in_group.hpp"

#include "protocol/kafka/offset_commit.hpp"

#include <gtest/gtest.h>

// Partitions by hand: where reading begins, goes on, and what is given out.
namespace barnabas::client::cluster_consumer_test {
namespace {

using kafka::api_key;
using kafka::error_code;
using test::consumer_world;
using test::millisecond;
using test::second;
using texts = std::vector<std::string>;
using keys = std::map<std::string, std::string>;
using offsets = std::map<std::int32_t, std::int64_t>;

const partition_name t0{"t", 0};
const partition_name t1{"t", 1};

/// Reads t-0 from offset 0.
consumer_world& begun(consumer_world& it) {
    it.assign({t0});
    it.answer_offsets(it.take(api_key::list_offsets), 0);
    return it;
}

TEST(cluster_consumer, begins_where_the_reset_policy_says_and_gives_records_in_order) {
    consumer_world it;
    it.assign({t0, t1});
    const auto asked = it.take(api_key::list_offsets);
    EXPECT_EQ(asked.as<kafka::list_offsets_request>().topics.at(0).partitions.at(0).timestamp, -2);
    it.answer_offsets(asked, 5);
    const auto fetch = it.take(api_key::fetch);
    EXPECT_EQ(consumer_world::wishes(fetch), (offsets{{0, 5}, {1, 5}}));
    it.poll();
    EXPECT_FALSE(it.polled.has_value());
    it.answer_fetch(fetch, {{0, {consumer_world::batch_of(5, 2)}}, {1, {consumer_world::batch_of(5, 1)}}});
    EXPECT_EQ(it.texts(), (texts{"0:5=v5", "0:6=v6", "1:5=v5"}));
    EXPECT_EQ(it.consumer.position(t0), 7);
    EXPECT_EQ(consumer_world::wishes(it.take(api_key::fetch)), (offsets{{0, 7}, {1, 6}}));
}

std::int64_t time_asked(const consumer_world::request& to) {
    return to.as<kafka::list_offsets_request>().topics.at(0).partitions.at(0).timestamp;
}

TEST(cluster_consumer, begins_so_long_before_now_as_the_reset_policy_says) {
    consumer_world it(keys{{"auto.offset.reset", "by_duration:PT1H"}});
    it.wall = timestamp_ms(1'700'000'000'000);
    it.assign({t0});
    const auto asked = it.take(api_key::list_offsets);
    EXPECT_EQ(time_asked(asked), 1'700'000'000'000 - 3'600'000);
    it.answer_offsets(asked, 5);
    const auto fetch = it.take(api_key::fetch);
    EXPECT_EQ(consumer_world::wishes(fetch), (offsets{{0, 5}}));
    // Out of range later: so long before then.
    it.wall = timestamp_ms(1'700'000'500'000);
    it.answer_fetch(fetch, {{0, {{}, error_code::offset_out_of_range}}});
    EXPECT_EQ(time_asked(it.take(api_key::list_offsets)), 1'700'000'500'000 - 3'600'000);
}

TEST(cluster_consumer, begins_at_the_end_when_no_record_is_as_new_as_the_reset_policy_says) {
    consumer_world it(keys{{"auto.offset.reset", "by_duration:PT0.5S"}});
    it.assign({t0});
    it.answer_offsets(it.take(api_key::list_offsets), -1);
    const auto asked = it.take(api_key::list_offsets);
    EXPECT_EQ(time_asked(asked), offset_times::latest);
    it.answer_offsets(asked, 9);
    EXPECT_EQ(consumer_world::wishes(it.take(api_key::fetch)), (offsets{{0, 9}}));
}

TEST(cluster_consumer, a_reset_to_before_all_times_asks_for_the_first_of_them) {
    consumer_world it(keys{{"auto.offset.reset", "by_duration:P1000000D"}});
    it.assign({t0});
    EXPECT_EQ(time_asked(it.take(api_key::list_offsets)), 0);
}

TEST(cluster_consumer, a_poll_gives_no_more_than_max_poll_records_and_goes_on_in_the_batch) {
    consumer_world it(keys{{"max.poll.records", "2"}});
    begun(it);
    it.answer_fetch(it.take(api_key::fetch), {{0, {consumer_world::batch_of(0, 5)}}});
    it.poll();
    EXPECT_EQ(it.texts(), (texts{"0:0=v0", "0:1=v1"}));
    EXPECT_EQ(it.consumer.position(t0), 2);
    it.poll();
    it.poll();
    EXPECT_EQ(it.texts(), (texts{"0:4=v4"}));
}

TEST(cluster_consumer, lag_is_from_the_position_to_the_end_that_the_leader_told) {
    for (const bool committed : {false, true}) {
        consumer_world it(keys{{"isolation.level", committed ? "read_committed" : "read_uncommitted"},
                               {"max.poll.records", "2"}});
        begun(it);
        EXPECT_EQ(it.consumer.current_lag(t0), std::nullopt);
        EXPECT_EQ(it.consumer.high_watermark(t0), std::nullopt);
        it.answer_fetch(it.take(api_key::fetch),
                        {{0, {consumer_world::batch_of(0, 5), error_code::none, {}, 9, 7}}});
        EXPECT_EQ(it.consumer.high_watermark(t0), 9);
        EXPECT_EQ(it.consumer.current_lag(t0), committed ? 7 : 9);
        it.poll();
        EXPECT_EQ(it.consumer.current_lag(t0), committed ? 5 : 7);
        ASSERT_TRUE(it.consumer.seek(t0, 50).has_value());
        EXPECT_EQ(it.consumer.current_lag(t0), 0);
        EXPECT_EQ(it.consumer.current_lag(t1), std::nullopt);
        EXPECT_EQ(it.consumer.high_watermark(t1), std::nullopt);
    }
}

TEST(cluster_consumer, records_below_the_position_stay_out) {
    consumer_world it;
    it.assign({t0});
    ASSERT_TRUE(it.consumer.seek(t0, 3).has_value());
    it.settle();
    it.answer_fetch(it.take(api_key::fetch), {{0, {consumer_world::batch_of(0, 5)}}});
    it.poll();
    EXPECT_EQ(it.texts(), (texts{"0:3=v3", "0:4=v4"}));
}

TEST(cluster_consumer, compressed_batches_are_unpacked) {
    for (const auto codec :
         {batch::codec::gzip, batch::codec::snappy, batch::codec::lz4, batch::codec::zstd}) {
        consumer_world it;
        begun(it);
        batch::builder_options packed;
        packed.compression = codec;
        it.answer_fetch(it.take(api_key::fetch), {{0, {consumer_world::batch_of(0, 300, packed)}}});
        it.poll();
        ASSERT_EQ(it.texts().size(), 300u);
        EXPECT_EQ(it.texts().back(), "0:299=v299");
    }
}

TEST(cluster_consumer, a_name_that_no_topic_can_have_fails_every_poll_until_another_is_asked_for) {
    consumer_world it(keys{{"group.id", "g"}});
    it.assign({{"bad topic", 0}});
    for (int i = 0; i < 2; ++i) {
        it.poll();
        EXPECT_EQ(it.failure(), errc::invalid_topic);
    }
    it.consumer.unsubscribe();
    wanted_topics wanted;
    wanted.names = {"t", std::string(260, 'a')};
    ASSERT_TRUE(it.consumer.subscribe(wanted).has_value());
    it.poll();
    EXPECT_EQ(it.failure(), errc::invalid_topic);
    it.consumer.unsubscribe();
    it.assign({t0});
    it.poll();
    EXPECT_FALSE(it.polled.has_value());
}

TEST(cluster_consumer, a_topic_that_the_cluster_refuses_fails_the_poll) {
    const std::vector<std::pair<error_code, errc>> cases{
        {error_code::invalid_topic_exception, errc::invalid_topic},
        {error_code::topic_authorization_failed, errc::topic_authorization_failed}};
    for (const auto& [answered, told] : cases) {
        consumer_world it;
        it.cluster.topics.clear();
        it.cluster.absent_topic = answered;
        it.assign({t0});
        it.poll();
        it.introduce();
        EXPECT_EQ(it.failure(), told);
        ASSERT_TRUE(it.polled.has_value());
        EXPECT_NE(it.polled->failure().detail.find("topic 't'"), std::string::npos);
    }
}

TEST(cluster_consumer, a_poll_without_records_ends_in_time) {
    consumer_world it;
    begun(it);
    it.poll(300 * millisecond);
    it.pass(299 * millisecond);
    EXPECT_FALSE(it.polled.has_value());
    it.pass(2 * millisecond);
    ASSERT_TRUE(it.polled.has_value());
    EXPECT_TRUE(it.texts().empty());
}

TEST(cluster_consumer, an_answer_to_what_was_asked_before_a_seek_is_void) {
    consumer_world it;
    begun(it);
    const auto old = it.take(api_key::fetch);
    ASSERT_TRUE(it.consumer.seek(t0, 100).has_value());
    it.settle();
    it.poll();
    it.answer_fetch(old, {{0, {consumer_world::batch_of(0, 2)}}});
    EXPECT_FALSE(it.polled.has_value());
    const auto fetch = it.take(api_key::fetch);
    EXPECT_EQ(consumer_world::wishes(fetch), (offsets{{0, 100}}));
    it.answer_fetch(fetch, {{0, {consumer_world::batch_of(100, 1)}}});
    EXPECT_EQ(it.texts(), (texts{"0:100=v100"}));
}

TEST(cluster_consumer, what_is_paused_is_kept_and_not_given) {
    consumer_world it;
    begun(it);
    it.answer_fetch(it.take(api_key::fetch), {{0, {consumer_world::batch_of(0, 1)}}});
    ASSERT_TRUE(it.consumer.pause(t0, true).has_value());
    it.poll(10 * millisecond);
    it.pass(20 * millisecond);
    EXPECT_TRUE(it.polled.has_value() && it.texts().empty());
    ASSERT_TRUE(it.consumer.pause(t0, false).has_value());
    it.poll();
    EXPECT_EQ(it.texts(), (texts{"0:0=v0"}));
    EXPECT_EQ(it.consumer.pause(t1, true).code(), errc::invalid_request);
}

TEST(cluster_consumer, what_is_paused_does_not_hold_up_the_others) {
    consumer_world it(keys{{"fetch.max.bytes", "100"}});
    it.assign({t0, t1});
    it.answer_offsets(it.take(api_key::list_offsets), 0);
    it.answer_fetch(it.take(api_key::fetch), {{0, {consumer_world::batch_of(0, 20)}}});
    EXPECT_FALSE(it.has(api_key::fetch)) << "as much as may be is there already";
    ASSERT_TRUE(it.consumer.pause(t0, true).has_value());
    it.poll();
    const auto fetch = it.take(api_key::fetch);
    EXPECT_EQ(consumer_world::wishes(fetch), (offsets{{1, 0}}));
    it.answer_fetch(fetch, {{1, {consumer_world::batch_of(0, 1)}}});
    EXPECT_EQ(it.texts(), (texts{"1:0=v0"}));
}

TEST(cluster_consumer, fetches_ahead_but_not_without_bound) {
    consumer_world it(keys{{"max.partition.fetch.bytes", "200"}});
    begun(it);
    it.answer_fetch(it.take(api_key::fetch), {{0, {consumer_world::batch_of(0, 3)}}});
    const auto ahead = it.take(api_key::fetch);
    EXPECT_EQ(consumer_world::wishes(ahead), (offsets{{0, 3}}));
    it.answer_fetch(ahead, {{0, {consumer_world::batch_of(3, 20)}}});
    EXPECT_FALSE(it.has(api_key::fetch));
    it.poll();
    EXPECT_EQ(it.texts().size(), 23u);
    EXPECT_EQ(consumer_world::wishes(it.take(api_key::fetch)), (offsets{{0, 23}}));
}

TEST(cluster_consumer, control_batches_stay_out_and_the_position_goes_past_them) {
    consumer_world it;
    begun(it);
    batch::builder_options marker;
    marker.control = true;
    marker.producer_id = producer_id(7);
    marker.producer_epoch = producer_epoch(0);
    marker.transactional = true;
    const auto records =
        join(std::vector<slice>{consumer_world::batch_of(0, 1), consumer_world::batch_of(1, 1, marker)});
    it.answer_fetch(it.take(api_key::fetch), {{0, {records}}});
    it.poll();
    EXPECT_EQ(it.texts(), (texts{"0:0=v0"}));
    it.poll(millisecond);
    it.pass(2 * millisecond);
    EXPECT_EQ(it.consumer.position(t0), 2);
}

TEST(cluster_consumer, with_read_committed_aborted_records_stay_out_until_their_marker) {
    consumer_world it(keys{{"isolation.level", "read_committed"}});
    begun(it);
    batch::builder_options of;
    of.producer_id = producer_id(7);
    of.producer_epoch = producer_epoch(0);
    of.base_sequence = 0;
    of.transactional = true;
    auto marker = of;
    marker.control = true;
    marker.base_sequence = -1;
    marker.base_offset = log_offset(2);
    batch::batch_builder abort(marker);
    const std::array<std::byte, 4> key{};
    const std::array<std::byte, 6> value{};
    abort.append(timestamp_ms(1), std::span<const std::byte>(key), std::span<const std::byte>(value));
    const auto records =
        join(std::vector<slice>{consumer_world::batch_of(0, 2, of), abort.build(),
                                consumer_world::batch_of(3, 1, of), consumer_world::batch_of(4, 1)});
    const auto fetch = it.take(api_key::fetch);
    EXPECT_EQ(fetch.as<kafka::fetch_request>().isolation_level, 1);
    it.answer_fetch(fetch, {{0, {records, error_code::none, {{7, 0}}}}});
    it.poll();
    EXPECT_EQ(it.texts(), (texts{"0:3=v3", "0:4=v4"}));
}

TEST(cluster_consumer, out_of_range_begins_anew_by_the_policy) {
    consumer_world it;
    begun(it);
    it.answer_fetch(it.take(api_key::fetch), {{0, {{}, error_code::offset_out_of_range}}});
    it.answer_offsets(it.take(api_key::list_offsets), 40);
    EXPECT_EQ(consumer_world::wishes(it.take(api_key::fetch)), (offsets{{0, 40}}));
}

TEST(cluster_consumer, a_reset_to_the_start_tells_where_the_log_starts) {
    for (const bool latest : {false, true}) {
        consumer_world it(keys{{"auto.offset.reset", latest ? "latest" : "earliest"}});
        begun(it);
        EXPECT_EQ(it.consumer.find(t0)->log_start, latest ? -1 : 0);
        EXPECT_EQ(it.consumer.high_watermark(t0), std::nullopt) << "a start says nothing of an end";
        it.answer_fetch(it.take(api_key::fetch), {{0, {{}, error_code::none, {}, 9, 7}}});
        const auto before = it.consumer.find(t0)->log_start;
        it.answer_fetch(it.take(api_key::fetch), {{0, {{}, error_code::offset_out_of_range}}});
        it.answer_offsets(it.take(api_key::list_offsets), 40);
        EXPECT_EQ(it.consumer.find(t0)->log_start, latest ? before : 40);
        EXPECT_EQ(it.consumer.high_watermark(t0), latest ? 9 : 40) << "no log ends before it starts";
        EXPECT_EQ(it.consumer.current_lag(t0), 0);
    }
}

TEST(cluster_consumer, out_of_range_without_a_policy_is_told_and_a_seek_helps) {
    consumer_world it(keys{{"auto.offset.reset", "none"}});
    it.assign({t0});
    it.poll();
    EXPECT_EQ(it.failure(), errc::offset_out_of_range);
    ASSERT_TRUE(it.consumer.seek(t0, 8).has_value());
    it.settle();
    it.answer_fetch(it.take(api_key::fetch), {{0, {{}, error_code::offset_out_of_range}}});
    it.poll();
    EXPECT_EQ(it.failure(), errc::offset_out_of_range);
    // Nothing else comes: each poll ends with it, and none of them spins.
    it.poll(15 * millisecond);
    EXPECT_FALSE(it.polled.has_value());
    it.pass(20 * millisecond);
    EXPECT_EQ(it.failure(), errc::offset_out_of_range);
    EXPECT_FALSE(it.has(api_key::fetch));
}

TEST(cluster_consumer, what_a_broker_refuses_is_told_and_asked_again) {
    consumer_world it;
    begun(it);
    it.answer_fetch(it.take(api_key::fetch), {{0, {{}, error_code::topic_authorization_failed}}});
    it.poll();
    EXPECT_EQ(it.failure(), errc::topic_authorization_failed);
    it.poll(10 * second);
    it.pass(2 * second);
    it.answer_fetch(it.take(api_key::fetch), {{0, {consumer_world::batch_of(0, 1)}}});
    EXPECT_EQ(it.texts(), (texts{"0:0=v0"}));
}

TEST(cluster_consumer, a_damaged_batch_is_told_after_the_records_before_it_and_is_never_given) {
    consumer_world it;
    begun(it);
    const auto bad = consumer_world::batch_of(1, 2);
    bad.patch_before_sharing()[bad.size() - 2] ^= std::byte{1};
    it.answer_fetch(it.take(api_key::fetch),
                    {{0, {join(std::vector<slice>{consumer_world::batch_of(0, 1), bad})}}});
    it.poll();
    EXPECT_EQ(it.texts(), (texts{"0:0=v0"}));
    it.poll();
    EXPECT_EQ(it.failure(), errc::corrupt_message);
    EXPECT_EQ(it.consumer.position(t0), 1);
}

TEST(cluster_consumer, goes_to_the_new_leader_after_an_error) {
    consumer_world it;
    begun(it);
    it.cluster.brokers = {{1, "one"}, {2, "two"}};
    it.cluster.topics["t"] = {2, 2};
    it.cluster.leader_epoch = 2;
    it.answer_fetch(it.take(api_key::fetch), {{0, {{}, error_code::not_leader_or_follower}}});
    it.pass(200 * millisecond);
    it.introduce();
    it.pass(200 * millisecond);
    const auto fetch = it.take(api_key::fetch);
    EXPECT_EQ(it.fetches.address_of(fetch), "two:9092");
    EXPECT_EQ(fetch.as<kafka::fetch_request>().topics[0].partitions[0].current_leader_epoch, 2);
    EXPECT_EQ(consumer_world::wishes(fetch), (offsets{{0, 0}}));
}

TEST(cluster_consumer, a_topic_that_was_made_again_is_read_from_its_start) {
    consumer_world it;
    begun(it);
    it.answer_fetch(it.take(api_key::fetch), {{0, {consumer_world::batch_of(0, 5)}}});
    it.poll();
    EXPECT_EQ(it.consumer.position(t0), 5);
    it.cluster.topic_id_byte = it.fetches.topic_id_byte = 8;
    it.answer_fetch(it.take(api_key::fetch), {{0, {{}, error_code::unknown_topic_id}}});
    it.pass(second);
    // Its log may be longer by now than the position was.
    it.answer_offsets(it.take(api_key::list_offsets), 0);
    const auto fetch = it.take(api_key::fetch);
    EXPECT_EQ(consumer_world::wishes(fetch), (offsets{{0, 0}}));
    it.poll();
    it.answer_fetch(fetch, {{0, {consumer_world::batch_of(0, 1)}}});
    EXPECT_EQ(it.texts(), (texts{"0:0=v0"}));
}

TEST(cluster_consumer, a_fetch_that_gets_no_answer_does_not_keep_it_from_the_new_leader) {
    consumer_world it;
    begun(it);
    const auto lost = it.take(api_key::fetch);
    it.cluster.brokers = {{1, "one"}, {2, "two"}};
    it.cluster.topics["t"] = {2, 2};
    it.cluster.leader_epoch = 2;
    it.pass(1600 * millisecond);
    EXPECT_FALSE(it.fetches.has(api_key::fetch));
    it.introduce();
    // The client of the Fetches does not know the new broker yet; on its only connection it waits in line.
    it.fetches.hang_up(lost.link);
    it.pass(300 * millisecond);
    const auto fetch = it.take(api_key::fetch);
    EXPECT_EQ(it.fetches.address_of(fetch), "two:9092");
    it.answer_fetch(fetch, {{0, {consumer_world::batch_of(0, 1)}}});
    it.poll();
    EXPECT_EQ(it.texts(), (texts{"0:0=v0"}));
}

TEST(cluster_consumer, a_connection_that_breaks_costs_a_pause_and_no_records) {
    consumer_world it;
    begun(it);
    const auto lost = it.take(api_key::fetch);
    it.fetches.hang_up(lost.link);
    it.settle();
    it.pass(300 * millisecond);
    const auto fetch = it.take(api_key::fetch);
    EXPECT_EQ(consumer_world::wishes(fetch), (offsets{{0, 0}}));
}

TEST(cluster_consumer, a_topic_that_is_not_there_is_told_once_and_waited_for) {
    consumer_world it;
    it.cluster.topics.erase("t");
    it.assign({t0});
    it.introduce();
    it.pass(3 * second);
    it.introduce();
    ASSERT_EQ(it.troubles.size(), 1u);
    EXPECT_EQ(it.troubles[0], "topic 't': the cluster answered UNKNOWN_TOPIC_OR_PARTITION");
}

TEST(cluster_consumer, with_a_group_begins_at_what_was_committed_and_commits_what_was_polled) {
    consumer_world it(keys{{"group.id", "g"}, {"auto.commit.interval.ms", "100"}});
    begin_in_group(it, 9);
    const auto fetch = it.take(api_key::fetch);
    EXPECT_EQ(consumer_world::wishes(fetch), (offsets{{0, 9}}));
    it.poll();
    it.answer_fetch(fetch, {{0, {consumer_world::batch_of(9, 3)}}});
    EXPECT_EQ(it.texts().size(), 3u);
    it.pass(150 * millisecond);
    EXPECT_FALSE(it.has(api_key::offset_commit));
    it.poll();
    const auto commit = it.take(api_key::offset_commit).as<kafka::offset_commit_request>();
    EXPECT_EQ(commit.topics.at(0).partitions.at(0).committed_offset, 12);
    EXPECT_EQ(commit.generation_id_or_member_epoch, -1);
}

TEST(cluster_consumer, commits_that_wait_go_out_before_it_is_closed) {
    consumer_world it(keys{{"group.id", "g"}, {"enable.auto.commit", "false"}});
    std::vector<std::string> order;
    for (const std::int64_t offset : {1, 2})
        it.consumer.commit({{{t0, {offset, -1, {}}}}}, [&order, offset](const result<void>& said) {
            order.push_back(std::to_string(offset) + (said ? "" : ": " + said.failure().detail));
        });
    it.consumer.close([&](const result<void>&) { order.push_back("closed"); });
    it.settle();
    for (const std::int64_t offset : {1, 2}) {
        it.introduce();
        if (offset == 1)
            it.answer_coordinator();
        EXPECT_EQ(order.size(), static_cast<std::size_t>(offset - 1));
        const auto asked = it.take(api_key::offset_commit);
        const auto wish = asked.as<kafka::offset_commit_request>().topics.at(0);
        EXPECT_EQ(wish.partitions.at(0).committed_offset, offset);
        kafka::offset_commit_response said;
        auto& topic = said.topics.emplace_back();
        topic.name = wish.name;
        topic.partitions.emplace_back();
        it.answer(asked, said);
    }
    EXPECT_EQ(order, (texts{"1", "2", "closed"}));
}

TEST(cluster_consumer, seeks_no_time_that_brokers_do_not_know) {
    consumer_world it;
    begun(it);
    for (const std::int64_t bad : {-6, -9, -1000})
        EXPECT_EQ(it.consumer.seek_to_time(t0, bad).code(), errc::invalid_request) << bad;
    for (std::int64_t good = offset_times::latest_tiered; good <= 1; ++good)
        EXPECT_TRUE(it.consumer.seek_to_time(t0, good).has_value()) << good;
}

TEST(cluster_consumer, says_what_cannot_be_asked_of_it) {
    consumer_world it;
    it.poll();
    EXPECT_EQ(it.failure(), errc::invalid_request);
    EXPECT_EQ(it.consumer.subscribe({{"t"}, nullptr}).code(), errc::invalid_request);
    EXPECT_EQ(it.consumer.seek(t0, 1).code(), errc::invalid_request);
    result<void> committed;
    it.consumer.commit(std::nullopt, [&](const result<void>& said) { committed = said; });
    EXPECT_EQ(committed.code(), errc::invalid_request);
}

} // namespace
} // namespace barnabas::client::cluster_consumer_test
