#pragma once

#include "actors/client/cluster/cluster_view.hpp"
#include "actors/client/consumer/client_assignors.hpp"
#include "actors/client/consumer/consumer_settings.hpp"
#include "actors/client/consumer/consumer_types.hpp"
#include "actors/client/consumer/group_offsets.hpp"
#include "actors/client/consumer/question.hpp"
#include "protocol/kafka/heartbeat.hpp"
#include "protocol/kafka/join_group.hpp"
#include "protocol/kafka/sync_group.hpp"
#include "runtime/random/random.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace barnabas::client {

/// A member of a classic group: joins, gets partitions, gives signs of life, leaves. It joins again only
/// while the program polls, after the program has let go of what it must: what was polled before is taken for
/// done. A machine; part of `cluster_consumer`.
///
///     outside -> letting_go -> joining -> planning (leader) -> syncing -> steady -> letting_go ...
class group_membership {
public:
    group_membership(const consumer_settings& settings, const consumer_ports& ports, const cluster_view& view,
                     const runtime::random& draws)
        : settings_(settings), ports_(ports), view_(view), draws_(draws) {}

    /// Other topics than before: the member joins again.
    void subscribe(std::set<std::string> topics);
    const std::set<std::string>& subscribed() const noexcept { return topics_; }
    /// Topics that must be known: its own and, for the leader, those of all members.
    std::set<std::string> topics_wanted() const;

    /// `in_poll`: the program waits for records just now.
    void step(monotonic_ns now, bool in_poll);
    monotonic_ns deadline() const noexcept { return wake_; }
    /// Topics or their partitions became others.
    void on_view();

    /// What the program must be told next; it stays until `change_handled`.
    const rebalance_event* change() const { return changes_.empty() ? nullptr : &changes_.front(); }
    void set_change_told() noexcept { told_ = true; }
    void change_handled();
    /// Partitions that are read from now on, also those that go soon.
    const std::set<partition_name>& owned() const noexcept { return owned_; }
    member_identity identity() const { return {member_id_, generation_}; }
    bool is_steady() const noexcept { return state_ == state::steady; }
    /// What will not pass by itself, once.
    std::optional<error> take_failure() { return std::exchange(failure_, std::nullopt); }

    /// The program gave up what it had.
    void forget_all();
    /// Tells the coordinator that it goes, unless it has a name to come back with; `done` when it heard.
    void leave(const std::string& reason, std::function<void(monotonic_ns)> done);

private:
    enum class state { outside, letting_go, joining, planning, syncing, steady };

    bool is_cooperative() const;
    void let_go();
    void join(monotonic_ns now);
    kafka::join_group_request join_request() const;
    slice subscription_for(const std::string& assignor) const;
    void hear_join(result<kafka::join_group_response> said, monotonic_ns now);
    void read_members(const kafka::join_group_response& said);
    void plan();
    void sync(std::optional<group_plan> plan);
    void hear_sync(result<kafka::sync_group_response> said, monotonic_ns now);
    void take_assignment(const slice& bytes);
    void beat(monotonic_ns now);
    void hear_beat(result<kafka::heartbeat_response> said, std::int32_t generation, monotonic_ns now);
    void watch_polls(monotonic_ns now);
    /// An error of any of the requests: joins again, begins anew, or fails for good.
    void react(kafka::error_code code, const char* to, monotonic_ns now);
    void lose_all();
    void pause(monotonic_ns now);
    partition_counts counts_of(const std::set<std::string>& topics) const;
    void wake_at(monotonic_ns when) { wake_ = wake_ == monotonic_ns{} ? when : std::min(wake_, when); }

    const consumer_settings& settings_;
    const consumer_ports& ports_;
    const cluster_view& view_;
    runtime::random draws_;
    state state_ = state::outside;
    bool wants_join_ = false;
    /// Answers to questions of an older turn are void.
    std::uint64_t turn_ = 0;
    std::set<std::string> topics_;
    std::set<partition_name> owned_;
    /// What it had before it let go, for assignors that give it back.
    std::set<partition_name> previous_;
    std::string member_id_;
    std::int32_t generation_ = -1;
    std::string assignor_;
    bool leads_ = false;
    std::vector<member_wish> members_;
    /// What the leader's plan was made of.
    partition_counts planned_for_;
    std::deque<rebalance_event> changes_;
    /// The program is at the first of them.
    bool told_ = false;
    std::optional<error> failure_;
    std::uint32_t attempts_ = 0;
    monotonic_ns not_before_{};
    monotonic_ns beat_at_{};
    bool beating_ = false;
    monotonic_ns polled_at_{};
    monotonic_ns wake_{};
};

} // namespace barnabas::client
