#pragma once

#include "actors/replica/compaction/siphash.hpp"
#include "protocol/model/ids.hpp"
#include "runtime/memory/zeroed_table.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace barnabas::replica {

struct key_map_options {
    /// Memory that it may take (`log.cleaner.dedupe.buffer.size` over the partitions cleaned at once).
    std::uint64_t bytes_max = 128 << 20;
    /// How full it may become (`log.cleaner.io.buffer.load.factor`).
    double load_factor = 0.9;
    /// There are no more keys than this, so that a small log needs little memory.
    std::uint64_t keys_max = ~std::uint64_t{0};
    siphash_key secret;
};

/// The newest offset of each key in the part of a log that was not cleaned yet. 24 bytes per key: a keyed
/// hash of 128 bits stands for the key, so that two keys are taken for one with a chance that nobody can
/// raise and nobody will meet (2^-64 at four billion keys). One allocation, open addressing; nothing is ever
/// removed.
class key_map {
public:
    explicit key_map(const key_map_options& options);

    /// What stands for a key. Its place begins to be fetched from memory, so who hashes the keys of a whole
    /// batch before he looks for the first of them waits once and not for each.
    hash_128 hash_of(std::span<const std::byte> key) const noexcept;
    /// False when the key is new and there is no room. A smaller offset than the known one changes nothing.
    [[nodiscard]] bool put(const hash_128& key, log_offset offset) noexcept;
    [[nodiscard]] bool put(std::span<const std::byte> key, log_offset offset) noexcept {
        return put(hash_of(key), offset);
    }
    /// -1 for a key that is not there.
    log_offset find(const hash_128& key) const noexcept;
    log_offset find(std::span<const std::byte> key) const noexcept { return find(hash_of(key)); }

    /// Calls `visit` with the newest offset of each key, in no order that means anything.
    template <class Visit>
    void for_each_offset(const Visit& visit) const {
        for (std::uint64_t at = 0; at < slots_; ++at)
            if (const auto behind = table()[at].behind_offset; behind != 0)
                visit(log_offset(static_cast<std::int64_t>(behind) - 1));
    }

    std::uint64_t size() const noexcept { return size_; }
    /// How many keys fit; 0 when there was no memory.
    std::uint64_t capacity() const noexcept { return capacity_; }
    std::uint64_t bytes() const noexcept { return slots_ * sizeof(slot); }

private:
    struct slot {
        hash_128 key;
        /// One more than the offset; 0 in an empty slot, which is how the system hands out memory.
        std::uint64_t behind_offset = 0;
    };
    static_assert(sizeof(slot) == 24);

    std::uint64_t first_place(const hash_128& hash) const noexcept;
    slot& place_of(const hash_128& hash) const noexcept;
    slot* table() const noexcept { return reinterpret_cast<slot*>(memory_.data()); }

    siphash_key secret_;
    std::uint64_t slots_ = 0;
    std::uint64_t capacity_ = 0;
    std::uint64_t size_ = 0;
    runtime::zeroed_table memory_;
};

} // namespace barnabas::replica
