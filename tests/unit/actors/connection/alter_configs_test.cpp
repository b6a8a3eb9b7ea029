#include "protocol/kafka/alter_configs.hpp"
#include "protocol/kafka/describe_configs.hpp"
#include "protocol/kafka/incremental_alter_configs.hpp"
#include "runtime/config/group_config.hpp"
#include "tests/unit/actors/connection/connection_fixture.hpp"

/// IncrementalAlterConfigs, AlterConfigs and what DescribeConfigs shows of them, in every version.
namespace barnabas::alter_configs_test {
namespace {

constexpr std::int8_t topic = 2;
constexpr std::int8_t broker = 4;
constexpr std::int8_t of_group = 32;

struct wanted_change {
    std::string key;
    std::optional<std::string> value;
    std::int8_t what = 0;
};

template <class Request>
void add(Request& message, std::int8_t type, const std::string& name, const wanted_change& wanted) {
    auto& resource = message.resources.emplace_back();
    resource.resource_type = type;
    resource.resource_name = name;
    auto& config = resource.configs.emplace_back();
    config.name = wanted.key;
    config.value = wanted.value;
    if constexpr (requires { config.config_operation; })
        config.config_operation = wanted.what;
}

/// So many that are done.
topics_response answers(const alter_configs_request& asked, std::size_t count) {
    topics_response answered;
    answered.token = asked.token;
    answered.topics.resize(count);
    return answered;
}

TEST_F(connection_test, configs_are_altered_one_by_one_in_every_version) {
    machine.start();
    for (std::int16_t version = 0; version <= 1; ++version) {
        kafka::incremental_alter_configs_request message;
        message.validate_only = version == 1;
        add(message, topic, "orders", {"retention.ms", "5"});
        add(message, broker, "1", {"log.retention.ms", std::nullopt, 1});
        add(message, broker, "", {"log.cleanup.policy", "compact", 2});
        deliver(request(message, version, version));
        const auto& asked = port.alters.back();
        EXPECT_EQ(asked.validate_only, version == 1);
        ASSERT_EQ(asked.resources.size(), 3u);
        EXPECT_EQ(std::get<std::string>(asked.resources[0].resource), "orders");
        EXPECT_EQ(asked.resources[0].changes[0].value, "5");
        EXPECT_FALSE(asked.resources[0].replaces);
        EXPECT_EQ(std::get<node_id>(asked.resources[1].resource), node_id(1));
        EXPECT_EQ(asked.resources[1].changes[0].what, config_operation::remove);
        EXPECT_TRUE(std::holds_alternative<cluster_resource>(asked.resources[2].resource));
        EXPECT_EQ(asked.resources[2].changes[0].what, config_operation::append);
        auto answered = answers(asked, 3);
        answered.topics[1].code = errc::invalid_config;
        answered.topics[1].detail = "why";
        machine.on_topics_response(answered);
        const auto answer = response<kafka::incremental_alter_configs_response>(
            static_cast<std::size_t>(version), version, version);
        ASSERT_EQ(answer.responses.size(), 3u);
        EXPECT_EQ(answer.responses[0].error_code, 0);
        EXPECT_EQ(answer.responses[0].error_message, std::nullopt);
        EXPECT_EQ(answer.responses[1].error_code, kafka::wire_value(error_code::invalid_config));
        EXPECT_EQ(answer.responses[1].error_message, "why");
        EXPECT_EQ(answer.responses[2].resource_type, broker);
    }
}

TEST_F(connection_test, configs_of_groups_are_asked_of_the_controller) {
    machine.start();
    kafka::incremental_alter_configs_request message;
    add(message, of_group, "readers", {"consumer.session.timeout.ms", "50000"});
    deliver(request(message, 1, 1));
    const auto& asked = port.alters.back();
    ASSERT_EQ(asked.resources.size(), 1u);
    EXPECT_EQ(std::get<named_group>(asked.resources[0].resource).name, "readers");
    auto answered = answers(asked, 1);
    answered.topics[0].code = errc::invalid_config;
    machine.on_topics_response(answered);
    const auto answer = response<kafka::incremental_alter_configs_response>(0, 1, 1);
    ASSERT_EQ(answer.responses.size(), 1u);
    EXPECT_EQ(answer.responses[0].resource_type, of_group);
    EXPECT_EQ(answer.responses[0].error_code, kafka::wire_value(error_code::invalid_config));
}

TEST_F(connection_test, configs_are_replaced_in_every_version) {
    machine.start();
    for (std::int16_t version = 0; version <= 2; ++version) {
        kafka::alter_configs_request message;
        add(message, topic, "orders", {"retention.ms", "5"});
        deliver(request(message, version, version));
        EXPECT_TRUE(port.alters.back().resources.at(0).replaces);
        machine.on_topics_response(answers(port.alters.back(), 1));
        const auto answer =
            response<kafka::alter_configs_response>(static_cast<std::size_t>(version), version, version);
        EXPECT_EQ(answer.responses.at(0).error_code, 0);
    }
}

TEST_F(connection_test, what_no_controller_can_alter_is_refused_with_its_reason) {
    machine.start();
    kafka::incremental_alter_configs_request message;
    add(message, topic, "", {"retention.ms", "5"});
    add(message, topic, "twice", {"retention.ms", "5"});
    add(message, topic, "twice", {"retention.ms", "6"});
    add(message, broker, "one", {"log.retention.ms", "5"});
    add(message, 8, "1", {"root", "DEBUG"});
    add(message, of_group, "", {"consumer.session.timeout.ms", "5"});
    add(message, 16, "metrics", {"interval.ms", "5"});
    add(message, 77, "x", {"y", "z"});
    add(message, topic, "a", {"retention.ms", std::nullopt});
    add(message, topic, "b", {"retention.ms", "5", 4});
    add(message, topic, "orders", {"retention.ms", "5"});
    deliver(request(message, 1, 1));
    ASSERT_EQ(port.alters.back().resources.size(), 1u);
    machine.on_topics_response(answers(port.alters.back(), 1));
    const auto answer = response<kafka::incremental_alter_configs_response>(0, 1, 1);
    ASSERT_EQ(answer.responses.size(), 11u);
    for (std::size_t i = 0; i < 10; ++i) {
        EXPECT_EQ(answer.responses[i].error_code, kafka::wire_value(error_code::invalid_request)) << i;
        EXPECT_FALSE(answer.responses[i].error_message.value_or("").empty()) << i;
    }
    EXPECT_EQ(answer.responses[10].error_code, 0);
}

TEST_F(connection_test, a_silent_controller_does_not_keep_whoever_alters) {
    machine.start();
    kafka::incremental_alter_configs_request message;
    add(message, topic, "orders", {"retention.ms", "5"});
    deliver(request(message, 1, 1));
    port.time = port.time + std::chrono::nanoseconds(std::chrono::seconds(31)).count();
    machine.on_timer();
    const auto answer = response<kafka::incremental_alter_configs_response>(0, 1, 1);
    EXPECT_EQ(answer.responses.at(0).error_code, kafka::wire_value(error_code::request_timed_out));
}

const auto& row_of(const kafka::describe_configs_response& answer, std::size_t resource,
                   const std::string& name) {
    const auto& configs = answer.results.at(resource).configs;
    return *std::find_if(configs.begin(), configs.end(), [&](const auto& one) { return one.name == name; });
}

TEST_F(connection_test, configs_of_groups_are_described_whether_they_exist_or_not) {
    auto image = std::make_shared<metadata_image>(*port.metadata);
    image->group_configs["readers"] = {{"consumer.session.timeout.ms", "50000"}};
    port.metadata = image;
    machine.start();
    kafka::describe_configs_request message;
    for (const char* name : {"readers", "others", ""}) {
        auto& resource = message.resources.emplace_back();
        resource.resource_type = of_group;
        resource.resource_name = name;
        resource.configuration_keys.reset();
    }
    deliver(request(message, 4, 1));
    const auto answer = response<kafka::describe_configs_response>(0, 4, 1);
    ASSERT_EQ(answer.results.size(), 3u);
    const auto& own = row_of(answer, 0, "consumer.session.timeout.ms");
    EXPECT_EQ(own.value, "50000");
    EXPECT_EQ(own.config_source, source_group);
    EXPECT_FALSE(own.read_only);
    EXPECT_EQ(row_of(answer, 0, "consumer.heartbeat.interval.ms").config_source, source_default);
    EXPECT_EQ(row_of(answer, 1, "consumer.session.timeout.ms").value, "45000");
    EXPECT_EQ(answer.results[2].error_code, kafka::wire_value(error_code::invalid_request));
}

TEST_F(connection_test, altered_configs_are_described_with_their_sources) {
    auto image = std::make_shared<metadata_image>(*port.metadata);
    image->topics.find("orders")->second.configs = {{"segment.bytes", "2000000"}};
    port.metadata = image;
    broker_config altered;
    ASSERT_TRUE(altered.set("log.retention.ms", "1"));
    altered.altered_for_all = {{"log.retention.ms", "2"}, {"log.segment.bytes", "3000000"}};
    altered.altered_here = {{"log.retention.ms", "3"}};
    machine.use_config(altered);
    machine.start();
    kafka::describe_configs_request message;
    message.include_synonyms = true;
    for (const auto& [type, name] : {std::pair{topic, "orders"}, std::pair{broker, "1"},
                                     std::pair{broker, ""}, std::pair{broker, "1"}}) {
        auto& resource = message.resources.emplace_back();
        resource.resource_type = type;
        resource.resource_name = name;
    }
    for (auto& resource : message.resources)
        resource.configuration_keys.reset();
    deliver(request(message, 4, 1));
    const auto answer = response<kafka::describe_configs_response>(0, 4, 1);
    EXPECT_EQ(answer.results.size(), 3u) << "what is named again is not told again";
    const auto& retention = row_of(answer, 0, "retention.ms");
    EXPECT_EQ(retention.value, "3");
    EXPECT_EQ(retention.config_source, source_altered_here);
    std::vector<int> sources;
    for (const auto& synonym : retention.synonyms)
        sources.push_back(synonym.source);
    EXPECT_EQ(sources, (std::vector<int>{2, 3, 4, 5}));
    EXPECT_EQ(row_of(answer, 0, "segment.bytes").config_source, source_topic);
    EXPECT_EQ(row_of(answer, 1, "log.segment.bytes").config_source, source_altered_for_all);
    EXPECT_FALSE(row_of(answer, 1, "log.segment.bytes").read_only);
    EXPECT_TRUE(row_of(answer, 1, "num.partitions").read_only);
    ASSERT_EQ(answer.results.at(2).configs.size(), 2u);
    EXPECT_EQ(row_of(answer, 2, "log.retention.ms").value, "2");
}

} // namespace
} // namespace barnabas::alter_configs_test
