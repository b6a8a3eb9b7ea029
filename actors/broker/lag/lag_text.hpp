#pragma once

#include "actors/broker/lag/lag_report.hpp"

#include <string>

namespace barnabas {

/// The report in Prometheus' text format: the names of kafka_exporter, so that its dashboards and alerts
/// work, and `barnabas_consumer_group_lag_seconds`. `now`: of the wall clock, as records' timestamps are.
std::string lag_text(const lag_report& report, timestamp_ms now);

} // namespace barnabas
