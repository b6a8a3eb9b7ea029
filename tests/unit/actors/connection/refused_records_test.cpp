#include "tests/unit/actors/connection/connection_fixture.hpp"

#include <optional>
#include <string>

/// Which records of a batch are to blame (KIP-467).
namespace barnabas::refused_records_test {
namespace {

const std::string no_key = "it has no key, which a compacted topic needs";

class refused_records : public connection_test {
protected:
    using part = kafka::produce_response::partition_produce_response;

    kafka::produce_request keyless_at(std::initializer_list<bool> keyless) {
        batch::batch_builder builder;
        for (const bool one : keyless)
            builder.append_text(timestamp_ms(1000), one ? std::nullopt : std::optional<std::string_view>("k"),
                                "value");
        auto message = produce(0);
        message.topic_data[0].partition_data[0].records = builder.build();
        return message;
    }
    part answer(std::int16_t version, std::int32_t correlation_id) {
        const auto said = response<kafka::produce_response>(port.written.size() - 1, version, correlation_id);
        return said.responses.at(0).partition_responses.at(0);
    }
    static std::string named(const part& said) {
        std::string all;
        for (const auto& one : said.record_errors)
            all +=
                std::to_string(one.batch_index) + ": " + one.batch_index_error_message.value_or("-") + "\n";
        return all;
    }
};

TEST_F(refused_records, of_a_compacted_topic_are_those_without_keys) {
    machine.start();
    port.config.cleanup_compact = true;
    deliver(request(keyless_at({false, true, false, true}), 8, 1));
    const auto two = answer(8, 1);
    EXPECT_EQ(two.error_code, kafka::wire_value(error_code::invalid_record));
    EXPECT_EQ(named(two), "1: " + no_key + "\n3: " + no_key + "\n");
    EXPECT_EQ(two.error_message, "record 1 of 4: " + no_key + "; 2 records of the batch are refused");
    deliver(request(keyless_at({false, true}), 12, 2));
    const auto one = answer(12, 2);
    EXPECT_EQ(named(one), "1: " + no_key + "\n");
    EXPECT_EQ(one.error_message, "record 1 of 2: " + no_key);
    EXPECT_TRUE(port.appends.empty());
}

TEST_F(refused_records, of_a_partition_are_passed_on) {
    machine.start();
    deliver(request(produce(0), 8, 1));
    append_response refusal;
    refusal.token = port.appends.at(0).second.token;
    refusal.code = errc::invalid_timestamp;
    refusal.detail = "too old";
    refusal.refused = {{0, "older"}, {7, ""}};
    machine.on_append_response(refusal);
    const auto said = answer(8, 1);
    EXPECT_EQ(said.error_code, kafka::wire_value(error_code::invalid_timestamp));
    EXPECT_EQ(named(said), "0: older\n7: -\n");
}

TEST_F(refused_records, are_not_told_to_those_who_could_not_read_it) {
    machine.start();
    port.config.cleanup_compact = true;
    deliver(request(keyless_at({true}), 7, 1));
    EXPECT_EQ(answer(7, 1).error_code, kafka::wire_value(error_code::invalid_record));
    EXPECT_EQ(named(answer(7, 1)), "");
}

TEST_F(refused_records, are_not_blamed_for_damage_of_the_batch) {
    machine.start();
    port.config.cleanup_compact = true;
    auto message = keyless_at({true});
    auto& records = *message.topic_data[0].partition_data[0].records;
    auto bytes = std::string(records.text());
    bytes.back() ^= 1;
    records = slice::copy_of(bytes);
    deliver(request(message, 8, 1));
    EXPECT_EQ(answer(8, 1).error_code, kafka::wire_value(error_code::corrupt_message));
    EXPECT_EQ(named(answer(8, 1)), "");
}

} // namespace
} // namespace barnabas::refused_records_test
