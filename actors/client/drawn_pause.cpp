#include "actors/client/drawn_pause.hpp"

#include <algorithm>

namespace barnabas::client {

std::int64_t drawn_pause(std::int64_t base, std::int64_t most, std::int64_t failures,
                         runtime::random& draws) {
    constexpr std::int64_t doublings_most = 20;
    auto pause = base;
    for (std::int64_t i = 1; i < std::min(failures, doublings_most) && pause < most; ++i)
        pause *= 2;
    pause = std::min(pause, most);
    return draws.between(pause - pause / 5, pause + pause / 5);
}

} // namespace barnabas::client
