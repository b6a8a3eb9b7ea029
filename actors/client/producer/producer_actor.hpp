#pragma once

#include "actors/client/producer/producer_intake.hpp"
#include "actors/client/producer/producer_settings.hpp"
#include "protocol/kafka/error_codes.hpp"
#include "protocol/model/ids.hpp"
#include "runtime/node/node_services.hpp"

#include <caf/actor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace barnabas::client {

/// Called on the actor's loop.
struct producer_actor_events {
    /// A broker could not be reached, or was lost, or a delivery callback threw: a sentence for people. Must
    /// not throw.
    std::function<void(const std::string&)> on_trouble;
    /// See `sender_effects::sequences_lost`; the topic and partition of the batch.
    std::function<void(const std::string& topic, std::int32_t partition, kafka::error_code code)>
        on_sequence_lost;
    /// Every record has its report, and nothing is open any more.
    std::function<void()> on_closed;
};

struct producer_actor_options {
    producer_settings settings;
    loop_index home;
    /// Sets this producer's random streams apart from those of others of the node.
    std::uint64_t number = 0;
};

struct spawned_producer {
    /// Takes wake_producer, send_record, flush_producer, program_threw and close_producer.
    caf::actor actor;
    /// For threads that send without a message; they wake the actor when `append` says so.
    std::shared_ptr<producer_intake> intake;
};

/// With a cluster client of its own.
spawned_producer spawn_record_producer(runtime::node_services& node, producer_actor_options options,
                                       producer_actor_events events);

} // namespace barnabas::client
