#pragma once

#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <string>

/// Messages of the broker role, the root of a node.
namespace barnabas {

/// A producer id of its own for an idempotent producer (InitProducerId without a transactional id).
struct init_producer_id_request {
    std::uint64_t token = 0;
};
struct init_producer_id_response {
    std::uint64_t token = 0;
    errc code = errc::ok;
    producer_id id{-1};
    producer_epoch epoch{-1};

    static init_producer_id_response dropped(std::uint64_t token) {
        return {token, errc::dropped, producer_id{-1}, producer_epoch{-1}};
    }
};

/// Closes listeners and connections, then partitions, then the controller; then `boot_events::on_stopped`.
struct stop_broker {};

/// From a connection, once, as its last message.
struct connection_ended {
    std::uint64_t connection = 0;
};

} // namespace barnabas

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::init_producer_id_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::init_producer_id_response)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::stop_broker)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::connection_ended)
