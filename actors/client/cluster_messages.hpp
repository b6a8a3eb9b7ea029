#pragma once

#include "actors/client/cluster/cluster_client.hpp"
#include "protocol/model/error.hpp"
#include "runtime/network/network.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <memory>
#include <optional>

/// Messages of the client of a cluster. It also takes `close_client`.
namespace barnabas::client {

/// Carry out this call. Copies of the message are the same call; whoever takes it out has it.
struct submit_call {
    std::shared_ptr<std::unique_ptr<cluster_call>> call;
    /// Instead of default.api.timeout.ms.
    std::optional<std::int64_t> timeout_ns;
};

/// What the shell tells itself. `attempt` tells an old stream of a link from the present one.
struct link_connected {
    link_number link = 0;
    std::uint64_t attempt = 0;
    std::shared_ptr<runtime::byte_stream> stream; ///< null: `why`
    error why;
};
struct link_read {
    link_number link = 0;
    std::uint64_t attempt = 0;
    runtime::read_completion bytes;
};
struct cluster_timer {
    std::int64_t deadline = 0;
};

} // namespace barnabas::client

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::client::submit_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::client::link_connected)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::client::link_read)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::client::cluster_timer)
