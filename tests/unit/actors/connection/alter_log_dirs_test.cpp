#include "protocol/kafka/alter_replica_log_dirs.hpp"
#include "tests/unit/actors/connection/connection_fixture.hpp"

/// AlterReplicaLogDirs between client and broker, in every version.
namespace barnabas::alter_log_dirs_test {
namespace {

constexpr std::int16_t newest_version = 2;

kafka::alter_replica_log_dirs_request two_directories() {
    kafka::alter_replica_log_dirs_request message;
    for (const auto* path : {"/srv/a", "/srv/b"}) {
        auto& directory = message.dirs.emplace_back();
        directory.path = path;
        auto& topic = directory.topics.emplace_back();
        topic.name = "orders";
        topic.partitions = {0, 1};
    }
    message.dirs[1].topics[0].partitions = {2};
    message.dirs[1].topics.emplace_back().name = "sales";
    message.dirs[1].topics[1].partitions = {0};
    return message;
}

TEST_F(connection_test, moves_are_asked_for_and_answered_by_topic_in_every_version) {
    machine.start();
    for (std::int16_t version = 0; version <= newest_version; ++version) {
        deliver(request(two_directories(), version, version));
        const auto& asked = port.moves.back();
        EXPECT_EQ(asked.moves, (std::vector<wanted_move>{{"orders", 0, "/srv/a"},
                                                         {"orders", 1, "/srv/a"},
                                                         {"orders", 2, "/srv/b"},
                                                         {"sales", 0, "/srv/b"}}));
        machine.on_alter_log_dirs_response(
            {asked.token, {errc::ok, errc::not_found, errc::storage_error, errc::not_leader_or_follower}});
        const auto answer = response<kafka::alter_replica_log_dirs_response>(
            static_cast<std::size_t>(version), version, version);
        ASSERT_EQ(answer.results.size(), 2u);
        EXPECT_EQ(answer.results[0].topic_name, "orders");
        ASSERT_EQ(answer.results[0].partitions.size(), 3u);
        EXPECT_EQ(answer.results[0].partitions[0].error_code, 0);
        EXPECT_EQ(answer.results[0].partitions[1].error_code,
                  kafka::wire_value(error_code::log_dir_not_found));
        EXPECT_EQ(answer.results[0].partitions[2].partition_index, 2);
        EXPECT_EQ(answer.results[0].partitions[2].error_code,
                  kafka::wire_value(error_code::kafka_storage_error));
        ASSERT_EQ(answer.results[1].partitions.size(), 1u);
        EXPECT_EQ(answer.results[1].partitions[0].error_code,
                  kafka::wire_value(error_code::replica_not_available));
    }
}

TEST_F(connection_test, moves_that_do_not_begin_in_time_are_answered_all_the_same) {
    machine.start();
    deliver(request(two_directories(), newest_version, 1));
    port.time = port.time + std::chrono::nanoseconds(std::chrono::seconds(6)).count();
    machine.on_timer();
    const auto answer = response<kafka::alter_replica_log_dirs_response>(0, newest_version, 1);
    for (const auto& topic : answer.results)
        for (const auto& partition : topic.partitions)
            EXPECT_EQ(partition.error_code, kafka::wire_value(error_code::request_timed_out));
}

TEST_F(connection_test, moves_are_not_for_everybody) {
    struct nobody final : authorizer {
        bool allowed(const request_context&, acl_operation, resource_type, std::string_view) const override {
            return false;
        }
    } none;
    connection closed_door{{&config, &none, &reserve, "PLAINTEXT", 2}, port};
    closed_door.start();
    const auto bytes = request(two_directories(), newest_version, 1);
    auto into = chunk::allocate(bytes.size());
    std::memcpy(into->data(), bytes.data(), bytes.size());
    closed_door.on_read({into, 0, bytes.size()});
    EXPECT_TRUE(port.moves.empty());
    const auto answer = response<kafka::alter_replica_log_dirs_response>(0, newest_version, 1);
    ASSERT_EQ(answer.results.size(), 2u);
    EXPECT_EQ(answer.results[0].partitions[0].error_code,
              kafka::wire_value(error_code::cluster_authorization_failed));
}

} // namespace
} // namespace barnabas::alter_log_dirs_test
