#include "actors/connection/dispatch.hpp"
#include "actors/connection/handlers.hpp"
#include "protocol/batch/builder.hpp"
#include "protocol/batch/patch.hpp"
#include "protocol/kafka/api_versions.hpp"
#include "protocol/kafka/error_codes.hpp"
#include "protocol/kafka/fetch.hpp"
#include "protocol/kafka/frame.hpp"
#include "protocol/kafka/metadata.hpp"
#include "protocol/kafka/produce.hpp"
#include "tests/unit/actors/connection/connection_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <set>

namespace barnabas::connections_test {
namespace {

using kafka::error_code;

TEST_F(connection_test, an_unknown_version_of_api_versions_is_answered_in_version_0_with_the_table) {
    machine.start();
    kafka::api_versions_request asked;
    auto bytes = request(asked, 0, 7);
    bytes[7] = 99; // the version, behind length and key
    deliver(bytes);
    auto answer = response<kafka::api_versions_response>(0, 0, 7);
    EXPECT_EQ(answer.error_code, static_cast<int>(error_code::unsupported_version));
    EXPECT_EQ(answer.api_keys.size(), api_table().size());
    EXPECT_TRUE(port.closed.empty());
}

TEST_F(connection_test, an_unknown_key_or_version_closes) {
    machine.start();
    std::string bytes = request(kafka::metadata_request{}, 1, 1);
    bytes[4] = 3; // key 3 becomes 771
    deliver(bytes);
    ASSERT_EQ(port.closed.size(), 1u);
    EXPECT_EQ(port.closed[0].code, errc::unsupported_version);
    EXPECT_TRUE(port.written.empty());
}

TEST_F(connection_test, produce_overtakes_waiting_produce_and_nothing_else_does) {
    machine.start();
    deliver(request(produce(0), 7, 1) + request(produce(1), 7, 2) + request(kafka::metadata_request{}, 1, 3) +
            request(produce(2), 7, 4));
    ASSERT_EQ(port.appends.size(), 2u);
    EXPECT_TRUE(port.written.empty());
    append_response second;
    second.token = port.appends[1].second.token;
    second.base_offset = log_offset(5);
    machine.on_append_response(second);
    EXPECT_TRUE(port.written.empty()) << "the second response left before the first";
    append_response first;
    first.token = port.appends[0].second.token;
    first.base_offset = log_offset(4);
    machine.on_append_response(first);
    ASSERT_EQ(port.written.size(), 3u);
    EXPECT_EQ(response<kafka::produce_response>(0, 7, 1).responses[0].partition_responses[0].base_offset, 4);
    EXPECT_EQ(response<kafka::produce_response>(1, 7, 2).responses[0].partition_responses[0].base_offset, 5);
    response<kafka::metadata_response>(2, 1, 3);
    EXPECT_EQ(port.appends.size(), 3u) << "the last produce starts when the metadata was answered";
}

TEST_F(connection_test, acks_0_has_no_response_and_an_error_closes) {
    machine.start();
    deliver(request(produce(0, 0), 7, 1));
    EXPECT_EQ(port.appends.size(), 1u);
    EXPECT_TRUE(port.written.empty());
    EXPECT_EQ(machine.requests_in_flight(), 0u);
    deliver(request(produce(0, 0, "nowhere"), 7, 2));
    EXPECT_TRUE(port.written.empty());
    EXPECT_EQ(port.closed.size(), 1u);
}

TEST_F(connection_test, bad_batches_and_places_have_their_error_codes) {
    machine.start();
    auto damaged = produce(0);
    auto bytes = damaged.topic_data[0].partition_data[0].records->patch_before_sharing();
    bytes[bytes.size() - 1] ^= std::byte{1};
    auto many = produce(0);
    many.topic_data[0].partition_data[0].index = 9;
    deliver(request(damaged, 7, 1) + request(many, 7, 2) + request(produce(0, -1, "nowhere"), 7, 3) +
            request(produce(0, 5), 7, 4) + request(produce(0), 2, 5));
    auto code = [&](std::size_t index, std::int16_t version, std::int32_t id) {
        return error_code{response<kafka::produce_response>(index, version, id)
                              .responses[0]
                              .partition_responses[0]
                              .error_code};
    };
    EXPECT_EQ(code(0, 7, 1), error_code::corrupt_message);
    EXPECT_EQ(code(1, 7, 2), error_code::unknown_topic_or_partition);
    EXPECT_EQ(code(2, 7, 3), error_code::unknown_topic_or_partition);
    EXPECT_EQ(code(3, 7, 4), error_code::invalid_required_acks);
    EXPECT_EQ(code(4, 2, 5), error_code::unsupported_for_message_format) << "these versions have no batches";
    EXPECT_TRUE(port.closed.empty());
    EXPECT_TRUE(port.appends.empty());
}

TEST_F(connection_test, a_fetch_waits_for_bytes_and_is_answered_when_the_partition_becomes_readable) {
    machine.start();
    deliver(request(fetch(1, 10, 1), 11, 1));
    ASSERT_EQ(port.read_requests.size(), 1u);
    read_response empty;
    empty.token = port.read_requests[0].second.token;
    empty.high_watermark = log_offset(10);
    machine.on_read_response(empty);
    EXPECT_TRUE(port.written.empty());
    machine.on_partition_readable({empty.token});
    ASSERT_EQ(port.read_requests.size(), 2u);
    read_response full;
    full.token = port.read_requests[1].second.token;
    full.high_watermark = log_offset(11);
    full.records = slice::copy_of("records");
    machine.on_read_response(full);
    auto answer = response<kafka::fetch_response>(0, 11, 1);
    EXPECT_EQ(answer.responses[0].partitions[0].high_watermark, 11);
    EXPECT_EQ(answer.responses[0].partitions[0].records->text(), "records");
}

TEST_F(connection_test, a_fetch_is_answered_empty_after_its_wait_and_an_idle_partition_is_not_asked_again) {
    machine.start();
    deliver(request(fetch(1, 10, 1), 11, 1));
    read_response empty;
    empty.token = port.read_requests[0].second.token;
    empty.high_watermark = log_offset(10);
    machine.on_read_response(empty);
    port.time = port.time + 500'000'000;
    machine.on_timer();
    ASSERT_EQ(port.written.size(), 1u);
    EXPECT_EQ(response<kafka::fetch_response>(0, 11, 1).responses[0].partitions[0].error_code, 0);
    deliver(request(fetch(1, 10, 1), 11, 2));
    EXPECT_EQ(port.read_requests.size(), 1u);
    machine.on_partition_readable({empty.token});
    EXPECT_EQ(port.read_requests.size(), 2u);
}

TEST_F(connection_test, a_client_that_waits_for_more_bytes_is_answered_with_the_batches_that_came_meanwhile) {
    machine.start();
    deliver(request(fetch(1, 10, 100'000), 11, 1));
    batch::batch_builder builder;
    builder.append_text(timestamp_ms(1000), "key", "value");
    slice first = builder.build();
    batch::set_base_offset(first.patch_before_sharing(), log_offset(10));
    read_response some;
    some.token = port.read_requests[0].second.token;
    some.high_watermark = log_offset(11);
    some.records = first;
    machine.on_read_response(some);
    EXPECT_TRUE(port.written.empty());
    // It asks to be told of what comes behind the batch that it has.
    ASSERT_EQ(port.read_requests.size(), 2u);
    EXPECT_EQ(port.read_requests[1].second.fetch_offset, log_offset(11));
    read_response nothing;
    nothing.token = port.read_requests[1].second.token;
    nothing.high_watermark = log_offset(11);
    machine.on_read_response(nothing);
    machine.on_partition_readable({nothing.token});
    ASSERT_EQ(port.read_requests.size(), 3u);
    EXPECT_EQ(port.read_requests[2].second.fetch_offset, log_offset(10));
    read_response all;
    all.token = port.read_requests[2].second.token;
    all.high_watermark = log_offset(12);
    all.records = slice::copy_of(std::string(100'000, 'x'));
    machine.on_read_response(all);
    auto answer = response<kafka::fetch_response>(0, 11, 1);
    EXPECT_EQ(answer.responses[0].partitions[0].records->size(), 100'000u);
}

TEST_F(connection_test, a_reader_at_the_end_need_not_ask_again_to_wait_there) {
    machine.start();
    deliver(request(fetch(1, 10, 1), 11, 1));
    read_response last;
    last.token = port.read_requests[0].second.token;
    last.high_watermark = log_offset(12);
    last.waits_at = log_offset(12);
    last.records = slice::copy_of("two records");
    machine.on_read_response(last);
    EXPECT_EQ(response<kafka::fetch_response>(0, 11, 1).responses[0].partitions[0].records->text(),
              "two records");
    deliver(request(fetch(1, 12, 1), 11, 2));
    EXPECT_EQ(port.read_requests.size(), 1u);
    machine.on_partition_readable({last.token});
    ASSERT_EQ(port.read_requests.size(), 2u);
    EXPECT_EQ(port.read_requests[1].second.fetch_offset, log_offset(12));
    EXPECT_TRUE(port.forgotten.empty());
}

TEST_F(connection_test, a_reader_that_goes_back_from_the_end_waits_there_no_more) {
    machine.start();
    deliver(request(fetch(1, 10, 1), 11, 1));
    read_response last;
    last.token = port.read_requests[0].second.token;
    last.high_watermark = log_offset(12);
    last.waits_at = log_offset(12);
    last.records = slice::copy_of("two records");
    machine.on_read_response(last);
    deliver(request(fetch(1, 10, 1), 11, 2));
    ASSERT_EQ(port.read_requests.size(), 2u);
    EXPECT_EQ(port.read_requests[1].second.fetch_offset, log_offset(10));
    EXPECT_EQ(port.forgotten.size(), 1u);
    machine.on_partition_readable({last.token});
    EXPECT_EQ(port.read_requests.size(), 2u) << "of a wait that was taken back";
}

TEST_F(connection_test, a_partition_named_twice_in_a_fetch_is_read_once) {
    machine.start();
    auto asked = fetch(1, 10, 0);
    asked.topics[0].partitions.push_back(asked.topics[0].partitions[0]);
    deliver(request(asked, 11, 1));
    ASSERT_EQ(port.read_requests.size(), 1u);
    read_response empty;
    empty.token = port.read_requests[0].second.token;
    empty.high_watermark = log_offset(10);
    machine.on_read_response(empty);
    EXPECT_EQ(port.written.size(), 1u);
}

TEST_F(connection_test, a_fetch_whose_read_never_comes_back_is_answered_all_the_same) {
    machine.start();
    deliver(request(fetch(1, 10, 1), 11, 1));
    port.time = port.time + 500'000'000;
    machine.on_timer();
    EXPECT_TRUE(port.written.empty()) << "a read on its way is worth a moment more";
    port.time = port.time + 1'000'000'000;
    machine.on_timer();
    EXPECT_EQ(port.written.size(), 1u);
}

TEST_F(connection_test, a_thousand_waits_leave_a_few_timers) {
    machine.start();
    std::multiset<std::int64_t> armed;
    std::size_t seen = 0;
    const auto collect = [&] {
        for (; seen < port.timers.size(); ++seen)
            armed.insert(port.time.get() + port.timers[seen].count());
    };
    for (int i = 0; i < 1000; ++i) {
        deliver(request(fetch(1, 10, 1), 11, i));
        if (!port.read_requests.empty()) {
            read_response empty;
            empty.token = port.read_requests.back().second.token;
            empty.high_watermark = log_offset(10);
            machine.on_read_response(empty);
        }
        collect();
        while (port.written.size() == static_cast<std::size_t>(i)) {
            ASSERT_FALSE(armed.empty());
            port.time = monotonic_ns(std::max(port.time.get(), *armed.begin()));
            armed.erase(armed.begin());
            machine.on_timer();
            collect();
        }
    }
    EXPECT_LE(armed.size(), 4u);
}

TEST_F(connection_test, acks_all_needs_as_many_in_sync_replicas_as_the_topic_says) {
    port.config.min_insync_replicas = 2;
    machine.start();
    deliver(request(produce(0), 7, 1) + request(produce(0, 1), 7, 2));
    EXPECT_EQ(
        error_code{response<kafka::produce_response>(0, 7, 1).responses[0].partition_responses[0].error_code},
        error_code::not_enough_replicas);
    EXPECT_EQ(port.appends.size(), 1u);
}

TEST_F(connection_test, an_incremental_fetch_names_only_what_changed) {
    machine.start();
    auto first = fetch(1, 10, 0);
    first.session_epoch = 0;
    first.topics[0].partitions.push_back(first.topics[0].partitions[0]);
    first.topics[0].partitions[1].partition = 2;
    deliver(request(first, 11, 1));
    for (auto& [to, asked] : std::vector(port.read_requests)) {
        read_response empty;
        empty.token = asked.token;
        empty.high_watermark = log_offset(10);
        machine.on_read_response(empty);
    }
    ASSERT_TRUE(port.closed.empty()) << to_string(port.closed[0]);
    auto opened = response<kafka::fetch_response>(0, 11, 1);
    ASSERT_NE(opened.session_id, 0);
    EXPECT_EQ(opened.responses[0].partitions.size(), 2u);
    kafka::fetch_request next = fetch(1, 10, 1);
    next.topics.clear();
    next.session_id = opened.session_id;
    next.session_epoch = 1;
    deliver(request(next, 11, 2));
    machine.on_partition_readable({port.read_requests[1].second.token});
    read_response full;
    full.token = port.read_requests.back().second.token;
    full.high_watermark = log_offset(11);
    full.records = slice::copy_of("new");
    machine.on_read_response(full);
    auto changed = response<kafka::fetch_response>(1, 11, 2);
    ASSERT_EQ(changed.responses.size(), 1u);
    ASSERT_EQ(changed.responses[0].partitions.size(), 1u);
    EXPECT_EQ(changed.responses[0].partitions[0].partition_index, 2);
    next.session_epoch = 9;
    deliver(request(next, 11, 3));
    EXPECT_EQ(error_code{response<kafka::fetch_response>(2, 11, 3).error_code},
              error_code::invalid_fetch_session_epoch);
}

TEST_F(connection_test, a_client_that_names_a_replica_id_gets_no_records) {
    machine.start();
    auto asked = fetch(0, 0, 0);
    asked.replica_id = 1;
    deliver(request(asked, 11, 1));
    EXPECT_EQ(error_code{response<kafka::fetch_response>(0, 11, 1).error_code},
              error_code::cluster_authorization_failed);
    EXPECT_TRUE(port.read_requests.empty());
}

TEST_F(connection_test, metadata_creates_missing_topics_only_if_both_sides_allow_it) {
    machine.start();
    kafka::metadata_request asked;
    asked.topics.emplace();
    asked.topics->emplace_back().name = "new";
    asked.allow_auto_topic_creation = false;
    deliver(request(asked, 4, 1));
    EXPECT_TRUE(port.creates.empty());
    EXPECT_EQ(error_code{response<kafka::metadata_response>(0, 4, 1).topics[0].error_code},
              error_code::unknown_topic_or_partition);
    asked.allow_auto_topic_creation = true;
    deliver(request(asked, 4, 2));
    ASSERT_EQ(port.creates.size(), 1u);
    EXPECT_EQ(port.creates[0].topics[0].name, "new");
    port.metadata = test::image_with("new", 1);
    topics_response created;
    created.token = port.creates[0].token;
    machine.on_topics_response(created);
    EXPECT_EQ(response<kafka::metadata_response>(1, 4, 2).topics[0].error_code, 0);
}

TEST_F(connection_test, what_no_frame_can_hold_closes_the_connection_and_says_so) {
    machine.start();
    deliver(request(fetch(0, 0, 1), 12, 1));
    ASSERT_EQ(port.read_requests.size(), 1u);
    kafka::fetch_response answer;
    auto& partitions = answer.responses.emplace_back().partitions;
    const auto records = slice::copy_of(std::string(1 << 20, 'r'));
    for (int i = 0; i < 2048; ++i)
        partitions.emplace_back().records = records;
    request_context context;
    context.key = kafka::api_key::fetch;
    context.version = 12;
    answer_with(machine, 1, context, answer);
    EXPECT_TRUE(port.written.empty());
    ASSERT_EQ(port.closed.size(), 1u);
    EXPECT_EQ(port.closed[0].detail,
              "the answer to Fetch would be longer than 2 GiB; ask for less at a time");
}

TEST_F(connection_test, a_slow_reader_is_not_served_more_until_it_reads) {
    machine.start();
    port.unsent = std::size_t{64} << 20;
    deliver(request(kafka::metadata_request{}, 1, 1));
    EXPECT_TRUE(port.written.empty());
    EXPECT_EQ(port.reads.size(), 1u) << "nothing more is read from it either";
    port.unsent = 0;
    machine.on_drained();
    EXPECT_EQ(port.written.size(), 1u);
    EXPECT_EQ(port.reads.size(), 2u);
}

TEST_F(connection_test, a_reader_that_takes_nothing_is_closed_only_when_memory_is_short) {
    machine.start();
    const auto look = [&](std::int64_t seconds) {
        port.time = port.time + seconds * 1'000'000'000;
        machine.on_timer();
    };
    port.unsent = 1 << 20;
    for (int i = 0; i < 10; ++i)
        look(2);
    EXPECT_TRUE(port.closed.empty());
    port.unsent -= 1;
    port.output_short = true;
    for (int i = 0; i < 5; ++i)
        look(2);
    EXPECT_TRUE(port.closed.empty()) << "it had taken a byte 8 s ago";
    look(2);
    ASSERT_EQ(port.closed.size(), 1u);
    EXPECT_EQ(port.closed.front().code, errc::request_timed_out);
}

TEST_F(connection_test, bytes_behind_the_last_field_close_the_connection) {
    machine.start();
    auto bytes = request(kafka::metadata_request{}, 1, 1);
    bytes += "xx";
    bytes[3] = static_cast<char>(bytes[3] + 2);
    deliver(bytes);
    ASSERT_EQ(port.closed.size(), 1u);
    EXPECT_EQ(port.closed[0].code, errc::malformed);
}

TEST_F(connection_test, an_idle_connection_is_closed) {
    machine.start();
    ASSERT_FALSE(port.timers.empty());
    port.time = port.time + config.connections_max_idle_ms * 1'000'000;
    machine.on_timer();
    EXPECT_EQ(port.closed.size(), 1u);
}

TEST(dispatch, every_row_serves_versions_that_its_schema_knows) {
    for (const auto& row : api_table()) {
        EXPECT_LE(row.lowest, row.highest);
        EXPECT_EQ(find_api(row.key), &row);
    }
    EXPECT_EQ(find_api(kafka::api_key{999}), nullptr);
    // Rules W100 and W119.
    EXPECT_EQ(find_api(kafka::api_key::produce)->lowest, 0);
    EXPECT_EQ(find_api(kafka::api_key::find_coordinator)->lowest, 0);
    EXPECT_EQ(find_api(kafka::api_key::init_producer_id)->lowest, 0);
}

TEST_F(connection_test, a_log_that_did_not_open_is_told_from_another_nodes_partition) {
    port.led = false;
    machine.start();
    std::int32_t number = 0;
    for (const auto leader : {node_id(1), node_id(2)}) {
        auto image = std::make_shared<metadata_image>(*test::image_with("orders", 3));
        for (auto& partition : image->topics["orders"].partitions)
            partition.leader = leader;
        port.metadata = image;
        const auto wanted = kafka::wire_value(leader == node_id(1) ? error_code::kafka_storage_error
                                                                   : error_code::not_leader_or_follower);
        deliver(request(produce(0), 8, number));
        EXPECT_EQ(response<kafka::produce_response>(static_cast<std::size_t>(number), 8, number)
                      .responses[0]
                      .partition_responses[0]
                      .error_code,
                  wanted);
        ++number;
        deliver(request(fetch(0, 0, 1), 8, number));
        EXPECT_EQ(response<kafka::fetch_response>(static_cast<std::size_t>(number), 8, number)
                      .responses[0]
                      .partitions[0]
                      .error_code,
                  wanted);
        ++number;
    }
}

} // namespace
} // namespace barnabas::connections_test
