#pragma once

#include "protocol/model/ids.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace barnabas {

/// One partition as the metadata log says it is.
struct partition_metadata {
    partition_index index;
    node_id leader;
    barnabas::leader_epoch leader_epoch{0};
    std::int32_t partition_epoch = 0;
    std::vector<node_id> replicas;
    std::vector<node_id> isr;
    /// Offset of the first record about it.
    log_offset created_at{0};

    friend bool operator==(const partition_metadata&, const partition_metadata&) = default;
};

struct topic_metadata {
    std::string name;
    topic_id id;
    /// Index i is partition i.
    std::vector<partition_metadata> partitions;
    /// Only what was set for this topic; the rest comes from the broker's configuration.
    std::map<std::string, std::string> configs;
    /// End offset of the newest record about them.
    log_offset configs_at{0};
    /// `cleanup.policy` was altered: the log may have been compacted though it is not any more.
    bool policy_altered = false;

    friend bool operator==(const topic_metadata&, const topic_metadata&) = default;
};

struct broker_metadata {
    node_id id;
    /// Where clients reach it.
    std::string host;
    std::uint16_t port = 0;
    std::optional<std::string> rack;

    friend bool operator==(const broker_metadata&, const broker_metadata&) = default;
};

/// Everything that the metadata log says, up to one offset. Immutable once published; built only by
/// applying records in order, so that two nodes at the same offset hold the same image.
struct metadata_image {
    std::string cluster_id;
    node_id controller;
    /// End offset (exclusive) of the records applied.
    log_offset applied{0};
    std::map<node_id, broker_metadata> brokers;
    /// By name, in the order in which responses list them.
    std::map<std::string, topic_metadata, std::less<>> topics;
    std::map<topic_id, std::string> topic_names;
    /// What was altered for all brokers, and for single ones.
    std::map<std::string, std::string> configs_of_all;
    std::map<node_id, std::map<std::string, std::string>> broker_configs;
    /// End offset of the newest record about these.
    log_offset broker_configs_at{0};
    /// Of groups, by name; those that have none are not there.
    std::map<std::string, std::map<std::string, std::string>, std::less<>> group_configs;
    /// End offset of the newest record about these.
    log_offset group_configs_at{0};
    /// `log.cleanup.policy` is among what was ever altered: see `topic_metadata::policy_altered`.
    bool default_policy_altered = false;
    /// First producer id that no block has handed out yet.
    producer_id next_producer_id{0};

    const topic_metadata* find_topic(std::string_view name) const {
        auto found = topics.find(name);
        return found == topics.end() ? nullptr : &found->second;
    }
    const topic_metadata* find_topic(const topic_id& id) const {
        auto found = topic_names.find(id);
        return found == topic_names.end() ? nullptr : find_topic(found->second);
    }
    bool may_have_been_compacted(const topic_metadata& topic) const {
        return topic.policy_altered || default_policy_altered;
    }
    /// What partitions of the topic go by is as old as this.
    log_offset configured_at(const topic_metadata& topic) const {
        return std::max(topic.configs_at, broker_configs_at);
    }
};

using metadata_image_ptr = std::shared_ptr<const metadata_image>;

} // namespace barnabas
