#pragma once

#include "actors/client/producer_queue.hpp"
#include "protocol/model/ids.hpp"
#include "sim/checkers/broker_events.hpp"
#include "sim/checkers/ghost_log.hpp"
#include "sim/checkers/lookups.hpp"
#include "sim/checkers/place.hpp"
#include "sim/world/virtual_time.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace barnabas::sim {

/// A batch that a client handed to its producer. Records are numbered through the whole run, `contents` has a
/// hash of each one's key, value and timestamp.
struct sent_batch {
    /// Counts from 0 through the run.
    std::uint64_t token = 0;
    std::uint32_t producer = 0;
    place where;
    std::uint64_t first_record = 0;
    std::vector<std::uint64_t> contents;
    /// Of each record, when it shares its key with others; empty when every record has a key of its own.
    struct shared_key {
        std::uint64_t key = 0;
        bool tombstone = false;
    };
    std::vector<shared_key> keys;
    /// Of each record, as it goes to the broker.
    std::vector<timestamp_ms> stamps;
    std::int16_t acks = -1;
    bool idempotent = true;
    /// Later batches fence it when it is given up; under a new id it could come behind them.
    bool next_epoch = true;
    virtual_time at;
};

/// What the producer said of it in the end.
struct batch_result {
    std::uint64_t token = 0;
    client::delivery what = client::delivery::unknown;
    /// -1 when not acked, or acked without the broker knowing where.
    log_offset base_offset{-1};
    virtual_time at;
};

/// A record that a consumer was handed. `record` is absent when its key is none of ours.
struct read_record {
    std::uint32_t reader = 0;
    /// By the reader that goes through everything at the end of the run.
    bool audit = false;
    place where;
    log_offset offset;
    std::optional<std::uint64_t> record;
    std::uint64_t content = 0;
    virtual_time at;
};

struct seen_watermark {
    std::uint32_t reader = 0;
    place where;
    log_offset high_watermark;
    log_offset log_start_offset;
    virtual_time at;
};

/// A reader was told that its position lies outside of the log, which has these offsets.
struct out_of_range {
    std::uint32_t reader = 0;
    place where;
    log_offset position;
    log_offset log_start_offset;
    log_offset high_watermark;
};

/// What only the end of a run can tell.
struct end_facts {
    /// Where the audit found the end of each partition; absent when the audit did not get that far.
    std::map<place, log_offset> audit_ends;
    /// The host lost its power at least once, or its disk dropped what it could not sync: what was only
    /// written may be gone.
    bool written_may_be_lost = false;
    /// What these producers sent before that time reached a broker that did not die: each had one connection
    /// throughout the run.
    std::map<std::uint32_t, virtual_time> heard_until;
    std::uint64_t replies_dropped = 0;
    std::uint64_t leaked_actors = 0;
    /// Connections between any two hosts, and files open on the broker's disk, after everybody has ended.
    std::uint64_t open_connections = 0;
    std::uint64_t open_files = 0;
};

class history;

/// One invariant, told everything that clients do and see. One file each; listed in checkers.cpp.
class checker {
public:
    explicit checker(const history& of) : history_(of) {}
    virtual ~checker() = default;
    checker(const checker&) = delete;
    checker& operator=(const checker&) = delete;

    virtual const char* name() const = 0;
    virtual void on_sent(const sent_batch&) {}
    virtual void on_result(const batch_result&) {}
    virtual void on_read(const read_record&) {}
    virtual void on_watermark(const seen_watermark&) {}
    virtual void on_out_of_range(const out_of_range&) {}
    /// An idempotent producer's sequence did not fit what the broker remembers of it.
    virtual void on_sequence_lost(std::uint32_t /*producer*/, std::int16_t /*acks*/, const place&) {}
    /// A hostile client's bytes got neither an answer nor a close from a healthy broker, or a wrong answer.
    virtual void on_bytes_ignored(const std::string& /*what*/) {}
    /// A client asks where things are: all that was told so far came before. Then what it was answered.
    virtual void on_lookup_begun() {}
    virtual void on_offset_told(const offset_told&) {}
    virtual void on_epoch_end_told(const epoch_end_told&) {}
    virtual void on_log_dirs_told(const log_dirs_told&) {}
    /// No fault happens from now on, and all that was broken is whole again.
    virtual void on_healed(virtual_time) {}
    /// So much later, everybody must have made progress.
    virtual void on_progress_due(virtual_time, std::uint32_t /*producers*/, std::uint32_t /*readers*/) {}
    virtual void on_end(const end_facts&) {}

    // What the taps inside the broker tell. `log_of` still shows how things stood before the event.
    virtual void on_log_opened(const log_opened&) {}
    virtual void on_log_appended(const log_appended&) {}
    virtual void on_log_moved(const log_moved&) {}
    virtual void on_append_answered(const append_answered&) {}
    virtual void on_read_answered(const read_answered&) {}
    virtual void on_end_told(const end_told&) {}
    virtual void on_deletion_begun(const deletion_begun&) {}
    virtual void on_deletion_answered(const deletion_answered&) {}
    virtual void on_cleaning_begun(const cleaning_begun&) {}
    virtual void on_cleaning_ended(const cleaning_ended&) {}
    virtual void on_log_closed(const log_closed&) {}
    virtual void on_connection_opened(const connection_id&) {}
    virtual void on_request_begun(const request_begun&) {}
    virtual void on_request_may_wait(const request_may_wait&) {}
    virtual void on_request_answered(const request_answered&) {}
    virtual void on_connection_closed(const connection_id&) {}
    /// Now and then.
    virtual void on_reading(const node_reading&) {}
    /// The broker's process is gone, with everything in it.
    virtual void on_life_ended(std::uint64_t /*life*/) {}

    /// The first thing that was wrong; empty while all is well.
    const std::string& violation() const noexcept { return violation_; }

protected:
    void violated(std::string what) {
        if (violation_.empty())
            violation_ = std::move(what);
    }
    const history& sent() const noexcept { return history_; }

private:
    const history& history_;
    std::string violation_;
};

/// Everything that clients did in a run, and the checkers that listen.
class history {
public:
    struct broken_invariant {
        std::string checker;
        std::string what;
    };

    history() = default;
    void add(std::unique_ptr<checker> listener) { checkers_.push_back(std::move(listener)); }
    /// Disks of this run report syncs that did nothing: each life of the broker is judged by itself.
    void begin_lying_disks() noexcept { disks_lie_ = true; }
    bool disks_lie() const noexcept { return disks_lie_; }
    /// Compaction may take records of this topic that share their key with others.
    void begin_compaction(std::uint32_t topic) { at_grown<std::uint8_t>(compacted_, topic) = 1; }
    bool may_be_compacted(const sent_batch& batch) const {
        return !batch.keys.empty() && is_compacted(batch.where);
    }
    bool is_compacted(const place& where) const {
        return where.topic < compacted_.size() && compacted_[where.topic] != 0;
    }
    /// A run that may break an invariant does without its checker.
    void leave_out(std::string_view name);
    std::vector<std::string> checker_names() const;

    void on_sent(sent_batch batch);
    void on_result(const batch_result& result);
    void on_read(const read_record& read);
    void on_watermark(const seen_watermark& seen);
    void on_out_of_range(const out_of_range& told);
    void on_sequence_lost(std::uint32_t producer, std::int16_t acks, const place& where);
    void on_bytes_ignored(const std::string& what);
    void on_lookup_begun();
    void on_offset_told(const offset_told& told);
    void on_epoch_end_told(const epoch_end_told& told);
    void on_log_dirs_told(const log_dirs_told& told);
    void on_healed(virtual_time at);
    void on_progress_due(virtual_time at, std::uint32_t producers, std::uint32_t readers);
    void on_end(const end_facts& facts);

    void on_log_opened(const log_opened& event);
    void on_log_appended(const log_appended& event);
    void on_log_sync_begun(const log_sync_begun& event) { logs_[event.where].begin_sync(event); }
    void on_log_moved(const log_moved& event);
    void on_append_answered(const append_answered& event);
    void on_read_answered(const read_answered& event);
    void on_end_told(const end_told& event);
    void on_deletion_begun(const deletion_begun& event);
    void on_deletion_answered(const deletion_answered& event);
    void on_log_repaired(const log_repaired& event) { logs_[event.where].repair(); }
    void on_cleaning_begun(const cleaning_begun& event);
    void on_cleaning_ended(const cleaning_ended& event);
    void on_log_closed(const log_closed& event);
    void on_connection_opened(const connection_id& event);
    void on_request_begun(const request_begun& event);
    void on_request_may_wait(const request_may_wait& event);
    void on_request_answered(const request_answered& event);
    void on_connection_closed(const connection_id& event);
    void on_reading(const node_reading& event);
    void on_life_ended(std::uint64_t life);

    const std::vector<sent_batch>& batches() const noexcept { return batches_; }
    /// Null while the producer has not said.
    const batch_result* result_of(std::uint64_t token) const;
    /// Null for a record that nobody sent.
    const sent_batch* batch_of(std::uint64_t record) const;
    std::uint64_t records() const noexcept { return batch_of_record_.size(); }
    /// What the broker's log of that partition must hold.
    const ghost_log& log_of(const place& where) const { return logs_[where]; }

    const std::optional<broken_invariant>& broken() const noexcept { return broken_; }
    /// The names of all checkers that have something to say, in their order.
    std::vector<std::string> all_broken() const;

private:
    template <class Tell>
    void tell(const Tell& each);

    std::vector<std::unique_ptr<checker>> checkers_;
    std::vector<sent_batch> batches_;
    std::vector<std::optional<batch_result>> results_;
    std::vector<std::uint64_t> batch_of_record_;
    /// Made when first asked for, also by a query.
    mutable by_place<ghost_log> logs_;
    bool disks_lie_ = false;
    /// By topic.
    std::vector<std::uint8_t> compacted_;
    std::optional<broken_invariant> broken_;
};

} // namespace barnabas::sim
