#pragma once

#include "actors/replica/moving/segment_copy.hpp"
#include "protocol/model/planted_bugs.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace barnabas::replica {

/// The two ends of a copy; each behind the gate of its data directory.
struct copy_ends {
    runtime::file_system& source;
    runtime::file_system& target;
    /// The reserve of the target's disk is touched: nothing may be copied there.
    bool target_is_short = false;
};

/// What one step of a copy did.
struct copy_progress {
    std::uint64_t bytes = 0;
    /// Nothing is left below the offset that it was told.
    bool caught_up = false;
};

/// Of the directory of a partition.
inline std::string data_directory_of(const std::string& directory) {
    return directory.substr(0, directory.rfind('/'));
}

/// Copies the log of a partition into another directory while it is written, read and shortened by retention.
/// State of the jobs in move_jobs.hpp, which run one after another. Guarantees: only stable bytes are copied,
/// and only sound batches; memory is bounded by a window, or the largest batch; after `finish` everything
/// that the closed log consists of is in the target on stable storage, but for the target's own name.
/// Assumes: no compaction of the log while it runs; the source is closed before `finish`.
class log_copy {
public:
    struct options {
        std::string source; ///< directory of the partition
        std::string target; ///< a future directory beside other partitions
        barnabas::topic_id topic;
        std::int64_t index_interval_bytes = 4096;
        planted_bugs planted;
    };
    static constexpr std::size_t window_bytes = 256 << 10;
    /// So many bytes of a segment may wait for a sync while the log is served.
    static constexpr std::uint64_t unsynced_bytes_max = 16 << 20;
    /// And so many when the log closes: its clients wait for what is left.
    static constexpr std::uint64_t unsynced_at_end_max = 256 << 10;

    explicit log_copy(options wanted) : options_(std::move(wanted)) {}

    /// Makes the target anew, with nothing in it but which topic it is of; durable when it returns.
    result<void> begin(runtime::file_system& target);
    /// Copies about `bytes` of what lies below `upto`, which is stable.
    result<copy_progress> step(const copy_ends& ends, log_offset upto, std::uint64_t bytes);
    /// The log is closed: copies the rest, and all that is not batches.
    result<void> finish(const copy_ends& ends);
    /// Gives up: closes files, and removes the target as far as that works.
    result<void> drop(runtime::file_system& target);
    /// Only closes files.
    void close(runtime::file_system& target);

    const options& wanted() const { return options_; }
    std::uint64_t bytes_copied() const { return bytes_copied_; }
    /// Everything below is copied.
    log_offset copied_upto() const { return copied_upto_; }

private:
    result<std::vector<log_offset>> list(runtime::file_system& source);
    result<void> drop_retired(runtime::file_system& target, const std::vector<log_offset>& bases);
    result<std::optional<log_offset>> open_next(runtime::file_system& target,
                                                const std::vector<log_offset>& bases);
    result<std::uint64_t> copy_some(const copy_ends& ends, log_offset upto, std::uint64_t bytes,
                                    std::optional<log_offset> next_base);
    result<void> end_segment(const copy_ends& ends);
    result<void> check_complete(runtime::file_system& source, const std::vector<log_offset>& bases) const;
    result<void> copy_small_files(const copy_ends& ends);
    result<void> copy_file(const copy_ends& ends, const std::string& name);
    result<void> remove_segment(runtime::file_system& target, log_offset base);
    result<void> sync(runtime::file_system& target, std::span<const runtime::file_id> files);
    std::string source_path(log_offset base) const;

    options options_;
    /// The segment that is being copied, how far, and what may stand in it next.
    std::optional<segment_copy> current_;
    log_offset next_offset_{0};
    std::uint64_t unsynced_bytes_ = 0;
    /// Sizes of the logs of whole segments.
    std::map<log_offset, std::uint64_t> done_;
    /// Small files that do not change any more.
    std::set<std::string> copied_names_;
    log_offset copied_upto_{0};
    std::uint64_t bytes_copied_ = 0;
};

} // namespace barnabas::replica
