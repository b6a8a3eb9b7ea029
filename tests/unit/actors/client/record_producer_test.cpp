#include "actors/client/application/record_producer.hpp"

#include <gtest/gtest.h>

// The face of the producer, against an address where nobody is; against a broker it runs in tests/clients.
namespace barnabas::client {
namespace {

using std::chrono::milliseconds;

result<record_producer> made_for_nobody() {
    return make_producer({{"bootstrap.servers", "127.0.0.1:1"},
                          {"max.block.ms", "300"},
                          {"request.timeout.ms", "300"},
                          {"reconnect.backoff.ms", "10"}});
}

TEST(record_producer, the_longest_wait_for_the_end_waits_for_the_records) {
    auto producer = made_for_nobody();
    ASSERT_TRUE(producer.has_value());
    const auto report = producer->send_later({"t", {}, "a"});
    EXPECT_TRUE(producer->flush(milliseconds::max()));
    const auto later = producer->send_later({"t", {}, "b"});
    producer->close(milliseconds::max());
    EXPECT_EQ(report.get().why.code, errc::request_timed_out);
    EXPECT_EQ(later.get().why.code, errc::request_timed_out);
    EXPECT_EQ(producer->metrics().record_errors, 2u);
}

TEST(record_producer, a_wait_below_zero_is_none) {
    auto producer = made_for_nobody();
    ASSERT_TRUE(producer.has_value());
    const auto report = producer->send_later({"t", {}, "a"});
    producer->close(milliseconds::min());
    EXPECT_EQ(report.get().why.code, errc::closed);
}

} // namespace
} // namespace barnabas::client
