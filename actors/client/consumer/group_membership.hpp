#pragma once

#include "actors/client/cluster/cluster_view.hpp"
#include "actors/client/consumer/client_assignors.hpp"
#include "actors/client/consumer/consumer_settings.hpp"
#include "actors/client/consumer/membership.hpp"
#include "actors/client/consumer/question.hpp"
#include "protocol/kafka/heartbeat.hpp"
#include "protocol/kafka/join_group.hpp"
#include "protocol/kafka/sync_group.hpp"
#include "runtime/random/random.hpp"

#include <cstdint>
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
class group_membership final : public membership {
public:
    group_membership(const consumer_settings& settings, const consumer_ports& ports, const cluster_view& view,
                     const runtime::random& draws)
        : settings_(settings), ports_(ports), view_(view), draws_(draws) {}

    /// The member joins again.
    void subscribe(std::set<std::string> topics) override;
    result<void> subscribe_regex(std::string pattern) override;
    /// Its own and, for the leader, those of all members.
    std::set<std::string> topics_wanted() const override;
    std::set<topic_id> ids_wanted() const override { return {}; }

    void step(monotonic_ns now, bool in_poll) override;
    void on_view() override;
    member_identity identity() const override { return {member_id_, generation_}; }
    std::optional<std::uint64_t> life() const override { return std::nullopt; }
    /// One that has a name to come back with tells nobody.
    void leave(const std::string& reason, std::function<void(monotonic_ns)> done) override;
    void forget_all() override;

private:
    enum class state { outside, letting_go, joining, planning, syncing, steady };

    bool is_cooperative() const;
    void let_go();
    void join(monotonic_ns now);
    kafka::join_group_request join_request() const;
    void hear_join(result<kafka::join_group_response> said, monotonic_ns now);
    void read_members(const kafka::join_group_response& said);
    void plan();
    void sync(std::optional<group_plan> plan);
    void hear_sync(result<kafka::sync_group_response> said, monotonic_ns now);
    void take_assignment(const slice& bytes);
    void beat(monotonic_ns now);
    void hear_beat(result<kafka::heartbeat_response> said, const sign_of_life& sent);
    void watch_polls(monotonic_ns now);
    /// An error of any of the requests: joins again, begins anew, or fails for good.
    void react(kafka::error_code code, const char* to, monotonic_ns now);
    void lose_all();
    void pause(monotonic_ns now);
    partition_counts counts_of(const std::set<std::string>& topics) const;

    const consumer_settings& settings_;
    const consumer_ports& ports_;
    const cluster_view& view_;
    runtime::random draws_;
    state state_ = state::outside;
    bool wants_join_ = false;
    /// Answers to questions of an older turn are void.
    std::uint64_t turn_ = 0;
    std::set<std::string> topics_;
    /// What it had before it let go, for assignors that give it back.
    std::set<partition_name> previous_;
    std::string member_id_;
    std::int32_t generation_ = -1;
    std::string assignor_;
    bool leads_ = false;
    std::vector<member_wish> members_;
    /// What the leader's plan was made of.
    partition_counts planned_for_;
    std::uint32_t attempts_ = 0;
    monotonic_ns not_before_{};
    monotonic_ns beat_at_{};
    bool beating_ = false;
    monotonic_ns polled_at_{};
};

} // namespace barnabas::client
