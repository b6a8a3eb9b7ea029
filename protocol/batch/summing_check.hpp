#pragma once

#include "protocol/batch/quick_check.hpp"
#include "protocol/batch/records_seen.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace barnabas::batch {

struct summed_check {
    /// The byte behind the last record that was counted, as `check_quickly` returns it.
    const std::byte* behind = nullptr;
    /// CRC-32C of all of `summed`.
    std::uint32_t checksum = 0;
};

/// `check_quickly` over `records` and the checksum of `summed`, whose end they are, in one pass. The look at
/// a record of 100 bytes takes a processor nearly as long as its checksum, but other parts of it: done in
/// turns of a record each, most of the one is hidden behind the other. What was counted means nothing when
/// the checksum is wrong; nothing is read beyond the bytes either way.
summed_check check_and_sum(std::span<const std::byte> summed, std::span<const std::byte> records,
                           const record_rules& rules, records_seen& seen) noexcept;

} // namespace barnabas::batch
