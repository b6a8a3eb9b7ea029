#include "actors/broker/checkpoint_file.hpp"
#include "actors/broker/data_directories.hpp"
#include "actors/broker/small_files.hpp"
#include "actors/controller/controller.hpp"
#include "actors/controller/metadata_log.hpp"
#include "actors/importing/kafka_import.hpp"
#include "actors/replica/jobs.hpp"
#include "actors/replica/replica_log.hpp"
#include "protocol/batch/builder.hpp"
#include "tests/unit/sim/each_operation.hpp"

#include <gtest/gtest.h>

#include <string>

/// What Kafka left becomes ours whole, or not at all.
namespace barnabas::importing::kafka_import_test {
namespace {

constexpr auto source = "/kafka";
const std::vector<std::string> targets{"/new/a", "/new/b"};

void write_log(runtime::file_system& files, const std::string& partition) {
    const auto directory = join_path(source, partition);
    ASSERT_TRUE(files.create_directory(directory));
    batch::builder_options options;
    options.leader_epoch = leader_epoch(4);
    options.producer_id = producer_id(7000);
    options.producer_epoch = producer_epoch(0);
    options.base_sequence = 0;
    batch::batch_builder builder(options);
    for (const auto* value : {"one", "two", "three"})
        builder.append_text(timestamp_ms(1000), "key", value);
    const auto bytes = builder.build();
    auto file = files.open(join_path(directory, "00000000000000000000.log"), runtime::open_mode::create);
    ASSERT_TRUE(file);
    ASSERT_TRUE(files.write(*file, file_position(0), std::span(&bytes, 1)));
    ASSERT_TRUE(files.sync(std::span(&*file, 1)));
    files.close(*file);
    ASSERT_TRUE(files.sync_directory(directory));
}

/// As a Kafka with ZooKeeper leaves it: two partitions of one topic, of whose first a record was deleted.
void make_source(runtime::file_system& files) {
    ASSERT_TRUE(files.create_directory(source));
    write_log(files, "orders-0");
    write_log(files, "orders-1");
    ASSERT_TRUE(write_small_file(files, source, "log-start-offset-checkpoint", "0\n1\norders 0 2\n"));
    ASSERT_TRUE(write_small_file(files, source, "meta.properties",
                                 "version=0\nbroker.id=3\ncluster.id=HswuINYQTVGAutLDel0s6g\n"));
    ASSERT_TRUE(files.sync_directory("/"));
}

import_request request_for(const std::vector<std::string>& into) {
    import_request request;
    request.sources = {source};
    request.config.node_id = 1;
    request.config.log_dirs = into;
    request.config.metadata_log_dir = into.front();
    request.now = timestamp_ms(5000);
    return request;
}

data_directory_options start_of(const std::vector<std::string>& directories) {
    data_directory_options options;
    options.directories = directories;
    options.metadata_directory = directories.front();
    options.node = node_id(1);
    return options;
}

/// The metadata that a broker begins with.
result<void> replay_into(runtime::file_system& files, controller& machine) {
    replica::open_job opening;
    opening.options = metadata_log_options(join_path(targets.front(), metadata_log_directory));
    opening.run(files);
    if (!opening.outcome)
        return opening.outcome.failure();
    const auto end = opening.outcome->log_end_offset;
    replica::replica_log log(opening.options, std::move(*opening.outcome), monotonic_ns(0));
    while (machine.applied() < end) {
        auto reading = log.read(machine.applied(), 1 << 20, end, true);
        if (!reading)
            return reading.failure();
        reading->run(files);
        log.on_read(*reading);
        const auto batches = batch::split_batches(*reading->records);
        for (const auto& one : *batches)
            if (auto replayed = replay(one, machine); !replayed)
                return replayed;
    }
    return {};
}

/// What is wrong with an import that is there; empty when it is whole.
std::string problem_of(runtime::file_system& files, const result<opened_directories>& opened) {
    if (!opened)
        return to_string(opened.failure());
    if (opened->cluster_id != "HswuINYQTVGAutLDel0s6g")
        return "the cluster is " + opened->cluster_id;
    controller_options options;
    options.cluster_id = opened->cluster_id;
    controller machine(options, runtime::random(1));
    if (auto replayed = replay_into(files, machine); !replayed)
        return to_string(replayed.failure());
    const auto image = machine.image();
    const auto* topic = image->find_topic("orders");
    if (topic == nullptr || topic->partitions.size() != 2)
        return "the metadata has no topic of two partitions";
    if (topic->partitions[0].leader_epoch != leader_epoch(5))
        return "the leader epoch does not go on";
    // Others that Kafka knows may not have written here.
    if (image->next_producer_id <= producer_id(7000 + 100'000))
        return "producer ids are given again";
    std::size_t found = 0;
    for (const auto& directory : opened->directories)
        for (const auto& partition : directory.partitions) {
            if (partition.directory_name == metadata_log_directory)
                continue;
            ++found;
            replica::open_job log;
            log.options.directory = join_path(directory.path, partition.directory_name);
            log.options.topic_id = topic->id;
            log.options.checkpointed = partition.checkpointed;
            log.run(files);
            if (!log.outcome)
                return to_string(log.outcome.failure());
            const log_offset start(partition.index.get() == 0 ? 2 : 0);
            if (partition.id != topic->id || log.outcome->log_start_offset != start ||
                log.outcome->log_end_offset != log_offset(3) || !log.outcome->report.damage.empty())
                return partition.directory_name + " is not as it was: " + to_string(log.outcome->report);
        }
    return found == 2 ? "" : std::to_string(found) + " partitions are there";
}

TEST(kafka_import, is_whole_after_a_power_cut_once_it_was_told_or_no_brokers_directory) {
    sim::at_every_operation([](sim::doomed_operation& doomed) {
        make_source(doomed.files());
        doomed.arm();
        const auto outcome = import_from_kafka(doomed.files(), request_for(targets));
        doomed.end_process();
        auto& files = doomed.files();
        const auto opened = open_data_directories(files, start_of(targets));
        const auto problem = problem_of(files, opened);
        if (outcome) {
            EXPECT_EQ(problem, "") << doomed.text();
            return;
        }
        // The last of its steps may have been done, and not answered; else a start finds nothing to serve.
        if (problem.empty() || !opened)
            return;
        for (const auto& directory : opened->directories)
            EXPECT_TRUE(directory.partitions.empty()) << doomed.text() << ": " << problem;
    });
}

TEST(kafka_import, leaves_its_source_as_it_was) {
    sim::memory_disk disk(1);
    make_source(disk.files());
    ASSERT_TRUE(import_from_kafka(disk.files(), request_for(targets)));
    const auto again = import_from_kafka(disk.files(), request_for({"/other"}));
    ASSERT_TRUE(again) << to_string(again.failure());
    ASSERT_EQ(again->topics.size(), 1u);
    EXPECT_TRUE(again->topics[0].configs_guessed);
    EXPECT_EQ(again->topics[0].partitions[0].start, log_offset(2));
    EXPECT_EQ(again->topics[0].partitions[1].end, log_offset(3));
}

TEST(kafka_import, a_name_with_an_absurd_number_is_no_partition) {
    sim::memory_disk disk(1);
    make_source(disk.files());
    ASSERT_TRUE(disk.files().create_directory("/kafka/orders-2147483647"));
    const auto refused = import_from_kafka(disk.files(), request_for(targets));
    ASSERT_EQ(refused.code(), errc::invalid_config);
    EXPECT_NE(refused.failure().detail.find("orders-2147483647"), std::string::npos);
    EXPECT_FALSE(*disk.files().exists("/new"));
}

TEST(kafka_import, topics_are_read_as_kafka_prints_them) {
    const auto topics =
        parse_described_topics("Topic: orders\tTopicId: a\tPartitionCount: 2\tReplicationFactor: 1\tConfigs: "
                               "cleanup.policy=compact,delete,segment.bytes=1048576\n"
                               "\tTopic: orders\tPartition: 0\tLeader: 0\tReplicas: 0\tIsr: 0\n"
                               "Topic:plain\tPartitionCount:1\tReplicationFactor:1\tConfigs:\n");
    ASSERT_TRUE(topics);
    EXPECT_EQ(topics->at("orders").configs,
              (topic_configs{{"cleanup.policy", "compact,delete"}, {"segment.bytes", "1048576"}}));
    EXPECT_EQ(topics->at("orders").partitions, 2u);
    EXPECT_TRUE(topics->at("plain").configs.empty());
    EXPECT_EQ(topics->at("plain").partitions, 1u);
    for (const auto* text :
         {"nothing of the kind\n", "Topic: a\tPartitionCount: \tConfigs: \n",
          "Topic: a\tPartitionCount: 0\tConfigs: \n", "Topic: a\tPartitionCount: 4000000000\tConfigs: \n"})
        EXPECT_EQ(parse_described_topics(text).code(), errc::malformed) << text;
}

TEST(kafka_import, partitions_of_other_brokers_are_missed_where_kafka_described_them) {
    sim::memory_disk disk(1);
    make_source(disk.files());
    auto request = request_for(targets);
    request.described["orders"].partitions = 3;
    auto refused = import_from_kafka(disk.files(), request);
    ASSERT_EQ(refused.code(), errc::invalid_config);
    EXPECT_NE(refused.failure().detail.find("partition 2 of 'orders' is not there"), std::string::npos);
    request.described = {};
    request.described["elsewhere"].partitions = 1;
    refused = import_from_kafka(disk.files(), request);
    ASSERT_EQ(refused.code(), errc::invalid_config);
    EXPECT_NE(refused.failure().detail.find("partition 0 of 'elsewhere' is not there"), std::string::npos);
    request.left_out = {"elsewhere"};
    const auto taken = import_from_kafka(disk.files(), request);
    ASSERT_TRUE(taken) << to_string(taken.failure());
    EXPECT_TRUE(taken->remarks.empty());
}

TEST(kafka_import, says_what_it_cannot_know_without_a_description) {
    sim::memory_disk disk(1);
    make_source(disk.files());
    const auto taken = import_from_kafka(disk.files(), request_for(targets));
    ASSERT_TRUE(taken);
    ASSERT_EQ(taken->remarks.size(), 1u);
    EXPECT_NE(taken->remarks[0].find("--topics"), std::string::npos);
}

TEST(kafka_import, a_cluster_from_before_its_id_was_written_gets_one) {
    sim::memory_disk disk(1);
    auto& files = disk.files();
    make_source(files);
    ASSERT_TRUE(write_small_file(files, source, "meta.properties", "version=0\nbroker.id=3\n"));
    const auto taken = import_from_kafka(files, request_for(targets));
    ASSERT_TRUE(taken) << to_string(taken.failure());
    EXPECT_TRUE(parse_uuid(taken->cluster_id));
    EXPECT_EQ(taken->remarks.size(), 2u);
    const auto opened = open_data_directories(files, start_of(targets));
    ASSERT_TRUE(opened) << to_string(opened.failure());
    EXPECT_EQ(opened->cluster_id, taken->cluster_id);
}

TEST(kafka_import, takes_a_directory_of_a_kafka_without_zookeeper) {
    sim::memory_disk disk(1);
    auto& files = disk.files();
    make_source(files);
    ASSERT_TRUE(write_small_file(files, source, "meta.properties",
                                 "version=1\ncluster.id=HswuINYQTVGAutLDel0s6g\nnode.id=3\n"
                                 "directory.id=AAAAAAAAQACAAAAAAAAAAQ\n"));
    write_log(files, "__cluster_metadata-0");
    for (const auto* partition : {"/kafka/orders-0", "/kafka/orders-1"})
        ASSERT_TRUE(write_small_file(files, partition, "partition.metadata",
                                     "version: 0\ntopic_id: BBBBBBBBQACBBBBBBBBBBA\n"));
    const auto taken = import_from_kafka(files, request_for(targets));
    ASSERT_TRUE(taken) << to_string(taken.failure());
    ASSERT_EQ(taken->topics.size(), 1u);
    EXPECT_EQ(to_string(taken->topics[0].id), "BBBBBBBBQACBBBBBBBBBBA");
    EXPECT_EQ(problem_of(files, open_data_directories(files, start_of(targets))), "");
}

} // namespace
} // namespace barnabas::importing::kafka_import_test
