#include "actors/replica/dump/record_text.hpp"

#include "protocol/kafka/group_metadata_record.hpp"
#include "protocol/kafka/message_table.hpp"
#include "protocol/kafka/offset_commit_record.hpp"
#include "protocol/kafka/transaction_log_record.hpp"
#include "tests/unit/actors/replica/dump/samples.hpp"

#include <gtest/gtest.h>
#include <random>

namespace barnabas::replica::dump::record_text_test {
namespace {

/// An int16 and what follows it, as coordinators write keys and values.
template <class Message>
std::vector<std::byte> prefixed(std::int16_t number, const Message& message, std::int16_t version) {
    kafka::wire_writer out;
    out.int16(number);
    message.encode(out, version);
    const auto whole = join(out.finish());
    return {whole.bytes().begin(), whole.bytes().end()};
}

struct sample_record {
    std::vector<std::byte> key;
    std::vector<std::byte> value;
    bool deleted = false;

    result<std::optional<std::string>> formatted(shown_records which) const {
        return formatted_json_of(std::span(key), deleted ? record_bytes() : std::span(value), which);
    }
    record_text text(record_decoder decoder) const {
        batch::record_view record;
        record.offset = log_offset(42);
        record.key = key;
        if (!deleted)
            record.value = value;
        return coordinator_text_of(record, decoder);
    }
};

sample_record transaction_record() {
    kafka::transaction_log_key key;
    key.transactional_id = "tx";
    kafka::transaction_log_value value;
    value.producer_id = 9;
    return {prefixed(0, key, 0), prefixed(1, value, 1)};
}

sample_record group_record(const slice& subscription) {
    kafka::group_metadata_key key;
    key.group = "g";
    kafka::group_metadata_value value;
    value.protocol_type = "consumer";
    value.leader = "\"subscription\":\"";
    value.members.resize(1);
    value.members[0].member_id = "m";
    value.members[0].subscription = subscription;
    return {prefixed(2, key, 0), prefixed(3, value, 3)};
}

std::optional<std::string> shown(std::string_view bytes, field_decoder decoder) {
    batch::record_view record;
    record.offset = log_offset(42);
    record.key = record.value = std::as_bytes(std::span(bytes));
    const auto text = plain_text_of(record, decoder, field_decoder::bytes);
    EXPECT_EQ(text.payload, plain_text_of(record, field_decoder::bytes, decoder).key);
    return text.key;
}

TEST(record_text, takes_keys_and_values_for_what_the_decoder_says) {
    using namespace std::string_view_literals;
    EXPECT_EQ(shown("a\xff"sv, field_decoder::utf8), "a\xef\xbf\xbd");
    EXPECT_EQ(shown("a\x0f\xff"sv, field_decoder::bytes), "610fff");
    EXPECT_EQ(shown("\xff\xff\xff\xff\xff\xff\xff\xfe"sv, field_decoder::int64), "-2");
    EXPECT_EQ(shown("\0\0\1\0 and more"sv, field_decoder::int32), "256");
    EXPECT_EQ(shown(""sv, field_decoder::int64), "null");
    EXPECT_TRUE(shown("\0\0\1"sv, field_decoder::int32)->starts_with("Error at offset 42, skipping. "));
    EXPECT_TRUE(shown("\0\0\1\0"sv, field_decoder::int64)->starts_with("Error at offset 42, skipping. "));
    EXPECT_EQ(plain_text_of({}, field_decoder::int64, field_decoder::utf8).key, std::nullopt);
}

TEST(record_text, shows_type_and_fields_of_a_transaction) {
    const auto text = transaction_record().text(record_decoder::transaction);
    EXPECT_EQ(text.key, "{\"type\":\"0\",\"data\":{\"transactionalId\":\"tx\"}}");
    EXPECT_TRUE(text.payload->starts_with("{\"version\":\"1\",\"data\":{\"producerId\":9,")) << *text.payload;
}

TEST(record_text, takes_types_for_those_of_the_topic) {
    auto record = transaction_record();
    EXPECT_EQ(record.text(record_decoder::share_state).payload, std::nullopt);
    record.key[1] = std::byte{99};
    const auto text = record.text(record_decoder::offsets);
    EXPECT_EQ(text.key, "Unknown record type 99 at offset 42, skipping.");
    EXPECT_EQ(text.payload, std::nullopt);
}

// Fields and order as Kafka 4.2 shows them (its OffsetsMessageFormatter and GroupMetadataMessageFormatter).
TEST(record_text, formats_a_commit_for_the_console) {
    kafka::offset_commit_key key;
    key.group = "group-id";
    key.topic = "foo";
    key.partition = 1;
    kafka::offset_commit_value value;
    value.offset = 100;
    value.leader_epoch = 10;
    value.metadata = "metadata";
    value.commit_timestamp = 1234;
    sample_record record{prefixed(1, key, 0), prefixed(3, value, 3)};
    const std::string key_part =
        R"({"key":{"type":1,"data":{"group":"group-id","topic":"foo","partition":1}},"value":)";
    EXPECT_EQ(*record.formatted(shown_records::offsets),
              key_part + R"({"version":3,"data":{"offset":100,"leaderEpoch":10,"metadata":"metadata",)"
                         R"("commitTimestamp":1234}}})");
    EXPECT_EQ(*record.formatted(shown_records::group_metadata), std::nullopt);
    record.deleted = true;
    EXPECT_EQ(*record.formatted(shown_records::offsets), key_part + "null}");
}

TEST(record_text, formats_members_bytes_as_they_are) {
    const auto record = group_record(slice::copy_of(std::as_bytes(std::span("\0\1", 2))));
    const auto line = *record.formatted(shown_records::group_metadata);
    ASSERT_TRUE(line);
    EXPECT_TRUE(line->starts_with(R"({"key":{"type":2,"data":{"group":"g"}},"value":{"version":3,)"))
        << *line;
    EXPECT_NE(line->find(R"("subscription":"AAE=")"), std::string::npos) << *line;
}

TEST(record_text, a_formatter_passes_over_what_is_not_its_own) {
    auto record = transaction_record();
    EXPECT_TRUE(*record.formatted(shown_records::transactions));
    // The same type means another record elsewhere, of which this is none.
    EXPECT_FALSE(record.formatted(shown_records::offsets));
    EXPECT_EQ(*record.formatted(shown_records::consumer_groups), std::nullopt);
    record.key[1] = std::byte{99};
    EXPECT_EQ(*record.formatted(shown_records::transactions), std::nullopt);
    EXPECT_EQ(*formatted_json_of(std::nullopt, std::span(record.value), shown_records::offsets),
              std::nullopt);
}

TEST(record_text, a_formatter_says_what_it_cannot_read) {
    auto record = transaction_record();
    record.value.resize(1);
    EXPECT_EQ(record.formatted(shown_records::transactions).code(), errc::malformed);
    record.value = {std::byte{0}, std::byte{99}};
    EXPECT_EQ(record.formatted(shown_records::transactions).code(), errc::unsupported_version);
    record.key.resize(1);
    EXPECT_EQ(record.formatted(shown_records::transactions).code(), errc::malformed);
}

TEST(record_text, each_record_of_groups_belongs_to_at_most_one_formatter) {
    int shown = 0;
    for (const auto& one : kafka::message_table()) {
        if (one.kind != kafka::message_kind::record_key || one.name == "TransactionLogKey" ||
            one.name.starts_with("ShareSnapshot") || one.name.starts_with("ShareUpdate"))
            continue;
        sample_record record;
        record.key = {std::byte{0}, static_cast<std::byte>(one.api_key)};
        record.key.resize(200);
        record.deleted = true;
        int formatters = 0;
        for (const auto which : {shown_records::offsets, shown_records::group_metadata,
                                 shown_records::consumer_groups, shown_records::share_groups})
            formatters += *record.formatted(which) ? 1 : 0;
        EXPECT_EQ(formatters, one.name.starts_with("StreamsGroup") ? 0 : 1) << one.name;
        ++shown;
    }
    EXPECT_GE(shown, 20);
}

TEST(record_text, knows_every_record_that_has_a_schema) {
    int known = 0;
    for (const auto& one : kafka::message_table()) {
        if (one.kind != kafka::message_kind::record_key)
            continue;
        SCOPED_TRACE(one.name);
        sample_record record;
        record.key = {std::byte{0}, static_cast<std::byte>(one.api_key)};
        record.key.resize(200);
        record.deleted = true;
        const auto decoder = one.name == "TransactionLogKey"         ? record_decoder::transaction
                             : one.name.starts_with("ShareSnapshot") ? record_decoder::share_state
                             : one.name.starts_with("ShareUpdate")   ? record_decoder::share_state
                                                                     : record_decoder::offsets;
        EXPECT_TRUE(record.text(decoder).key->starts_with("{\"type\":")) << *record.text(decoder).key;
        ++known;
    }
    EXPECT_GE(known, 25);
}

TEST(record_text, shows_that_a_key_was_deleted) {
    auto record = transaction_record();
    record.deleted = true;
    EXPECT_EQ(record.text(record_decoder::transaction).payload, "<DELETE>");
}

TEST(record_text, says_why_a_record_is_none_of_a_coordinator) {
    auto record = transaction_record();
    record.value = {std::byte{0}, std::byte{77}};
    EXPECT_TRUE(record.text(record_decoder::transaction).key->starts_with("Error at offset 42, skipping. "));
    record.value.resize(1);
    EXPECT_TRUE(record.text(record_decoder::transaction).key->starts_with("Error at offset 42, skipping. "));
    record.key.resize(1);
    EXPECT_TRUE(record.text(record_decoder::transaction).key->starts_with("Error at offset 42, skipping. "));
}

TEST(record_text, shows_what_members_of_consumer_groups_say) {
    // Version 0, one topic "t", null user data; and as much that is no subscription.
    const auto known = slice::copy_of(std::string_view("\0\0\0\0\0\1\0\1t\xff\xff\xff\xff", 13));
    const auto text = group_record(known).text(record_decoder::offsets);
    EXPECT_NE(text.payload->find("\"subscription\":{\"topics\":[\"t\"],\"userData\":null}"),
              std::string::npos)
        << *text.payload;
    const auto opaque = group_record(slice::copy_of("own")).text(record_decoder::offsets);
    EXPECT_NE(opaque.payload->find("\"subscription\":\"b3du\""), std::string::npos) << *opaque.payload;
}

TEST(record_text, ends_in_words_whatever_the_bytes_are) {
    std::mt19937_64 random(7);
    const auto sound =
        group_record(slice::copy_of(std::string_view("\0\0\0\0\0\1\0\1t\xff\xff\xff\xff", 13)));
    for (int round = 0; round < 2000; ++round) {
        auto record = sound;
        record.key[random() % record.key.size()] = static_cast<std::byte>(random());
        record.value.at(random() % record.value.size()) = static_cast<std::byte>(random());
        record.value.resize(random() % 4 == 0 ? random() % record.value.size() : record.value.size());
        for (const auto decoder :
             {record_decoder::offsets, record_decoder::transaction, record_decoder::share_state})
            EXPECT_TRUE(record.text(decoder).key);
    }
}

} // namespace
} // namespace barnabas::replica::dump::record_text_test
