#pragma once

#include "protocol/model/planted_bugs.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace barnabas::group {

/// Which protocol changes of a group that has members are allowed (KIP-848).
enum class migration_policy : std::uint8_t { disabled, upgrade, downgrade, bidirectional };

/// What a group has of its own, where it has it.
struct own_group_options {
    std::optional<std::chrono::milliseconds> session_timeout;
    std::optional<std::chrono::milliseconds> heartbeat_interval;
};
using own_options_by_group = std::map<std::string, own_group_options, std::less<>>;

/// Of groups of the consumer protocol.
struct consumer_group_options {
    std::chrono::milliseconds session_timeout{45'000};
    std::chrono::milliseconds heartbeat_interval{5'000};
    std::int32_t members_max = 2'147'483'647;
    /// The first one is the group's unless its members want another.
    std::vector<std::string> assignors{"uniform", "range"};
    migration_policy migration = migration_policy::bidirectional;
    /// Null: no group has any.
    std::shared_ptr<const own_options_by_group> own;

    std::chrono::milliseconds session_timeout_of(const std::string& group) const {
        return own_or(group, &own_group_options::session_timeout, session_timeout);
    }
    std::chrono::milliseconds heartbeat_interval_of(const std::string& group) const {
        return own_or(group, &own_group_options::heartbeat_interval, heartbeat_interval);
    }

private:
    std::chrono::milliseconds own_or(const std::string& group,
                                     std::optional<std::chrono::milliseconds> own_group_options::*which,
                                     std::chrono::milliseconds otherwise) const {
        if (own == nullptr)
            return otherwise;
        const auto found = own->find(group);
        return found == own->end() ? otherwise : (found->second.*which).value_or(otherwise);
    }
};

/// What coordinators are told once; from the broker's configuration.
struct group_options {
    std::chrono::milliseconds session_timeout_min{6'000};
    std::chrono::milliseconds session_timeout_max{1'800'000};
    std::chrono::milliseconds initial_rebalance_delay{3'000};
    std::int32_t members_max = 2'147'483'647;
    /// In UTF-16 units, whatever Kafka's name for the setting says.
    std::int32_t offset_metadata_max = 4096;
    /// Counted from when the group lost its last member, or from the commit where nobody joins (KIP-211).
    std::chrono::milliseconds offsets_retention{604'800'000};
    std::chrono::milliseconds expiry_interval{600'000};
    /// A record that is longer does not fit into a batch of `__consumer_offsets`.
    std::size_t record_bytes_max = 1'000'000;
    /// A decision whose records take more does not fit into a segment of `__consumer_offsets`.
    std::size_t decision_bytes_max = 100'000'000;
    consumer_group_options consumer;
    planted_bugs planted;
};

} // namespace barnabas::group
