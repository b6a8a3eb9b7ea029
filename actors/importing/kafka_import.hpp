#pragma once

#include "actors/importing/kafka_source.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"
#include "runtime/config/broker_config.hpp"
#include "runtime/disk/disk.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace barnabas::importing {

struct import_request {
    /// Data directories of one broker of Kafka's.
    std::vector<std::string> sources;
    /// Whose node, `log.dirs` and `metadata.log.dir` it becomes; these are empty or not there.
    broker_config config;
    /// What Kafka said of the topics; what is not named keeps all its records (see `imported_topic`).
    std::map<std::string, described_topic> described;
    std::set<std::string> left_out;
    /// Partitions that are not there are made, empty; else they are refused.
    bool missing_are_empty = false;
    /// Where ids come from that Kafka has not given.
    std::uint64_t seed = 0;
    timestamp_ms now;
    /// Told before each partition, in words; may be empty.
    std::function<void(const std::string&)> progress;
};

struct imported_partition {
    std::string name;
    std::string directory;
    log_offset start{0};
    log_offset end{0};
    /// What recovery did to the copy; empty where it found nothing to do.
    std::string recovery;
};

struct imported_topic {
    std::string name;
    topic_id id;
    topic_configs configs;
    /// Nobody said how they are to be: it is compacted if Kafka's cleaner knew it, and nothing is deleted by
    /// time or size.
    bool configs_guessed = false;
    std::vector<imported_partition> partitions;
};

struct import_outcome {
    std::string cluster_id;
    std::vector<imported_topic> topics;
    /// For people: what was passed over.
    std::vector<std::string> remarks;
};

/// Job: copies the partitions of the sources into the directories of `config`, opens each by Kafka's rules of
/// recovery, and writes what a broker needs to know of them; the sources stay as they are. The last file
/// makes the directories a broker's: what an interruption leaves is refused by every start. Producer ids that
/// the logs name, and the next million, are not given again: Kafka may have given more than wrote here.
/// Codes: those of `read_kafka_source`, mismatched_directory (targets in use, several brokers),
/// invalid_config (nothing to import, partitions missing or twice, damage below the recovery point), those of
/// the disk.
result<import_outcome> import_from_kafka(runtime::file_system& files, const import_request& request);

} // namespace barnabas::importing
