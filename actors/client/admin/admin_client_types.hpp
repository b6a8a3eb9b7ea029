#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

/// What admin calls about clients of the cluster take and give: producers, members of groups. Nothing here
/// needs more than the standard library.
namespace barnabas::client {

/// A producer that the leader of a partition remembers.
struct producer_state {
    std::int64_t id = -1;
    std::int32_t epoch = -1;
    /// Of its last record; -1 when there is none.
    std::int32_t last_sequence = -1;
    /// Milliseconds since 1970, of its last batch.
    std::int64_t last_timestamp = -1;
    /// Nothing without an open transaction.
    std::optional<std::int64_t> transaction_start;
    /// Of the coordinator behind its last marker.
    std::optional<std::int32_t> coordinator_epoch;
};

/// A member of a classic group by the id that the group gave it, or a static one by group.instance.id.
struct member_name {
    std::string member_id;
    std::optional<std::string> instance_id;

    friend auto operator<=>(const member_name&, const member_name&) = default;
};

} // namespace barnabas::client
