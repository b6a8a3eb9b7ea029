#pragma once

#include "actors/client/producer_queue.hpp"
#include "actors/client/topic_admin.hpp"
#include "runtime/network/network.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <memory>

/// Messages of the client role.
namespace barnabas::client {

/// To a producer: deliver this batch.
struct send_batch {
    outgoing_batch batch;
};
/// To a topic admin: see to it that this topic exists.
struct create_topic {
    new_topic topic;
};
/// To any client: hang up and end. What was not finished is reported as such first.
struct close_client {};

/// What the shells tell themselves. `attempt` tells an old stream from the present one.
struct client_connected {
    std::uint64_t attempt = 0;
    std::shared_ptr<runtime::byte_stream> stream; ///< null: nobody there
};
struct client_read {
    std::uint64_t attempt = 0;
    runtime::read_completion bytes;
};
struct client_timer {
    std::int64_t deadline = 0;
};

} // namespace barnabas::client

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::client::send_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::client::create_topic)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::client::close_client)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::client::client_connected)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::client::client_read)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::client::client_timer)
