#pragma once

#include "actors/replica/jobs.hpp"
#include "actors/replica/log/offset_index.hpp"
#include "actors/replica/log/small_file.hpp"
#include "actors/replica/log/time_index.hpp"

#include <functional>
#include <optional>
#include <string>

namespace barnabas::replica {

/// A segment as a read job sees it: the files that are open anyhow, or opened by name for this job.
class segment_reader {
public:
    /// offset_out_of_range when the segment was deleted or replaced since the machine looked.
    static result<segment_reader> open(runtime::file_system& files, const std::string& directory,
                                       const readable_segment& segment);

    runtime::file_id log() const { return log_; }
    std::uint64_t size() const { return segment_.size; }
    log_offset base_offset() const { return segment_.base_offset; }
    std::string name() const { return segment_file_name(segment_.base_offset, log_suffix); }

    /// Where to begin to look for `offset`; the segment's begin when there is no usable index.
    result<indexed_position> start_before(log_offset offset);
    result<file_position> position_before(log_offset offset);
    indexed_position begin() const { return {file_position(0), segment_.base_offset}; }
    /// Where to begin to look for a record at or behind `timestamp`.
    result<file_position> position_before(timestamp_ms timestamp);
    /// Where to begin to look for the record with the largest timestamp below `upto`.
    result<file_position> position_of_largest(log_offset upto);

    /// An index does not say what the log says, as far as lookups have shown it.
    bool is_astray() const { return astray_; }
    void note_astray() { astray_ = true; }

    /// A planted bug: what the index of times says is not compared with the log.
    void trust_time_index(bool planted) { trusts_time_index_ = planted; }

private:
    using time_search = std::function<result<found_time_entry>(runtime::file_id index)>;

    /// Nothing when there is no usable index, or nothing in it that counts.
    result<found_time_entry> time_entry(const time_search& find);
    result<file_position> position_of(const std::optional<time_point>& entry);
    segment_reader(runtime::file_system& files, std::string directory, readable_segment segment)
        : files_(&files), directory_(std::move(directory)), segment_(std::move(segment)) {}
    result<std::optional<runtime::file_id>> index(std::optional<scoped_file>& slot, std::string_view suffix);

    runtime::file_system* files_;
    std::string directory_;
    readable_segment segment_;
    runtime::file_id log_;
    bool trusts_time_index_ = false;
    bool astray_ = false;
    std::optional<scoped_file> own_log_;
    std::optional<scoped_file> own_offset_index_;
    std::optional<scoped_file> own_time_index_;
};

} // namespace barnabas::replica
