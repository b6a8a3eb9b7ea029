#pragma once

#include "runtime/random/random.hpp"

#include <cstdint>

namespace barnabas::client {

/// How long to wait after so many failures in a row, at least one: doubles from `base` to `most`, with a
/// fifth more or less, so that clients do not come all at once. One draw.
std::int64_t drawn_pause(std::int64_t base, std::int64_t most, std::int64_t failures, runtime::random& draws);

} // namespace barnabas::client
