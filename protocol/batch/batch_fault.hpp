#pragma once

#include "protocol/model/error.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace barnabas::batch {

/// What was wrong inside of a producer's batch, as far as Kafka's metrics tell it apart.
enum class batch_fault : std::uint8_t {
    damaged, ///< length or CRC, or its packed bytes
    magic,   ///< another one than the request's version carries, or none that there is
    order,   ///< base offset, offset deltas, counts, or a sequence below 0
    no_key,  ///< in a compacted topic
    other,
};

/// Stable lower-case name, for metrics.
std::string_view name_of(batch_fault fault) noexcept;

/// Ends of details: one code stands for many causes, and who counts some of them knows them by these.
inline constexpr std::string_view no_key_words = "has no key, which a compacted topic needs";
inline constexpr std::string_view order_words = "does not follow the one before (they count 0, 1, 2, ...)";

/// Of what validate_batch, split_batches or convert_up refused; `records` is what the request brought. Looks
/// at the first header only, whatever the size.
batch_fault fault_of(const error& why, std::span<const std::byte> records);

} // namespace barnabas::batch
