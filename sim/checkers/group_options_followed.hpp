#pragma once

#include "sim/checkers/history.hpp"
#include "sim/world/virtual_time.hpp"

#include <cstdint>
#include <string>

/// Options of consumer groups that somebody alters. For `config_events.hpp` and `altered_configs` a group or
/// a broker is a topic whose number lies far behind those of all topics.
namespace barnabas::sim {

inline constexpr std::uint32_t first_group_with_configs = 1U << 20;
/// The broker itself, and what all brokers have.
inline constexpr std::uint32_t altered_broker = 1U << 30;
inline constexpr std::uint32_t altered_brokers = altered_broker + 1;
inline constexpr auto heartbeat_option = "consumer.heartbeat.interval.ms";
inline constexpr auto session_option = "consumer.session.timeout.ms";

/// A member was told how often to come.
struct interval_told {
    std::uint64_t group = 0;
    std::int32_t ms = 0;
    virtual_time asked;
};

inline constexpr auto group_options_followed = "group_options_followed";

/// Why that is not what the group has been altered to, or what groups have that set nothing; empty when it
/// is.
std::string badly_followed(const interval_told& told, std::int32_t unset_ms, const history& of);

} // namespace barnabas::sim
