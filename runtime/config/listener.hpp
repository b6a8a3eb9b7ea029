#pragma once

#include "protocol/model/error.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace barnabas {

/// One entry of `listeners`: `NAME://host:port`. An empty host means all interfaces.
struct listener_endpoint {
    std::string name;
    std::string host;
    std::uint16_t port = 0;

    friend bool operator==(const listener_endpoint&, const listener_endpoint&) = default;
};
std::string to_string(const listener_endpoint& value);

/// IPv6 hosts stand in brackets. The detail says what is wrong with which entry.
result<std::vector<listener_endpoint>> parse_listeners(std::string_view text);

/// `host:port`, as of the HTTP listener.
result<listener_endpoint> parse_host_port(std::string_view text);

/// A sentence when clients that follow the advertised address will not get here: no host, a wildcard address,
/// or a loopback address though the broker listens for other machines.
std::optional<std::string> advertised_warning(std::span<const listener_endpoint> listeners,
                                              std::span<const listener_endpoint> advertised);

} // namespace barnabas
