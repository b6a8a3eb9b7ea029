#pragma once

#include "actors/partition/partition_port.hpp"
#include "actors/replica/reindex_job.hpp"
#include "actors/replica/replica_log.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <vector>

namespace barnabas {

/// Has indexes of closed segments made anew when a lookup has found that they do not say what the log says.
/// Lookups answer rightly without that, and do not wait for it, but for readers of committed records: what an
/// index of aborted transactions says stands nowhere else in a form that is quick to read. One segment is
/// made anew at a time, and none again before it has rested: of a log that is strange in itself lookups would
/// ask for it each time.
class index_repair {
public:
    struct kept_read {
        replica::read_job job;
        std::uint64_t reply = 0;
        log_offset waits_for; ///< the segment
    };

    index_repair(replica::replica_log& log, partition_port& port) : log_(&log), port_(&port) {}

    /// Segments that a lookup has found astray.
    void on_astray(std::span<const log_offset> segments);
    /// No record of the read is damaged, but which were aborted nobody knows.
    static bool lacks_transactions(const replica::read_job& job);
    /// The read found an index of aborted transactions wrong, and will be made once more.
    bool keeps(const replica::read_job& job, std::uint64_t reply);
    void on_reindexed(const replica::reindex_job& job);
    /// What it kept and need not wait any more, behind `on_reindexed`: to be made again.
    std::vector<kept_read> take_reads();
    /// Nothing more is begun.
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
        std::vector<wanted_index> wanted; ///< short; the first is in flight
        /// Until when an index is left as it is.
        std::map<wanted_index, monotonic_ns> rests;
        std::vector<kept_read> reads;
        /// Replies whose read was made a second time.
        std::set<std::uint64_t> made_again;

        bool wants(const wanted_index& index) const;
    };

    bool want(const wanted_index& index);
    bool may_begin(const wanted_index& index) const;
    void begin_next();
    bool begin(const wanted_index& index);

    replica::replica_log* log_;
    partition_port* port_;
    /// None as long as nothing was found astray: every partition has one of these, and hardly any works.
    std::unique_ptr<work> work_;
    bool in_flight_ = false;
    bool closed_ = false;
};

} // namespace barnabas
