#include "actors/controller/controller.hpp"

#include <gtest/gtest.h>

/// Altered configs: decisions of the controller, and what their records make.
namespace barnabas::config_changes_test {
namespace {

using change = alter_configs_request::change;
using item = alter_configs_request::item;
using texts = std::map<std::string, std::string>;

controller_options options_of_test() {
    controller_options options;
    options.node = node_id(1);
    options.cluster_id = "cluster";
    options.log_dirs = {"/a", "/b"};
    return options;
}

class altering : public testing::Test {
protected:
    altering() : machine(options_of_test(), runtime::random(1)) {
        commit(machine.on_broker_started({node_id(1), {{"PLAINTEXT", "localhost", 9092}}, std::nullopt}));
        new_topic topic;
        topic.name = "t";
        topic.configs = {{"retention.ms", "1000"}};
        commit(machine.on_create_topics({0, false, {topic}}).records);
    }

    void commit(const std::vector<metadata_record>& records) {
        for (const auto& record : records) {
            ASSERT_TRUE(machine.apply(machine.applied(), record));
            log.push_back(record);
        }
    }
    topic_result alter(item wanted, bool validate_only = false) {
        auto decided = machine.on_alter_configs({3, validate_only, {std::move(wanted)}});
        EXPECT_EQ(decided.response.token, 3u);
        newest = decided.records;
        commit(decided.records);
        return decided.response.topics.at(0);
    }
    const topic_metadata& topic() const { return *machine.state().find_topic("t"); }

    controller machine;
    std::vector<metadata_record> log;
    std::vector<metadata_record> newest;
};

constexpr auto set = config_operation::set;
constexpr auto take_away = config_operation::remove;
constexpr auto append = config_operation::append;
constexpr auto subtract = config_operation::subtract;
constexpr const char* session = "consumer.session.timeout.ms";

TEST_F(altering, what_is_not_named_stays_unless_all_is_replaced) {
    EXPECT_EQ(alter({"t", {{"segment.bytes", set, "2000000"}}}).code, errc::ok);
    EXPECT_EQ(topic().configs, (texts{{"retention.ms", "1000"}, {"segment.bytes", "2000000"}}));
    EXPECT_EQ(topic().configs_at, machine.applied());
    EXPECT_FALSE(topic().policy_altered);

    EXPECT_EQ(alter({"t", {{"retention.bytes", set, "7"}}, true}).code, errc::ok);
    EXPECT_EQ(topic().configs, (texts{{"retention.bytes", "7"}}));
    EXPECT_EQ(alter({"t", {{"retention.bytes", take_away, ""}}}).code, errc::ok);
    EXPECT_TRUE(topic().configs.empty());
}

TEST_F(altering, what_changes_nothing_makes_no_record) {
    EXPECT_EQ(alter({"t", {{"retention.ms", set, "1000"}, {"segment.ms", take_away, ""}}}).code, errc::ok);
    EXPECT_TRUE(newest.empty());
    EXPECT_EQ(alter({"t", {{"retention.ms", set, "5"}}}, true).code, errc::ok);
    EXPECT_TRUE(newest.empty());
}

TEST_F(altering, lists_grow_and_shrink_from_their_default) {
    EXPECT_EQ(alter({"t", {{"cleanup.policy", append, "compact"}}}).code, errc::ok);
    EXPECT_EQ(topic().configs.at("cleanup.policy"), "delete,compact");
    EXPECT_TRUE(topic().policy_altered);
    EXPECT_EQ(alter({"t", {{"cleanup.policy", append, "compact,delete"}}}).code, errc::ok);
    EXPECT_TRUE(newest.empty());
    EXPECT_EQ(alter({"t", {{"cleanup.policy", subtract, "delete"}}}).code, errc::ok);
    EXPECT_EQ(topic().configs.at("cleanup.policy"), "compact");
    const auto refused = alter({"t", {{"retention.ms", append, "5"}}});
    EXPECT_EQ(refused.code, errc::invalid_config);
    EXPECT_EQ(refused.detail, "Can't APPEND to key retention.ms because its type is not LIST.");
    EXPECT_EQ(alter({"t", {{"no.such.key", subtract, "5"}}}).code, errc::invalid_config);
}

TEST_F(altering, all_of_a_resource_or_nothing_and_each_by_itself) {
    auto decided = machine.on_alter_configs({0,
                                             false,
                                             {{"t", {{"segment.ms", set, "5"}, {"retention.ms", set, "x"}}},
                                              {"missing", {}},
                                              {"t", {{"no.such.key", set, "5"}}},
                                              {node_id(1), {{"log.retention.ms", set, "9"}}}}});
    const auto& answers = decided.response.topics;
    ASSERT_EQ(answers.size(), 4u);
    EXPECT_EQ(answers[0].code, errc::invalid_config);
    EXPECT_EQ(answers[1].code, errc::unknown_topic_or_partition);
    EXPECT_EQ(answers[2].code, errc::invalid_config);
    EXPECT_EQ(answers[2].detail, "Unknown topic config name: no.such.key");
    EXPECT_EQ(answers[3].code, errc::ok);
    commit(decided.records);
    EXPECT_EQ(topic().configs, (texts{{"retention.ms", "1000"}}));
    EXPECT_EQ(machine.state().broker_configs.at(node_id(1)), (texts{{"log.retention.ms", "9"}}));
}

TEST_F(altering, of_brokers_only_what_is_dynamic) {
    EXPECT_EQ(alter({cluster_resource{}, {{"log.segment.bytes", set, "2000000"}}}).code, errc::ok);
    EXPECT_EQ(machine.state().configs_of_all, (texts{{"log.segment.bytes", "2000000"}}));
    EXPECT_EQ(machine.state().broker_configs_at, machine.applied());
    EXPECT_FALSE(machine.state().default_policy_altered);
    EXPECT_EQ(alter({cluster_resource{}, {{"log.segment.bytes", set, "1"}}}).code, errc::invalid_config);
    EXPECT_EQ(alter({node_id(1), {{"num.partitions", set, "2"}}}).code, errc::invalid_request);
    EXPECT_EQ(alter({node_id(1), {{"no.such.key", set, "2"}}}).code, errc::invalid_request);
    EXPECT_EQ(alter({node_id(2), {{"log.retention.ms", set, "2"}}}).code, errc::invalid_request);
    EXPECT_EQ(alter({cluster_resource{}, {{"log.cleaner.io.max.bytes.per.second", set, "1000"}}}).code,
              errc::ok);
    EXPECT_EQ(alter({node_id(1), {{"num.io.threads", set, "16"}}}).code, errc::ok);
    EXPECT_EQ(alter({node_id(1), {{"num.io.threads", set, "0"}}}).code, errc::invalid_config);
    EXPECT_EQ(alter({node_id(1), {{"log.cleanup.policy", append, "compact"}}}).code, errc::ok);
    EXPECT_EQ(machine.state().broker_configs.at(node_id(1)).at("log.cleanup.policy"), "delete,compact");
    EXPECT_TRUE(machine.state().may_have_been_compacted(topic()));
    EXPECT_EQ(alter({cluster_resource{}, {}, true}).code, errc::ok);
    EXPECT_TRUE(machine.state().configs_of_all.empty());
    const auto why = [&](const char* key, const char* value) {
        return alter({cluster_resource{}, {{key, set, value}}}).detail;
    };
    EXPECT_EQ(why("log.cleaner.threads", "2"),
              "Cannot update these configs dynamically: Set(log.cleaner.threads); it is read when the broker "
              "starts: set it in the broker's file, and start the broker again");
    EXPECT_EQ(
        why("max.connections.per.ip", "2"),
        "Cannot update these configs dynamically: Set(max.connections.per.ip); it has no effect here yet");
    EXPECT_EQ(why("ssl.keystore.location", "x"),
              "Cannot update these configs dynamically: "
              "Set(ssl.keystore.location); TLS and SASL are not built yet");
}

/// Until then an older version can read the log.
TEST(altered_configs, of_brokers_raise_the_feature_level_once) {
    controller machine(options_of_test(), runtime::random(1));
    const auto apply = [&](const metadata_record& record) {
        return machine.apply(machine.applied(), record);
    };
    ASSERT_TRUE(apply(feature_level_record{1}));
    EXPECT_EQ(apply(config_changed_record{cluster_resource{}, "log.retention.ms", "5"}).code(),
              errc::corrupt_message);
    const alter_configs_request request{0, false, {{cluster_resource{}, {{"log.retention.ms", set, "5"}}}}};
    for (const std::size_t records : {2u, 0u}) {
        const auto decided = machine.on_alter_configs(request);
        EXPECT_EQ(decided.records.size(), records);
        for (const auto& record : decided.records)
            ASSERT_TRUE(apply(record));
    }
    EXPECT_EQ(machine.state().configs_of_all.at("log.retention.ms"), "5");
}

TEST(altered_configs, of_groups_raise_the_feature_level_once) {
    controller machine(options_of_test(), runtime::random(1));
    const auto apply = [&](const metadata_record& record) {
        return machine.apply(machine.applied(), record);
    };
    ASSERT_TRUE(apply(feature_level_record{2}));
    EXPECT_EQ(apply(config_changed_record{named_group{"g"}, session, "50000"}).code(), errc::corrupt_message);
    const alter_configs_request request{0, false, {{named_group{"g"}, {{session, set, "50000"}}}}};
    for (const std::size_t records : {2u, 0u}) {
        const auto decided = machine.on_alter_configs(request);
        EXPECT_EQ(decided.records.size(), records);
        for (const auto& record : decided.records)
            ASSERT_TRUE(apply(record));
    }
    EXPECT_EQ(machine.state().group_configs.at("g").at(session), "50000");
}

TEST_F(altering, of_groups_what_the_bounds_allow) {
    const named_group g{"g"};
    EXPECT_EQ(alter({g, {{session, set, "50000"}, {"consumer.heartbeat.interval.ms", set, "6000"}}}).code,
              errc::ok);
    EXPECT_EQ(machine.state().group_configs.at("g").size(), 2u);
    EXPECT_EQ(machine.state().group_configs_at, machine.applied());
    EXPECT_EQ(machine.state().broker_configs_at, log_offset(0));
    const auto refused = alter({g, {{session, set, "5"}}});
    EXPECT_EQ(refused.code, errc::invalid_config);
    EXPECT_EQ(refused.detail, "consumer.session.timeout.ms must be greater than or equal to "
                              "group.consumer.min.session.timeout.ms");
    EXPECT_EQ(alter({g, {{"share.session.timeout.ms", set, "5"}}}).code, errc::invalid_config);
    EXPECT_EQ(alter({g, {{session, append, "5"}}}).detail,
              "Can't APPEND to key consumer.session.timeout.ms because its type is not LIST.");
    EXPECT_EQ(alter({g, {{"segment.ms", append, "5"}}}).detail, "Unknown group config name: segment.ms");
    EXPECT_EQ(alter({g, {{session, take_away, ""}}}).code, errc::ok);
    EXPECT_EQ(machine.state().group_configs.at("g"), (texts{{"consumer.heartbeat.interval.ms", "6000"}}));
    // It is gone with its last config.
    EXPECT_EQ(alter({g, {}, true}).code, errc::ok);
    EXPECT_TRUE(machine.state().group_configs.empty());
}

TEST_F(altering, a_replayed_log_gives_the_same_configs) {
    alter({named_group{"g"}, {{session, set, "50000"}}});
    alter({"t", {{"cleanup.policy", append, "compact"}, {"retention.ms", take_away, ""}}});
    alter({cluster_resource{}, {{"log.retention.ms", set, "9"}}});
    alter({cluster_resource{}, {{"log.retention.ms", take_away, ""}}});
    controller again(options_of_test(), runtime::random(2));
    for (const auto& record : log)
        ASSERT_TRUE(again.apply(again.applied(), record));
    EXPECT_EQ(again.state().topics, machine.state().topics);
    EXPECT_EQ(again.state().configs_of_all, machine.state().configs_of_all);
    EXPECT_EQ(again.state().broker_configs_at, machine.state().broker_configs_at);
    EXPECT_EQ(again.state().group_configs, machine.state().group_configs);
    EXPECT_EQ(again.state().group_configs_at, machine.state().group_configs_at);
}

/// KIP-1066: it is followed by the next decision.
TEST_F(altering, cordoned_directories_are_those_of_the_broker) {
    const auto create = [&](const char* name) {
        new_topic topic;
        topic.name = name;
        const auto decided = machine.on_create_topics({0, true, {topic}});
        return decided.response.topics.at(0).code;
    };
    EXPECT_EQ(create("before"), errc::ok);
    EXPECT_EQ(alter({node_id(1), {{"cordoned.log.dirs", set, "/a"}}}).code, errc::ok);
    EXPECT_EQ(create("elsewhere"), errc::ok);
    EXPECT_EQ(alter({node_id(1), {{"cordoned.log.dirs", append, "/b/"}}}).code, errc::ok);
    EXPECT_EQ(create("nowhere"), errc::invalid_replication_factor);
    const auto refused = alter({node_id(1), {{"cordoned.log.dirs", set, "/a,/c"}}});
    EXPECT_EQ(refused.code, errc::invalid_config);
    EXPECT_NE(refused.detail.find("names /c, which is not in log.dirs; allowed are /a, /b, or *"),
              std::string::npos)
        << refused.detail;
    EXPECT_EQ(create("nowhere"), errc::invalid_replication_factor) << "what was refused changed nothing";
    EXPECT_EQ(alter({node_id(1), {{"cordoned.log.dirs", take_away, ""}}}).code, errc::ok);
    EXPECT_EQ(create("after"), errc::ok);
    EXPECT_EQ(alter({cluster_resource{}, {{"cordoned.log.dirs", set, "*"}}}).code, errc::ok);
    EXPECT_EQ(create("nowhere"), errc::invalid_replication_factor);
    EXPECT_EQ(alter({node_id(1), {{"cordoned.log.dirs", set, ""}}}).code, errc::ok);
    EXPECT_EQ(create("here"), errc::ok) << "its own wins over that of all, also when it is empty";
}

} // namespace
} // namespace barnabas::config_changes_test
