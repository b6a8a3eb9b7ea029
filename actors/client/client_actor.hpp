#pragma once

#include "actors/client/consumer.hpp"
#include "actors/client/group_consumer.hpp"
#include "actors/client/group_member.hpp"
#include "actors/client/producer.hpp"
#include "actors/client/topic_admin.hpp"
#include "runtime/network/network.hpp"
#include "runtime/node/node_services.hpp"

#include <caf/actor.hpp>

namespace barnabas::client {

struct client_options {
    runtime::endpoint broker;
    connection_options connection;
    loop_index home;
    /// Sets this client's random stream (pauses before reconnects) apart from others of the node.
    std::uint64_t number = 0;
};

/// Takes send_batch and close_client.
caf::actor spawn_producer(runtime::node_services& node, const client_options& options,
                          const producer_options& producing, producer_events events);

/// Takes close_client; reads from the moment it is spawned.
caf::actor spawn_consumer(runtime::node_services& node, const client_options& options,
                          consumer_options consuming, consumer_events events);

/// Takes close_client; joins its group from the moment it is spawned.
caf::actor spawn_group_member(runtime::node_services& node, const client_options& options,
                              group_member_options membership, group_member_events events);

/// The same for a group of the consumer protocol.
caf::actor spawn_group_consumer(runtime::node_services& node, const client_options& options,
                                group_consumer_options membership, group_member_events events);

/// Takes create_topic and close_client.
caf::actor spawn_topic_admin(runtime::node_services& node, const client_options& options,
                             admin_events events);

} // namespace barnabas::client
