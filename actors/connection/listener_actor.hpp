#pragma once

#include "actors/broker/broker_view.hpp"
#include "actors/connection/authorizer.hpp"
#include "protocol/batch/compression.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/planted_bugs.hpp"
#include "runtime/config/broker_config.hpp"
#include "runtime/network/network.hpp"
#include "runtime/node/node_services.hpp"

#include <caf/actor.hpp>

#include <memory>
#include <string>
#include <vector>

namespace barnabas {

class connection_tap;

/// What every connection of a node shares. All parts outlive the connections.
struct server_context {
    std::shared_ptr<const broker_config> config;
    std::shared_ptr<published_view> view;
    std::shared_ptr<const authorizer> access;
    caf::actor broker;
    caf::actor controller;
    /// Of the connections of each loop, which unpack one after the other.
    std::shared_ptr<std::vector<batch::codec_workspace>> workspaces;
    /// Null outside of simulations.
    connection_tap* tap = nullptr;
    planted_bugs planted{};
};

struct listener_options {
    std::string name = "PLAINTEXT";
    runtime::endpoint bind;
};

struct opened_listener {
    /// Takes `close_listener`, answers its sender with `listener_closed` when all its connections have ended.
    caf::actor actor;
    /// Where it listens (the port, if 0 was asked for).
    runtime::endpoint local;
};

/// Binds the port and accepts. Codes as runtime::network::listen.
result<opened_listener> open_listener(runtime::node_services& node, const listener_options& options,
                                      const server_context& context);

} // namespace barnabas
