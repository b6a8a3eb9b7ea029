#pragma once

#include "actors/group/member_messages.hpp"
#include "protocol/model/ids.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// What members of a group of the consumer protocol (KIP-848) ask its coordinator, and what they are
/// answered.
namespace barnabas::group {

/// No topic without partitions; partitions in order.
using partitions_by_topic = std::map<topic_id, std::vector<partition_index>>;
/// Makes it so of what somebody else wrote: in order, each once, none empty.
inline void put_in_order(partitions_by_topic& all) {
    for (auto& [topic, indexes] : all) {
        std::sort(indexes.begin(), indexes.end());
        indexes.erase(std::unique(indexes.begin(), indexes.end()), indexes.end());
    }
    std::erase_if(all, [](const auto& one) { return one.second.empty(); });
}

/// How far a member is: the group epoch whose target assignment it follows.
using member_epoch = strong<struct member_epoch_tag, std::int32_t>;
inline constexpr member_epoch joining_epoch{0};
inline constexpr member_epoch leaving_epoch{-1};
/// A static member goes, and comes back.
inline constexpr member_epoch pausing_epoch{-2};

/// What did not change since the last one may be absent.
struct consumer_heartbeat_request {
    group_client client;
    member_name who;
    /// From version 1 on a member names itself (KIP-1082).
    bool names_itself = false;
    member_epoch epoch{0};
    std::optional<std::string> rack;
    std::optional<std::chrono::milliseconds> rebalance_timeout;
    std::optional<std::vector<std::string>> topics;
    /// Empty for none any more.
    std::optional<std::string> pattern;
    std::optional<std::string> assignor;
    /// What it owns now.
    std::optional<partitions_by_topic> owned;
};

struct consumer_heartbeat_response {
    errc code = errc::ok;
    /// For people.
    std::string detail;
    std::string member_id;
    member_epoch epoch{0};
    std::chrono::milliseconds heartbeat_interval{0};
    /// Absent when there is nothing new.
    std::optional<partitions_by_topic> assignment;
};

struct consumer_describe_request {};

struct described_consumer {
    member_name who;
    group_client client;
    std::optional<std::string> rack;
    member_epoch epoch{0};
    std::vector<std::string> topics;
    std::optional<std::string> pattern;
    partitions_by_topic assigned;
    partitions_by_topic target;
    bool is_classic = false;
};

struct consumer_describe_response {
    errc code = errc::ok;
    std::string detail;
    std::string state;
    std::int32_t group_epoch = 0;
    std::int32_t assignment_epoch = 0;
    std::string assignor;
    std::vector<described_consumer> members;
};

} // namespace barnabas::group
