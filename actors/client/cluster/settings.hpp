#pragma once

#include "protocol/model/error.hpp"

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace barnabas::client {

struct broker_address {
    std::string host;
    std::uint16_t port = 0;

    friend auto operator<=>(const broker_address&, const broker_address&) = default;
};
/// "host:port", IPv6 addresses in brackets.
std::string to_string(const broker_address& address);

/// What the keys of a client's properties come to.
struct client_settings {
    std::vector<broker_address> bootstrap;
    std::string client_id;
    /// A broker that has not answered a request for this long is given up.
    std::int64_t request_timeout_ns = 0;
    /// A call is given up after this long, whatever was tried.
    std::int64_t api_timeout_ns = 0;
    std::int64_t retry_backoff_ns = 0;
    std::int64_t retry_backoff_max_ns = 0;
    std::int64_t reconnect_backoff_ns = 0;
    std::int64_t reconnect_backoff_max_ns = 0;
    std::int64_t connect_timeout_ns = 0;
    std::int64_t idle_ns = 0;
    std::int64_t metadata_age_ns = 0;
    /// How often a part of a call is asked again at most.
    std::int64_t retries = 0;
    /// While no broker has ever answered, though each bootstrap server was tried, calls are given up after
    /// this long; without it they have their whole time. No key of Kafka's clients.
    std::optional<std::int64_t> unreached_ns;
    /// Back to the bootstrap servers when no broker that is known can be reached.
    bool rebootstrap = true;
};

/// One key, named as in Kafka's Java clients.
struct client_key {
    std::string_view name;
    /// "no default" when empty.
    std::string_view default_value;
    std::string_view help;
};
std::span<const client_key> client_keys();

/// Codes: invalid_config; the detail names the key, and for an unknown one the nearest known.
result<client_settings> read_settings(const std::map<std::string, std::string>& properties);

} // namespace barnabas::client
