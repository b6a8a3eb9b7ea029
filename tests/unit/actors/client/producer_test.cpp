#include "actors/client/producer.hpp"
#include "protocol/batch/message_reader.hpp"
#include "tests/unit/actors/client/played_broker.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace barnabas::client::producer_test {
namespace {

using kafka::error_code;
using test::played_broker;

struct producing {
    explicit producing(producer_options options = {})
        : machine(connection, options,
                  {[this](const produce_outcome& one) { outcomes.push_back(one); },
                   [this](std::uint64_t, error_code) { ++sequences_lost; }}),
          broker(machine, connection) {}

    void send(std::uint64_t token, const topic_id& to = {}) {
        outgoing_batch batch;
        batch.token = token;
        batch.topic = "t";
        batch.topic_id = to;
        batch.records.push_back({timestamp_ms(1), "k", "v" + std::to_string(token)});
        machine.send(std::move(batch), broker.now);
        broker.work();
    }
    void give_id(std::int64_t id, std::int16_t epoch = 0) {
        kafka::init_producer_id_response said;
        said.producer_id = id;
        said.producer_epoch = epoch;
        broker.answer(broker.take(kafka::api_key::init_producer_id), said);
    }
    void come_up() {
        broker.come_up();
        give_id(5);
    }
    /// Answers the next Produce.
    batch::batch_header answer(error_code code, std::int64_t base = -1) {
        const auto request = broker.take(kafka::api_key::produce);
        const auto header = header_of(request);
        kafka::produce_response said;
        auto& topic = said.responses.emplace_back();
        topic.name = "t";
        topic.topic_id = played_broker::id();
        auto& partition = topic.partition_responses.emplace_back();
        partition.error_code = kafka::wire_value(code);
        partition.base_offset = base;
        broker.answer(request, said);
        return header;
    }
    static batch::batch_header header_of(const played_broker::request& request) {
        const auto asked = request.as<kafka::produce_request>();
        return *batch::parse_header(asked.topic_data.at(0).partition_data.at(0).records->bytes());
    }

    client_connection connection{connection_options{}};
    producer machine;
    played_broker broker;
    std::vector<produce_outcome> outcomes;
    int sequences_lost = 0;
};

TEST(producer, asks_for_an_id_and_the_topic_then_sends_and_reports) {
    producing it;
    it.come_up();
    it.send(1);
    it.broker.tell_topic("t", 1);
    const auto header = it.answer(error_code::none, 42);
    EXPECT_EQ(header.producer_id, producer_id(5));
    EXPECT_EQ(header.base_sequence, 0);
    ASSERT_EQ(it.outcomes.size(), 1u);
    EXPECT_EQ(it.outcomes[0].what, delivery::acked);
    EXPECT_EQ(it.outcomes[0].base_offset, log_offset(42));
}

TEST(producer, a_missing_topic_is_asked_for_again_after_a_pause) {
    producing it;
    it.come_up();
    it.send(1);
    it.broker.answer(it.broker.take(kafka::api_key::metadata), kafka::metadata_response{});
    EXPECT_TRUE(it.broker.requests.empty());
    it.broker.pass(test::second);
    it.broker.tell_topic("t", 1);
    EXPECT_EQ(it.broker.requests.size(), 1u);
}

TEST(producer, a_batch_without_answer_is_repeated_under_its_sequence_on_the_next_connection) {
    producing it;
    it.come_up();
    it.send(1);
    it.broker.tell_topic("t", 1);
    const auto first = producing::header_of(it.broker.take(kafka::api_key::produce));
    it.broker.disconnected();
    EXPECT_TRUE(it.outcomes.empty());
    it.broker.pass(2 * test::second);
    ASSERT_TRUE(it.broker.connect_wanted);
    it.broker.connected();
    kafka::api_versions_response versions;
    versions.api_keys.push_back({0, 0, 99, {}});
    it.broker.answer(it.broker.take(kafka::api_key::api_versions), versions);
    const auto second = it.answer(error_code::none, 7);
    EXPECT_EQ(second.producer_id, first.producer_id);
    EXPECT_EQ(second.base_sequence, first.base_sequence);
    EXPECT_EQ(it.outcomes.at(0).what, delivery::acked);
}

TEST(producer, without_idempotence_a_batch_without_answer_is_unknown_and_not_repeated) {
    producer_options options;
    options.idempotent = false;
    producing it(options);
    it.broker.come_up();
    it.send(1);
    it.broker.tell_topic("t", 1);
    it.broker.take(kafka::api_key::produce);
    it.broker.disconnected();
    ASSERT_EQ(it.outcomes.size(), 1u);
    EXPECT_EQ(it.outcomes[0].what, delivery::unknown);
    EXPECT_EQ(it.machine.unfinished(), 0u);
}

TEST(producer, one_batch_in_flight_per_partition_unless_more_are_allowed) {
    for (const std::size_t allowed : {1u, 5u}) {
        producer_options options;
        options.in_flight_max = allowed;
        producing it(options);
        it.come_up();
        it.send(1);
        it.broker.tell_topic("t", 1);
        for (std::uint64_t token = 2; token <= 7; ++token)
            it.send(token);
        EXPECT_EQ(it.broker.requests.size(), allowed);
    }
}

TEST(producer, what_overtook_a_failed_batch_is_repeated_behind_it) {
    producer_options options;
    options.in_flight_max = 5;
    producing it(options);
    it.come_up();
    it.send(1);
    it.broker.tell_topic("t", 1);
    it.send(2);
    EXPECT_EQ(it.answer(error_code::not_leader_or_follower).base_sequence, 0);
    EXPECT_EQ(it.answer(error_code::out_of_order_sequence_number).base_sequence, 1);
    EXPECT_EQ(it.sequences_lost, 0);
    it.broker.pass(test::second);
    EXPECT_EQ(it.answer(error_code::none, 0).base_sequence, 0);
    EXPECT_EQ(it.answer(error_code::none, 1).base_sequence, 1);
    EXPECT_EQ(it.outcomes.size(), 2u);
}

TEST(producer, answers_for_a_topic_that_an_earlier_answer_made_us_forget_are_understood) {
    producer_options options;
    options.in_flight_max = 2;
    producing it(options);
    it.come_up();
    it.send(1);
    it.broker.tell_topic("t", 1);
    it.send(2);
    it.answer(error_code::unknown_topic_id);
    it.answer(error_code::unknown_topic_id);
    it.broker.pass(test::second);
    it.broker.tell_topic("t", 1);
    it.answer(error_code::none, 0);
    EXPECT_EQ(it.outcomes.size(), 1u);
}

TEST(producer, sequences_begin_anew_in_a_topic_that_was_made_again) {
    producing it;
    it.come_up();
    it.send(1, played_broker::id());
    it.broker.tell_topic("t", 1);
    EXPECT_EQ(it.answer(error_code::none, 0).base_sequence, 0);
    it.send(2, played_broker::id());
    EXPECT_EQ(it.answer(error_code::unknown_topic_id).base_sequence, 1);
    it.broker.pass(test::second);
    it.broker.tell_topic("t", 1, played_broker::id(8));
    // It was meant for the one before, and was certainly not written there.
    ASSERT_EQ(it.outcomes.size(), 2u);
    EXPECT_EQ(it.outcomes[1].what, delivery::failed);
    it.send(3, played_broker::id(8));
    const auto sent = it.broker.take(kafka::api_key::produce);
    EXPECT_EQ(sent.as<kafka::produce_request>().topic_data.at(0).topic_id, played_broker::id(8));
    EXPECT_EQ(producing::header_of(sent).base_sequence, 0);
}

TEST(producer, what_is_meant_for_a_newer_topic_waits_until_that_is_known) {
    producing it;
    it.come_up();
    it.send(1);
    it.broker.tell_topic("t", 1);
    it.answer(error_code::none, 0);
    it.broker.pass(test::second);
    it.send(2, played_broker::id(8));
    EXPECT_EQ(it.outcomes.size(), 1u);
    it.broker.tell_topic("t", 1, played_broker::id(8));
    const auto sent = it.broker.take(kafka::api_key::produce);
    EXPECT_EQ(sent.as<kafka::produce_request>().topic_data.at(0).topic_id, played_broker::id(8));
}

TEST(producer, an_unanswered_batch_for_a_topic_that_was_made_again_is_unknown) {
    producing it;
    it.come_up();
    it.send(1, played_broker::id());
    it.broker.tell_topic("t", 1);
    it.broker.take(kafka::api_key::produce);
    it.broker.disconnected();
    it.broker.pass(2 * test::second);
    it.broker.connected();
    kafka::api_versions_response versions;
    versions.api_keys.push_back({0, 0, 99, {}});
    versions.api_keys.push_back({3, 0, 99, {}});
    it.broker.answer(it.broker.take(kafka::api_key::api_versions), versions);
    it.answer(error_code::unknown_topic_id);
    it.broker.pass(test::second);
    it.broker.tell_topic("t", 1, played_broker::id(8));
    ASSERT_EQ(it.outcomes.size(), 1u);
    EXPECT_EQ(it.outcomes[0].what, delivery::unknown);
}

TEST(producer, a_sequence_that_the_broker_refuses_at_the_front_leads_to_the_next_epoch) {
    producing it;
    it.come_up();
    it.send(1);
    it.broker.tell_topic("t", 1);
    it.answer(error_code::out_of_order_sequence_number);
    EXPECT_EQ(it.sequences_lost, 1);
    it.broker.pass(test::second);
    const auto again = it.answer(error_code::none, 0);
    EXPECT_EQ(again.producer_id, producer_id(5));
    EXPECT_EQ(again.producer_epoch, producer_epoch(1));
    EXPECT_EQ(again.base_sequence, 0);
    EXPECT_EQ(it.outcomes.at(0).what, delivery::acked);
}

TEST(producer, a_refused_batch_fails_and_the_next_goes_under_the_next_epoch) {
    producing it;
    it.come_up();
    it.send(1);
    it.broker.tell_topic("t", 1);
    it.answer(error_code::message_too_large);
    ASSERT_EQ(it.outcomes.size(), 1u);
    EXPECT_EQ(it.outcomes[0].what, delivery::failed);
    it.send(2);
    it.broker.pass(test::second);
    const auto next = it.answer(error_code::none, 0);
    EXPECT_EQ(next.producer_epoch, producer_epoch(1));
    EXPECT_EQ(next.base_sequence, 0);
}

TEST(producer, behind_the_last_epoch_or_if_it_prefers_to_a_new_id_is_asked_for) {
    for (const bool next_epoch : {true, false}) {
        producer_options options;
        options.next_epoch = next_epoch;
        producing it(options);
        it.broker.come_up();
        it.give_id(5, next_epoch ? std::numeric_limits<std::int16_t>::max() : std::int16_t{0});
        it.send(1);
        it.broker.tell_topic("t", 1);
        it.answer(error_code::message_too_large);
        it.send(2);
        it.broker.pass(test::second);
        it.give_id(6);
        const auto next = it.answer(error_code::none, 0);
        EXPECT_EQ(next.producer_id, producer_id(6));
        EXPECT_EQ(next.producer_epoch, producer_epoch(0));
        EXPECT_EQ(next.base_sequence, 0);
    }
}

TEST(producer, a_batch_that_waits_too_long_fails_or_is_unknown) {
    producer_options options;
    options.delivery_timeout_ns = 3 * test::second;
    producing it(options);
    it.come_up();
    it.send(1);
    it.broker.tell_topic("t", 1);
    it.broker.disconnected();
    it.send(2);
    it.broker.pass(3 * test::second);
    ASSERT_EQ(it.outcomes.size(), 2u);
    EXPECT_EQ(it.outcomes[0].what, delivery::unknown);
    EXPECT_EQ(it.outcomes[1].what, delivery::failed);
}

TEST(producer, a_duplicate_counts_as_acknowledged_at_an_unknown_offset) {
    producing it;
    it.come_up();
    it.send(1);
    it.broker.tell_topic("t", 1);
    it.answer(error_code::duplicate_sequence_number);
    EXPECT_EQ(it.outcomes.at(0).what, delivery::acked);
    EXPECT_EQ(it.outcomes.at(0).base_offset, log_offset(-1));
}

TEST(producer, without_acknowledgements_nothing_is_waited_for) {
    producer_options options;
    options.acks = 0;
    options.idempotent = false;
    producing it(options);
    it.broker.come_up();
    it.send(1);
    it.broker.tell_topic("t", 1);
    EXPECT_EQ(it.broker.requests.size(), 1u);
    EXPECT_EQ(it.outcomes.at(0).what, delivery::unknown);
    EXPECT_EQ(it.connection.in_flight(), 0u);
}

TEST(producer, before_version_3_message_sets_are_sent_without_timestamps_before_version_2) {
    for (std::int16_t version = 0; version <= 2; ++version) {
        producer_options options;
        options.idempotent = false;
        options.produce_version_max = version;
        producing it(options);
        it.broker.come_up();
        it.send(1);
        it.broker.tell_topic("t", 1);
        const auto request = it.broker.take(kafka::api_key::produce);
        EXPECT_EQ(request.header.request_api_version, version);
        const auto asked = request.as<kafka::produce_request>();
        const auto entries = batch::split_entries(*asked.topic_data.at(0).partition_data.at(0).records);
        ASSERT_TRUE(entries);
        ASSERT_EQ(entries->size(), 1u);
        const auto& sent = std::get<batch::message_view>(entries->front());
        EXPECT_EQ(sent.header.magic, version == 2 ? 1 : 0);
        EXPECT_EQ(sent.header.timestamp, version == 2 ? timestamp_ms(1) : no_timestamp);
        EXPECT_TRUE(batch::validate_message(sent, {}));
    }
}

} // namespace
} // namespace barnabas::client::producer_test
