#pragma once

#include "actors/partition/partition_port.hpp"
#include "actors/replica/reindex_job.hpp"
#include "actors/replica/replica_log.hpp"

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace barnabas {

/// Has indexes of closed segments made anew when a lookup has found that they do not say what the log says.
/// Lookups answer rightly without that, and do not wait for it, but for readers of committed records: what an
/// index of aborted transactions says stands nowhere else in a form that is quick to read. One is
/// made anew at a time, in steps between which other jobs of the log go, and none again before it has rested:
/// of a log that is strange in itself lookups would ask for it each time.
class index_repair {
public:
    index_repair(replica::replica_log& log, partition_port& port) : log_(&log), port_(&port) {}

    /// Segments that a lookup has found astray.
    void on_astray(std::span<const log_offset> segments);
    /// No record of the read is damaged, but which were aborted nobody knows.
    static bool lacks_transactions(const replica::read_job& job);
    /// The segment whose index of aborted transactions the read found wrong, if that one is made anew now.
    std::optional<log_offset> awaited_by(const replica::read_job& job);
    /// That one is still on its way.
    bool is_awaited(log_offset segment) const { return work_ && work_->wants({segment, true}); }
    void on_reindexed(const replica::reindex_job& job);
    /// Behind a swap: none is made while files are exchanged.
    void on_swapped();
    /// Nothing more is begun, and what is under way ends with the step that is in flight.
    void on_close();
    /// Nothing of it is in flight.
    bool idle() const { return !in_flight_; }

private:
    struct wanted_index {
        log_offset segment;
        bool of_transactions = false;

        friend auto operator<=>(const wanted_index&, const wanted_index&) = default;
    };

    struct work {
        std::vector<wanted_index> wanted; ///< short; the first is under way
        std::shared_ptr<replica::reindex_run> run;
        /// Until when an index is left as it is.
        std::map<wanted_index, monotonic_ns> rests;

        bool wants(const wanted_index& index) const;
    };

    bool want(const wanted_index& index);
    bool may_begin(const wanted_index& index) const;
    void go_on();
    bool begin(const wanted_index& index);
    bool is_outdated(const replica::reindex_task& task) const;
    void end(const replica::reindex_run& run, const result<void>& outcome);

    replica::replica_log* log_;
    partition_port* port_;
    /// None as long as nothing was found astray: every partition has one of these, and hardly any works.
    std::unique_ptr<work> work_;
    bool in_flight_ = false; ///< a step
    bool closed_ = false;
};

} // namespace barnabas
