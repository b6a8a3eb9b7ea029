#pragma once

#include "actors/replica/compaction/clean_jobs.hpp"
#include "actors/replica/replica_log.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace barnabas::replica {

/// What one pass is told by the broker.
struct clean_settings {
    /// Of the key map.
    std::uint64_t map_bytes = 128 << 20;
    double map_load_factor = 0.9;
    std::size_t window_bytes = 512 << 10;
    /// The secret of this pass, drawn anew for each.
    siphash_key secret;
};

/// How a pass went.
struct clean_outcome {
    result<void> outcome;
    log_offset cleaned_upto{-1};
    clean_counts counts;
};

/// Cleans the log of one partition: a machine that yields one job after another. Guarantee: a log is only
/// read, until a swap that replica_log has agreed to. A pass that fails leaves the log as it was; when the
/// next one is tried is its owner's affair.
class compactor {
public:
    using job = std::variant<clean_job, swap_job>;

    explicit compactor(log_offset cleaned_upto) : cleaned_upto_(cleaned_upto) {}

    /// What is to do; nothing when the log is not to be cleaned, or is being cleaned.
    std::optional<clean_range> look(const replica_log& log, timestamp_ms now,
                                    log_offset high_watermark) const;
    /// The first job of a pass; nothing when there is nothing to do.
    std::optional<job> begin(replica_log& log, const clean_settings& settings, timestamp_ms now,
                             log_offset high_watermark);
    /// The next job, or nothing when the pass is over (see `take_outcome`).
    std::optional<job> on_cleaned(const clean_job& done, replica_log& log);
    /// `log.on_swapped` comes before.
    std::optional<job> on_swapped(const swap_job& done, replica_log& log);
    /// The pass ends with the job that is in flight.
    void stop() { stopping_ = true; }

    bool busy() const { return run_ != nullptr; }
    /// Only while a pass runs.
    const clean_task& task() const { return run_->task(); }
    std::optional<clean_outcome> take_outcome();
    /// Everything below was cleaned, as far as anybody knows; -1: nobody does.
    log_offset cleaned_upto() const { return cleaned_upto_; }
    /// Why the last pass failed, until one comes to its end. Segments that retention took away meanwhile, and
    /// the end of the log, are no failure.
    const std::optional<error>& failure() const { return failure_; }

private:
    clean_bounds bounds_of(const replica_log& log, timestamp_ms now, log_offset high_watermark) const;
    job next_step() const;
    std::optional<job> give_up(const error& why);
    void end(const result<void>& outcome);

    log_offset cleaned_upto_;
    std::shared_ptr<clean_run> run_;
    bool stopping_ = false;
    std::optional<error> failure_;
    std::optional<clean_outcome> outcome_;
};

} // namespace barnabas::replica
