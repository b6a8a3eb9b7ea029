#include "sim/cluster/client_host.hpp"

#include "sim/network/network_fabric.hpp"
#include "sim/node/simulated_node.hpp"

namespace barnabas::sim {

client_host::client_host(world& time, network_fabric& network, observation& watched, const std::string& name,
                         const scheduler_options& scheduler)
    : host_(time, network, {name, {}, memory_disk::unlimited, {}}) {
    host_.start([](runtime::node_services&) {}, furnished(scheduler, time, watched, name));
}

client_host::~client_host() {
    end();
}

std::size_t client_host::spawn(const spawn_function& make) {
    clients_.push_back(make(host_.node()->services()));
    return clients_.size() - 1;
}

std::uint64_t client_host::end() {
    // Handles from outside would keep the actors alive beyond their system.
    clients_.clear();
    host_.crash(crash_kind::kill);
    return host_.leaked_actors();
}

client::client_options client_of(const runtime::endpoint& broker, const std::string& name,
                                 std::uint64_t number) {
    client::client_options options;
    options.broker = broker;
    options.connection.client_id = name;
    options.connection.request_timeout_ns = client_request_timeout_ns;
    options.number = number;
    return options;
}

} // namespace barnabas::sim
