#include "sim/disk/sector_harm.hpp"

#include <algorithm>

namespace barnabas::sim {

namespace {

constexpr std::uint64_t sector_of(std::uint64_t position) {
    return position / sector_harm::sector_size * sector_harm::sector_size;
}

} // namespace

void sector_harm::rot(std::uint64_t position, unsigned bit) {
    const auto begin = sector_of(position);
    const auto known = rotten_.lower_bound(begin);
    if (known == rotten_.end() || known->first >= begin + sector_size)
        rotten_.emplace(position, static_cast<std::byte>(1U << bit));
}

void sector_harm::written(std::uint64_t position, std::span<const std::byte> bytes) {
    if (empty())
        return;
    const auto end = position + bytes.size();
    const auto first_whole = sector_of(position + sector_size - 1);
    const auto behind_whole = sector_of(end);
    if (first_whole < behind_whole) {
        rotten_.erase(rotten_.lower_bound(first_whole), rotten_.lower_bound(behind_whole));
        strayed_.erase(strayed_.lower_bound(first_whole), strayed_.lower_bound(behind_whole));
    }
    for (auto at = strayed_.lower_bound(sector_of(position)); at != strayed_.end() && at->first < end; ++at) {
        const auto from = std::max(position, at->first);
        const auto count = std::min(end, at->first + sector_size) - from;
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(from - position), count,
                    at->second.begin() + static_cast<std::ptrdiff_t>(from - at->first));
    }
}

void sector_harm::cut(std::uint64_t size) {
    rotten_.erase(rotten_.lower_bound(size), rotten_.end());
    strayed_.erase(strayed_.lower_bound(size), strayed_.end());
    const auto last = strayed_.find(sector_of(size));
    if (last != strayed_.end())
        std::fill(last->second.begin() + static_cast<std::ptrdiff_t>(size - last->first), last->second.end(),
                  std::byte{0});
}

void sector_harm::lift() noexcept {
    rotten_.clear();
    strayed_.clear();
}

void sector_harm::show_sector(std::uint64_t begin, const sector& shown, std::uint64_t position,
                              std::span<std::byte> read) {
    const auto from = std::max(position, begin);
    const auto count = std::min(position + read.size(), begin + sector_size) - from;
    std::copy_n(shown.begin() + static_cast<std::ptrdiff_t>(from - begin), count,
                read.begin() + static_cast<std::ptrdiff_t>(from - position));
}

} // namespace barnabas::sim
