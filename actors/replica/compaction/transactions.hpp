#pragma once

#include "protocol/batch/record_batch.hpp"
#include "protocol/model/error.hpp"
#include "runtime/disk/disk.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace barnabas::replica {

/// One entry of `.txnindex`: a transaction that was aborted, from its first record to its marker.
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
/// The entries at the beginning that make sense.
std::vector<aborted_transaction> decode_transaction_index(std::span<const std::byte> bytes);
/// None when there is no such file.
result<std::vector<aborted_transaction>> read_transaction_index(runtime::file_system& files,
                                                                const std::string& path);

/// What a marker decided; nothing for another kind of control record.
enum class marker_kind : std::uint8_t { abort, commit, other };
marker_kind kind_of_marker(const batch::batch_view& marker);

/// Follows the batches of a log in the order of their offsets and knows of each whether its transaction was
/// aborted, and of each marker whether data of its transaction is left.
class transaction_walk {
public:
    void add(const aborted_transaction& entry);
    /// Forgets how far it came, not what was aborted: for another walk from the beginning.
    void rewind();

    /// The records of this batch belong to an aborted transaction.
    bool on_data(const batch::batch_header& header);
    /// No batch of its transaction was met, so that the marker says nothing to anybody any more.
    bool on_marker(const batch::batch_header& header);
    /// The entry whose marker this is; null for none.
    const aborted_transaction* ended_by(const batch::batch_header& marker) const;

private:
    /// Per producer, by the offset of the marker.
    std::map<producer_id, std::map<log_offset, aborted_transaction>> aborted_;
    std::set<producer_id> met_;
};

/// Finds aborted transactions from data and markers alone, for logs without `.txnindex`.
class transaction_scan {
public:
    void on_data(const batch::batch_header& header);
    void on_marker(const batch::batch_view& marker, transaction_walk& into);

private:
    std::map<producer_id, log_offset> open_;
};

} // namespace barnabas::replica
