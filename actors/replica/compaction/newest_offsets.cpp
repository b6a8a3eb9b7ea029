#include "actors/replica/compaction/newest_offsets.hpp"

#include "actors/replica/compaction/key_map.hpp"

namespace barnabas::replica {
namespace {

/// What the bits may take beside the map. One that is not cut short has 24 bytes for each offset and more.
constexpr std::uint64_t share_of_map = 64;
constexpr std::uint64_t bits_per_byte = 8;

} // namespace

newest_offsets::newest_offsets(const key_map& map, log_offset from, log_offset end)
    : from_(from), end_(from) {
    const auto count = end > from ? static_cast<std::uint64_t>(end - from) : 0;
    if (count > map.bytes() / share_of_map * bits_per_byte)
        return;
    bits_.resize(count);
    end_ = from + static_cast<std::int64_t>(count);
    map.for_each_offset([&](log_offset newest) {
        if (covers(newest))
            bits_[static_cast<std::size_t>(newest - from_)] = true;
    });
}

} // namespace barnabas::replica
