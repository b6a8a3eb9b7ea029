#pragma once

#include "actors/importing/kafka_import.hpp"

#include <optional>
#include <string>
#include <vector>

/// What an import will do, before it does anything.
namespace barnabas::importing {

struct planned_partition {
    std::string name;
    /// Of Kafka's; empty where it is made anew.
    std::string source;
    checkpointed_offsets checkpointed{};
    std::uint64_t bytes = 0;
    /// The data directory that it goes to.
    std::string target;
};

struct planned_topic {
    imported_topic topic;
    /// Kafka's cleaner knew it, so its offsets have gaps.
    bool was_compacted = false;
    /// By index.
    std::vector<planned_partition> partitions;
};

struct import_plan {
    std::string cluster_id;
    /// By name.
    std::vector<planned_topic> topics;
    std::vector<std::string> remarks;
};

/// Where each partition goes (the directory that has been given the fewest bytes) and how each topic is to
/// be. Codes as `import_from_kafka`.
result<import_plan> plan_import(runtime::file_system& files, const std::vector<kafka_source>& sources,
                                const import_request& request);

} // namespace barnabas::importing
