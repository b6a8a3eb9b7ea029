#include "fuzz/fuzz.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace barnabas::fuzz {

void require(bool holds, std::string_view what, const std::source_location& where) {
    if (holds)
        return;
    std::fprintf(stderr, "%s:%u: %.*s\n", where.file_name(), static_cast<unsigned>(where.line()),
                 static_cast<int>(what.size()), what.data());
    std::abort();
}

std::span<const std::byte> input::take(std::size_t size) {
    const auto taken = rest_.first(std::min(size, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return std::as_bytes(taken);
}

} // namespace barnabas::fuzz
