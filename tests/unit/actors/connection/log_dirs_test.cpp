#include "protocol/kafka/describe_log_dirs.hpp"
#include "tests/unit/actors/connection/connection_fixture.hpp"

/// DescribeLogDirs between client and broker, in every version.
namespace barnabas::log_dirs_test {
namespace {

constexpr std::int16_t newest_version = 5;

/// One directory with room, partitions and a cordon, and one that failed.
log_dirs_response two_directories(std::uint64_t token) {
    log_dirs_response answer;
    answer.token = token;
    auto& good = answer.directories.emplace_back();
    good.path = "/srv/a";
    good.cordoned = true;
    good.total_bytes = 1000;
    good.free_bytes = 400;
    for (const auto& [topic, index] : {std::pair{"orders", 0}, std::pair{"orders", 2}, std::pair{"sales", 0}})
        good.partitions.push_back({topic, {topic_id(), partition_index(index)}, 70 + index});
    auto& bad = answer.directories.emplace_back();
    bad.path = "/srv/b";
    bad.code = errc::storage_error;
    return answer;
}

TEST_F(connection_test, log_directories_are_described_in_every_version) {
    machine.start();
    for (std::int16_t version = 0; version <= newest_version; ++version) {
        kafka::describe_log_dirs_request message;
        message.topics.emplace();
        auto& wanted = message.topics->emplace_back();
        wanted.topic = "orders";
        wanted.partitions = {0, 2};
        deliver(request(message, version, version));
        const auto& asked = port.log_dirs.back();
        ASSERT_TRUE(asked.wanted);
        EXPECT_EQ(asked.wanted->at("orders"), (std::set<std::int32_t>{0, 2}));
        machine.on_log_dirs_response(two_directories(asked.token));
        const auto answer =
            response<kafka::describe_log_dirs_response>(static_cast<std::size_t>(version), version, version);
        EXPECT_EQ(answer.error_code, 0);
        ASSERT_EQ(answer.results.size(), 2u);
        const auto& good = answer.results[0];
        EXPECT_EQ(good.log_dir, "/srv/a");
        EXPECT_EQ(good.total_bytes, version >= 4 ? 1000 : -1);
        EXPECT_EQ(good.usable_bytes, version >= 4 ? 400 : -1);
        EXPECT_EQ(good.is_cordoned, version >= 5);
        ASSERT_EQ(good.topics.size(), 2u);
        EXPECT_EQ(good.topics[0].name, "orders");
        ASSERT_EQ(good.topics[0].partitions.size(), 2u);
        EXPECT_EQ(good.topics[0].partitions[1].partition_index, 2);
        EXPECT_EQ(good.topics[0].partitions[1].partition_size, 72);
        EXPECT_EQ(good.topics[1].name, "sales");
        const auto& bad = answer.results[1];
        EXPECT_EQ(bad.error_code, kafka::wire_value(error_code::kafka_storage_error));
        EXPECT_EQ(bad.total_bytes, -1);
        EXPECT_EQ(bad.usable_bytes, -1);
        EXPECT_TRUE(bad.topics.empty());
    }
}

TEST_F(connection_test, log_directories_that_nobody_describes_in_time_are_an_error_where_there_is_one) {
    machine.start();
    for (std::int16_t version = 0; version <= newest_version; ++version) {
        deliver(request(kafka::describe_log_dirs_request{}, version, version));
        port.time =
            port.time +
            std::chrono::nanoseconds(std::chrono::milliseconds(config.request_timeout_ms + 1)).count();
        machine.on_timer();
        const auto answer =
            response<kafka::describe_log_dirs_response>(static_cast<std::size_t>(version), version, version);
        EXPECT_EQ(answer.error_code,
                  version >= 3 ? kafka::wire_value(error_code::request_timed_out) : std::int16_t{0});
        EXPECT_TRUE(answer.results.empty());
    }
}

TEST_F(connection_test, log_directories_are_not_for_everybody) {
    struct nobody final : authorizer {
        bool allowed(const request_context&, acl_operation, resource_type, std::string_view) const override {
            return false;
        }
    } none;
    connection closed_door{{&config, &none, &reserve, "PLAINTEXT", 2}, port};
    closed_door.start();
    const auto bytes = request(kafka::describe_log_dirs_request{}, newest_version, 1);
    auto into = chunk::allocate(bytes.size());
    std::memcpy(into->data(), bytes.data(), bytes.size());
    closed_door.on_read({into, 0, bytes.size()});
    EXPECT_TRUE(port.log_dirs.empty());
    EXPECT_EQ(response<kafka::describe_log_dirs_response>(0, newest_version, 1).error_code,
              kafka::wire_value(error_code::cluster_authorization_failed));
}

} // namespace
} // namespace barnabas::log_dirs_test
