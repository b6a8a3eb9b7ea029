#include "sim/faults/swizzle.hpp"

#include <cstddef>

namespace barnabas::sim {

namespace {

template <class Item>
void mix(std::vector<Item>& items, runtime::random& draws) {
    for (std::size_t left = items.size(); left > 1; --left)
        std::swap(items[left - 1], items[draws.below(left)]);
}

} // namespace

std::vector<swizzled_link> swizzled(std::vector<std::pair<std::uint32_t, std::uint32_t>> links,
                                    std::int64_t lasts_ns, runtime::random draws) {
    mix(links, draws);
    links.resize((links.size() + 1) / 2);
    std::vector<std::size_t> opening(links.size());
    for (std::size_t i = 0; i < opening.size(); ++i)
        opening[i] = i;
    mix(opening, draws);
    std::vector<swizzled_link> made;
    const auto count = static_cast<std::int64_t>(links.size());
    const auto half = lasts_ns / 2;
    for (std::size_t i = 0; i < links.size(); ++i)
        made.push_back({links[i].first, links[i].second, half * static_cast<std::int64_t>(i) / count,
                        half + half * static_cast<std::int64_t>(opening[i] + 1) / count});
    return made;
}

} // namespace barnabas::sim
