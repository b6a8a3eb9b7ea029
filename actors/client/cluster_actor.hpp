#pragma once

#include "actors/client/admin/admin.hpp"
#include "actors/client/cluster/settings.hpp"
#include "protocol/model/ids.hpp"
#include "runtime/node/node_services.hpp"

#include <caf/actor.hpp>

#include <cstdint>
#include <functional>
#include <string>

namespace barnabas::client {

/// Both are called on the actor's loop.
struct cluster_actor_events {
    /// A broker could not be reached, or was lost: a sentence for people.
    std::function<void(const std::string&)> on_trouble;
    /// Every call has its outcome, and nothing is open any more.
    std::function<void()> on_closed;
};

struct cluster_actor_options {
    client_settings settings;
    loop_index home;
    /// Sets this client's random stream apart from those of others of the node.
    std::uint64_t number = 0;
};

/// Takes submit_call and close_client.
caf::actor spawn_cluster_client(runtime::node_services& node, cluster_actor_options options,
                                cluster_actor_events events);

/// Sends the calls of an `admin` to that actor.
admin::submitter submitter_to(const caf::actor& client);

} // namespace barnabas::client
