#pragma once

#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// What admin calls take and give. Nothing here needs more than the standard library.
namespace barnabas::client {

/// One result per resource that was named.
template <class Key, class Value>
using results = std::map<Key, result<Value>>;

/// Of calls that only succeed or fail.
struct no_value {};

struct call_options {
    /// Instead of default.api.timeout.ms.
    std::optional<std::int32_t> timeout_ms;
    /// Only check and change nothing, where the call can.
    bool validate_only = false;
    bool read_committed = false; ///< Of offsets: those that readers of committed records reach.
};

struct partition_name {
    std::string topic;
    std::int32_t partition = 0;

    friend auto operator<=>(const partition_name&, const partition_name&) = default;
};
/// "orders-3".
std::string to_string(const partition_name& name);

struct topic_spec {
    std::string name;
    /// -1 for the broker's default; both are -1 with `assignments`.
    std::int32_t partitions = -1;
    std::int16_t replication_factor = -1;
    /// Replicas of each partition placed by hand, the preferred leader first; empty: by the controller.
    std::map<std::int32_t, std::vector<std::int32_t>> assignments;
    std::map<std::string, std::string> configs;
};

struct created_topic {
    topic_id id;
    /// -1 from brokers before 2.4.
    std::int32_t partitions = -1;
    std::int16_t replication_factor = -1;
};

struct topic_listing {
    std::string name;
    topic_id id;
    bool is_internal = false;
};

struct partition_description {
    std::int32_t partition = 0;
    /// Nothing while nobody leads it.
    std::optional<std::int32_t> leader;
    std::int32_t leader_epoch = -1;
    std::vector<std::int32_t> replicas;
    std::vector<std::int32_t> isr;
    std::vector<std::int32_t> offline;
    /// Eligible to lead though out of sync, and the last that were; nothing when the broker does not tell.
    std::optional<std::vector<std::int32_t>> eligible;
    std::optional<std::vector<std::int32_t>> last_eligible;
};

struct topic_description {
    std::string name;
    topic_id id;
    bool is_internal = false;
    /// By number.
    std::vector<partition_description> partitions;
};

/// More partitions for a topic.
struct partitions_spec {
    /// How many in all.
    std::int32_t count = 0;
    /// Replicas of each new partition placed by hand; empty: by the controller.
    std::vector<std::vector<std::int32_t>> assignments;
};

enum class resource_kind : std::int8_t {
    topic = 2,
    broker = 4,
    broker_logger = 8,
    client_metrics = 16,
    group = 32
};

struct config_resource {
    resource_kind kind = resource_kind::topic;
    /// A topic's or group's name, or a broker's number; empty for the default of all brokers.
    std::string name;

    friend auto operator<=>(const config_resource&, const config_resource&) = default;
};

/// Where a value comes from, numbered as in DescribeConfigs.
enum class config_origin : std::int8_t {
    unknown = 0,
    topic = 1,
    dynamic_broker = 2,
    dynamic_default_broker = 3,
    static_broker = 4,
    default_value = 5,
    dynamic_broker_logger = 6,
    client_metrics = 7,
    group = 8,
};

struct config_synonym_entry {
    std::string name;
    std::optional<std::string> value;
    config_origin origin = config_origin::unknown;
};

struct config_entry {
    std::string name;
    /// Nothing for a secret.
    std::optional<std::string> value;
    config_origin origin = config_origin::unknown;
    bool is_read_only = false;
    bool is_sensitive = false;
    /// From the strongest to the default.
    std::vector<config_synonym_entry> synonyms;
    std::string documentation;
};

struct config_change {
    enum class operation : std::int8_t { set = 0, remove = 1, append = 2, subtract = 3 };

    std::string name;
    operation what = operation::set;
    std::string value;
};

struct broker_description {
    std::int32_t id = -1;
    std::string host;
    std::int32_t port = 0;
    std::optional<std::string> rack;
};

struct cluster_description {
    std::string id;
    /// Nothing while there is none.
    std::optional<std::int32_t> controller;
    std::vector<broker_description> brokers;
};

/// The first record at or after a time in ms, or one of the special times.
namespace offset_times {
inline constexpr std::int64_t latest = -1;
inline constexpr std::int64_t earliest = -2;
inline constexpr std::int64_t max_timestamp = -3;
inline constexpr std::int64_t earliest_local = -4;
inline constexpr std::int64_t latest_tiered = -5;
} // namespace offset_times

struct listed_offset {
    /// -1: no such record.
    std::int64_t offset = -1;
    std::int64_t timestamp = -1;
    std::int32_t leader_epoch = -1;
};

struct group_listing {
    std::string id;
    /// "consumer", "connect", ...; may be empty.
    std::string protocol_type;
    /// Empty from brokers before 2.6.
    std::string state;
    /// "classic", "consumer", ...; empty from brokers before 3.8.
    std::string type;
};

struct found_groups {
    /// By name.
    std::vector<group_listing> groups;
    /// Brokers that did not tell theirs.
    std::map<std::int32_t, error> failures;
};

struct member_description {
    std::string id;
    std::optional<std::string> instance_id;
    std::string client_id;
    std::string host;
    /// Topics and partitions that it reads.
    std::map<std::string, std::vector<std::int32_t>> assignment;
    /// The following of the consumer protocol only.
    std::map<std::string, std::vector<std::int32_t>> target_assignment;
    std::int32_t epoch = -1;
};

struct group_description {
    std::string id;
    /// Empty, PreparingRebalance, CompletingRebalance, Stable; Assigning and Reconciling.
    std::string state;
    std::string protocol_type;
    std::string assignor;
    std::vector<member_description> members;
    /// Of KIP-848, else classic.
    bool is_consumer_protocol = false;
    std::int32_t epoch = -1;
    std::int32_t target_epoch = -1;
};

struct committed_offset {
    std::int64_t offset = -1;
    std::int32_t leader_epoch = -1;
    std::string metadata;
};

struct replica_name {
    std::int32_t broker = -1;
    partition_name partition;

    friend auto operator<=>(const replica_name&, const replica_name&) = default;
};

struct replica_description {
    partition_name partition;
    std::int64_t bytes = 0;
    std::int64_t offset_lag = 0;
    /// On its way into this directory.
    bool is_future = false;
};

struct log_dir_description {
    std::string path;
    /// Why it cannot be read.
    std::optional<error> failure;
    /// Of its volume; -1 when the broker does not tell.
    std::int64_t total_bytes = -1;
    std::int64_t usable_bytes = -1;
    std::vector<replica_description> replicas;
};

} // namespace barnabas::client
