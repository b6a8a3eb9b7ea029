#include "actors/connection/created_topics.hpp"

#include "actors/group/group_names.hpp"

#include <algorithm>
#include <utility>

namespace barnabas {

namespace {

/// `offsets.topic.segment.bytes` may be smaller than a topic may say by the public key, and the topic must
/// come about all the same.
const char* segment_key(std::int32_t bytes) {
    constexpr std::int32_t public_key_least = 1 << 20;
    return bytes < public_key_least ? "internal.segment.bytes" : "segment.bytes";
}

} // namespace

new_topic topic_by_name(connection& self, std::string name) {
    new_topic topic;
    topic.name = std::move(name);
    if (topic.name != group::offsets_topic)
        return topic;
    const auto& config = self.config();
    // As many replicas as there are brokers, up to the configured number.
    const auto brokers = self.port().image()->brokers.size();
    topic.partition_count = config.offsets_topic_num_partitions;
    topic.replication_factor = static_cast<std::int16_t>(
        std::min<std::size_t>(brokers, static_cast<std::size_t>(config.offsets_topic_replication_factor)));
    topic.configs = {{"cleanup.policy", "compact"},
                     {"compression.type", "producer"},
                     {segment_key(config.offsets_topic_segment_bytes),
                      std::to_string(config.offsets_topic_segment_bytes)}};
    return topic;
}

} // namespace barnabas
