#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>

namespace barnabas::sim {

/// What reads of one file show beside what is stored there, by sectors: bits that rotted, and sectors that a
/// write missed or hit by mistake. What is stored stays apart, so that all of it can be lifted.
class sector_harm {
public:
    static constexpr std::size_t sector_size = 512;
    using sector = std::array<std::byte, sector_size>;

    bool empty() const noexcept { return rotten_.empty() && strayed_.empty(); }

    /// One bit of the sector is wrong; at most one in each.
    void rot(std::uint64_t position, unsigned bit);
    /// The sector that begins there shows this, whatever is stored.
    void show_instead(std::uint64_t begin, const sector& shown) { strayed_[begin] = shown; }
    /// Sectors wholly inside of what was written are as good as new; of others the rest stays wrong.
    void written(std::uint64_t position, std::span<const std::byte> bytes);
    /// The file ends here now, and reads as zeros behind that if it grows again.
    void cut(std::uint64_t size);
    void lift() noexcept;

    /// Spoils what was read of pages that are not in memory.
    void show(std::uint64_t position, std::span<std::byte> read, const auto& is_in_memory) const {
        const auto end = position + read.size();
        for (auto at = strayed_.lower_bound(position / sector_size * sector_size);
             at != strayed_.end() && at->first < end; ++at)
            if (!is_in_memory(at->first))
                show_sector(at->first, at->second, position, read);
        for (auto at = rotten_.lower_bound(position); at != rotten_.end() && at->first < end; ++at)
            if (!is_in_memory(at->first))
                read[at->first - position] ^= at->second;
    }

private:
    static void show_sector(std::uint64_t begin, const sector& shown, std::uint64_t position,
                            std::span<std::byte> read);

    /// Wrong bits by position.
    std::map<std::uint64_t, std::byte> rotten_;
    /// By where they begin.
    std::map<std::uint64_t, sector> strayed_;
};

} // namespace barnabas::sim
