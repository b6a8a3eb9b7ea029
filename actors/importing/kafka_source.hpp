#pragma once

#include "actors/broker/data_directories.hpp"
#include "protocol/model/error.hpp"
#include "runtime/disk/disk.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

/// Taking over what a broker of Kafka's has left behind.
namespace barnabas::importing {

/// A data directory that Kafka wrote, with ZooKeeper (`version=0`) or without.
struct kafka_source {
    std::string path;
    std::string cluster_id;
    node_id broker{-1};
    /// With what Kafka's checkpoints say of them; without its metadata log.
    std::vector<stored_partition> partitions;
    /// Held until the import has ended.
    runtime::file_id lock;
};

/// Job: takes the lock of the directory, reads what is in it and changes nothing. Codes: locked (its broker
/// runs), mismatched_directory (not Kafka's), malformed (a checkpoint is damaged), those of the disk.
result<kafka_source> read_kafka_source(runtime::file_system& files, const std::string& path);

/// What says that there are more only looks like a partition.
inline constexpr std::size_t partitions_of_topic_max = 1'000'000;

using topic_configs = std::map<std::string, std::string>;

struct described_topic {
    /// 0 where it is not said.
    std::size_t partitions = 0;
    /// Its own.
    topic_configs configs;
};

/// The topics as `kafka-topics.sh --describe` prints them: a line per topic with `Topic:`, `PartitionCount:`
/// and `Configs:`, of any version; other lines are passed over. Code: malformed where there is no such line,
/// or a count is no number.
result<std::map<std::string, described_topic>> parse_described_topics(std::string_view text);

} // namespace barnabas::importing
