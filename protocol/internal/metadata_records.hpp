#pragma once

#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"
#include "protocol/model/slice.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

/// The records of the metadata log as plain values. What each means and how the bytes may evolve is written
/// in `metadata.capnp`; nothing outside `metadata_records.cpp` sees Cap'n Proto.
namespace barnabas {

struct no_op_record {
    friend bool operator==(const no_op_record&, const no_op_record&) = default;
};

struct feature_level_record {
    std::uint16_t level = 0;
    friend bool operator==(const feature_level_record&, const feature_level_record&) = default;
};

struct topic_created_record {
    std::string name;
    topic_id id;
    friend bool operator==(const topic_created_record&, const topic_created_record&) = default;
};

struct partition_record {
    topic_id topic;
    partition_index index;
    node_id leader{-1};
    barnabas::leader_epoch leader_epoch{0};
    std::int32_t partition_epoch = 0;
    std::vector<node_id> replicas;
    std::vector<node_id> isr;
    friend bool operator==(const partition_record&, const partition_record&) = default;
};

struct topic_removed_record {
    topic_id id;
    friend bool operator==(const topic_removed_record&, const topic_removed_record&) = default;
};

/// A config of the whole cluster, as a resource of `config_changed_record`.
struct cluster_resource {
    friend bool operator==(const cluster_resource&, const cluster_resource&) = default;
};

/// A group, as a resource of `config_changed_record`; whether it exists does not matter.
struct named_group {
    std::string name;
    friend bool operator==(const named_group&, const named_group&) = default;
};

struct config_changed_record {
    std::variant<cluster_resource, topic_id, node_id, named_group> resource;
    std::string key;
    /// Absent: back to the default.
    std::optional<std::string> value;
    friend bool operator==(const config_changed_record&, const config_changed_record&) = default;
};

struct registered_listener {
    std::string name;
    std::string host;
    std::uint16_t port = 0;
    friend bool operator==(const registered_listener&, const registered_listener&) = default;
};

struct broker_registered_record {
    node_id id;
    std::vector<registered_listener> listeners;
    std::optional<std::string> rack;
    friend bool operator==(const broker_registered_record&, const broker_registered_record&) = default;
};

struct producer_ids_allocated_record {
    node_id broker;
    producer_id first;
    std::int32_t count = 0;
    friend bool operator==(const producer_ids_allocated_record&,
                           const producer_ids_allocated_record&) = default;
};

using metadata_record = std::variant<no_op_record, feature_level_record, topic_created_record,
                                     partition_record, topic_removed_record, config_changed_record,
                                     broker_registered_record, producer_ids_allocated_record>;

/// In every record; readers refuse another.
inline constexpr std::uint16_t metadata_format_version = 1;

/// Bounds of one record, checked by writers and readers alike.
namespace metadata_limits {
inline constexpr std::size_t record_bytes_max = std::size_t{1} << 20;
inline constexpr std::size_t replicas_max = 1024;
inline constexpr std::size_t listeners_max = 64;
} // namespace metadata_limits

/// The value of a record of the metadata log.
slice encode(const metadata_record& record);

/// The other way. Trusts nothing. Codes: malformed (damaged, or not a record of ours at all),
/// unsupported_version (written by a newer Barnabas).
result<metadata_record> decode_metadata_record(std::span<const std::byte> bytes);

/// Whether these bytes claim to be one of our records.
bool is_metadata_record(std::span<const std::byte> bytes) noexcept;

/// The record's name, for logs and messages.
const char* name_of(const metadata_record& record) noexcept;

} // namespace barnabas
