#include "runtime/config/listener.hpp"

#include "runtime/config/config_value.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace barnabas {

namespace {

error refused(std::string why) {
    return {errc::invalid_config, std::move(why)};
}

bool is_wildcard(const std::string& host) {
    return host.empty() || host == "0.0.0.0" || host == "::";
}

bool is_loopback(const std::string& host) {
    return host == "localhost" || host == "::1" || host.starts_with("127.");
}

result<listener_endpoint> parse_address(std::string_view text, std::string_view entry) {
    listener_endpoint found;
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos)
        return refused("'" + std::string(entry) + "' has no port; write host:port");
    std::string_view host = text.substr(0, colon), port = text.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']'))
        host = host.substr(1, host.size() - 2);
    else if (host.find(':') != std::string_view::npos)
        return refused("'" + std::string(entry) +
                       "' has a colon in its host; write an IPv6 address in brackets");
    if (host.find_first_of(" \t/[]") != std::string_view::npos)
        return refused("'" + std::string(entry) + "' has a host that is no name and no address");
    const auto read = std::from_chars(port.data(), port.data() + port.size(), found.port);
    if (port.empty() || read.ec != std::errc() || read.ptr != port.data() + port.size())
        return refused("'" + std::string(entry) + "' has port '" + std::string(port) +
                       "'; a port is a number from 0 to 65535");
    found.host = host;
    return found;
}

result<listener_endpoint> parse_listener(std::string_view entry) {
    const auto scheme = entry.find("://");
    if (scheme == std::string_view::npos || scheme == 0)
        return refused("'" + std::string(entry) + "' is no listener; write NAME://host:port");
    auto found = parse_address(entry.substr(scheme + 3), entry);
    if (!found)
        return found;
    for (const char c : entry.substr(0, scheme))
        found->name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return found;
}

} // namespace

std::string to_string(const listener_endpoint& value) {
    const bool brackets = value.host.find(':') != std::string::npos;
    return value.name + "://" + (brackets ? "[" + value.host + "]" : value.host) + ":" +
           std::to_string(value.port);
}

result<std::vector<listener_endpoint>> parse_listeners(std::string_view text) {
    std::vector<listener_endpoint> all;
    for (const auto& entry : split_list(text)) {
        auto one = parse_listener(entry);
        if (!one)
            return one.failure();
        for (const auto& other : all) {
            if (other.name == one->name)
                return refused("two listeners are named " + one->name);
            if (other.port == one->port && other.host == one->host && one->port != 0)
                return refused("two listeners have the address " + one->host + ":" +
                               std::to_string(one->port));
        }
        all.push_back(std::move(*one));
    }
    return all;
}

result<listener_endpoint> parse_host_port(std::string_view text) {
    return parse_address(text, text);
}

std::optional<std::string> advertised_warning(std::span<const listener_endpoint> listeners,
                                              std::span<const listener_endpoint> advertised) {
    for (const auto& one : advertised) {
        const std::string what = "clients are told to connect to " + to_string(one) + ", ";
        const std::string cure = "; set advertised.listeners to an address that clients can reach";
        if (is_wildcard(one.host))
            return what + (one.host.empty() ? "which names no host" : "which is an address of no machine") +
                   cure;
        const auto listener = std::find_if(listeners.begin(), listeners.end(),
                                           [&](const auto& other) { return other.name == one.name; });
        if (listener == listeners.end())
            return what + "but no listener is named " + one.name + cure;
        if (is_loopback(one.host) && !is_loopback(listener->host))
            return what + "which only works on this machine, though the broker listens on " +
                   to_string(*listener) + " for others" + cure;
    }
    return std::nullopt;
}

} // namespace barnabas
