#pragma once

#include <cstdint>

/// What has settings of its own, as it is numbered on the wire.
namespace barnabas {

inline constexpr std::int8_t topic_resource = 2;
inline constexpr std::int8_t broker_resource = 4;
inline constexpr std::int8_t broker_logger_resource = 8;
inline constexpr std::int8_t client_metrics_resource = 16;
inline constexpr std::int8_t group_resource = 32;

} // namespace barnabas
