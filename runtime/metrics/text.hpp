#pragma once

#include "runtime/metrics/registry.hpp"

#include <string>
#include <string_view>

namespace barnabas::runtime {

inline constexpr const char* prometheus_content_type = "text/plain; version=0.0.4; charset=utf-8";

/// All metrics in Prometheus' text format, names prefixed with `barnabas_`, families sorted by name.
std::string prometheus_text(const metric_registry& registry);

/// For a label's value, which is in quotes: `\`, `"` and line ends are escaped. One name that is not UTF-8
/// would make the whole page unreadable, so its bytes above ASCII become question marks.
std::string escaped_label(std::string_view value);

} // namespace barnabas::runtime
