#pragma once

#include "actors/group/member_messages.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace barnabas::group {

/// A classic group as it goes over to the consumer protocol while it runs (KIP-848).
struct classic_handover {
    struct member {
        member_name who;
        group_client client;
        std::chrono::milliseconds session_timeout{0};
        std::chrono::milliseconds rebalance_timeout{0};
        std::vector<offered_protocol> protocols;
        /// Of the newest generation that was assigned.
        slice assignment;
    };
    generation_id generation{0};
    /// What the members agreed on; empty before they did for the first time.
    std::string protocol;
    std::vector<member> members;
};

} // namespace barnabas::group
