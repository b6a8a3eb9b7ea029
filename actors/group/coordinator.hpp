#pragma once

#include "actors/group/classic_group.hpp"
#include "actors/group/commits_messages.hpp"
#include "actors/group/committed_offsets.hpp"
#include "actors/group/consumer_group.hpp"
#include "actors/group/group_effects.hpp"
#include "actors/group/group_options.hpp"
#include "actors/group/group_table.hpp"
#include "actors/group/group_timers.hpp"
#include "protocol/batch/compression.hpp"
#include "protocol/batch/record_batch.hpp"
#include "runtime/random/random.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace barnabas::group {

/// The groups of one partition of `__consumer_offsets`. Law: what outlives this node changes only by records,
/// applied in the order in which they are written, live as on load; whoever is answered, be it with an error,
/// is answered when the records that the answer rests on are committed. Assumes: nobody else writes to the
/// partition; if an append fails, this object is thrown away and a new one loads the log.
class coordinator {
public:
    coordinator(const group_options& options, runtime::random ids, metadata_image_ptr topics)
        : options_(options), ids_(ids), topics_(std::move(topics)) {}

    /// Loading: one batch after another, in the order of the log. corrupt_message or unsupported_version: the
    /// state cannot be known.
    result<void> replay(const batch::batch_view& batch, batch::codec_workspace* workspace);
    /// Offsets of topics that were deleted go: the node may have died before it could say so.
    void on_loaded(turn& now);
    /// Topics came, went or grew; groups look at them with their members' next heartbeats.
    void on_topics(metadata_image_ptr topics) { topics_ = std::move(topics); }
    /// Configurations were altered, of the topic or of groups; what is decided from now on follows them.
    void on_options(const group_options& options) {
        const auto own = std::exchange(options_, options).consumer.own;
        if (options_.planted.group_options_not_followed)
            options_.consumer.own = own;
    }
    /// Topics of these names were deleted: their offsets go. Only when all is loaded.
    void on_topics_gone(const std::set<std::string>& names, turn& now);

    void on_request(const coordinator_request& request, request_ticket ticket, turn& now);
    /// Handles what is due.
    void on_time(turn& now);
    std::optional<monotonic_ns> next_timer() const { return timers_.next(); }

    std::size_t group_count() const noexcept { return groups_.size(); }
    std::size_t offset_count() const;
    commits_response commits(const commits_query& query) const;

private:
    struct one_group {
        /// Both null for a name under which offsets were committed by nobody's member; one at most is there,
        /// when the log has been read.
        std::unique_ptr<classic_group> classic;
        std::unique_ptr<consumer_group> consumer;
        committed_offsets offsets;
    };
    /// What a group's offsets live by.
    struct expiry_rule {
        /// Not before then.
        timestamp_ms counted_from = no_timestamp;
        bool has_members = false;
    };
    using groups = group_table<one_group>;

    // coordinator.cpp
    void answer(const join_request& request, const std::string& name, request_ticket ticket, turn& now);
    void answer(const sync_request& request, const std::string& name, request_ticket ticket, turn& now);
    void answer(const heartbeat_request& request, const std::string& name, request_ticket ticket, turn& now);
    void answer(const leave_request& request, const std::string& name, request_ticket ticket, turn& now);
    classic_group* find_classic(const std::string& name);
    classic_group& classic_of(one_group& group, const std::string& name);
    std::string draw_member_id(const join_request& request);
    uuid draw_uuid();

    // coordinator_consumers.cpp: the consumer protocol
    void answer(const consumer_heartbeat_request& request, const std::string& name, request_ticket ticket,
                turn& now);
    void answer(const consumer_describe_request& request, const std::string& name, request_ticket ticket,
                turn& now);
    consumer_heartbeat_response heartbeat(const consumer_heartbeat_request& request, const std::string& name,
                                          turn& now);
    result<void> make_way_for_consumers(const std::string& name, turn& now);
    result<void> upgrade(const std::string& name, classic_group& classic, turn& now);
    void hand_over(const std::string& name, const classic_handover& from, turn& now);
    void downgrade_if_due(const std::string& name, turn& now, join_response* joined = nullptr);
    bool make_way_for_classic(const std::string& name, turn& now);
    consumer_group* find_consumer(const std::string& name);
    consumer_group& consumer_of(one_group& group, const std::string& name);
    void end(const consumer_group& group, turn& now);

    // coordinator_offsets.cpp
    void answer(const commit_request& request, const std::string& name, request_ticket ticket, turn& now);
    void answer(const offsets_request& request, const std::string& name, request_ticket ticket, turn& now);
    void answer(const delete_offsets_request& request, const std::string& name, request_ticket ticket,
                turn& now);
    errc check_commit(const commit_request& request, const std::string& name, turn& now);
    bool is_of_deleted(const std::string& topic, const committed_offset& value) const;
    void remove_offsets(const std::function<bool(const std::string& topic, const committed_offset&)>& which,
                        turn& now);
    void expire_all(turn& now);
    void expire(const std::string& name, turn& now);
    bool has_expired(const committed_offset& value, const expiry_rule& rule, timestamp_ms now) const;
    bool is_unstable(const std::string& name, const std::string& topic, partition_index index) const;

    // coordinator_groups.cpp
    void answer(const describe_request& request, const std::string& name, request_ticket ticket, turn& now);
    void answer(const list_request& request, const std::string& name, request_ticket ticket, turn& now);
    void answer(const delete_request& request, const std::string& name, request_ticket ticket, turn& now);
    errc remove_whole(groups::iterator group, turn& now);
    void forget_if_unused(const std::string& name, turn& now);
    void forget(groups::iterator group, turn& now);

    // coordinator_records.cpp
    void write(group_record record, turn& now);
    void apply(const group_record& record, timestamp_ms written);
    void apply_one(const offset_record& record, timestamp_ms written);
    void apply_one(const classic_record& record, timestamp_ms written);
    void apply_one(const consumer_record& record, timestamp_ms written);
    void erase_if_nothing_is_left(const std::string& name);
    void end_transaction(producer_id producer, bool committed);

    group_options options_;
    runtime::random ids_;
    metadata_image_ptr topics_;
    group_timers timers_;
    groups groups_;
    /// Offsets of transactions that are still open, by producer, as the log has them.
    std::map<producer_id, std::vector<offset_record>> open_transactions_;
};

} // namespace barnabas::group
