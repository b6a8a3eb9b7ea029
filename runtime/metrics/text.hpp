#pragma once

#include "runtime/metrics/registry.hpp"

#include <string>

namespace barnabas::runtime {

inline constexpr const char* prometheus_content_type = "text/plain; version=0.0.4; charset=utf-8";

/// All metrics in Prometheus' text format, names prefixed with `barnabas_`, families sorted by name.
std::string prometheus_text(const metric_registry& registry);

} // namespace barnabas::runtime
