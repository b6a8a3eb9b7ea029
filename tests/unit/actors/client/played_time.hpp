#pragma once

#include <cstdint>

namespace barnabas::client::test {

inline constexpr std::int64_t millisecond = 1'000'000;
inline constexpr std::int64_t second = 1'000 * millisecond;

} // namespace barnabas::client::test
