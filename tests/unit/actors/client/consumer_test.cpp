#include "actors/client/consumer.hpp"
#include "protocol/batch/builder.hpp"
#include "protocol/batch/message_builder.hpp"
#include "protocol/batch/patch.hpp"
#include "protocol/kafka/error_codes.hpp"
#include "tests/unit/actors/client/played_broker.hpp"

#include <gtest/gtest.h>

namespace barnabas::client::consumer_test {
namespace {

using kafka::error_code;
using test::played_broker;

slice records(std::int64_t base, int count) {
    batch::builder_options options;
    options.base_offset = log_offset(base);
    options.leader_epoch = leader_epoch(0);
    batch::batch_builder builder(options);
    for (int i = 0; i < count; ++i)
        builder.append_text(timestamp_ms(1), "k", "v");
    return builder.build();
}

struct consuming {
    explicit consuming(bool use_session, std::int16_t version = kafka::fetch_request::highest_version)
        : machine(connection, options_of(use_session, version),
                  {[this](const consumed& one) { got.push_back(one); },
                   [this](const topic_id&, std::int32_t, log_offset at) { starts.push_back(at.get()); },
                   [this](const consumer_problem& one) { problems.push_back(one); }}),
          broker(machine, connection) {}

    static consumer_options options_of(bool use_session, std::int16_t version) {
        consumer_options options;
        options.topic = "t";
        options.fetch_version_max = version;
        options.use_session = use_session;
        return options;
    }
    void come_up(std::int64_t start = 0) {
        broker.come_up();
        broker.tell_topic("t", 1);
        tell_start(start);
    }
    void tell_start(std::int64_t start) {
        kafka::list_offsets_response said;
        auto& topic = said.topics.emplace_back();
        topic.name = "t";
        topic.partitions.emplace_back().offset = start;
        broker.answer(broker.take(kafka::api_key::list_offsets), said);
    }
    kafka::fetch_request answer(error_code code, std::int64_t high_watermark, const slice& bytes,
                                std::int32_t session = 0) {
        const auto request = broker.take(kafka::api_key::fetch);
        kafka::fetch_response said;
        said.session_id = session;
        auto& topic = said.responses.emplace_back();
        topic.topic = "t";
        topic.topic_id = played_broker::id();
        auto& partition = topic.partitions.emplace_back();
        partition.error_code = kafka::wire_value(code);
        partition.high_watermark = high_watermark;
        partition.log_start_offset = 0;
        partition.records = bytes;
        broker.answer(request, said);
        return request.as<kafka::fetch_request>();
    }

    client_connection connection{connection_options{}};
    consumer machine;
    played_broker broker;
    std::vector<consumed> got;
    std::vector<std::int64_t> starts;
    std::vector<consumer_problem> problems;
};

TEST(consumer, reads_from_the_start_on_and_goes_on_where_a_batch_ends) {
    consuming it(false);
    it.come_up(3);
    const auto first = it.answer(error_code::none, 5, records(3, 2));
    EXPECT_EQ(first.topics.at(0).partitions.at(0).fetch_offset, 3);
    EXPECT_EQ(it.machine.position(0), log_offset(5));
    const auto second = it.answer(error_code::none, 5, slice());
    EXPECT_EQ(second.topics.at(0).partitions.at(0).fetch_offset, 5);
    ASSERT_EQ(it.got.size(), 2u);
    EXPECT_EQ(it.got[0].batches.size(), 1u);
    EXPECT_EQ(it.got[0].from, log_offset(3));
    EXPECT_EQ(it.got[1].high_watermark, log_offset(5));
}

TEST(consumer, an_incomplete_last_batch_is_left_out) {
    consuming it(false);
    it.come_up();
    auto whole = records(0, 1);
    auto next = records(1, 1);
    const std::vector<slice> parts{whole, next.sub(0, next.size() - 1)};
    it.answer(error_code::none, 2, join(parts));
    EXPECT_EQ(it.machine.position(0), log_offset(1));
}

TEST(consumer, corrupt_records_are_reported_and_not_handed_over) {
    consuming it(false);
    it.come_up();
    auto bad = records(0, 1);
    bad.patch_before_sharing().back() ^= std::byte{1};
    it.answer(error_code::none, 1, bad);
    ASSERT_EQ(it.problems.size(), 1u);
    EXPECT_EQ(it.problems[0].what, consumer_problem::kind::corrupt);
    EXPECT_TRUE(it.got.empty());
    EXPECT_EQ(it.machine.position(0), log_offset(0));
}

slice messages(std::int64_t base, int count, batch::codec which) {
    batch::message_builder_options options;
    options.compression = which;
    batch::message_builder builder(options);
    for (int i = 0; i < count; ++i)
        builder.append(log_offset(base + i), timestamp_ms(1), std::nullopt, batch::bytes_of("v"));
    return builder.build();
}

TEST(consumer, an_old_one_is_handed_message_sets) {
    for (const auto which : {batch::codec::none, batch::codec::gzip}) {
        consuming it(false, 3);
        it.come_up();
        it.answer(error_code::none, 5, messages(0, 3, which));
        EXPECT_EQ(it.machine.position(0), log_offset(3));
        ASSERT_EQ(it.got.size(), 1u);
        EXPECT_TRUE(it.got[0].batches.empty());
        EXPECT_EQ(it.got[0].messages.size(), which == batch::codec::none ? 3u : 1u);
        EXPECT_EQ(it.got[0].next_offset(), log_offset(3));
    }
}

TEST(consumer, an_old_one_knows_the_start_of_the_log_from_list_offsets) {
    consuming it(false, 3);
    it.come_up(7);
    it.answer(error_code::none, 9, messages(7, 1, batch::codec::none));
    ASSERT_EQ(it.got.size(), 1u);
    EXPECT_EQ(it.got[0].log_start_offset, log_offset(7));
}

TEST(consumer, an_old_one_refuses_batches_and_damaged_messages) {
    auto damaged = messages(0, 1, batch::codec::none);
    damaged.patch_before_sharing().back() ^= std::byte{1};
    for (const auto& bad : {records(0, 1), damaged}) {
        consuming it(false, 3);
        it.come_up();
        it.answer(error_code::none, 1, bad);
        ASSERT_EQ(it.problems.size(), 1u);
        EXPECT_EQ(it.problems[0].what, consumer_problem::kind::corrupt);
        EXPECT_EQ(it.machine.position(0), log_offset(0));
    }
}

TEST(consumer, a_session_names_only_what_changed) {
    consuming it(true);
    it.come_up();
    EXPECT_EQ(it.answer(error_code::none, 1, records(0, 1), 9).session_epoch, 0);
    const auto second = it.answer(error_code::none, 1, slice(), 9);
    EXPECT_EQ(second.session_id, 9);
    EXPECT_EQ(second.session_epoch, 1);
    EXPECT_EQ(second.topics.size(), 1u);
    const auto third = it.answer(error_code::none, 1, slice(), 9);
    EXPECT_EQ(third.session_epoch, 2);
    EXPECT_TRUE(third.topics.empty());
}

TEST(consumer, a_forgotten_session_is_opened_anew) {
    consuming it(true);
    it.come_up();
    it.answer(error_code::none, 1, records(0, 1), 9);
    kafka::fetch_response forgotten;
    forgotten.error_code = kafka::wire_value(error_code::fetch_session_id_not_found);
    it.broker.answer(it.broker.take(kafka::api_key::fetch), forgotten);
    const auto again = it.broker.take(kafka::api_key::fetch).as<kafka::fetch_request>();
    EXPECT_EQ(again.session_id, 0);
    EXPECT_EQ(again.session_epoch, 0);
    EXPECT_EQ(again.topics.size(), 1u);
}

TEST(consumer, out_of_range_is_reported_and_reading_goes_on_from_the_start) {
    consuming it(false);
    it.come_up(8);
    it.answer(error_code::offset_out_of_range, 4, slice());
    ASSERT_EQ(it.problems.size(), 1u);
    EXPECT_EQ(it.problems[0].what, consumer_problem::kind::out_of_range);
    EXPECT_TRUE(it.broker.requests.empty());
    it.broker.pass(test::second);
    // It may be another topic of that name.
    it.broker.tell_topic("t", 1);
    it.broker.take(kafka::api_key::list_offsets);
}

TEST(consumer, where_reading_begins_is_told_before_anything_is_read) {
    consuming it(false, 3);
    it.come_up(3);
    it.answer(error_code::offset_out_of_range, 9, slice());
    it.broker.pass(test::second);
    it.broker.tell_topic("t", 1);
    it.tell_start(8);
    EXPECT_TRUE(it.got.empty());
    EXPECT_EQ(it.starts, (std::vector<std::int64_t>{3, 8}));
}

TEST(consumer, a_topic_that_was_made_again_is_read_from_its_start_as_another_one) {
    consuming it(true);
    it.come_up();
    it.answer(error_code::none, 3, records(0, 3), 9);
    it.answer(error_code::unknown_topic_id, -1, slice(), 9);
    it.broker.pass(test::second);
    const auto next = played_broker::id(8);
    it.broker.tell_topic("t", 1, next);
    kafka::list_offsets_response said;
    said.topics.emplace_back().name = "t";
    said.topics.back().partitions.emplace_back().offset = 0;
    it.broker.answer(it.broker.take(kafka::api_key::list_offsets), said);
    const auto asked = it.broker.take(kafka::api_key::fetch).as<kafka::fetch_request>();
    EXPECT_EQ(asked.session_id, 0);
    ASSERT_EQ(asked.topics.size(), 1u);
    EXPECT_EQ(asked.topics[0].topic_id, next);
    EXPECT_EQ(asked.topics[0].partitions.at(0).fetch_offset, 0);
    EXPECT_EQ(it.got.at(0).topic, played_broker::id());
    EXPECT_TRUE(it.problems.empty());
}

TEST(client_connection, falls_back_to_the_oldest_api_versions) {
    consuming it(false);
    it.broker.start();
    it.broker.connected();
    const auto asked = it.broker.take(kafka::api_key::api_versions);
    EXPECT_EQ(asked.header.request_api_version, 3);
    kafka::api_versions_response refused;
    refused.error_code = kafka::wire_value(error_code::unsupported_version);
    it.broker.bytes(join(kafka::frame_response(asked.header.correlation_id, refused, 0)).bytes());
    EXPECT_EQ(it.broker.take(kafka::api_key::api_versions).header.request_api_version, 0);
}

TEST(client_connection, a_frame_may_come_byte_by_byte) {
    consuming it(false);
    it.broker.start();
    it.broker.connected();
    const auto asked = it.broker.take(kafka::api_key::api_versions);
    kafka::api_versions_response versions;
    versions.api_keys.push_back({3, 0, 99, {}});
    const auto frame = join(kafka::frame_response(asked.header.correlation_id, versions, 3));
    for (std::size_t i = 0; i < frame.size(); ++i)
        it.broker.bytes(frame.bytes().subspan(i, 1));
    it.broker.take(kafka::api_key::metadata);
}

TEST(client_connection, a_wrong_correlation_id_ends_the_connection_and_is_reported) {
    consuming it(false);
    it.broker.start();
    it.broker.connected();
    const auto asked = it.broker.take(kafka::api_key::api_versions);
    it.broker.aborted = false;
    it.broker.bytes(
        join(kafka::frame_response(asked.header.correlation_id + 1, kafka::api_versions_response{}, 3))
            .bytes());
    EXPECT_TRUE(it.broker.aborted);
    ASSERT_TRUE(it.broker.nonsense.has_value());
    EXPECT_EQ(it.broker.nonsense->code, errc::malformed);
}

TEST(client_connection, a_request_without_answer_ends_the_connection_and_a_pause_follows) {
    consuming it(false);
    it.broker.start();
    it.broker.connected();
    it.broker.pass(10 * test::second);
    EXPECT_TRUE(it.broker.aborted);
    EXPECT_FALSE(it.broker.nonsense.has_value());
    EXPECT_FALSE(it.broker.connect_wanted);
    EXPECT_GT(it.broker.deadline(), it.broker.now);
    it.broker.pass(test::second);
    EXPECT_TRUE(it.broker.connect_wanted);
}

} // namespace
} // namespace barnabas::client::consumer_test
