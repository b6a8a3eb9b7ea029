#pragma once

#include "runtime/network/network.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <memory>

/// What the shells of this role tell themselves and each other; everything else is in the other roles'
/// messages.
namespace barnabas {

/// To the listener: a client connected.
struct stream_accepted {
    std::shared_ptr<runtime::byte_stream> stream;
};
/// To a connection, from its stream.
struct stream_read {
    runtime::read_completion bytes;
};
struct stream_drained {};
/// The client-input reserve has room again.
struct memory_available {};
struct connection_timer {};

/// Closes the port; the listener then closes its connections and answers `listener_closed`.
struct close_listener {};
struct listener_closed {};
/// To a connection: the broker is stopping.
struct close_connection {};
/// To the listener, a connection's last message.
struct connection_closed {
    std::uint64_t number = 0;
};

} // namespace barnabas

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::stream_accepted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::stream_read)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::stream_drained)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::memory_available)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::connection_timer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::close_listener)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::listener_closed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::close_connection)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::connection_closed)
