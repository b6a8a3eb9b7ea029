#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// What all faces of the client library begin with.
namespace barnabas::client {

/// Kafka's Java names: bootstrap.servers, client.id, request.timeout.ms, ...
using properties = std::map<std::string, std::string>;

/// Keys of Kafka's clients that were given, say something, and change nothing for this one, by name.
using unused_keys_listener = std::function<void(const std::vector<std::string>& keys)>;

struct application_options {
    /// Called on the client's thread when a broker could not be reached or was lost, once until it is back;
    /// and for each callback that threw an exception. What it throws itself is dropped.
    std::function<void(const std::string& sentence)> on_trouble;
    /// For `make_admin`: calls fail after this long while no bootstrap server could be reached; 0: as soon as
    /// all of them failed once. Where TLS or HTTP servers answer instead of brokers they fail at once.
    /// Without it they wait as long as for anything else, since a cluster may start.
    std::optional<std::chrono::milliseconds> unreached_patience = {};
    /// Called before the client is there, on the thread that makes it, if there are any.
    unused_keys_listener on_unused_keys;
};

} // namespace barnabas::client
