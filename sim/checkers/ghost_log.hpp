#pragma once

#include "sim/checkers/broker_events.hpp"

#include <cstdint>
#include <vector>

namespace barnabas::sim {

/// What the log of one partition must hold, from what its taps said through all lives of the broker. Kept by
/// the history, which tells checkers of an event before it applies it here: they compare the event with how
/// things stood.
class ghost_log {
public:
    /// In a run whose disks lie anything may lie below this offset, also what was lost long ago: the log is
    /// known from here on only.
    void forget_below(log_offset end);
    /// An append that failed may have been whole in the file all the same. Until the files were repaired a
    /// restart may find it, and then it is part of the log: called before `open`.
    void bring_back(const log_opened& event);
    void open(const log_opened& event);
    void append(const log_appended& event);
    void begin_sync(const log_sync_begun& event);
    void move(const log_moved& event);
    void repair() { undone_.clear(); }
    void clean(const cleaning_begun& event);
    void close(const log_closed& event);

    /// All that was appended and not taken back, in order; deleted segments stay known.
    const std::vector<logged_batch>& batches() const noexcept { return batches_; }
    /// Compaction may have changed or dropped batches that begin below.
    log_offset cleaned_below() const noexcept { return cleaned_below_; }
    /// Ends of the batches that it had to leave there: the last of each producer when the newest pass began.
    const std::vector<replica::producer_tail>& kept_tails() const noexcept { return kept_tails_; }
    /// Null when no batch begins there.
    const logged_batch* batch_at(log_offset base) const;
    /// Some batch ends right before `end`, or nothing is known below it.
    bool is_boundary(log_offset end) const;

    /// Batches that begin below are not known.
    log_offset known_from() const noexcept { return known_from_; }
    bool known() const noexcept { return life_ != 0; }
    std::uint64_t life() const noexcept { return life_; }
    /// The log start that the present or last life found.
    log_offset opened_start() const noexcept { return opened_start_; }
    /// As last told, in this life or the one before.
    const log_marks& marks() const noexcept { return marks_; }
    log_offset end() const noexcept { return end_; }
    /// What was ever proven to be on stable storage.
    log_offset synced_to() const noexcept { return synced_to_; }
    /// What may be there although no completion told so.
    log_offset sync_begun_to() const noexcept { return sync_begun_to_; }
    /// The highest high watermark of all lives.
    log_offset shown_to() const noexcept { return shown_to_; }
    /// The last life closed the log in good order.
    bool closed() const noexcept { return closed_; }
    bool write_caching() const noexcept { return write_caching_; }

private:
    void cut(log_offset end);

    std::vector<logged_batch> batches_;
    /// Appends that failed, in order, as long as they may still be in the file.
    std::vector<logged_batch> undone_;
    log_offset cleaned_below_{0};
    std::vector<replica::producer_tail> kept_tails_;
    log_marks marks_;
    std::uint64_t life_ = 0;
    log_offset known_from_{0};
    log_offset opened_start_{0};
    log_offset end_{0};
    log_offset synced_to_{0};
    log_offset sync_begun_to_{0};
    log_offset shown_to_{0};
    bool closed_ = false;
    bool write_caching_ = false;
};

} // namespace barnabas::sim
