#pragma once

#include "sim/workloads/produce_consume_options.hpp"

#include <string>
#include <string_view>

namespace barnabas::sim {

/// One batch as a row of [sends]: `1200ms producer 0 to t0-1 lz4 12 300` is sent at that time, compressed so,
/// with two records whose values have 12 and 300 bytes.
std::string send_text(const planned_send& send);
result<planned_send> parse_send(std::string_view row);

/// "t0-1".
result<place> parse_place(std::string_view text);

} // namespace barnabas::sim
