#include "actors/controller/controller.hpp"
#include "actors/controller/limits.hpp"
#include "actors/controller/metadata_log.hpp"
#include "protocol/batch/builder.hpp"
#include "protocol/batch/patch.hpp"

#include <gtest/gtest.h>

#include <set>

namespace barnabas::controller_test {

namespace {

controller_options options_of_test() {
    controller_options options;
    options.node = node_id(1);
    options.cluster_id = "cluster";
    options.default_partition_count = 3;
    return options;
}

/// A controller with one registered broker; applies what it decides.
class world {
public:
    explicit world(controller_options options = options_of_test()) : machine(options, runtime::random(1)) {
        commit(machine.on_broker_started({node_id(1), {{"PLAINTEXT", "localhost", 9092}}, std::nullopt}));
    }

    void commit(const std::vector<metadata_record>& records) {
        for (const auto& record : records) {
            auto applied = machine.apply(machine.applied(), record);
            ASSERT_TRUE(applied.has_value()) << to_string(applied.failure());
            log.push_back(record);
        }
    }

    std::vector<topic_result> create(std::vector<new_topic> topics, bool validate_only = false) {
        auto decided = machine.on_create_topics({7, validate_only, std::move(topics)});
        EXPECT_EQ(decided.response.token, 7u);
        commit(decided.records);
        return decided.response.topics;
    }
    topic_result create_one(new_topic topic) { return create({std::move(topic)}).front(); }
    topic_result create_named(const std::string& name) {
        new_topic topic;
        topic.name = name;
        return create_one(topic);
    }
    std::vector<topic_result> remove(std::vector<delete_topics_request::item> items) {
        auto decided = machine.on_delete_topics({7, std::move(items)});
        commit(decided.records);
        return decided.response.topics;
    }
    topic_result grow(const std::string& name, std::int32_t count) {
        auto decided = machine.on_create_partitions({7, false, {{name, count, std::nullopt}}});
        commit(decided.records);
        return decided.response.topics.front();
    }

    controller machine;
    std::vector<metadata_record> log;
};

new_topic topic_named(const std::string& name, std::int32_t partitions = -1, std::int16_t factor = -1) {
    new_topic topic;
    topic.name = name;
    topic.partition_count = partitions;
    topic.replication_factor = factor;
    return topic;
}

} // namespace

TEST(controller, created_topic_is_in_the_image_with_defaults) {
    world w;
    const auto made = w.create_named("orders");
    EXPECT_EQ(made.code, errc::ok);
    EXPECT_EQ(made.partition_count, 3);
    EXPECT_EQ(made.replication_factor, 1);
    const auto image = w.machine.image();
    const auto* topic = image->find_topic("orders");
    ASSERT_NE(topic, nullptr);
    EXPECT_EQ(topic->id, made.id);
    EXPECT_EQ(image->find_topic(made.id), topic);
    ASSERT_EQ(topic->partitions.size(), 3u);
    for (std::int32_t i = 0; i < 3; ++i) {
        const auto& partition = topic->partitions[static_cast<std::size_t>(i)];
        EXPECT_EQ(partition.index.get(), i);
        EXPECT_EQ(partition.leader, node_id(1));
        EXPECT_EQ(partition.isr, std::vector{node_id(1)});
    }
}

TEST(controller, topic_ids_are_version_4_uuids_that_do_not_begin_with_a_dash) {
    world w;
    std::set<topic_id> ids;
    for (int i = 0; i < 500; ++i) {
        const auto id = w.create_named("t" + std::to_string(i)).id;
        EXPECT_EQ(id.bytes[6] >> 4, 4);
        EXPECT_EQ(id.bytes[8] >> 6, 2);
        EXPECT_NE(to_string(id).front(), '-');
        ids.insert(id);
    }
    EXPECT_EQ(ids.size(), 500u);
}

TEST(controller, invalid_names_are_refused) {
    world w;
    for (const auto& name :
         {std::string(), std::string("."), std::string(".."), std::string("a b"), std::string("a/b"),
          std::string("é"), std::string(250, 'a'), std::string("__cluster_metadata")}) {
        const auto answer = w.create_named(name);
        EXPECT_EQ(answer.code, errc::invalid_topic) << name;
        EXPECT_FALSE(answer.detail.empty());
    }
    EXPECT_EQ(w.create_named(std::string(249, 'a')).code, errc::ok);
    EXPECT_EQ(w.create_named("A-z_0.9").code, errc::ok);
}

TEST(controller, existing_topic_is_refused) {
    world w;
    w.create_named("orders");
    EXPECT_EQ(w.create_named("orders").code, errc::topic_already_exists);
}

TEST(controller, names_that_collide_in_metrics_are_refused) {
    world w;
    w.create_named("a.b");
    const auto answer = w.create_named("a_b");
    EXPECT_EQ(answer.code, errc::invalid_topic);
    EXPECT_NE(answer.detail.find("'a.b'"), std::string::npos);
    w.remove({{"a.b", {}}});
    EXPECT_EQ(w.create_named("a_b").code, errc::ok);
}

TEST(controller, names_that_collide_within_a_request_are_refused) {
    world w;
    const auto answers = w.create({topic_named("a.b"), topic_named("a_b")});
    EXPECT_EQ(answers[0].code, errc::ok);
    EXPECT_EQ(answers[1].code, errc::invalid_topic);
}

TEST(controller, topic_named_twice_in_a_request_is_refused_both_times) {
    world w;
    const auto answers = w.create({topic_named("twice"), topic_named("once"), topic_named("twice")});
    EXPECT_EQ(answers[0].code, errc::invalid_request);
    EXPECT_EQ(answers[1].code, errc::ok);
    EXPECT_EQ(answers[2].code, errc::invalid_request);
    EXPECT_EQ(w.machine.image()->topics.size(), 1u);
}

TEST(controller, counts_below_one_are_refused) {
    world w;
    EXPECT_EQ(w.create_one(topic_named("a", 0)).code, errc::invalid_partitions);
    EXPECT_EQ(w.create_one(topic_named("a", -2)).code, errc::invalid_partitions);
    EXPECT_EQ(w.create_one(topic_named("a", 1, 0)).code, errc::invalid_replication_factor);
    EXPECT_EQ(w.create_one(topic_named("a", 1, -2)).code, errc::invalid_replication_factor);
}

TEST(controller, more_replicas_than_brokers_are_refused) {
    world w;
    const auto answer = w.create_one(topic_named("a", 1, 3));
    EXPECT_EQ(answer.code, errc::invalid_replication_factor);
    EXPECT_EQ(answer.detail, "replication factor 3 is larger than the number of brokers, 1");
}

TEST(controller, too_many_partitions_in_one_request_are_refused) {
    world w;
    const auto half = static_cast<std::int32_t>(controller_limits::partitions_per_request_max / 2);
    const auto answers =
        w.create({topic_named("a", half), topic_named("b", half), topic_named("c", 1)}, true);
    EXPECT_EQ(answers[0].code, errc::ok);
    EXPECT_EQ(answers[1].code, errc::ok);
    EXPECT_EQ(answers[2].code, errc::policy_violation);
    EXPECT_EQ(w.create_one(topic_named("d", 2'000'000'000)).code, errc::policy_violation);
}

TEST(controller, invalid_config_is_refused_and_valid_one_is_kept) {
    world w;
    auto topic = topic_named("a");
    topic.configs["no.such.key"] = "1";
    EXPECT_EQ(w.create_one(topic).code, errc::invalid_config);
    topic.configs = {{"retention.ms", "1000"}};
    EXPECT_EQ(w.create_one(topic).code, errc::ok);
    EXPECT_EQ(w.machine.image()->find_topic("a")->configs,
              (std::map<std::string, std::string>{{"retention.ms", "1000"}}));
}

TEST(controller, manual_assignments_are_checked) {
    world w;
    const auto assign = [&w](std::map<std::int32_t, std::vector<node_id>> assignments) {
        auto topic = topic_named("a");
        topic.assignments = std::move(assignments);
        return w.create({topic}, true).front().code;
    };
    EXPECT_EQ(assign({{0, {node_id(1)}}, {1, {node_id(1)}}}), errc::ok);
    EXPECT_EQ(assign({{1, {node_id(1)}}}), errc::invalid_replica_assignment);
    EXPECT_EQ(assign({{0, {}}}), errc::invalid_replica_assignment);
    EXPECT_EQ(assign({{0, {node_id(2)}}}), errc::invalid_replica_assignment);
    EXPECT_EQ(assign({{0, {node_id(1), node_id(1)}}}), errc::invalid_replica_assignment);
    auto both = topic_named("a", 1);
    both.assignments = {{0, {node_id(1)}}};
    EXPECT_EQ(w.create_one(both).code, errc::invalid_request);
}

TEST(controller, validate_only_yields_no_records) {
    world w;
    auto decided = w.machine.on_create_topics({1, true, {topic_named("a")}});
    EXPECT_TRUE(decided.records.empty());
    EXPECT_EQ(decided.response.topics.front().code, errc::ok);
    EXPECT_EQ(decided.response.topics.front().partition_count, 3);
    w.create_named("b");
    auto grown = w.machine.on_create_partitions({1, true, {{"b", 5, std::nullopt}}});
    EXPECT_TRUE(grown.records.empty());
    EXPECT_EQ(grown.response.topics.front().code, errc::ok);
}

TEST(controller, the_topic_of_offsets_gets_no_more_partitions_and_others_do) {
    world w;
    w.create_named("orders");
    w.create_named("__consumer_offsets");
    auto grown = w.machine.on_create_partitions(
        {1, false, {{"__consumer_offsets", 60, std::nullopt}, {"orders", 60, std::nullopt}}});
    EXPECT_EQ(grown.response.topics.at(0).code, errc::invalid_partitions);
    EXPECT_EQ(grown.response.topics.at(1).code, errc::ok);
    EXPECT_EQ(grown.response.topics.at(1).partition_count, 60);
}

TEST(controller, cordoned_broker_takes_no_new_partitions) {
    world before;
    before.create_named("a");
    auto options = options_of_test();
    options.log_dirs = options.cordoned_log_dirs = {"/a", "/b"};
    world w(options);
    EXPECT_EQ(w.create_named("b").code, errc::invalid_replication_factor);
    auto by_hand = topic_named("c");
    by_hand.assignments = {{0, {node_id(1)}}};
    EXPECT_EQ(w.create_one(by_hand).code, errc::invalid_replication_factor);
    w.commit(before.log);
    EXPECT_EQ(w.grow("a", 9).code, errc::invalid_replication_factor);
    EXPECT_EQ(w.remove({{"a", {}}}).front().code, errc::ok);
}

TEST(controller, deletes_by_name_and_by_id) {
    world w;
    w.create_named("a");
    const auto b = w.create_named("b").id;
    const auto answers = w.remove({{"a", {}}, {std::nullopt, b}});
    EXPECT_EQ(answers[0].code, errc::ok);
    EXPECT_EQ(answers[1].code, errc::ok);
    EXPECT_EQ(answers[1].name, "b");
    EXPECT_TRUE(w.machine.image()->topics.empty());
    EXPECT_TRUE(w.machine.image()->topic_names.empty());
}

TEST(controller, removed_topics_are_told_once) {
    world w;
    const auto a = w.create_named("a").id;
    w.create_named("b");
    w.remove({{"a", {}}});
    const auto again = w.create_named("a").id;
    EXPECT_EQ(w.machine.take_removed_topics(), std::set<topic_id>{a});
    EXPECT_NE(again, a);
    w.remove({{"b", {}}});
    EXPECT_TRUE(w.machine.take_removed_topics().empty());
}

TEST(controller, deletion_of_what_is_not_there_is_refused) {
    world w;
    uuid unknown;
    unknown.bytes[0] = 1;
    const auto answers =
        w.remove({{"a", {}}, {std::nullopt, unknown}, {std::nullopt, {}}, {"__cluster_metadata", {}}});
    EXPECT_EQ(answers[0].code, errc::unknown_topic_or_partition);
    EXPECT_EQ(answers[1].code, errc::unknown_topic_id);
    EXPECT_EQ(answers[2].code, errc::invalid_request);
    EXPECT_EQ(answers[3].code, errc::invalid_topic);
}

TEST(controller, deletion_can_be_disabled) {
    auto options = options_of_test();
    options.delete_topics_enabled = false;
    world w(options);
    w.create_named("a");
    EXPECT_EQ(w.remove({{"a", {}}}).front().code, errc::topic_deletion_disabled);
    EXPECT_NE(w.machine.image()->find_topic("a"), nullptr);
}

TEST(controller, partitions_only_grow) {
    world w;
    w.create_named("a");
    EXPECT_EQ(w.grow("a", 3).code, errc::invalid_partitions);
    EXPECT_EQ(w.grow("a", 2).code, errc::invalid_partitions);
    EXPECT_EQ(w.grow("nowhere", 5).code, errc::unknown_topic_or_partition);
    EXPECT_EQ(w.grow("a", 5).code, errc::ok);
    EXPECT_EQ(w.machine.image()->find_topic("a")->partitions.size(), 5u);
}

TEST(controller, producer_id_blocks_never_overlap) {
    world w;
    std::int64_t next = 0;
    for (int i = 0; i < 10; ++i) {
        auto decided = w.machine.on_allocate_producer_ids({1});
        EXPECT_EQ(decided.response.first.get(), next);
        EXPECT_EQ(decided.response.count, 1000);
        w.commit(decided.records);
        next += 1000;
    }
    EXPECT_EQ(w.machine.image()->next_producer_id.get(), next);
}

TEST(controller, replay_of_the_log_gives_the_same_image) {
    world w;
    w.create_named("a");
    w.create_named("b");
    w.grow("b", 7);
    w.remove({{"a", {}}});
    w.commit(w.machine.on_allocate_producer_ids({1}).records);
    w.create_named("a");

    controller other(options_of_test(), runtime::random(99));
    for (const auto& record : w.log)
        ASSERT_TRUE(other.apply(other.applied(), record).has_value());
    const auto expected = w.machine.image();
    const auto found = other.image();
    EXPECT_EQ(found->applied, expected->applied);
    EXPECT_EQ(found->topics, expected->topics);
    EXPECT_EQ(found->topic_names, expected->topic_names);
    EXPECT_EQ(found->brokers, expected->brokers);
    EXPECT_EQ(found->next_producer_id, expected->next_producer_id);
}

TEST(controller, log_that_contradicts_itself_is_refused) {
    const auto id = world().create_named("a").id;
    const auto apply = [](const std::vector<metadata_record>& records) {
        controller machine(options_of_test(), runtime::random(1));
        for (const auto& record : records)
            if (auto applied = machine.apply(machine.applied(), record); !applied)
                return applied.code();
        return errc::ok;
    };
    EXPECT_EQ(apply({topic_removed_record{id}}), errc::corrupt_message);
    EXPECT_EQ(apply({partition_record{id, {}, {}, {}, 0, {}, {}}}), errc::corrupt_message);
    EXPECT_EQ(apply({topic_created_record{"a", id}, topic_created_record{"b", id}}), errc::corrupt_message);
    EXPECT_EQ(
        apply({topic_created_record{"a", id}, partition_record{id, partition_index(1), {}, {}, 0, {}, {}}}),
        errc::corrupt_message);
    EXPECT_EQ(apply({config_changed_record{id, "k", "v"}}), errc::corrupt_message);
    EXPECT_EQ(apply({producer_ids_allocated_record{node_id(1), producer_id(1000), 1000},
                     producer_ids_allocated_record{node_id(1), producer_id(1999), 1000}}),
              errc::corrupt_message);
    EXPECT_EQ(apply({feature_level_record{supported_feature_level + 1}}), errc::unsupported_version);

    controller machine(options_of_test(), runtime::random(1));
    EXPECT_EQ(machine.apply(log_offset(1), no_op_record{}).code(), errc::corrupt_message);
}

TEST(metadata_log, decision_is_one_batch_and_replays) {
    world w;
    auto decided = w.machine.on_create_topics({1, false, {topic_named("a"), topic_named("b")}});
    auto bytes = encode_decision(timestamp_ms(5), decided.records);
    auto batches = batch::split_batches(bytes);
    ASSERT_TRUE(batches.has_value());
    ASSERT_EQ(batches->size(), 1u);
    auto& batch = batches->front();
    batch::set_base_offset(batch, w.machine.applied());
    EXPECT_EQ(batch.header.record_count, static_cast<std::int32_t>(decided.records.size()));
    auto replayed = replay(batch, w.machine);
    ASSERT_TRUE(replayed.has_value()) << to_string(replayed.failure());
    EXPECT_EQ(w.machine.image()->topics.size(), 2u);
}

TEST(metadata_log, kafka_log_is_refused_with_what_to_do) {
    world w;
    batch::batch_builder builder;
    const std::byte kafka[] = {std::byte{1}, std::byte{12}, std::byte{0}, std::byte{1}};
    builder.append(timestamp_ms(5), std::nullopt, kafka);
    auto batches = batch::split_batches(builder.build());
    ASSERT_TRUE(batches.has_value());
    auto replayed = replay(batches->front(), w.machine);
    EXPECT_EQ(replayed.code(), errc::mismatched_directory);
    EXPECT_NE(replayed.failure().detail.find("import"), std::string::npos);

    batch::builder_options control;
    control.control = true;
    batch::batch_builder quorum(control);
    quorum.append(timestamp_ms(5), kafka, kafka);
    EXPECT_EQ(replay(batch::split_batches(quorum.build())->front(), w.machine).code(),
              errc::mismatched_directory);
}

} // namespace barnabas::controller_test
