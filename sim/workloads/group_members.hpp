#pragma once

#include "actors/client/topic_admin.hpp"
#include "runtime/random/random.hpp"
#include "sim/checkers/group_events.hpp"
#include "sim/cluster/client_host.hpp"
#include "sim/cluster/furniture.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace barnabas::sim {

/// One member of a classic consumer group.
struct member_options {
    std::uint64_t group = 0;
    /// Its static name (KIP-345); 0 for a dynamic member. Two of one name fence each other.
    std::uint64_t instance = 0;
    std::int32_t session_timeout_ms = 3'000;
    std::int32_t rebalance_timeout_ms = 3'000;
    std::int64_t heartbeat_ns = 500 * millisecond;
    std::int64_t commit_ns = 300 * millisecond;
    /// Mean time until it leaves, forgets who it is, or stands still; 0: never.
    std::int64_t rude_ns = 0;
};

/// Members for a run: none in most of them.
std::vector<member_options> drawn_members(runtime::random draws);
/// What the broker is told in a run with members, so that rebalances are quick and compaction of
/// `__consumer_offsets` happens.
std::vector<std::pair<std::string, std::string>> drawn_group_config(runtime::random draws);

/// Consumer groups beside producers and readers, each member on a host of its own. Group g reads topic g
/// modulo their number.
class group_members {
public:
    struct parts {
        runtime::endpoint broker;
        std::vector<client::new_topic> topics;
        scheduler_options scheduler;
        std::function<void(const group_event&)> on_event;
        /// An answer that no coordinator may give.
        std::function<void(const std::string&)> on_problem;
    };

    group_members(world& time, network_fabric& network, observation& watched, parts with)
        : world_(time), network_(network), watched_(watched), with_(std::move(with)) {}

    void start(const std::vector<member_options>& members);
    /// All end; answers how many actors were leaked.
    std::uint64_t end();
    /// Their numbers, as faults know hosts.
    std::vector<std::uint32_t> hosts() const;
    bool none() const noexcept { return hosts_.empty(); }

private:
    void start_one(const member_options& options, std::uint32_t number);
    client::group_member_events events_of(const member_options& options, std::uint32_t number);

    world& world_;
    network_fabric& network_;
    observation& watched_;
    parts with_;
    std::vector<std::unique_ptr<client_host>> hosts_;
    std::uint64_t commits_ = 0;
};

} // namespace barnabas::sim
