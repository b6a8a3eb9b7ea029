#include "sim/checkers/checkers.hpp"

#include <algorithm>
#include <deque>
#include <limits>
#include <optional>
#include <utility>

namespace barnabas::sim {

namespace {

/// After so many passes since the first one that should have taken a segment, over so long a time, it must be
/// gone: until then the snapshot that remembers its producers may wait for a sync, or a reader for its file.
constexpr std::uint32_t passes_of_grace = 5;
constexpr std::int64_t time_of_grace_ns = 5 * second;

/// Where segments begin nobody tells, and when they were closed neither. So a batch counts as too young, or
/// as due, only when it is that wherever the borders are.
class retention_keeps_its_policy final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "retention_keeps_its_policy"; }

    void on_healed(virtual_time) override { healed_ = true; }

    void on_log_opened(const log_opened& event) override {
        auto& of = logs_[event.where];
        of.overdue_passes = 0;
        if (event.created || sent().disks_lie())
            of = {};
        take_back(of, event.now.log_end_offset);
        forget_below(of, event.now.log_start_offset);
        const auto end = of.batches.empty() ? event.now.log_start_offset : of.batches.back().next;
        if (end < event.now.log_end_offset)
            of.blind_below = event.now.log_end_offset;
        forget_closed(of, event.where);
        if (event.wall != no_timestamp)
            note_lowest(of, event.wall);
        of.recovered_upto = event.now.log_end_offset;
        of.is_first_pass = true;
    }

    void on_log_appended(const log_appended& event) override {
        auto& of = logs_[event.where];
        note_time(of, event.now);
        of.batches.push_back({event.batch.base_offset, event.batch.last_offset + 1, event.bytes,
                              event.max_timestamp, event.now, event.now});
    }

    void on_deletion_begun(const deletion_begun& event) override {
        auto& of = logs_[event.where];
        of.asked = std::max(of.asked, event.upto);
    }

    void on_retention_begun(const retention_begun& event) override {
        if (!sent().is_retained(event.where))
            return;
        const auto policy = sent().strictest_retention(event.where, event.at);
        auto& of = logs_[event.where];
        of.now = event.now;
        of.loosest = sent().loosest_retention(event.where, event.at);
        if (std::exchange(of.is_first_pass, false))
            note_stamps(of, policy);
        note_time(of, event.now);
        note_closed(of, policy);
        if (healed_ && policy.deletes)
            judge_lateness(event, of, policy);
    }

    void on_log_moved(const log_moved& event) override {
        auto& of = logs_[event.where];
        take_back(of, event.now.log_end_offset);
        const auto start = event.now.log_start_offset;
        if (of.batches.empty() || start <= of.batches.front().base)
            return;
        if (sent().is_retained(event.where) && start > std::max(of.asked, of.blind_below))
            judge_deletion(event, of,
                           of.loosest ? *of.loosest : sent().loosest_retention(event.where, virtual_time(0)));
        forget_below(of, start);
        of.overdue_passes = 0;
    }

private:
    static constexpr timestamp_ms no_reading{std::numeric_limits<std::int64_t>::min()};

    struct known_batch {
        log_offset base;
        log_offset next;
        std::uint64_t bytes = 0;
        timestamp_ms stamp;
        /// The broker's wall clock since it was appended, which may jump: what it showed at the lowest, and
        /// at the highest until the segment was certainly closed.
        timestamp_ms earliest;
        timestamp_ms latest;
        bool closed = false;
    };
    struct known_log {
        std::deque<known_batch> batches;
        log_offset asked{0};
        /// How large what lies below is nobody told.
        log_offset blind_below{0};
        /// An opening has made sure of what lies below; no later one changes those files.
        log_offset recovered_upto{0};
        bool is_first_pass = false;
        /// By the newest pass; absent before the first.
        timestamp_ms now;
        std::optional<retention_policy> loosest;
        std::uint32_t overdue_passes = 0;
        virtual_time overdue_since;
    };

    static void take_back(known_log& of, log_offset end) {
        while (!of.batches.empty() && of.batches.back().next > end)
            of.batches.pop_back();
    }
    static void forget_below(known_log& of, log_offset start) {
        while (!of.batches.empty() && of.batches.front().next <= start)
            of.batches.pop_front();
    }

    /// What a batch saw at the lowest is no lower than what an older one did.
    static void note_lowest(known_log& of, timestamp_ms now) {
        for (auto at = of.batches.rbegin(); at != of.batches.rend() && at->earliest > now; ++at)
            at->earliest = now;
    }
    static void note_time(known_log& of, timestamp_ms now) {
        note_lowest(of, now);
        for (auto at = of.batches.rbegin(); at != of.batches.rend() && !at->closed; ++at)
            at->latest = std::max(at->latest, now);
    }

    static std::uint64_t bytes_from(const known_log& of, log_offset from) {
        std::uint64_t bytes = 0;
        for (auto at = of.batches.rbegin(); at != of.batches.rend() && at->base >= from; ++at)
            bytes += at->bytes;
        return bytes;
    }

    /// A segment is not longer than its limit, or one batch.
    static std::uint64_t longest_segment(const known_log& of, const retention_policy& policy) {
        std::uint64_t longest = 0;
        for (const auto& each : of.batches)
            longest = std::max(longest, each.bytes);
        return longest + static_cast<std::uint64_t>(policy.segment_bytes);
    }

    static void note_closed(known_log& of, const retention_policy& policy) {
        const auto longest = longest_segment(of, policy);
        std::uint64_t behind = 0;
        for (auto at = of.batches.rbegin(); at != of.batches.rend(); ++at) {
            at->closed |= behind >= longest;
            behind += at->bytes;
        }
    }

    /// What is left of a segment's end in the next life is when its file was changed last, if anything. And
    /// recovery changes what no opening before has made sure of: that counts anew from the first pass.
    void forget_closed(known_log& of, const place& where) const {
        const auto policy = sent().is_retained(where) ? sent().strictest_retention(where, virtual_time(0))
                                                      : retention_policy{};
        // Of what clients deleted in a segment nobody knows the times.
        const bool tells = policy.files_tell_times && of.asked.get() == 0;
        const auto longest = longest_segment(of, policy);
        std::uint64_t recovered_behind = 0;
        for (auto at = of.batches.rbegin(); at != of.batches.rend(); ++at) {
            if (!tells || recovered_behind < longest) {
                at->closed = false;
                at->latest = no_reading;
            }
            recovered_behind += at->next <= of.recovered_upto ? at->bytes : 0;
        }
    }

    /// The broker's first look: no segment ended before a record in it, or in one before it, whose time makes
    /// sense by now.
    static void note_stamps(known_log& of, const retention_policy& policy) {
        const auto longest = longest_segment(of, policy);
        auto known = no_reading;
        std::size_t ahead = 0;
        std::uint64_t bytes = 0;
        for (auto& each : of.batches) {
            for (; ahead < of.batches.size() && bytes < longest; bytes += of.batches[ahead++].bytes)
                if (is_time(of.batches[ahead]) && of.batches[ahead].stamp <= of.now)
                    known = std::max(known, of.batches[ahead].stamp);
            if (each.closed)
                each.latest = std::max(each.latest, known);
            bytes -= each.bytes;
        }
    }

    // ---- too much

    void judge_deletion(const log_moved& event, const known_log& of, const retention_policy& policy) {
        const auto start = event.now.log_start_offset;
        const auto told =
            "retention took " + to_string(event.where) + " up to offset " + std::to_string(start.get());
        if (!policy.deletes)
            return violated(told + ", whose topic deletes nothing");
        if (start > event.now.high_watermark)
            return violated(told + ", above the high watermark " +
                            std::to_string(event.now.high_watermark.get()));
        // The last batch whose going leaves as much as the log may have: all before it may go by size.
        auto left = bytes_from(of, start);
        for (auto at = of.batches.size(); at-- > 0;) {
            const auto& each = of.batches[at];
            if (each.next > start)
                continue;
            if (policy.bytes >= 0 && std::cmp_greater_equal(left, policy.bytes))
                return;
            left += each.bytes;
            if (policy.ms >= 0 && of.now - youngest_by(of, at, policy) > policy.ms)
                continue;
            return violated(told + ", though offset " + std::to_string(each.base.get()) + " with timestamp " +
                            std::to_string(each.stamp.get()) + " is not old enough at " +
                            std::to_string(of.now.get()) + ", and only " + std::to_string(left - each.bytes) +
                            " bytes are left");
        }
    }

    /// No later than what the age of its segment counts from: the newest timestamp in it, or when it was
    /// closed if that one is absurd.
    static timestamp_ms youngest_by(const known_log& of, std::size_t at, const retention_policy& policy) {
        const auto& each = of.batches[at];
        if (is_time(each))
            return std::min(each.stamp, each.earliest);
        // Others of its segment may have a time, which is then that of all.
        auto lowest = each.earliest;
        const auto longest = longest_segment(of, policy);
        std::uint64_t bytes = 0;
        for (auto next = at; next < of.batches.size() && bytes <= longest; bytes += of.batches[next++].bytes)
            lowest = std::min(lowest, time_of(of.batches[next], lowest));
        bytes = 0;
        for (auto before = at + 1; before-- > 0 && bytes <= longest; bytes += of.batches[before].bytes)
            lowest = std::min(lowest, time_of(of.batches[before], lowest));
        // Of a segment that DeleteRecords left in part, or an opening after a loss, nobody knows what the
        // rest held.
        const bool rest_is_unknown = of.asked.get() > 0 || of.blind_below.get() > 0;
        return bytes <= longest && rest_is_unknown ? timestamp_ms(0) : lowest;
    }
    static timestamp_ms time_of(const known_batch& each, timestamp_ms without) {
        return is_time(each) ? each.stamp : without;
    }
    /// Not none, and no seconds where milliseconds were meant.
    static bool is_time(const known_batch& each) {
        return each.stamp.get() >= 0 && each.stamp.get() >= each.earliest.get() / 100;
    }

    // ---- too late

    void judge_lateness(const retention_begun& event, known_log& of, const retention_policy& policy) {
        if (!is_due(of, policy)) {
            of.overdue_passes = 0;
            return;
        }
        if (of.overdue_passes++ == 0)
            of.overdue_since = event.at;
        if (of.overdue_passes > passes_of_grace && event.at - of.overdue_since > time_of_grace_ns)
            violated("retention leaves " + to_string(event.where) + " as it was for " +
                     std::to_string(of.overdue_passes) + " passes, though what begins at offset " +
                     std::to_string(of.batches.front().base.get()) + " had to go");
    }

    /// The first segment has to go, wherever it ends.
    static bool is_due(const known_log& of, const retention_policy& policy) {
        if (of.batches.empty() || of.blind_below > of.batches.front().base)
            return false;
        const auto longest = longest_segment(of, policy);
        bool old = policy.ms >= 0;
        std::uint64_t bytes = 0;
        for (const auto& each : of.batches) {
            if (bytes >= longest)
                break;
            if (!each.closed)
                return false;
            bytes += each.bytes;
            old = old && of.now - latest_age(of, each) > policy.ms;
        }
        const auto left = bytes_from(of, of.batches.front().base) - bytes;
        return old || (policy.bytes >= 0 && std::cmp_greater_equal(left, policy.bytes));
    }

    /// What the age of a batch counts from at the latest, if nothing else in its segment is younger. A time
    /// that lay in the future once may have come by now.
    static timestamp_ms latest_age(const known_log& of, const known_batch& each) {
        if (!is_time(each) || each.stamp > of.now)
            return each.latest;
        return each.stamp <= each.earliest ? each.stamp : std::max(each.stamp, each.latest);
    }

    by_place<known_log> logs_;
    bool healed_ = false;
};

} // namespace

std::unique_ptr<checker> make_retention_keeps_its_policy(const history& of) {
    return std::make_unique<retention_keeps_its_policy>(of);
}

} // namespace barnabas::sim
