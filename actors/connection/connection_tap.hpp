#pragma once

#include "protocol/kafka/api_key.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace barnabas {

/// Hears what the connections of one node do, so that checkers of simulated runs see every request answered
/// and no connection grow. None exists in production (a null pointer). It must not change anything.
/// Connections are numbered on their node, requests on their connection.
class connection_tap {
public:
    struct request {
        std::uint64_t connection = 0;
        std::uint64_t number = 0;
    };

    virtual ~connection_tap() = default;

    virtual void connection_opened(std::uint64_t connection) = 0;
    /// `unsent_bytes` wait for the client at this moment.
    virtual void request_begun(const request& which, kafka::api_key key, std::size_t unsent_bytes) = 0;
    /// The client allows the request to take so long.
    virtual void request_may_wait(const request& which, std::chrono::milliseconds at_most) = 0;
    /// `unsent_bytes` wait for the client, of which `answer_bytes` are this answer.
    virtual void request_answered(const request& which, std::size_t answer_bytes,
                                  std::size_t unsent_bytes) = 0;
    virtual void connection_closed(std::uint64_t connection) = 0;
};

} // namespace barnabas
