#pragma once

#include <functional>
#include <map>
#include <string>

/// What all faces of the client library begin with.
namespace barnabas::client {

/// Kafka's Java names: bootstrap.servers, client.id, request.timeout.ms, ...
using properties = std::map<std::string, std::string>;

struct application_options {
    /// Called on the client's thread when a broker could not be reached or was lost, once until it is back.
    std::function<void(const std::string& sentence)> on_trouble;
};

} // namespace barnabas::client
