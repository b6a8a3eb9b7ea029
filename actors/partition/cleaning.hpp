#pragma once

#include "actors/partition/cleaning_messages.hpp"
#include "actors/partition/partition_port.hpp"
#include "actors/partition/partition_tap.hpp"
#include "actors/replica/replica_log.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

namespace barnabas {

/// The partition's part in its compaction: answers the broker's cleaner, and keeps to its speed. Guarantee:
/// of each `clean_partition` the cleaner hears once, also when the partition closes.
class cleaning {
public:
    cleaning(replica::replica_log& log, partition_port& port, partition_tap* tap = nullptr)
        : log_(&log), port_(&port), tap_(tap), machine_(log.cleaned_upto()) {}

    void on_check(log_offset high_watermark);
    void on_clean(const clean_partition& order, log_offset high_watermark);
    void on_cleaned(const replica::clean_job& job);
    /// The log has taken it already.
    void on_swapped(const replica::swap_job& job);
    /// Instead: the swap found something scarce, and is made again a while later.
    void on_swap_stopped(const replica::swap_job& job);
    /// The pause that the speed limit asks for is over.
    void on_step_due();
    void on_close();
    /// Nothing of it is in flight.
    bool idle() const { return !machine_.busy(); }

    log_offset cleaned_upto() const { return machine_.cleaned_upto(); }
    /// A pass was not ended in good order, and what it made may still be there.
    bool left_files() const { return left_files_; }

private:
    void go_on(std::optional<replica::compactor::job> next, std::uint64_t bytes_moved);
    void submit(replica::compactor::job job);
    void tell();
    void note_end(const replica::clean_outcome& outcome);
    /// A pass failed, and it is too early for the next.
    bool rests() const;
    void tell_tap(log_offset high_watermark) const;

    replica::replica_log* log_;
    partition_port* port_;
    partition_tap* tap_;
    replica::compactor machine_;
    double bytes_per_second_ = 0;
    /// A step that waits for its time.
    std::unique_ptr<replica::compactor::job> waiting_;
    bool ordered_ = false;
    std::chrono::milliseconds rest_{0};
    monotonic_ns rests_until_{0};
    bool left_files_ = false;
};

} // namespace barnabas
