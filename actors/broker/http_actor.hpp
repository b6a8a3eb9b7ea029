#pragma once

#include "actors/broker/broker_status.hpp"
#include "actors/broker/broker_view.hpp"
#include "protocol/model/error.hpp"
#include "runtime/config/broker_config.hpp"
#include "runtime/network/network.hpp"
#include "runtime/node/node_services.hpp"

#include <caf/actor.hpp>

#include <memory>

namespace barnabas {

/// What the pages tell.
struct http_sources {
    std::shared_ptr<published_status> status;
    std::shared_ptr<const published_view> view;
    /// Committed offsets whose lag is told; 0: none.
    std::size_t lag_partitions_max = 0;
};

/// Binds the port of the node's pages (/metrics, /ready, /live) and serves them, one request per connection.
/// The actor takes `close_http` and ends. Codes as runtime::network::listen.
result<caf::actor> open_http(runtime::node_services& node, const runtime::endpoint& bind,
                             http_sources sources);

/// As `barnabas.http.listener` says. Null without it, or when only its default address is not available.
result<caf::actor> open_configured_http(runtime::node_services& node, const broker_config& config,
                                        std::shared_ptr<published_status> status,
                                        std::shared_ptr<const published_view> view);

} // namespace barnabas
