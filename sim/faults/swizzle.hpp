#pragma once

#include "runtime/random/random.hpp"

#include <cstdint>
#include <utility>
#include <vector>

namespace barnabas::sim {

/// One link of a swizzle: it is clogged from `begin_ns` to `end_ns` after the swizzle begins.
struct swizzled_link {
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    std::int64_t begin_ns = 0;
    std::int64_t end_ns = 0;
};

/// Half of the links, by chance, stop one by one within the first half of `lasts_ns`, and open again one by
/// one in another order within the second.
std::vector<swizzled_link> swizzled(std::vector<std::pair<std::uint32_t, std::uint32_t>> links,
                                    std::int64_t lasts_ns, runtime::random draws);

} // namespace barnabas::sim
