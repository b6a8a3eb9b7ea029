#pragma once

#include "actors/client/cluster/settings.hpp"
#include "protocol/model/planted_client_bugs.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace barnabas::client {

/// Where reading begins without a committed offset, or when the position is outside of the log.
enum class reset_policy { earliest, latest, none, by_duration };

/// What the keys of a consumer's properties come to.
struct consumer_settings {
    client_settings client;
    /// Without one there are no commits, and no subscriptions.
    std::optional<std::string> group;
    std::optional<std::string> instance;
    /// The consumer protocol (KIP-848), in which the coordinator decides who reads what.
    bool by_heartbeat = false;
    /// The assignor that the coordinator shall use; empty: which it likes.
    std::string remote_assignor;
    reset_policy reset = reset_policy::latest;
    /// Of `by_duration`: how long before now.
    std::int64_t reset_before_ms = 0;
    bool auto_commit = true;
    std::int64_t auto_commit_interval_ns = 0;
    std::int64_t session_timeout_ns = 0;
    std::int64_t heartbeat_ns = 0;
    std::int64_t poll_interval_ns = 0;
    std::size_t poll_records_max = 0;
    std::int32_t fetch_bytes_min = 1;
    std::int32_t fetch_wait_ms_max = 0;
    std::int32_t fetch_bytes_max = 0;
    std::int32_t partition_bytes_max = 0;
    /// In order of preference: range, roundrobin, sticky, cooperative-sticky.
    std::vector<std::string> assignors;
    bool read_committed = false;
    bool create_topics = true;
    bool check_crcs = true;
    bool exclude_internal = true;
    std::string rack;
    planted_client_bugs planted;
};

/// The keys of consumers alone; those of every client are `client_keys`.
std::span<const client_key> consumer_keys();

/// Codes: invalid_config; the detail names the key, and for an unknown one the nearest known.
result<consumer_settings> read_consumer_settings(const std::map<std::string, std::string>& properties);

} // namespace barnabas::client
