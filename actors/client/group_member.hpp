#pragma once

#include "actors/client/client_session.hpp"
#include "actors/client/group_member_events.hpp"
#include "protocol/kafka/error_codes.hpp"
#include "protocol/model/slice.hpp"
#include "runtime/random/random.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace barnabas::client {

struct group_member_options {
    std::string group;
    /// A static member (KIP-345); empty for a dynamic one.
    std::string instance;
    /// Partitions are told to the outside by their number, which begins with this one's first.
    counted_topic topic;
    std::int32_t session_timeout_ms = 3'000;
    std::int32_t rebalance_timeout_ms = 3'000;
    std::int64_t heartbeat_ns = 500 * 1'000'000ll;
    /// Mean time between commits of what it owns.
    std::int64_t commit_ns = 300 * 1'000'000ll;
    /// Mean time until it does something rude: leaves, forgets who it is, changes its subscription, or says
    /// nothing for longer than its session and goes on as if nothing had happened. 0: never.
    std::int64_t rude_ns = 0;
    /// From then on it is rude no more; zero: there is no such time.
    monotonic_ns rude_until{};
    /// How long its subscription is at least. One that cannot be kept is refused, which is no problem then.
    std::uint64_t metadata_bytes = 0;
    /// No member at all: it commits offsets of all partitions without generation, under a name of its own.
    bool without_generation = false;
    /// It joins and sends heartbeats, but never asks for its assignment.
    bool without_sync = false;
    /// Below 4 it gets no id to come back with, below 5 it has no static name.
    std::int16_t join_version_max = 9;
    /// From 8 on several groups could be asked for at once.
    std::int16_t fetch_version_max = 7;
};

/// A member of a classic consumer group: finds the coordinator, joins, assigns if it leads, asks where to go
/// on, and commits growing offsets of what it owns. The records themselves are not its business.
///
///     finding -> joining -> syncing -> fetching -> steady       any -> joining, finding
///     finding -> fetching -> steady                             without generation
///
/// group_member.cpp asks, group_member_heard.cpp hears.
class group_member final : public client_role {
public:
    group_member(client_connection& connection, group_member_options options, runtime::random draws,
                 group_member_events events)
        : connection_(connection), options_(std::move(options)), draws_(draws), events_(std::move(events)) {}

    void on_ready(monotonic_ns now) override;
    /// What is due is seen to in `on_ready`, which follows when the connection can send.
    void on_timer(monotonic_ns) override {}
    void on_lost(monotonic_ns now) override;
    void on_answer(const answer& got, monotonic_ns now) override;
    monotonic_ns deadline() const override;

private:
    enum class state { finding, joining, syncing, fetching, steady };

    void ask(monotonic_ns now);
    void find(monotonic_ns now);
    void join(monotonic_ns now);
    void sync(monotonic_ns now);
    void fetch(monotonic_ns now);
    void beat(monotonic_ns now);
    void commit(monotonic_ns now);
    bool be_rude(monotonic_ns now);
    void stand_still(monotonic_ns now);
    void leave(monotonic_ns now);

    void on_found(const answer& got, monotonic_ns now);
    void on_joined(const answer& got, monotonic_ns now);
    void on_synced(const answer& got, monotonic_ns now);
    void on_fetched(const answer& got, monotonic_ns now);
    void on_beat(const answer& got, monotonic_ns now);
    void on_committed(const answer& got, monotonic_ns now);

    /// What an error of the coordinator makes of the member.
    void react(kafka::error_code code, const char* to, monotonic_ns now);
    void pause(state next, monotonic_ns now);
    void become(state next);
    slice subscription() const;
    slice assignment_for(std::size_t place, std::size_t members) const;
    std::int32_t take_assignment(const slice& assignment);
    void own_all();
    void own_nothing();
    std::vector<std::int32_t> owned_partitions() const;
    std::int32_t number_of(std::int32_t partition) const { return options_.topic.first_number + partition; }
    bool lingers(monotonic_ns now) const { return state_ == state::syncing && now < lingers_until_; }
    std::int64_t around(std::int64_t mean_ns) { return draws_.between(mean_ns / 2, mean_ns + mean_ns / 2); }

    client_connection& connection_;
    group_member_options options_;
    runtime::random draws_;
    group_member_events events_;

    state state_ = state::finding;
    std::string member_id_;
    std::int32_t generation_ = -1;
    std::string leader_;
    std::vector<std::string> members_;
    /// Where it goes on, by partition that it owns.
    std::map<std::int32_t, std::int64_t> owned_;
    /// The request of the present state that has no answer yet; 0 for none.
    std::uint64_t asked_ = 0;
    bool joins_as_new_ = false;
    monotonic_ns asked_at_{};
    /// Who it was when it sent a heartbeat or a commit; an answer to an older self says nothing to this one.
    struct self {
        std::int32_t generation = -1;
        std::string id;
        monotonic_ns at{};
        std::vector<std::int32_t> owned{};
    };
    bool is_still(const self& one) const { return one.generation == generation_ && one.id == member_id_; }
    std::uint64_t beating_ = 0;
    self beaten_as_;
    std::uint64_t committing_ = 0;
    self committed_as_;
    std::map<std::int32_t, std::uint64_t> commits_open_;
    std::uint64_t commits_ = 0;

    monotonic_ns not_before_{};
    monotonic_ns beat_at_{};
    monotonic_ns commit_at_{};
    monotonic_ns rude_at_{};
    /// Until then it sends heartbeats, but does not ask for its assignment.
    monotonic_ns lingers_until_{};
    /// How often it changed its subscription.
    std::int32_t changes_ = 0;
};

} // namespace barnabas::client
