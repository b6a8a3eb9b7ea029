#pragma once

#include <cstddef>

namespace barnabas::batch {

/// How often this test program has called operator new; only differences around a call mean something.
std::size_t allocations_so_far() noexcept;

} // namespace barnabas::batch
