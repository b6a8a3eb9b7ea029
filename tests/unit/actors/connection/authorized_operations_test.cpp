#include "actors/connection/authorized_operations.hpp"
#include "protocol/kafka/consumer_group_describe.hpp"
#include "protocol/kafka/describe_cluster.hpp"
#include "protocol/kafka/describe_groups.hpp"
#include "protocol/kafka/describe_topic_partitions.hpp"
#include "protocol/kafka/metadata.hpp"
#include "tests/unit/actors/connection/groups_fixture.hpp"

#include <initializer_list>
#include <set>

/// What clients are told that they may do (KIP-430).
namespace barnabas::authorized_operations_test {
namespace {

constexpr std::int32_t not_asked = -2147483647 - 1;

/// Numbers as Kafka gives them to its operations.
std::int32_t bits(std::initializer_list<int> operations) {
    std::int32_t all = 0;
    for (const int one : operations)
        all |= 1 << one;
    return all;
}

const std::int32_t all_of_groups = bits({3, 6, 8, 10, 11});
const std::int32_t all_of_topics = bits({3, 4, 5, 6, 7, 8, 10, 11});
const std::int32_t all_of_the_cluster = bits({5, 7, 8, 9, 10, 11, 12});

/// Allows what is named and nothing else, on whatever resource.
class picky_authorizer final : public authorizer {
public:
    bool allowed(const request_context&, acl_operation what, resource_type, std::string_view) const override {
        return operations.contains(what);
    }
    std::set<acl_operation> operations;
};

class authorized_operations_test : public groups_test {
protected:
    kafka::describe_groups_response::described_group described(std::int16_t version, bool asks,
                                                               group::describe_response told) {
        kafka::describe_groups_request message;
        message.groups = {group_of(0)};
        message.include_authorized_operations = asks;
        deliver(request(message, version, version));
        answer(std::move(told));
        return last<kafka::describe_groups_response>(version).groups.at(0);
    }
};

TEST_F(authorized_operations_test, of_classic_groups_are_told_to_who_asks) {
    for (std::int16_t version = 0; version <= 6; ++version) {
        group::describe_response told;
        told.state = "Stable";
        EXPECT_EQ(described(version, true, told).authorized_operations,
                  version >= 3 ? all_of_groups : not_asked);
        EXPECT_EQ(described(version, false, told).authorized_operations, not_asked);
    }
}

TEST_F(authorized_operations_test, of_groups_that_are_an_error_are_not_told) {
    group::describe_response missing;
    missing.code = errc::group_id_not_found;
    missing.state = "Dead";
    EXPECT_EQ(described(6, true, missing).authorized_operations, not_asked);
    // There it is no error.
    EXPECT_EQ(described(5, true, missing).authorized_operations, all_of_groups);
}

TEST_F(authorized_operations_test, of_consumer_groups_are_told_to_who_asks) {
    for (std::int16_t version = 0; version <= 1; ++version)
        for (const bool asks : {true, false}) {
            kafka::consumer_group_describe_request message;
            message.group_ids = {group_of(0), group_of(1)};
            message.include_authorized_operations = asks;
            deliver(request(message, version, version));
            group::consumer_describe_response told;
            told.state = "Empty";
            answer(told);
            const auto groups = last<kafka::consumer_group_describe_response>(version).groups;
            EXPECT_EQ(groups.at(0).authorized_operations, asks ? all_of_groups : not_asked);
            EXPECT_EQ(groups.at(1).authorized_operations, not_asked);
        }
}

TEST_F(authorized_operations_test, of_cluster_and_topics_are_told_to_who_asks) {
    for (std::int16_t version = 0; version <= 13; ++version) {
        kafka::metadata_request message;
        message.topics.emplace();
        for (const auto* name : {"orders", "missing"})
            message.topics->emplace_back().name = name;
        const auto ask = [&](bool asks) {
            message.include_topic_authorized_operations = asks;
            message.include_cluster_authorized_operations = asks;
            message.allow_auto_topic_creation = false;
            config.auto_create_topics_enable = false;
            deliver(request(message, version, version));
            return last<kafka::metadata_response>(version);
        };
        const auto told = ask(true);
        const bool of_cluster = version >= 8 && version <= 10;
        EXPECT_EQ(told.cluster_authorized_operations, of_cluster ? all_of_the_cluster : not_asked);
        for (const auto& topic : told.topics)
            EXPECT_EQ(topic.topic_authorized_operations, version >= 8 ? all_of_topics : not_asked);
        const auto untold = ask(false);
        EXPECT_EQ(untold.cluster_authorized_operations, not_asked);
        EXPECT_EQ(untold.topics.at(0).topic_authorized_operations, not_asked);
    }
}

TEST_F(authorized_operations_test, of_the_described_cluster_are_told_to_who_asks) {
    for (std::int16_t version = 0; version <= 2; ++version)
        for (const bool asks : {true, false}) {
            kafka::describe_cluster_request message;
            message.include_cluster_authorized_operations = asks;
            deliver(request(message, version, version));
            EXPECT_EQ(last<kafka::describe_cluster_response>(version).cluster_authorized_operations,
                      asks ? all_of_the_cluster : not_asked);
        }
}

TEST_F(authorized_operations_test, of_topics_in_pages_are_told_to_all) {
    kafka::describe_topic_partitions_request message;
    for (const auto* name : {"missing", "orders"})
        message.topics.emplace_back().name = name;
    deliver(request(message, 0, 1));
    const auto told =
        response<kafka::describe_topic_partitions_response>(port.written.size() - 1, 0, 1).topics;
    EXPECT_EQ(told.at(0).topic_authorized_operations, all_of_topics);
    EXPECT_EQ(told.at(1).topic_authorized_operations, all_of_topics);
}

TEST_F(authorized_operations_test, are_those_that_the_authorizer_allows) {
    picky_authorizer picky;
    connection guarded{{&config, &picky, &reserve, "PLAINTEXT", 2}, port};
    const request_context who;
    const auto of_group = [&] { return authorized_operations(guarded, who, resource_type::group, "g"); };
    EXPECT_EQ(of_group(), 0);
    picky.operations = {acl_operation::read, acl_operation::write};
    EXPECT_EQ(of_group(), bits({3}));
    picky.operations = {acl_operation::alter};
    EXPECT_EQ(authorized_cluster_operations(guarded, who), 0) << "it may not describe the cluster";
    picky.operations.insert(acl_operation::describe);
    EXPECT_EQ(authorized_cluster_operations(guarded, who), bits({7, 8}));
}

} // namespace
} // namespace barnabas::authorized_operations_test
