#pragma once

#include "actors/client/consumer/cluster_consumer.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <functional>

/// Messages of the consumer of a cluster. It also takes `close_client`.
namespace barnabas::client {

/// Something to do with the consumer, on its loop.
struct consumer_task {
    std::function<void(cluster_consumer&, monotonic_ns now)> run;
};

/// What the shell tells itself.
struct consumer_timer {
    std::int64_t deadline = 0;
};
struct lane_closed {};

} // namespace barnabas::client

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::client::consumer_task)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::client::consumer_timer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::client::lane_closed)
