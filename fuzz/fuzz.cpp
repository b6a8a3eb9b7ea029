#include "fuzz/fuzz.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace barnabas::fuzz {

void require(bool holds, std::string_view what) {
    if (holds)
        return;
    std::fprintf(stderr, "not as required: %.*s\n", static_cast<int>(what.size()), what.data());
    std::abort();
}

std::span<const std::byte> input::take(std::size_t size) {
    const auto taken = rest_.first(std::min(size, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return std::as_bytes(taken);
}

} // namespace barnabas::fuzz
