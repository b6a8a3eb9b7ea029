#pragma once

#include "actors/replica/compaction/batch_stream.hpp"
#include "actors/replica/compaction/transactions.hpp"
#include "actors/replica/log/index_builder.hpp"

#include <optional>
#include <string>
#include <vector>

namespace barnabas::replica {

inline constexpr std::string_view cleaned_suffix = ".cleaned";
inline constexpr std::string_view swap_suffix = ".swap";

/// The files of a segment in the order in which they are renamed: the log comes last, since it is what
/// recovery goes by.
inline constexpr std::string_view replaced_suffixes[] = {transaction_index_suffix, offset_index_suffix,
                                                         time_index_suffix, log_suffix};

/// Writes one new segment: `.log.cleaned` and its indexes.
class cleaned_segment {
public:
    struct place {
        std::string directory;
        log_offset base;
        std::int64_t index_interval_bytes = 4096;
    };

    /// Makes the files empty; what an earlier attempt left is overwritten.
    static result<cleaned_segment> create(runtime::file_system& files, const place& where);

    /// A batch as it stands in the source; nothing is copied in memory.
    void add_whole(const batch::batch_view& batch, const batch_stream& from);
    void add(const batch::batch_view& batch);
    void add_transaction(const aborted_transaction& entry) { put_transaction_entry(transactions_, entry); }
    /// One of the replaced segments has a `.txnindex`: this one gets one, too, even without entries, or after
    /// a crash the old one could be taken for its own.
    void replace_transactions() { replaces_transactions_ = true; }

    std::size_t pending_bytes() const { return pending_bytes_; }
    result<void> flush(runtime::file_system& files);
    /// Everything is on stable storage, but for the names; all files are closed, also after an error.
    result<void> finish(runtime::file_system& files);
    /// Closes and removes the files, as far as that works.
    void discard(runtime::file_system& files);
    /// Removes what a finished one left that will not be put in place.
    static void remove(runtime::file_system& files, const place& where);

    const segment_state& state() const { return state_; }
    /// Times that only the replaced segments knew.
    void set_times(timestamp_ms created, timestamp_ms closed) {
        state_.created = created;
        state_.closed = closed;
    }

private:
    explicit cleaned_segment(place where) : where_(std::move(where)) { state_.base_offset = where_.base; }
    std::string path(std::string_view suffix) const;
    void count(const batch::batch_header& header);
    result<void> write_transactions(runtime::file_system& files);
    void close(runtime::file_system& files);

    place where_;
    segment_state state_;
    std::optional<segment_files> open_;
    std::uint64_t written_ = 0;
    std::uint64_t offset_written_ = 0;
    std::uint64_t time_written_ = 0;
    std::vector<slice> parts_;
    bool last_is_whole_ = false;
    std::size_t pending_bytes_ = 0;
    index_growth growth_;
    std::vector<std::byte> transactions_;
    bool replaces_transactions_ = false;
};

} // namespace barnabas::replica
