#pragma once

#include "runtime/disk/disk.hpp"

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>

namespace barnabas::runtime {

struct steady_bytes {
    std::size_t count = 0;
    /// Two reads did not agree.
    bool looked_again = false;
};

/// For what is decided by bytes and cannot be taken back, where no checksum tells a wrong read from what was
/// written: reads until two reads agree, five times at most.
inline result<steady_bytes> read_steadily(file_system& files, file_id file, file_position position,
                                          std::span<std::byte> into) {
    constexpr int looks_max = 5;
    if (into.empty())
        return steady_bytes{};
    const auto again = std::make_unique_for_overwrite<std::byte[]>(into.size());
    auto before = files.read(file, position, into);
    for (int look = 2; before && look <= looks_max; ++look) {
        auto now = files.read(file, position, std::span(again.get(), into.size()));
        if (!now)
            return now.failure();
        if (*now == *before && std::memcmp(again.get(), into.data(), *now) == 0)
            return steady_bytes{*now, look > 2};
        std::memcpy(into.data(), again.get(), *now);
        before = now;
    }
    if (!before)
        return before.failure();
    return steady_bytes{*before, true};
}

} // namespace barnabas::runtime
