#pragma once

#include "sim/cluster/furniture.hpp"
#include "sim/node/host.hpp"
#include "sim/workloads/hostile/attacks.hpp"
#include "sim/workloads/hostile/hostile_options.hpp"
#include "sim/workloads/hostile/hostile_session.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace barnabas::sim {

/// Clients beside the checked ones that send what no client should: the broker must answer or close, keep
/// what it promised the others, and lose nothing of its memory. They live on a host of their own and leave
/// no record in a checked topic.
class hostile_clients {
public:
    struct parts {
        runtime::endpoint broker;
        hostile::targets topics;
        /// Since when broker and network are whole; `end_of_time` while they are not.
        std::function<virtual_time()> healthy_since;
        /// Hears of bytes to which a healthy broker neither answered nor closed.
        std::function<void(const hostile_report&)> on_ignored;
        /// These instead of drawn ones, in the order of their times.
        std::optional<std::vector<planned_attack>> planned = {};
        /// Hears of every attack that begins; may be empty.
        std::function<void(const planned_attack&)> on_attack = {};
    };

    hostile_clients(world& time, network_fabric& network, observation& watched,
                    const hostile_options& options, parts with);
    ~hostile_clients();

    void begin();
    /// All connections end, and no other is made.
    void rest();
    sim::host& host() noexcept { return host_; }

    std::uint64_t attacks() const noexcept { return attacks_; }
    /// How often each kind was tried, by its number.
    const std::vector<std::uint64_t>& tried() const noexcept { return tried_; }

private:
    void attack_later();
    void attack_planned(std::size_t index);
    void attack(hostile_kind kind, std::uint64_t choice);
    void forget_finished();

    world& world_;
    hostile_options options_;
    parts with_;
    sim::host host_;
    runtime::random draws_;
    std::vector<hostile_kind> kinds_;
    std::vector<std::shared_ptr<hostile_session>> sessions_;
    std::vector<std::uint64_t> tried_;
    std::uint64_t attacks_ = 0;
    bool resting_ = false;
};

} // namespace barnabas::sim
