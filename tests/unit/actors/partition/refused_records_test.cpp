#include "protocol/batch/builder.hpp"
#include "tests/unit/actors/partition/partition_host.hpp"

#include <limits>

namespace barnabas::refused_records_test {
namespace {

append_request records_at(std::initializer_list<std::int64_t> times) {
    batch::batch_builder builder;
    for (const auto time : times)
        builder.append_text(timestamp_ms(time), "key", "value");
    append_request request;
    auto batches = batch::split_batches(builder.build());
    EXPECT_TRUE(batches.has_value());
    request.batches = *std::move(batches);
    request.earliest = timestamp_ms(*std::min_element(times.begin(), times.end()));
    return request;
}

std::vector<std::int32_t> places(const append_response& answer) {
    std::vector<std::int32_t> all;
    for (const auto& one : answer.refused)
        all.push_back(one.index);
    return all;
}

TEST(refused_records, are_those_whose_timestamps_are_out_of_bounds) {
    auto options = replica::log_host::small_options();
    options.timestamp_before_max_ms = 1000;
    options.timestamp_after_max_ms = 1000;
    partition_host host(options);
    host.now = timestamp_ms(5000);
    host.machine->on_append(records_at({5000, 3999, 4000, 6001, 6000}), 1);
    const auto& answer = host.appended.at(1);
    EXPECT_EQ(answer.code, errc::invalid_timestamp);
    ASSERT_EQ(places(answer), (std::vector<std::int32_t>{1, 3}));
    EXPECT_EQ(answer.refused[0].why, "timestamp 3999 is too far before the broker's 5000");
    EXPECT_EQ(answer.refused[1].why, "timestamp 6001 is too far after the broker's 5000");
    host.machine->on_append(records_at({4000, 6000}), 2);
    host.settle();
    EXPECT_EQ(host.appended.at(2).code, errc::ok);
    EXPECT_TRUE(host.appended.at(2).refused.empty());
    EXPECT_EQ(host.appended.at(2).base_offset, log_offset(0)) << "nothing was stored of the batch before";
}

TEST(refused_records, are_none_where_the_batch_is_refused_as_a_whole) {
    auto options = replica::log_host::small_options();
    options.max_message_bytes = 70;
    options.timestamp_before_max_ms = 1000;
    partition_host host(options);
    host.now = timestamp_ms(5000);
    host.machine->on_append(records_at({1, 5000}), 1);
    EXPECT_EQ(host.appended.at(1).code, errc::message_too_large);
    EXPECT_TRUE(places(host.appended.at(1)).empty());
}

} // namespace
} // namespace barnabas::refused_records_test
