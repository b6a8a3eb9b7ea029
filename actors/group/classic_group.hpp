#pragma once

#include "actors/group/classic_handover.hpp"
#include "actors/group/group_effects.hpp"
#include "actors/group/group_options.hpp"
#include "actors/group/group_timers.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace barnabas::group {

/// Legal moves:
///   empty -> preparing (a first member joins)
///   preparing -> completing (all are there, or their time is over), empty (nobody came)
///   completing -> stable (the leader assigned), preparing (somebody joins, leaves or is late)
///   stable -> preparing (somebody joins, leaves or dies)
enum class classic_phase : std::uint8_t { empty, preparing, completing, stable };

/// Kafka's names, which its tools print: Empty, PreparingRebalance, CompletingRebalance, Stable.
std::string_view name_of(classic_phase phase) noexcept;

/// A group of the classic protocol: members join, the leader among them assigns, all get their assignment,
/// and heartbeats keep them in. Guarantees: generations only grow; an assignment is given only to members of
/// the generation that it was made for; of one static name at most one member lives, and an older one is
/// fenced (KIP-345); a rebalance ends within the largest rebalance timeout of its members, and a member that
/// does not ask for its assignment in that time is removed (KAFKA-12890); every request is answered once.
/// What survives this node is what `apply` has been given.
class classic_group {
public:
    classic_group(std::string name, const group_options& options, group_timers& timers)
        : name_(std::move(name)), options_(options), timers_(timers) {}
    classic_group(const classic_group&) = delete;
    classic_group& operator=(const classic_group&) = delete;

    /// `new_member_id` is what a member without id would be called.
    void on_join(const join_request& request, std::string new_member_id, request_ticket ticket, turn& now);
    void on_sync(const sync_request& request, request_ticket ticket, turn& now);
    errc on_heartbeat(const heartbeat_request& request, turn& now);
    /// `reason` is what the client says of it.
    errc on_leave(const member_name& who, const std::string& reason, turn& now);
    void on_timer(const group_timer& timer, turn& now);

    /// Whether this member may commit offsets now; it counts as a heartbeat. Whoever is no member may, while
    /// there are none.
    errc check_commit(const member_name& who, generation_id generation, turn& now);

    // From one protocol to the other (classic_migration.cpp).
    classic_handover handover() const;
    /// Whoever waits is told to join again.
    void turn_away(turn& now);
    /// It goes on here what another protocol began: all members join anew.
    void begin_anew(turn& now);
    /// The same, but all have what they shall have. The one that is told so leads from now on.
    void go_on_with(join_response& told, turn& now);

    /// Live, and for each record of the log in order.
    void apply(const classic_state& recorded);
    /// The state is loaded: its members have a session from now on, however long that took. If they are more
    /// than may be now, all join again, and who comes last has no place.
    void on_loaded(turn& now);

    classic_phase phase() const noexcept { return phase_; }
    bool is_empty() const noexcept { return phase_ == classic_phase::empty; }
    std::size_t member_count() const noexcept { return members_.size(); }
    /// The log knows it.
    bool is_recorded() const noexcept { return recorded_; }
    /// Somebody was sent back with an id, and has not come yet.
    bool awaits_members() const noexcept { return !pending_.empty(); }
    generation_id generation() const noexcept { return generation_; }
    const std::string& protocol_type() const noexcept { return protocol_type_; }
    timestamp_ms since() const noexcept { return since_; }
    describe_response describe() const;
    /// Topics that a member wants, by what it said last; nothing where that cannot be told: until the group
    /// has agreed on a protocol for the first time, and for members that are no consumers.
    std::optional<std::set<std::string>> subscribed_topics() const;

private:
    struct cause {
        const char* why;
        std::string_view member;
        std::string_view client_says;
    };
    struct waiting_join {
        request_ticket ticket = 0;
        bool may_skip_assignment = false;
    };
    struct member {
        std::optional<std::string> instance_id;
        group_client client;
        std::chrono::milliseconds session_timeout{0};
        std::chrono::milliseconds rebalance_timeout{0};
        std::vector<offered_protocol> protocols;
        slice assignment;
        std::optional<waiting_join> join;
        std::optional<request_ticket> sync;
        /// Has not been through a rebalance yet.
        bool is_new = true;
        session life;
    };
    using members = std::map<std::string, member, std::less<>>;

    // classic_group.cpp: joining
    errc check_join(const join_request& request, bool id_known) const;
    bool has_room_for(std::string_view member_id) const;
    void join_as_new(const join_request& request, const std::string& member_id, request_ticket ticket,
                     turn& now);
    void join_again(const join_request& request, request_ticket ticket, turn& now);
    void replace_static_member(const join_request& request, std::string member_id, request_ticket ticket,
                               turn& now);
    bool answer_returned_static(const std::string& member_id, const std::string& old_id, turn& now);
    void add_member(const join_request& request, const std::string& member_id, request_ticket ticket,
                    turn& now);
    void update_and_rebalance(const join_request& request, request_ticket ticket, turn& now);
    void take_over(member& target, const join_request& request, request_ticket ticket, turn& now);
    void answer_current(const std::string& member_id, request_ticket ticket, turn& now);
    std::vector<joined_member> listed_members() const;
    bool supports(const std::vector<offered_protocol>& protocols) const;

    // classic_rebalance.cpp: from one generation to the next
    void prepare_rebalance(const cause& because, turn& now);
    void complete_join_if_all_are_there(turn& now);
    void complete_join(turn& now);
    bool elect_leader();
    void drop_absent(turn& now);
    void begin_generation(turn& now);
    void on_join_timer(turn& now);
    void on_sync_timer(turn& now);
    std::string voted_protocol() const;
    std::chrono::milliseconds rebalance_timeout() const;
    void arm_phase_timer(timer_kind kind, std::chrono::milliseconds wait, turn& now);

    // classic_member.cpp: syncing, living, leaving
    errc check_member(const member_name& who) const {
        return check_member(who, members_.contains(who.member_id));
    }
    errc check_member(const member_name& who, bool id_is_known) const;
    void assign(const std::vector<member_assignment>& assignments, turn& now);
    void answer_assignments(errc code, turn& now);
    sync_response assignment_of(const member& one) const;
    void begin_sessions(monotonic_ns now);
    void touch(const std::string& member_id, member& one, monotonic_ns now);
    void on_session_timer(const std::string& member_id, turn& now);
    void remove(std::string member_id, errc why, turn& now);
    void rebalance_without(const cause& because, turn& now);
    const slice& metadata_of(const member& one) const;
    classic_state state_to_record(const std::vector<member_assignment>* assignments, turn& now) const;
    void write(classic_state state, turn& now);

    std::string name_;
    const group_options& options_;
    group_timers& timers_;

    classic_phase phase_ = classic_phase::empty;
    bool recorded_ = false;
    generation_id generation_{0};
    std::string protocol_type_;
    std::string protocol_;
    std::string leader_;
    timestamp_ms since_ = no_timestamp;
    members members_;
    std::map<std::string, std::string, std::less<>> static_members_;
    /// Sent back with these ids.
    std::set<std::string, std::less<>> pending_;
    /// Of this generation, without their assignment so far.
    std::set<std::string, std::less<>> pending_sync_;
    /// Of the rebalance or generation under way; timers carry it.
    std::uint64_t phase_number_ = 0;
    /// A group's first rebalance waits for more members, and longer while more come, up to this (KIP-134).
    bool first_rebalance_ = false;
    bool joined_in_first_wait_ = false;
    std::chrono::milliseconds first_wait_left_{0};
};

} // namespace barnabas::group
