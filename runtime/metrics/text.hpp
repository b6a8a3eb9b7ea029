#pragma once

#include "runtime/metrics/registry.hpp"

#include <string>
#include <string_view>

namespace barnabas::runtime {

inline constexpr const char* prometheus_content_type = "text/plain; version=0.0.4; charset=utf-8";

/// All metrics in Prometheus' text format, names prefixed with `barnabas_`, families sorted by name.
std::string prometheus_text(const metric_registry& registry);

/// One name that is not UTF-8 would make the whole page unreadable, so what is none in it becomes the
/// replacement character. What peers choose goes through this before it becomes a label: else two series
/// could look the same.
std::string readable_label(std::string_view value);

/// For a label's value, which is in quotes: a readable one, with `\`, `"` and line ends escaped.
std::string escaped_label(std::string_view value);

} // namespace barnabas::runtime
