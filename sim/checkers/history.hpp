#pragma once

#include "actors/client/producer_queue.hpp"
#include "protocol/model/ids.hpp"
#include "sim/world/virtual_time.hpp"

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace barnabas::sim {

/// A partition as the workload numbers it.
struct place {
    std::uint32_t topic = 0;
    std::int32_t partition = 0;

    friend auto operator<=>(const place&, const place&) = default;
};
std::string to_string(const place& where);

/// A batch that a client handed to its producer. Records are numbered through the whole run, `contents` has a
/// hash of each one's key, value and timestamp.
struct sent_batch {
    /// Counts from 0 through the run.
    std::uint64_t token = 0;
    std::uint32_t producer = 0;
    place where;
    std::uint64_t first_record = 0;
    std::vector<std::uint64_t> contents;
    std::int16_t acks = -1;
    bool idempotent = true;
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

/// What only the end of a run can tell.
struct end_facts {
    /// Where the audit found the end of each partition; absent when the audit did not get that far.
    std::map<place, log_offset> audit_ends;
    /// A host lost its power at least once: what was only written may be gone.
    bool power_was_cut = false;
    std::uint64_t replies_dropped = 0;
    std::uint64_t leaked_actors = 0;
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
    /// An idempotent producer's sequence did not fit what the broker remembers of it.
    virtual void on_sequence_lost(std::uint32_t /*producer*/, std::int16_t /*acks*/, const place&) {}
    /// No fault happens from now on, and all that was broken is whole again.
    virtual void on_healed(virtual_time) {}
    /// So much later, everybody must have made progress.
    virtual void on_progress_due(virtual_time, std::uint32_t /*producers*/, std::uint32_t /*readers*/) {}
    virtual void on_end(const end_facts&) {}

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
    /// A run that may break an invariant does without its checker.
    void leave_out(std::string_view name);
    std::vector<std::string> checker_names() const;

    void on_sent(sent_batch batch);
    void on_result(const batch_result& result);
    void on_read(const read_record& read);
    void on_watermark(const seen_watermark& seen);
    void on_sequence_lost(std::uint32_t producer, std::int16_t acks, const place& where);
    void on_healed(virtual_time at);
    void on_progress_due(virtual_time at, std::uint32_t producers, std::uint32_t readers);
    void on_end(const end_facts& facts);

    const std::vector<sent_batch>& batches() const noexcept { return batches_; }
    /// Null while the producer has not said.
    const batch_result* result_of(std::uint64_t token) const;
    /// Null for a record that nobody sent.
    const sent_batch* batch_of(std::uint64_t record) const;
    std::uint64_t records() const noexcept { return batch_of_record_.size(); }

    const std::optional<broken_invariant>& broken() const noexcept { return broken_; }

private:
    template <class Tell>
    void tell(const Tell& each);

    std::vector<std::unique_ptr<checker>> checkers_;
    std::vector<sent_batch> batches_;
    std::vector<std::optional<batch_result>> results_;
    std::vector<std::uint64_t> batch_of_record_;
    std::optional<broken_invariant> broken_;
};

} // namespace barnabas::sim
