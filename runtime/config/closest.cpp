#include "runtime/config/closest.hpp"

#include <algorithm>
#include <vector>

namespace barnabas {

std::size_t edit_distance(std::string_view from, std::string_view to) {
    // Rows of the table of prefixes: two back (for swaps), one back, and the one being filled.
    std::vector<std::size_t> before(to.size() + 1), last(to.size() + 1), row(to.size() + 1);
    for (std::size_t j = 0; j <= to.size(); ++j)
        last[j] = j;
    for (std::size_t i = 1; i <= from.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= to.size(); ++j) {
            const bool same = from[i - 1] == to[j - 1];
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
            if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before.swap(last);
        last.swap(row);
    }
    return last[to.size()];
}

std::optional<std::string_view> closest(std::string_view text, std::span<const std::string_view> candidates) {
    std::optional<std::string_view> found;
    std::size_t best = 0;
    for (const auto candidate : candidates) {
        const auto distance = edit_distance(text, candidate);
        const auto allowed = std::max<std::size_t>(2, std::max(text.size(), candidate.size()) / 3);
        if (distance > allowed || distance >= candidate.size() || (found && distance >= best))
            continue;
        found = candidate;
        best = distance;
    }
    return found;
}

} // namespace barnabas
