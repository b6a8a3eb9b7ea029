#pragma once

#include "actors/controller/metadata_image.hpp"
#include "actors/group/classic_bytes.hpp"
#include "actors/group/classic_handover.hpp"
#include "actors/group/consumer_member.hpp"
#include "actors/group/group_effects.hpp"
#include "actors/group/group_options.hpp"
#include "actors/group/group_timers.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace barnabas::group {

/// What all groups of a coordinator look at. `topics` is the newest metadata, and always there.
struct group_surroundings {
    const group_options& options;
    group_timers& timers;
    const metadata_image_ptr& topics;
};

/// A group of the consumer protocol (KIP-848): members send nothing but heartbeats, and the coordinator
/// decides who reads what. Its epoch rises with every change of members, subscriptions or subscribed topics;
/// for an epoch there is a target assignment; and each member goes to its target on its own, giving up first.
/// Guarantees: a partition is one member's at a time, from when it was answered until the member has said
/// that it let go, or is out; epochs only grow; whoever does not give up in the time that it asked for is
/// removed; of one static name one member lives (KIP-345). What survives this node is what `apply` has been
/// given.
class consumer_group {
public:
    consumer_group(std::string name, const group_surroundings& around)
        : name_(std::move(name)), options_(around.options), timers_(around.timers), topics_(around.topics) {}
    consumer_group(const consumer_group&) = delete;
    consumer_group& operator=(const consumer_group&) = delete;

    /// What is wrong with a heartbeat, whatever is known of the group of that name.
    static result<void> check(const std::string& name, const consumer_heartbeat_request& request,
                              const group_options& options);
    /// `request` has passed `check`. `new_member_id` is what a member without id is called.
    consumer_heartbeat_response on_heartbeat(const consumer_heartbeat_request& request,
                                             std::string new_member_id, turn& now);
    void on_timer(const group_timer& timer, turn& now);

    // Members that speak the classic protocol still (consumer_classic.cpp). They are told to join again
    // whenever their epoch, which is their generation, is to advance; what they subscribe to and own stands
    // in the bytes of their joining, and what they get in those of their assignment.
    join_response on_join(const join_request& request, std::string new_member_id, turn& now);
    sync_response on_sync(const sync_request& request, turn& now);
    errc on_classic_heartbeat(const heartbeat_request& request, turn& now);
    errc on_classic_leave(const member_name& who, turn& now);
    /// Whether all members of a classic group say what they want in the way of consumers, and in no more
    /// words than can be kept, and nothing of what they were assigned would be lost, and that all of it is
    /// no more than what can be kept at once. Code:
    /// group_id_not_found, with a sentence for people.
    result<void> can_take_over(const classic_handover& from) const;
    /// A classic group that can be taken over, or has no members, goes on as this one, which is new.
    void take_over(const classic_handover& from, turn& now);
    /// All its members speak the classic protocol.
    bool is_all_classic() const noexcept { return member_count_ != 0 && classic_count_ == member_count_; }
    /// Every member has what it shall have, by the newest epoch, and of those that speak the classic protocol
    /// none but `joiner` has to ask for it still.
    bool is_settled_but_for(const std::string& joiner) const;
    /// They are to go on as a classic group: the last other member has gone, and the policy allows it.
    bool is_to_be_classic() const;
    /// What a classic group goes on with in its place, which has been as it is since then.
    classic_state as_classic(timestamp_ms since) const;

    /// Whether this member may commit offsets now. Whoever is no member may, while there are none.
    errc check_commit(const member_name& who, member_epoch epoch, bool knows_group_errors) const;
    errc check_fetch(const member_name& who, member_epoch epoch) const;

    /// Live, and for each record of the log in order, which compaction may have thinned.
    void apply(const consumer_record& record, timestamp_ms written);
    /// The log has been read to its end: members have a session from now on, however long that took.
    void on_loaded(monotonic_ns now);
    /// What makes the log forget the group, and its members.
    std::vector<consumer_record> end_records() const;
    /// At most so many bytes.
    std::size_t end_bytes() const;

    bool is_empty() const noexcept { return member_count_ == 0; }
    std::size_t size() const noexcept { return member_count_; }
    /// The log knows it.
    bool is_recorded() const noexcept { return recorded_; }
    /// Of the last change of members, subscriptions or topics.
    timestamp_ms since() const noexcept { return since_; }
    std::string_view state() const;
    consumer_describe_response describe() const;
    /// Topics that a member wants.
    std::set<std::string> subscribed_topics() const;

private:
    /// Its three kinds of record come in any order, where compaction has been.
    struct member {
        std::optional<consumer_subscription> said;
        std::optional<current_assignment> has;
        std::optional<partitions_by_topic> target;
        session life;
        /// Until then it must have let go of what is pending.
        std::optional<monotonic_ns> revoke_until;
        /// Until then it must have done the classic protocol's next step: joined again, or asked for its
        /// assignment.
        std::optional<monotonic_ns> step_until;

        bool is_void() const { return !said && !has && !target; }
    };
    using members = std::map<std::string, member, std::less<>>;

    // consumer_group.cpp: heartbeats
    result<void> admit(const consumer_heartbeat_request& request, const std::string& id, turn& now);
    result<void> admit_static(const consumer_heartbeat_request& request, const std::string& id, turn& now);
    result<void> check_new(const std::string& id) const;
    bool can_take_place_of(const member& old, const std::string& id) const;
    void take_place_of(const std::string& old_id, const std::string& id, turn& now);
    bool is_all_as_before(const consumer_heartbeat_request& request, const member& one) const;
    bool is_up_to_date(monotonic_ns now) const;
    consumer_heartbeat_response told(const std::string& id, const member& one) const;
    consumer_heartbeat_response settle(const consumer_heartbeat_request& request, const std::string& id,
                                       turn& now);
    bool reconcile_member(const std::string& id, member& one, const partitions_by_topic* owned, turn& now);
    result<void> on_leave(const consumer_heartbeat_request& request, turn& now);
    void pause(const std::string& id, turn& now);
    void remove(const std::string& id, turn& now);
    void forget(const std::string& id, turn& now);
    void on_session_timer(const std::string& id, turn& now);
    void on_revocation_timer(const std::string& id, turn& now);

    // consumer_classic.cpp: members that speak the classic protocol
    result<void> admit_classic(const join_request& request, const std::string& id, turn& now);
    result<void> admit_static_classic(const join_request& request, const std::string& id, turn& now);
    bool supports(const join_request& request) const;
    consumer_subscription said_by(const join_request& request, classic_subscription subscription) const;
    std::string common_protocol(const consumer_subscription& said) const;
    errc check_classic(const member_name& who, generation_id generation) const;
    errc check_instance(const member_name& who) const;
    static bool is_of(const member& one, member_epoch epoch);
    bool must_join_again(const member& one) const;
    void limit_step(const std::string& id, member& one, turn& now);
    void on_step_timer(const std::string& id, turn& now);

    // consumer_topics.cpp: what is subscribed to, and who shall have it
    consumer_subscription merged(const consumer_heartbeat_request& request, const std::string& id) const;
    bool can_keep(const std::string& id, const consumer_subscription& said) const;
    bool can_keep(const std::string& id, const partitions_by_topic& assigned) const;
    bool note_subscription(const std::string& id, consumer_subscription said, turn& now);
    void refresh_targets(bool subscription_changed, turn& now);
    void refresh_patterns(turn& now);
    bool must_search_again(monotonic_ns now) const;
    std::set<std::string> patterns_in_use() const;
    pattern_record matches_of(const std::string& pattern, turn& now) const;
    std::vector<topic_id> topics_of(const consumer_subscription& said) const;
    std::int64_t topics_hash() const;
    bool topics_changed();
    void raise_epoch(turn& now);
    void assign_targets(turn& now);
    const std::string& chosen_assignor() const;

    // consumer_state.cpp: what the log says of it, and what it tells
    const member* find(std::string_view id) const;
    void touch(const std::string& id, member& one, monotonic_ns now);
    void limit_revocation(const std::string& id, member& one, monotonic_ns now);
    void apply_one(const consumer_epoch_record& record);
    void apply_one(const legacy_topics_record& record);
    void apply_one(const consumer_member_record& record);
    void apply_one(const target_epoch_record& record);
    void apply_one(const target_record& record);
    void apply_one(const current_record& record);
    void apply_one(const pattern_record& record);
    void drop_if_void(const std::string& id);
    template <class Record>
    void write(Record record, turn& now) {
        apply(record, now.wall);
        now.out.records.emplace_back(consumer_record(std::move(record)));
    }

    std::string name_;
    const group_options& options_;
    group_timers& timers_;
    const metadata_image_ptr& topics_;

    bool recorded_ = false;
    bool has_legacy_topics_ = false;
    std::int32_t epoch_ = 0;
    std::int64_t topics_hash_ = 0;
    std::int32_t target_epoch_ = 0;
    timestamp_ms since_ = no_timestamp;
    members members_;
    std::size_t member_count_ = 0;
    std::size_t classic_count_ = 0;
    std::map<std::string, std::string, std::less<>> static_members_;
    std::map<std::string, pattern_record::matches, std::less<>> patterns_;
    partition_owners owners_;
    /// Up to where the metadata goes that the group has looked at; for patterns it looks only now and then.
    log_offset topics_seen_{-1};
    log_offset patterns_seen_{-1};
    /// Those that members use are those that are known, nothing else; so most heartbeats need not look.
    bool patterns_compared_ = false;
    monotonic_ns patterns_looked_at_;
};

} // namespace barnabas::group
