#pragma once

#include "actors/replica/log/segment.hpp"

/// An index of aborted transactions of which nobody knows what it should hold, since it was found wrong and
/// the log is damaged: what is known of it has another CRC32C than the file, and so whoever reads there hears
/// that nobody knows. Entries that come later go behind those that the file has, and its CRC stays another.
namespace barnabas::replica {

inline void mark_transactions_unknown(segment_state& segment) {
    segment.transaction_index_crc = ~segment.transaction_index_crc;
}

/// Readers of committed records need the index; also a file that is not there may be an unknown one, but then
/// its CRC is not that of no bytes, which is 0.
inline bool needs_transactions(const segment_state& segment) {
    return segment.transaction_index_size > 0 || segment.transaction_index_crc != 0;
}

} // namespace barnabas::replica
