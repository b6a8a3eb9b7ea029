#include "actors/replica/compaction/key_map.hpp"

#include "protocol/model/assert.hpp"

#include <algorithm>

namespace barnabas::replica {

key_map::key_map(const key_map_options& options) : secret_(options.secret) {
    const double load = std::clamp(options.load_factor, 0.01, 0.99);
    const std::uint64_t most = std::max<std::uint64_t>(options.bytes_max / sizeof(slot), 2);
    // Half empty as long as that costs no more than it may: probes are short then.
    const auto wanted = static_cast<double>(options.keys_max) * 2 + 2;
    slots_ = wanted < static_cast<double>(most) ? static_cast<std::uint64_t>(wanted) : most;
    capacity_ = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(static_cast<double>(slots_) * load), 1,
                                          slots_ - 1);
    memory_ = runtime::zeroed_table(bytes());
    if (memory_.data() == nullptr)
        capacity_ = slots_ = 0;
}

std::uint64_t key_map::first_place(const hash_128& hash) const noexcept {
    return static_cast<std::uint64_t>((static_cast<unsigned __int128>(hash.low) * slots_) >> 64);
}

hash_128 key_map::hash_of(std::span<const std::byte> key) const noexcept {
    const auto hash = siphash(key, secret_);
    if (slots_ > 0)
        __builtin_prefetch(&table()[first_place(hash)]);
    return hash;
}

/// The slot that has the key, or the empty one where it belongs.
key_map::slot& key_map::place_of(const hash_128& hash) const noexcept {
    auto* const slots = table();
    auto at = first_place(hash);
    // There always is an empty slot, since no more than `capacity_` are taken.
    while (slots[at].behind_offset != 0 && !(slots[at].key == hash))
        at = at + 1 == slots_ ? 0 : at + 1;
    return slots[at];
}

bool key_map::put(const hash_128& hash, log_offset offset) noexcept {
    BARNABAS_ASSERT(offset.get() >= 0);
    if (slots_ == 0)
        return false;
    auto& place = place_of(hash);
    const auto behind = static_cast<std::uint64_t>(offset.get()) + 1;
    if (place.behind_offset == 0) {
        if (size_ == capacity_)
            return false;
        ++size_;
        place.key = hash;
    }
    place.behind_offset = std::max(place.behind_offset, behind);
    return true;
}

log_offset key_map::find(const hash_128& hash) const noexcept {
    if (slots_ == 0)
        return log_offset(-1);
    const auto& place = place_of(hash);
    return log_offset(static_cast<std::int64_t>(place.behind_offset) - 1);
}

} // namespace barnabas::replica
