#include "connection_fixture.hpp"

/// Fetch with isolation level read_committed.
namespace barnabas::committed_fetch_test {
namespace {

class committed_fetch : public connection_test {
protected:
    committed_fetch() {
        machine.start();
        ask(1, 1);
    }
    void ask(std::int8_t isolation, std::int32_t number) {
        auto message = fetch(1, 10, 1);
        message.isolation_level = isolation;
        deliver(request(message, 11, number));
    }
    read_response answer_to(std::size_t index) const {
        read_response answer;
        answer.token = port.read_requests.at(index).second.token;
        answer.high_watermark = log_offset(20);
        answer.last_stable_offset = log_offset(10);
        return answer;
    }
};

TEST_F(committed_fetch, names_the_aborted_transactions) {
    EXPECT_TRUE(port.read_requests.at(0).second.committed_only);
    auto answer = answer_to(0);
    answer.last_stable_offset = log_offset(12);
    answer.records = slice::copy_of("records");
    answer.aborted = {{producer_id(7), log_offset(9)}, {producer_id(8), log_offset(11)}};
    machine.on_read_response(answer);
    const auto told = response<kafka::fetch_response>(0, 11, 1).responses[0].partitions[0];
    EXPECT_EQ(told.last_stable_offset, 12);
    ASSERT_TRUE(told.aborted_transactions);
    ASSERT_EQ(told.aborted_transactions->size(), 2u);
    EXPECT_EQ((*told.aborted_transactions)[0].producer_id, 7);
    EXPECT_EQ((*told.aborted_transactions)[1].first_offset, 11);
}

TEST_F(committed_fetch, that_has_come_to_the_last_stable_offset_waits_there) {
    machine.on_read_response(answer_to(0));
    EXPECT_TRUE(port.written.empty()) << "what lies behind is not for it";
    EXPECT_EQ(port.read_requests.size(), 1u) << "nor asked for";
    port.time = port.time + 500'000'000;
    machine.on_timer();
    const auto told = response<kafka::fetch_response>(0, 11, 1).responses[0].partitions[0];
    ASSERT_TRUE(told.aborted_transactions);
    EXPECT_TRUE(told.aborted_transactions->empty());
    // The partition will tell; another reader of this connection does not wait for the same.
    ask(1, 2);
    EXPECT_EQ(port.read_requests.size(), 1u);
    port.time = port.time + 500'000'000;
    machine.on_timer();
    ask(0, 3);
    ASSERT_EQ(port.read_requests.size(), 2u);
    EXPECT_FALSE(port.read_requests[1].second.committed_only);
    auto answer = answer_to(1);
    answer.records = slice::copy_of("records");
    machine.on_read_response(answer);
    EXPECT_FALSE(response<kafka::fetch_response>(2, 11, 3).responses[0].partitions[0].aborted_transactions);
}

} // namespace
} // namespace barnabas::committed_fetch_test
