#pragma once

#include "actors/group/consumer_records.hpp"
#include "actors/group/group_messages.hpp"
#include "protocol/batch/record_reader.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"
#include "protocol/model/slice.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// What coordinators keep in `__consumer_offsets`, in Kafka's formats
/// (protocol/kafka/schemas/*_record.schema), so that tools which read that topic work. A record without value
/// deletes what its key names.
namespace barnabas::group {

/// How far a group has read one partition.
struct committed_offset {
    log_offset offset{-1};
    leader_epoch epoch{-1};
    std::string metadata;
    timestamp_ms committed_at = no_timestamp;
    /// From old clients, who say how long to keep it; -1 for the broker's rule.
    timestamp_ms expires_at = no_timestamp;
    /// Zero when it was not known.
    topic_id id;

    friend bool operator==(const committed_offset&, const committed_offset&) = default;
};

struct offset_record {
    std::string group;
    std::string topic;
    partition_index partition;
    std::optional<committed_offset> value;

    friend bool operator==(const offset_record&, const offset_record&) = default;
};

/// A classic group as it is after a rebalance.
struct classic_state {
    struct member {
        std::string member_id;
        std::optional<std::string> instance_id;
        std::string client_id;
        std::string host;
        std::chrono::milliseconds rebalance_timeout{0};
        std::chrono::milliseconds session_timeout{0};
        /// What it said on joining for the chosen protocol, and what the leader gave it.
        slice metadata;
        slice assignment;

        friend bool operator==(const member&, const member&) = default;
    };
    std::string protocol_type;
    generation_id generation{0};
    std::optional<std::string> protocol;
    std::optional<std::string> leader;
    /// When the group got into its state; -1 when it was not known.
    timestamp_ms since = no_timestamp;
    std::vector<member> members;

    friend bool operator==(const classic_state&, const classic_state&) = default;
};

struct classic_record {
    std::string group;
    std::optional<classic_state> value;

    friend bool operator==(const classic_record&, const classic_record&) = default;
};

using group_record = std::variant<offset_record, classic_record, consumer_record>;

/// Whose record it is.
const std::string& group_of(const consumer_record& record);
const std::string& group_of(const group_record& record);

encoded_record encode(const group_record& record);

/// Nothing for a kind of record that this version does not know: a newer broker wrote it. corrupt_message for
/// bytes that do not follow their format.
result<std::optional<group_record>> decode_group_record(const batch::record_view& record);

} // namespace barnabas::group
