#pragma once

#include <cstddef>
#include <span>

namespace barnabas::fuzz {

/// Sets the CRC of every batch in a list right, as far as the lengths lead. Without that no changed byte gets
/// past the first check.
void mend_batch_checksums(std::span<std::byte> records);

/// The same for messages of magic 0 and 1 and batches in one list; wrappers stay packed.
void mend_entry_checksums(std::span<std::byte> records);

/// Writes a CRC32C big-endian in front of what it covers.
void put_checksum(std::span<std::byte> target, std::span<const std::byte> covered);

} // namespace barnabas::fuzz
