#pragma once

#include "actors/client/cluster/cluster_view.hpp"
#include "actors/client/consumer/consumer_settings.hpp"
#include "actors/client/consumer/consumer_types.hpp"
#include "actors/client/consumer/group_offsets.hpp"
#include "actors/client/consumer/membership.hpp"
#include "actors/client/consumer/question.hpp"
#include "actors/client/consumer/record_fetcher.hpp"
#include "protocol/kafka/metadata.hpp"
#include "runtime/random/random.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace barnabas::client {

/// What a poll gives: records, or a change of partitions that must be handled first; the next poll says that
/// it was.
struct poll_answer {
    record_set records;
    std::optional<rebalance_event> change;
};

/// Which topics a subscription means: names, or all that a pattern lets through, which is looked at here, or
/// by the coordinator (RE2; only in the consumer protocol).
struct wanted_topics {
    std::set<std::string> names;
    std::function<bool(const std::string&)> pattern;
    std::string regex = {};
};

/// A consumer of a cluster: partitions by hand or from a group, positions, commits. One poll at a time.
/// Guarantees: see `record_fetcher`; what a poll gave is committed, if at all, only when the next poll, a
/// commit or the close comes. A machine: the ports carry its calls and bring their outcomes back.
class cluster_consumer {
public:
    using on_polled = std::function<void(result<poll_answer>)>;
    using on_done = std::function<void(result<void>)>;
    using on_offsets = std::function<void(result<committed_offsets_by_partition>)>;

    cluster_consumer(consumer_settings settings, consumer_ports ports, const runtime::random& draws,
                     std::function<void(const std::string&)> on_trouble);

    /// Reads exactly these from now on. Codes: invalid_request beside a subscription.
    result<void> assign(const std::set<partition_name>& partitions);
    /// Codes: invalid_request without group.id, beside partitions by hand, or for a regex in a protocol
    /// without that.
    result<void> subscribe(wanted_topics wanted);
    /// Ends both; a member leaves its group.
    void unsubscribe();

    /// Waits until there is something, at most until then; nothing is an empty answer. Codes: invalid_request
    /// when a poll is under way already, or nothing is wanted; offset_out_of_range when auto.offset.reset is
    /// none; those of records and groups.
    void poll(monotonic_ns until, monotonic_ns now, on_polled done);
    /// Ends a poll that waits, or the next one, with what is there.
    void wake_up() { woken_ = true; }
    /// Without offsets: all positions. Commits go one after the other. Codes: see `send_commit`; throttled
    /// when too many wait.
    void commit(std::optional<committed_offsets_by_partition> offsets, on_done done);
    void committed(const std::set<partition_name>& partitions, on_offsets done);

    // Codes: invalid_request for a partition that is not read, and an offset or a time that none can be.
    result<void> seek(const partition_name& name, std::int64_t offset);
    result<void> seek_to_time(const partition_name& name, std::int64_t time);
    result<void> pause(const partition_name& name, bool paused);
    std::set<partition_name> assignment() const { return fetcher_.partitions(); }
    /// The next offset to give out; nothing while unknown.
    std::optional<std::int64_t> position(const partition_name& name) const;
    /// As the leader told it last; nothing while it has not, or the partition is not read.
    std::optional<std::int64_t> high_watermark(const partition_name& name) const;
    /// Offsets from the position to the end of what this consumer may read, as the leader told it last;
    /// nothing while one of them is unknown.
    std::optional<std::int64_t> current_lag(const partition_name& name) const;
    const read_partition* find(const partition_name& name) const { return fetcher_.find(name); }
    member_identity identity() const { return membership_->identity(); }
    const std::optional<sign_of_life>& last_heartbeat() const { return membership_->last_heartbeat(); }

    /// Commits if it commits by itself, leaves the group; nothing is polled any more.
    void close(on_done done);

    /// After every event, and when it is due.
    void step(monotonic_ns now);
    monotonic_ns deadline() const noexcept { return wake_; }

private:
    enum class mode { nothing, by_hand, group };
    struct waiting_poll {
        monotonic_ns until{};
        on_polled done;
    };

    std::set<std::string> topics_wanted() const;
    void ask_view(monotonic_ns now);
    kafka::metadata_request view_question() const;
    void hear_view(result<kafka::metadata_response> said, monotonic_ns asked_at, monotonic_ns now);
    void apply_pattern(const kafka::metadata_response& said);
    bool is_read(const std::string& topic) const;
    bool lacks_view(monotonic_ns now);
    void follow_membership();
    void find_beginnings(monotonic_ns now);
    /// By partition, the turn in which it was asked for.
    using turns = std::map<partition_name, std::uint64_t>;
    void hear_beginnings(const turns& asked, result<committed_offsets_by_partition> said, monotonic_ns now);
    void answer_poll(monotonic_ns now);
    bool commits_before_change();
    void give(result<poll_answer> answer);
    void commit_from_time_to_time(monotonic_ns now);
    /// The same offset in the next topic of that name is another place.
    struct committed_place {
        std::int64_t offset = -1;
        std::uint32_t topics_before = 0;
        friend bool operator==(const committed_place&, const committed_place&) = default;
    };
    committed_place place_of(const partition_name& name, std::int64_t offset) const;
    struct waiting_commit;
    void queue_commit(committed_offsets_by_partition offsets, on_done done);
    bool may_renew(const waiting_commit& one) const;
    void carry_commits(monotonic_ns now);
    void hear_commit(const result<void>& said, monotonic_ns now);
    void end_commit(const result<void>& said, monotonic_ns now);
    committed_offsets_by_partition positions() const;
    bool is_out_of_group() const;
    void wake_at(monotonic_ns when) {
        if (when != monotonic_ns{})
            wake_ = wake_ == monotonic_ns{} ? when : std::min(wake_, when);
    }

    consumer_settings settings_;
    consumer_ports ports_;
    std::function<void(const std::string&)> on_trouble_;
    runtime::random draws_;
    cluster_view view_;
    record_fetcher fetcher_;
    std::unique_ptr<membership> membership_;
    mode mode_ = mode::nothing;
    wanted_topics wanted_;
    bool pattern_applied_ = false;
    std::optional<waiting_poll> poll_;
    bool woken_ = false;
    /// The program handles a change; its next poll says that it has.
    bool change_told_ = false;
    /// Of the change that is to be told: not yet, under way, done.
    enum class handover { none, committing, done } handover_ = handover::none;
    std::optional<error> failure_;
    /// A name that was asked for and that no topic can have: no poll succeeds until another is asked for.
    std::optional<error> name_fault_;
    bool closed_ = false;

    bool asking_view_ = false;
    std::uint32_t view_attempts_ = 0;
    monotonic_ns view_not_before_{};
    std::map<std::string, kafka::error_code> told_topics_;

    /// A commit that waits for its turn, or its answer: it goes under the identity that it was made under. So
    /// an older one never takes back what a newer one did.
    struct waiting_commit {
        committed_offsets_by_partition offsets;
        on_done done;
        member_identity identity;
        std::optional<std::uint64_t> life;
        monotonic_ns until{};
    };
    std::deque<waiting_commit> commits_;
    /// The first of them was sent.
    bool commit_sent_ = false;
    monotonic_ns commit_not_before_{};

    std::set<partition_name> without_beginning_;
    bool asking_beginnings_ = false;
    monotonic_ns beginnings_not_before_{};

    std::map<partition_name, committed_place> last_committed_;
    /// Of what goes from time to time.
    bool committing_ = false;
    monotonic_ns commit_at_{};
    monotonic_ns wake_{};
};

} // namespace barnabas::client
