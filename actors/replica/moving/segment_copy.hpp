#pragma once

#include "actors/replica/log/index_builder.hpp"
#include "protocol/model/slice.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace barnabas::replica {

/// One segment in the directory that a log moves to. Its indexes are made anew from the batches that come by.
class segment_copy {
public:
    struct place {
        std::string directory;
        log_offset base;
        std::int64_t index_interval_bytes = 4096;
    };

    /// Makes the files empty.
    static result<segment_copy> create(runtime::file_system& files, const place& where);

    /// `batches` follow what was appended before.
    result<void> append(runtime::file_system& files, const slice& batches,
                        std::span<const batch::batch_header> headers);
    /// The files, for a sync.
    std::span<const runtime::file_id> ids() const { return open_; }
    /// Nothing is appended any more: the time index gets the entry of a closed segment.
    result<void> complete(runtime::file_system& files);
    void close(runtime::file_system& files);

    log_offset base() const { return where_.base; }
    std::uint64_t size() const { return state_.size; }

private:
    explicit segment_copy(place where) : where_(std::move(where)) { state_.base_offset = where_.base; }
    result<void> put(runtime::file_system& files, runtime::file_id file, std::uint64_t& at,
                     std::vector<std::byte>& entries);

    place where_;
    segment_state state_;
    /// Log, offset index, time index; none when closed.
    std::vector<runtime::file_id> open_;
    std::uint64_t offset_written_ = 0;
    std::uint64_t time_written_ = 0;
    index_growth growth_;
};

} // namespace barnabas::replica
