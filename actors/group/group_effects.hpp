#pragma once

#include "actors/group/group_messages.hpp"
#include "actors/group/group_records.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace barnabas::group {

/// Names one waiting request; the shell's.
using request_ticket = std::uint64_t;

/// What a coordinator wants done. The records are applied already; they go to the log in this order. Those of
/// one decision come there together or not at all: half of one may be no state that a group was ever in.
struct effects {
    struct answer {
        request_ticket ticket = 0;
        response_body body;
    };
    /// Why a group's members have to come anew, for who looks after the groups.
    struct rebalance {
        std::string group;
        std::int32_t generation = 0;
        const char* why = "";
        /// Of whose doing; empty when it is nobody's in particular.
        std::string member;
        /// What that member's client says of it (KIP-800).
        std::string client_says;
    };
    std::vector<group_record> records;
    /// Counts of records. All of an event are one decision, unless more of them are ended while it is
    /// handled.
    std::vector<std::size_t> decision_ends;
    /// They leave when all records so far are committed, those of earlier events included: nobody is told of
    /// a state that may yet be lost.
    std::vector<answer> answers;
    std::vector<rebalance> rebalances;

    void end_decision() {
        if (records.size() != (decision_ends.empty() ? 0 : decision_ends.back()))
            decision_ends.push_back(records.size());
    }
    template <class Response>
    void reply(request_ticket ticket, Response response) {
        answers.push_back({ticket, response_body(std::move(response))});
    }
};

/// One event being handled: when, and where its effects go.
struct turn {
    monotonic_ns now;
    timestamp_ms wall;
    effects& out;
};

} // namespace barnabas::group
