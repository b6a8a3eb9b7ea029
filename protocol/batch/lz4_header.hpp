#pragma once

#include "protocol/model/error.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace barnabas::batch {

// The last byte of an lz4 frame's header is a checksum of the header. Kafka's clients before 0.10 computed it
// over the four magic bytes as well (KAFKA-3160), and their readers insist on that. Messages of magic 0 have
// that number, everything newer has the right one.

inline constexpr std::size_t lz4_header_size_max = 19;

/// A frame's header with the checksum that the format wants.
struct lz4_header {
    std::array<std::byte, lz4_header_size_max> bytes{};
    /// 0: the input does not begin with a whole header.
    std::size_t size = 0;
};

/// Copies the header of a frame and sets its checksum right, whatever it was.
lz4_header mend_lz4_header(std::span<const std::byte> frame);

/// Gives a frame the checksum that Kafka's clients before 0.10 expect. The frame has a whole header.
void set_old_lz4_checksum(std::span<std::byte> frame);

/// Whether Kafka's consumers in Java can unpack this: one frame and nothing behind it, without a dictionary,
/// and with blocks that do not refer to earlier ones. lz4's library reads all of these, and many frames.
result<void> check_lz4_for_consumers(std::span<const std::byte> packed);

/// xxHash, 32 bits, seed 0; at most 15 bytes, which is all that a header needs.
std::uint32_t short_xxhash32(std::span<const std::byte> bytes);

} // namespace barnabas::batch
