#pragma once

#include "actors/broker/checkpoint_file.hpp"
#include "actors/broker/checkpoint_messages.hpp"
#include "actors/broker/recovery_points.hpp"
#include "protocol/model/planted_bugs.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace barnabas {

struct checkpoint_options {
    std::string directory;
    /// How long a change may stay unwritten: `log.flush.offset.checkpoint.interval.ms`,
    /// `log.flush.start.offset.checkpoint.interval.ms`, `replica.high.watermark.checkpoint.interval.ms`.
    std::chrono::milliseconds recovery_points{60000};
    std::chrono::milliseconds log_starts{60000};
    std::chrono::milliseconds high_watermarks{5000};
    planted_bugs planted;
};

/// What the machine wants done.
struct checkpoint_effects {
    /// Comes back by `on_written`; never more than one at a time.
    std::optional<checkpoint_job> write;
    /// `report_marks` to each of these.
    std::vector<partition_name> ask;
    /// `note_recovery_point` to each of these.
    std::vector<partition_name> note;
    /// `on_timer` that much later.
    std::optional<std::chrono::nanoseconds> arm;
    /// Answers of `on_keep` and `on_forget`, by the number of the question.
    std::vector<std::pair<std::uint64_t, result<void>>> answers;
    /// For people: a write failed.
    std::optional<error> failed;
    std::optional<result<void>> closed;
};

/// The checkpoint files of one data directory. Guarantees: a file is written within its interval after a
/// change, together for all partitions; a log start offset that was promised is in
/// log-start-offset-checkpoint and its copy before `on_keep` is answered, and questions that come while a
/// file is being written share the next write; a name that was forgotten is in no file when `on_forget` is
/// answered; what could not be written is tried again, unless the
/// directory failed; a partition whose records go beyond its recovery point is asked to note one, an interval
/// of recovery points later and, where there are many, in turn. Assumes: a partition's reports never fall
/// below a log start that it has asked to keep.
class directory_checkpoints {
public:
    directory_checkpoints(checkpoint_options options, found_checkpoints found);

    /// Once, before all else: what was found damaged or absent is due.
    void on_start(monotonic_ns now, checkpoint_effects& out);
    void on_marks(const partition_marks& marks, monotonic_ns now, checkpoint_effects& out);
    void on_keep(std::uint64_t question, const keep_log_start& wanted, monotonic_ns now,
                 checkpoint_effects& out);
    void on_forget(std::uint64_t question, const forget_marks& wanted, monotonic_ns now,
                   checkpoint_effects& out);
    void on_written(const checkpoint_job& job, monotonic_ns now, checkpoint_effects& out);
    void on_timer(monotonic_ns now, checkpoint_effects& out);
    /// Nothing is written from now on: what asks for it is refused, and a close has nothing to wait for. What
    /// the write in flight answers comes with its end.
    void on_directory_failed(const error& why);
    /// Writes all that is due or will be, then `closed`.
    void on_close(monotonic_ns now, checkpoint_effects& out);

    const offsets_by_partition& offsets() const noexcept { return offsets_; }
    /// The partition's recovery point is behind its records, so it may be among those that note theirs.
    bool is_behind(const partition_name& where) const { return behind_.is_behind(where); }

private:
    std::chrono::nanoseconds interval_of(checkpoint_kind kind) const;
    void change(checkpoint_kind kind, monotonic_ns now);
    void erase(const partition_name& where, monotonic_ns now);
    void go_on(monotonic_ns now, checkpoint_effects& out);
    bool is_wanted_now(checkpoint_kind kind, monotonic_ns now) const;
    void refuse(checkpoint_effects& out);
    void arm(monotonic_ns now, checkpoint_effects& out);
    void forget_stale_of(const checkpoint_job& job);

    checkpoint_options options_;
    offsets_by_partition offsets_;
    /// When a changed file must be written; by kind.
    std::array<std::optional<monotonic_ns>, all_checkpoints.size()> due_;
    std::set<checkpoint_kind> to_write_at_start_;
    /// Partitions that are silent until they are asked, and when that is.
    std::set<partition_name> silent_;
    std::optional<monotonic_ns> ask_at_;
    recovery_points behind_;
    std::optional<monotonic_ns> armed_;
    /// Names taken out of `offsets_` that files may still have: which, and the write before which it was.
    struct stale_name {
        std::set<checkpoint_kind> in;
        std::uint64_t erased_before = 0;
    };
    std::map<partition_name, stale_name> stale_;
    /// Number of the next write.
    std::uint64_t next_write_ = 0;

    /// Questions that the next write answers, and those of the write in flight.
    std::vector<std::uint64_t> keeps_, keeps_in_flight_;
    std::vector<std::uint64_t> forgets_, forgets_in_flight_;
    bool writing_ = false;
    bool closing_ = false;
    /// Why the directory is offline.
    std::optional<error> lost_;
};

} // namespace barnabas
