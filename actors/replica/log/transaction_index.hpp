#pragma once

#include "protocol/batch/record_batch.hpp"
#include "protocol/model/error.hpp"
#include "runtime/disk/disk.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// `.txnindex`: which transactions were aborted (docs/log-format.md), and what their markers say.
namespace barnabas::replica {

/// One entry: a transaction that was aborted, from its first record to its marker.
struct aborted_transaction {
    barnabas::producer_id producer = no_producer_id;
    log_offset first_offset;
    log_offset last_offset; ///< of the marker
    log_offset last_stable_offset;

    friend bool operator==(const aborted_transaction&, const aborted_transaction&) = default;
};

inline constexpr std::size_t transaction_entry_size = 34;

/// int16 version 0, then int64 producer id, first, last and last stable offset.
void put_transaction_entry(std::vector<std::byte>& to, const aborted_transaction& entry);
std::vector<std::byte> encode_transaction_index(std::span<const aborted_transaction> entries);
/// The entries at the beginning that make sense.
std::vector<aborted_transaction> decode_transaction_index(std::span<const std::byte> bytes);
/// The entries at the beginning that make sense; none when there is no such file. No CRC covers them, so the
/// file is read until two reads agree.
result<std::vector<aborted_transaction>> read_transaction_index(runtime::file_system& files,
                                                                const std::string& path);

/// What a marker decided; nothing for another kind of control record.
enum class marker_kind : std::uint8_t { abort, commit, other };
marker_kind kind_of_marker(const batch::batch_view& marker);
/// The epoch of the transaction coordinator that wrote a marker; -1 when it says none.
std::int32_t coordinator_epoch_of(const batch::batch_view& marker);

/// Entries at the end of a segment's index: the file is made when it is absent, and emptied first at position
/// 0. For jobs.
result<void> write_transaction_entries(runtime::file_system& files, const std::string& path,
                                       file_position position, const slice& entries);
/// Cuts the index back to so many bytes, and removes it when none are left.
result<void> cut_transaction_index(runtime::file_system& files, const std::string& path, std::uint64_t size);
/// Bytes and names of the indexes of these segments are on stable storage when it returns; segments that went
/// away meanwhile are no error.
result<void> sync_transaction_indexes(runtime::file_system& files, const std::string& directory,
                                      std::span<const log_offset> segments);

/// An index that a reader needs, as the machine knew it.
struct transaction_source {
    log_offset segment;
    std::uint64_t size = 0;
    /// CRC32C of these bytes. Nothing: whatever the file says is believed, which is a planted bug.
    std::optional<std::uint32_t> crc{};
    /// A reader found that the file is not as it was.
    bool is_wrong = false;
};

/// Entries of transactions with records in [from, upto), from the index of the segment of `from` on.
/// offset_out_of_range when an index was exchanged or deleted since the machine looked; corrupt_message when
/// it is not as it was written. Either is noted in its source.
result<std::vector<aborted_transaction>> find_aborted(runtime::file_system& files,
                                                      const std::string& directory,
                                                      std::span<transaction_source> sources, log_offset from,
                                                      log_offset upto);

} // namespace barnabas::replica
