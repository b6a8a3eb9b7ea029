#pragma once

#include "actors/client/client_session.hpp"
#include "actors/client/group_member_events.hpp"
#include "actors/client/topic_directory.hpp"
#include "protocol/kafka/error_codes.hpp"
#include "protocol/kafka/offset_commit.hpp"
#include "runtime/random/random.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace barnabas::client {

struct group_consumer_options {
    std::string group;
    /// A static member (KIP-345); empty for a dynamic one.
    std::string instance;
    /// What there is to subscribe to. Partitions are told to the outside by their number among all of these.
    std::vector<counted_topic> topics;
    /// Which of them it wants first.
    std::size_t first_topic = 0;
    /// The broker's; only so that it knows what is long.
    std::int32_t session_timeout_ms = 3'000;
    std::int32_t rebalance_timeout_ms = 3'000;
    /// Mean time between commits of what it owns.
    std::int64_t commit_ns = 300 * 1'000'000ll;
    /// Mean time that it takes to let go of partitions.
    std::int64_t revoke_ns = 0;
    /// Mean time until it does something rude: leaves, dies without a word, says nothing for longer than its
    /// session and goes on as if nothing had happened, wants something else, or speaks under an epoch that it
    /// had before. 0: never.
    std::int64_t rude_ns = 0;
    /// From then on it is rude no more; zero: there is no such time.
    monotonic_ns rude_until{};
    /// Below 1 the coordinator names it, and it knows no patterns.
    std::int16_t heartbeat_version_max = 1;
    /// From 9 on it says its epoch when it asks for offsets.
    std::int16_t fetch_version_max = 9;
};

/// A member of a group of the consumer protocol (KIP-848): says what it wants and what it owns, is told what
/// it may have, lets go before it takes, asks where to go on, and commits growing offsets of what it owns
/// under its epoch. The records themselves are not its business.
///
///     finding -> naming -> in_group (epoch 0: joining)       connection lost -> finding
///
/// group_consumer.cpp asks, group_consumer_heard.cpp hears.
class group_consumer final : public client_role {
public:
    group_consumer(client_connection& connection, group_consumer_options options, runtime::random draws,
                   group_member_events events);

    void on_ready(monotonic_ns now) override;
    /// What is due is seen to in `on_ready`, which follows when the connection can send.
    void on_timer(monotonic_ns) override {}
    void on_lost(monotonic_ns now) override;
    void on_answer(const answer& got, monotonic_ns now) override;
    monotonic_ns deadline() const override;

private:
    enum class state { finding, naming, in_group };
    /// What it subscribes to, as indexes of the topics.
    struct subscription {
        std::vector<std::size_t> topics;
        bool by_pattern = false;
        std::string assignor;
    };
    /// What a heartbeat said.
    struct said {
        std::int32_t epoch = 0;
        std::string id;
        std::vector<std::int32_t> owned;
        monotonic_ns at{};
        /// The coordinator cannot know who says it.
        bool as_new = false;
    };

    void find(monotonic_ns now);
    void learn_names(monotonic_ns now);
    void work(monotonic_ns now);
    void beat(monotonic_ns now);
    void fetch(monotonic_ns now);
    void commit(monotonic_ns now);
    std::uint64_t send_commit(const std::vector<std::int32_t>& partitions, std::int32_t epoch,
                              monotonic_ns now);
    template <class Request>
    void subscribe(Request& request) const;
    template <class Entries>
    void name_owned(Entries& entries) const;

    bool be_rude(monotonic_ns now);
    void leave(monotonic_ns now);
    void stand_still(monotonic_ns now);
    void want_something_else(monotonic_ns now);
    void speak_as_before(monotonic_ns now);
    void draw_id();

    void on_found(const answer& got, monotonic_ns now);
    void on_beat(const answer& got, monotonic_ns now);
    void on_old_beat(const answer& got, monotonic_ns now);
    void on_fetched(const answer& got, monotonic_ns now);
    void on_committed(const answer& got, monotonic_ns now);
    void ask_names_again(monotonic_ns now);
    void take_epoch(std::int32_t told);
    /// False when it knows a topic by no name yet.
    template <class Assignment>
    bool take_assignment(const Assignment& told);
    /// Towards what it was assigned: it lets go first.
    void follow(monotonic_ns now);
    void let_go(monotonic_ns now);
    void react(kafka::error_code code, const char* to, monotonic_ns now);
    void give_all_up();
    void begin_again(monotonic_ns at);
    void pause(monotonic_ns now);

    void tell_owned() const;
    void tell_wanted() const;
    std::vector<std::int32_t> owned_numbers() const;
    const counted_topic& topic_of(std::int32_t number) const;
    const counted_topic* topic_called(const std::string& name) const;
    std::vector<std::int32_t> unknown_positions() const;
    std::vector<std::int32_t> known_positions() const;
    std::int64_t around(std::int64_t mean_ns) { return draws_.between(mean_ns / 2, mean_ns + mean_ns / 2); }
    std::int64_t drawn_ns(std::int64_t least_ms, std::int64_t most_ms);

    client_connection& connection_;
    group_consumer_options options_;
    runtime::random draws_;
    group_member_events events_;
    topic_directory names_;

    state state_ = state::finding;
    std::string member_id_;
    /// Nobody has heard of this id yet.
    bool is_new_ = true;
    std::int32_t epoch_ = 0;
    /// Those that it had since it joined.
    std::vector<std::int32_t> older_epochs_;
    subscription wants_;
    /// The next heartbeat tells everything.
    bool tells_all_ = true;
    /// It was not told what it owns now.
    bool owned_changed_ = false;
    /// Where it goes on; nothing: it has not been told yet.
    std::map<std::int32_t, std::optional<std::int64_t>> owned_;
    std::set<std::int32_t> assigned_;
    monotonic_ns let_go_at_{};

    std::uint64_t asked_ = 0;
    std::uint64_t beating_ = 0;
    said beaten_;
    std::uint64_t old_beating_ = 0;
    said old_beaten_;
    std::uint64_t fetching_ = 0;
    monotonic_ns fetch_asked_at_{};
    std::uint64_t committing_ = 0;
    /// By request: the numbers of its commits, by partition.
    std::map<std::uint64_t, std::map<std::int32_t, std::uint64_t>> commits_open_;
    std::uint64_t commits_ = 0;

    monotonic_ns not_before_{};
    monotonic_ns beat_at_{};
    monotonic_ns fetch_at_{};
    monotonic_ns commit_at_{};
    monotonic_ns rude_at_{};
};

} // namespace barnabas::client
