#pragma once

#include "actors/client/consumer/consumer_settings.hpp"
#include "protocol/model/ids.hpp"
#include "runtime/node/node_services.hpp"

#include <caf/actor.hpp>

#include <cstdint>
#include <functional>
#include <string>

namespace barnabas::client {

/// Both are called on the actor's loop.
struct consumer_actor_events {
    /// A broker could not be reached, a topic is not there, a commit failed: a sentence for people.
    std::function<void(const std::string&)> on_trouble;
    /// The group was left, and nothing is open any more.
    std::function<void()> on_closed;
};

struct consumer_actor_options {
    consumer_settings settings;
    loop_index home;
    /// Sets this client's random stream apart from those of others of the node.
    std::uint64_t number = 0;
};

/// Takes consumer_task and close_client.
caf::actor spawn_cluster_consumer(runtime::node_services& node, consumer_actor_options options,
                                  consumer_actor_events events);

} // namespace barnabas::client
