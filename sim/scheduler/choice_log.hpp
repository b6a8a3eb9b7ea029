#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace barnabas::sim {

/// Which of its runnable actors each loop took, wherever it was not the one that had waited longest.
/// Decisions are counted where there was something to decide, so a run can be written down and done again
/// without the policy that chose.
struct choice_log {
    struct loop {
        std::string host;
        std::uint64_t life = 0;
        std::uint32_t number = 0;
        friend auto operator<=>(const loop&, const loop&) = default;
    };
    struct pick {
        std::uint64_t decision = 0;
        std::uint32_t index = 0;
        friend bool operator==(const pick&, const pick&) = default;
    };
    std::map<loop, std::vector<pick>> picks;
};

} // namespace barnabas::sim
