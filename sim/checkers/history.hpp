#pragma once

#include "actors/client/producer_queue.hpp"
#include "protocol/model/ids.hpp"
#include "sim/checkers/altered_configs.hpp"
#include "sim/checkers/broker_events.hpp"
#include "sim/checkers/client_events.hpp"
#include "sim/checkers/ghost_log.hpp"
#include "sim/checkers/group_events.hpp"
#include "sim/checkers/lookups.hpp"
#include "sim/checkers/place.hpp"
#include "sim/world/virtual_time.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace barnabas::sim {

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

    /// `configs` still shows how things stood before.
    virtual void on_configs_told(const configs_told&) {}

    /// What members of consumer groups do and are told.
    virtual void on_group(const group_event&) {}

    // What the taps inside the broker tell. `log_of` still shows how things stood before the event.
    virtual void on_log_opened(const log_opened&) {}
    virtual void on_log_appended(const log_appended&) {}
    virtual void on_log_moved(const log_moved&) {}
    virtual void on_append_answered(const append_answered&) {}
    virtual void on_read_answered(const read_answered&) {}
    virtual void on_end_told(const end_told&) {}
    virtual void on_deletion_begun(const deletion_begun&) {}
    virtual void on_deletion_answered(const deletion_answered&) {}
    virtual void on_retention_begun(const retention_begun&) {}
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
    /// Somebody asks for this incarnation of a topic to be deleted: from now on nothing of it need last.
    void on_topic_goes(std::uint32_t topic, std::uint32_t incarnation, virtual_time at) {
        auto& gone = at_grown(gone_below_, topic);
        gone = std::max(gone, incarnation + 1);
        goes_at_.try_emplace({topic, incarnation}, at);
    }
    /// Nobody asked for this partition before; 0: it may be as old as the run.
    virtual_time asked_for_after(const place& where) const {
        if (where.incarnation == 0)
            return virtual_time{0};
        const auto found = goes_at_.find({where.topic, where.incarnation - 1});
        return found == goes_at_.end() ? virtual_time{0} : found->second;
    }
    bool is_gone(const place& where) const {
        return where.topic < gone_below_.size() && where.incarnation < gone_below_[where.topic];
    }
    /// How long a topic keeps its records; not told of topics that are compacted, whose batches change.
    void begin_retention(std::uint32_t topic, const retention_policy& policy) { retained_[topic] = policy; }
    bool is_retained(const place& where) const { return retained_.contains(where.topic); }
    /// What retention may take at most, and what it must take at least: they differ while it is not certain
    /// what an administrator has made of the topic's configuration.
    retention_policy loosest_retention(const place& where, virtual_time now) const {
        return configs_.is_altered(where.topic) ? configs_.loosest(where.topic, now)
                                                : retained_.at(where.topic);
    }
    retention_policy strictest_retention(const place& where, virtual_time now) const {
        return configs_.is_altered(where.topic) ? configs_.strictest(where.topic, now)
                                                : retained_.at(where.topic);
    }
    /// Somebody alters the topic's configuration.
    void begin_alterations(std::uint32_t topic, const std::map<std::string, std::string>& set,
                           const retention_policy& without) {
        configs_.begin(topic, set, without);
    }
    const altered_configs& configs() const noexcept { return configs_; }
    /// No directory fails in this run, so that cordoned ones take nothing.
    void begin_cordons() noexcept { cordons_hold_ = true; }
    bool cordons_hold() const noexcept { return cordons_hold_; }
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

    void on_configs_asked(const configs_asked& asked) { configs_.on_asked(asked); }
    void on_configs_answered(const configs_answered& answered) { configs_.on_answered(answered); }
    void on_configs_told(const configs_told& told);
    void on_group(const group_event& event);
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
    void on_retention_begun(const retention_begun& event);
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
    /// By topic: its incarnations below this one were deleted, or are about to be.
    bool cordons_hold_ = false;
    std::vector<std::uint32_t> gone_below_;
    /// By topic and incarnation.
    std::map<std::pair<std::uint32_t, std::uint32_t>, virtual_time> goes_at_;
    std::map<std::uint32_t, retention_policy> retained_;
    altered_configs configs_;
    std::optional<broken_invariant> broken_;
};

} // namespace barnabas::sim
