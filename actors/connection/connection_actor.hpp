#pragma once

#include "actors/connection/listener_actor.hpp"
#include "runtime/network/network.hpp"
#include "runtime/node/node_services.hpp"

#include <caf/actor.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace barnabas {

/// What a listener knows of a connection that it accepted.
struct accepted_connection {
    std::string listener_name;
    std::uint64_t number;
    std::shared_ptr<runtime::byte_stream> stream;
    caf::actor listener;
};

/// One client's connection, on its stream's home loop. Takes the messages of connection_messages.hpp from its
/// stream and the answers of partitions, controller and broker. Its last message goes to `listener`:
/// connection_closed.
caf::actor spawn_connection(runtime::node_services& node, const server_context& context,
                            accepted_connection accepted);

} // namespace barnabas
