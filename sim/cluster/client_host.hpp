#pragma once

#include "actors/client/client_actor.hpp"
#include "actors/client/client_messages.hpp"
#include "sim/cluster/furniture.hpp"
#include "sim/node/host.hpp"
#include "sim/world/world.hpp"

#include <caf/actor.hpp>
#include <caf/send.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace barnabas::sim {

class network_fabric;

/// A simulated host with one node on which clients live. It never crashes.
class client_host {
public:
    using spawn_function = std::function<caf::actor(runtime::node_services&)>;

    client_host(world& time, network_fabric& network, observation& watched, const std::string& name,
                const scheduler_options& scheduler);
    ~client_host();

    /// Spawns a client and answers its number on this host.
    std::size_t spawn(const spawn_function& make);
    template <class Message>
    void send(std::size_t client, Message message) {
        caf::anon_send(clients_.at(client), std::move(message));
    }
    sim::host& host() noexcept { return host_; }
    /// Ends the node and answers how many of its actors were leaked.
    std::uint64_t end();

private:
    sim::host host_;
    std::vector<caf::actor> clients_;
};

/// How clients of the simulated cluster reach the broker: impatient, so that a run sees many reconnects.
client::client_options client_of(const runtime::endpoint& broker, const std::string& name,
                                 std::uint64_t number);

/// The longest time that a request of such a client can be without an answer, beyond what it allows the
/// broker.
inline constexpr std::int64_t client_request_timeout_ns = 4 * second;

} // namespace barnabas::sim
