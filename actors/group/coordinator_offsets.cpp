#include "actors/group/coordinator.hpp"

#include "actors/group/group_names.hpp"
#include "actors/group/record_sizes.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <limits>
#include <utility>

// Committed offsets: stored, asked for, deleted, grown old.
namespace barnabas::group {

namespace {

/// Both come from clients.
timestamp_ms saturated_sum(timestamp_ms from, std::int64_t wait) {
    std::int64_t sum = 0;
    if (!__builtin_add_overflow(from.get(), wait, &sum))
        return timestamp_ms(sum);
    return timestamp_ms(wait > 0 ? std::numeric_limits<std::int64_t>::max()
                                 : std::numeric_limits<std::int64_t>::min());
}

} // namespace

void coordinator::answer(const commit_request& request, const std::string& name, request_ticket ticket,
                         turn& now) {
    commit_response response;
    response.code = check_commit(request, name, now);
    if (response.code != errc::ok)
        return now.out.reply(ticket, std::move(response));
    response.partitions.reserve(request.partitions.size());
    std::vector<offset_record> records;
    std::size_t bytes = 0;
    for (const auto& wanted : request.partitions) {
        // Deleted since the connection looked: the offset would stay for the next topic of that name.
        const bool is_gone =
            topics_ != nullptr && wanted.id != topic_id{} && topics_->find_topic(wanted.id) == nullptr;
        const auto at = wanted.committed_at == no_timestamp ? now.wall : wanted.committed_at;
        committed_offset value{wanted.offset, wanted.epoch, wanted.metadata, at, no_timestamp, wanted.id};
        if (request.retention)
            value.expires_at = saturated_sum(now.wall, request.retention->count());
        offset_record record{name, wanted.topic, wanted.index, std::move(value)};
        const bool too_large =
            std::cmp_greater(utf16_length(wanted.metadata), options_.offset_metadata_max) ||
            bytes_of(record) > options_.record_bytes_max;
        response.partitions.push_back(is_gone     ? errc::unknown_topic_or_partition
                                      : too_large ? errc::offset_metadata_too_large
                                                  : errc::ok);
        if (BARNABAS_MARK_IF(is_gone, commit_overtaken_by_deletion) || too_large)
            continue;
        bytes += bytes_of(record);
        records.push_back(std::move(record));
    }
    if (BARNABAS_MARK_IF(bytes > options_.decision_bytes_max, commit_too_large)) {
        response.code = errc::internal;
        response.partitions.clear();
        return now.out.reply(ticket, std::move(response));
    }
    for (auto& record : records)
        write(std::move(record), now);
    now.out.reply(ticket, std::move(response));
}

errc coordinator::check_commit(const commit_request& request, const std::string& name, turn& now) {
    if (const auto* consumers = find_consumer(name))
        return consumers->check_commit(request.who, member_epoch(request.generation.get()),
                                       request.knows_group_errors);
    if (auto* group = find_classic(name))
        return group->check_commit(request.who, request.generation, now);
    // Nobody ever joined: the name is used for its offsets alone.
    if (request.generation.get() < 0)
        return errc::ok;
    // Where it has some, the group is there and empty, and the member is not.
    if (groups_.contains(name))
        return errc::unknown_member_id;
    return request.knows_group_errors ? errc::group_id_not_found : errc::illegal_generation;
}

void coordinator::answer(const offsets_request& request, const std::string& name, request_ticket ticket,
                         turn& now) {
    offsets_response response;
    const auto found = groups_.find(name);
    if (const auto* consumers = find_consumer(name))
        response.code = consumers->check_fetch(request.who, member_epoch(request.member_epoch.get()));
    if (response.code != errc::ok)
        return now.out.reply(ticket, std::move(response));
    const auto add = [&](const std::string& topic, partition_index index, const committed_offset* value) {
        auto& one = response.partitions.emplace_back();
        one.topic = topic;
        one.index = index;
        if (request.stable_only && is_unstable(name, topic, index)) {
            one.code = errc::unstable_offset_commit;
        } else if (value != nullptr) {
            one.offset = value->offset;
            one.epoch = value->epoch;
            one.metadata = value->metadata;
        }
    };
    if (request.partitions)
        for (const auto& wanted : *request.partitions)
            add(wanted.topic, wanted.index,
                found == groups_.end() ? nullptr : found->second.offsets.find(wanted.topic, wanted.index));
    else if (found != groups_.end())
        found->second.offsets.for_each([&](const std::string& topic, partition_index index,
                                           const committed_offset& value) { add(topic, index, &value); });
    now.out.reply(ticket, std::move(response));
}

/// A transaction that is not over may yet change it (KIP-447).
bool coordinator::is_unstable(const std::string& name, const std::string& topic,
                              partition_index index) const {
    for (const auto& [producer, records] : open_transactions_)
        for (const auto& record : records)
            if (record.group == name && record.topic == topic && record.partition == index)
                return true;
    return false;
}

void coordinator::answer(const delete_offsets_request& request, const std::string& name,
                         request_ticket ticket, turn& now) {
    delete_offsets_response response;
    if (name.empty()) {
        response.code = errc::invalid_group_id;
        return now.out.reply(ticket, std::move(response));
    }
    const auto found = groups_.find(name);
    if (found == groups_.end()) {
        response.code = errc::group_id_not_found;
        return now.out.reply(ticket, std::move(response));
    }
    const auto* classic = found->second.classic.get();
    const bool has_members = classic != nullptr && !classic->is_empty();
    if (has_members && classic->protocol_type() != "consumer") {
        response.code = errc::non_empty_group;
        return now.out.reply(ticket, std::move(response));
    }
    auto subscribed =
        has_members ? classic->subscribed_topics() : std::optional<std::set<std::string>>(std::in_place);
    if (found->second.consumer)
        subscribed = found->second.consumer->subscribed_topics();
    std::vector<offset_record> gone;
    for (const auto& wanted : request.partitions) {
        // Where nobody can tell, nothing is taken from under anybody.
        const bool in_use = !subscribed || subscribed->contains(wanted.topic);
        response.partitions.push_back(in_use ? errc::group_subscribed_to_topic : errc::ok);
        if (!in_use && found->second.offsets.find(wanted.topic, wanted.index) != nullptr)
            gone.push_back({name, wanted.topic, wanted.index, std::nullopt});
    }
    // The last offset of a group without members takes the group with it.
    for (auto& one : gone) {
        write(std::move(one), now);
        now.out.end_decision();
    }
    now.out.reply(ticket, std::move(response));
}

void coordinator::on_topics_gone(const std::set<std::string>& names, turn& now) {
    remove_offsets(
        [&](const std::string& topic, const committed_offset& value) {
            return names.contains(topic) && (value.id == topic_id{} || is_of_deleted(topic, value));
        },
        now);
}

/// The topic is not there any more, or another one has its name.
bool coordinator::is_of_deleted(const std::string& topic, const committed_offset& value) const {
    // Before the first record nothing is known of any topic.
    if (topics_ == nullptr || topics_->applied == log_offset(0))
        return false;
    // Written by Kafka, or by an earlier version: it does not say whose it is, and its topic may come yet.
    if (value.id == topic_id{})
        return false;
    const auto* known = topics_->find_topic(topic);
    return known == nullptr || value.id != known->id;
}

void coordinator::remove_offsets(
    const std::function<bool(const std::string& topic, const committed_offset&)>& which, turn& now) {
    std::vector<offset_record> gone;
    for (const auto& [name, group] : groups_)
        group.offsets.for_each(
            [&](const std::string& topic, partition_index index, const committed_offset& value) {
                if (which(topic, value))
                    gone.push_back({name, topic, index, std::nullopt});
            });
    for (auto& record : gone) {
        BARNABAS_MARK(offsets_of_deleted_topic);
        write(std::move(record), now);
        now.out.end_decision();
    }
}

void coordinator::expire_all(turn& now) {
    std::vector<std::string> names;
    names.reserve(groups_.size());
    for (const auto& [name, group] : groups_)
        names.push_back(name);
    for (const auto& name : names) {
        expire(name, now);
        forget_if_unused(name, now);
        now.out.end_decision();
    }
}

/// The rules of KIP-211: a group that lives keeps what it reads, however long ago it committed (card GRP-01);
/// one that lost its members keeps its offsets for the retention from then on.
void coordinator::expire(const std::string& name, turn& now) {
    const auto& group = groups_.find(name)->second;
    const auto* classic = group.classic.get();
    const auto* consumers = group.consumer.get();
    const bool had_members = classic != nullptr && !classic->protocol_type().empty();
    expiry_rule rule;
    rule.has_members = consumers != nullptr ? !consumers->is_empty() : had_members && !classic->is_empty();
    if (!rule.has_members && (had_members || consumers != nullptr))
        rule.counted_from = consumers != nullptr ? consumers->since() : classic->since();
    std::optional<std::set<std::string>> read;
    if (rule.has_members && consumers != nullptr)
        read = consumers->subscribed_topics();
    else if (rule.has_members && classic->phase() == classic_phase::stable)
        read = classic->subscribed_topics();
    // What they read cannot be told, or may change with the rebalance that is under way (card GRP-03).
    if (rule.has_members && !read)
        return;
    std::vector<offset_record> expired;
    group.offsets.for_each(
        [&](const std::string& topic, partition_index index, const committed_offset& value) {
            if (has_expired(value, rule, now.wall) && !(read && read->contains(topic)) &&
                !is_unstable(name, topic, index))
                expired.push_back({name, topic, index, std::nullopt});
        });
    for (auto& record : expired) {
        BARNABAS_MARK(committed_offset_expired);
        write(std::move(record), now);
        now.out.end_decision();
    }
}

bool coordinator::has_expired(const committed_offset& value, const expiry_rule& rule,
                              timestamp_ms now) const {
    if (value.expires_at != no_timestamp)
        return now >= value.expires_at;
    const auto counted_from = std::max(value.committed_at, rule.counted_from);
    return now >= saturated_sum(counted_from, options_.offsets_retention.count());
}

} // namespace barnabas::group
