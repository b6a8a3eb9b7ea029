#include "actors/group/consumer_group.hpp"

#include "actors/group/limits.hpp"
#include "protocol/model/assert.hpp"

#include <algorithm>
#include <utility>

// What the log says of a group, and what the group tells of itself.
namespace barnabas::group {

const consumer_group::member* consumer_group::find(std::string_view id) const {
    const auto found = members_.find(id);
    return found == members_.end() || !found->second.said ? nullptr : &found->second;
}

/// A sign of life.
void consumer_group::touch(const std::string& id, member& one, monotonic_ns now) {
    const auto& classic = one.said->classic;
    one.life.alive_until =
        later(now, classic ? classic->session_timeout : options_.consumer.session_timeout_of(name_));
    timers_.watch(one.life, name_, id);
}

void consumer_group::limit_revocation(const std::string& id, member& one, monotonic_ns now) {
    const auto wait = std::max(one.said->rebalance_timeout, std::chrono::milliseconds(0));
    one.revoke_until = later(now, wait);
    timers_.arm(*one.revoke_until, {timer_kind::revocation, name_, id, 0});
}

// ---- what the log says

void consumer_group::apply(const consumer_record& record, timestamp_ms written) {
    if (std::holds_alternative<consumer_epoch_record>(record))
        since_ = written;
    std::visit([&](const auto& one) { apply_one(one); }, record);
}

/// Without value it ends the group, which is its coordinator's business.
void consumer_group::apply_one(const consumer_epoch_record& record) {
    BARNABAS_ASSERT(record.value.has_value());
    recorded_ = true;
    epoch_ = record.value->epoch;
    topics_hash_ = record.value->topics_hash;
}

void consumer_group::apply_one(const legacy_topics_record& record) {
    has_legacy_topics_ = record.present;
}

void consumer_group::apply_one(const consumer_member_record& record) {
    const auto found =
        record.value ? members_.try_emplace(record.member_id).first : members_.find(record.member_id);
    if (found == members_.end())
        return;
    auto& one = found->second;
    if (one.said && one.said->instance_id) {
        const auto known_as = static_members_.find(*one.said->instance_id);
        if (known_as != static_members_.end() && known_as->second == record.member_id)
            static_members_.erase(known_as);
    }
    const bool was_there = one.said.has_value();
    classic_count_ -= was_there && one.said->classic ? 1 : 0;
    patterns_compared_ = false;
    one.said = record.value;
    if (!record.value) {
        member_count_ -= was_there ? 1 : 0;
        return drop_if_void(record.member_id);
    }
    classic_count_ += one.said->classic ? 1 : 0;
    if (one.said->instance_id)
        static_members_[*one.said->instance_id] = record.member_id;
    member_count_ += was_there ? 0 : 1;
}

void consumer_group::apply_one(const target_epoch_record& record) {
    target_epoch_ = record.value ? record.value->epoch : 0;
}

void consumer_group::apply_one(const target_record& record) {
    const auto found =
        record.value ? members_.try_emplace(record.member_id).first : members_.find(record.member_id);
    if (found == members_.end())
        return;
    found->second.target = record.value;
    drop_if_void(record.member_id);
}

void consumer_group::apply_one(const current_record& record) {
    const auto found =
        record.value ? members_.try_emplace(record.member_id).first : members_.find(record.member_id);
    if (found == members_.end())
        return;
    auto& one = found->second;
    const auto had = std::exchange(one.has, record.value);
    if (had) {
        owners_.remove(had->assigned);
        owners_.remove(had->pending);
    }
    if (!one.has) {
        one.revoke_until.reset();
        return drop_if_void(record.member_id);
    }
    owners_.add(one.has->assigned);
    owners_.add(one.has->pending);
    if (one.has->state != member_state::unrevoked)
        one.revoke_until.reset();
}

void consumer_group::apply_one(const pattern_record& record) {
    patterns_compared_ = false;
    if (record.value)
        patterns_[record.pattern] = *record.value;
    else
        patterns_.erase(record.pattern);
}

void consumer_group::drop_if_void(const std::string& id) {
    const auto found = members_.find(id);
    if (found->second.is_void())
        members_.erase(found);
}

/// Records about somebody of whom nothing else is known hold nothing any more.
void consumer_group::on_loaded(monotonic_ns now) {
    std::vector<std::string> unknown;
    for (auto& [id, one] : members_) {
        if (!one.said) {
            unknown.push_back(id);
            continue;
        }
        touch(id, one, now);
        if (one.has && one.has->state == member_state::unrevoked)
            limit_revocation(id, one, now);
    }
    for (const auto& id : unknown) {
        apply_one(current_record{name_, id, std::nullopt});
        apply_one(target_record{name_, id, std::nullopt});
    }
}

std::vector<consumer_record> consumer_group::end_records() const {
    std::vector<consumer_record> records;
    for (const auto& [id, one] : members_) {
        records.emplace_back(current_record{name_, id, std::nullopt});
        records.emplace_back(target_record{name_, id, std::nullopt});
        records.emplace_back(consumer_member_record{name_, id, std::nullopt});
    }
    for (const auto& [pattern, matches] : patterns_)
        records.emplace_back(pattern_record{name_, pattern, std::nullopt});
    if (has_legacy_topics_)
        records.emplace_back(legacy_topics_record{name_, false});
    records.emplace_back(target_epoch_record{name_, std::nullopt});
    records.emplace_back(consumer_epoch_record{name_, std::nullopt});
    return records;
}

std::size_t consumer_group::end_bytes() const {
    const auto each = group_limits::record_overhead_bytes + name_.size();
    std::size_t bytes = 3 * each;
    for (const auto& [id, one] : members_)
        bytes += 3 * (each + id.size());
    for (const auto& [pattern, matches] : patterns_)
        bytes += each + pattern.size();
    return bytes;
}

// ---- what the group tells

/// Nobody acts under the epoch of a member that has left for a while.
bool consumer_group::is_of(const member& one, member_epoch epoch) {
    return one.has && one.has->epoch == epoch && epoch != pausing_epoch;
}

errc consumer_group::check_commit(const member_name& who, member_epoch epoch, bool knows_group_errors) const {
    // An administrator, or somebody who assigns partitions by hand.
    if (epoch < joining_epoch && is_empty())
        return errc::ok;
    // Unlike Kafka, which looks at the member id alone.
    if (const errc code = check_instance(who); code != errc::ok)
        return code;
    const auto* one = find(who.member_id);
    if (one == nullptr)
        return errc::unknown_member_id;
    const bool same = is_of(*one, epoch) || (one->has && options_.planted.member_epoch_ignored);
    if (one->said->classic)
        return same ? errc::ok : errc::illegal_generation;
    if (!knows_group_errors)
        return errc::unsupported_version;
    return same ? errc::ok : errc::stale_member_epoch;
}

errc consumer_group::check_fetch(const member_name& who, member_epoch epoch) const {
    // Whoever is no member may ask.
    if (epoch < joining_epoch && who.member_id.empty())
        return errc::ok;
    const auto* one = find(who.member_id);
    if (one == nullptr)
        return errc::unknown_member_id;
    if (is_of(*one, epoch))
        return errc::ok;
    return one->said->classic ? errc::illegal_generation : errc::stale_member_epoch;
}

std::string_view consumer_group::state() const {
    if (is_empty())
        return "Empty";
    if (epoch_ > target_epoch_)
        return "Assigning";
    const bool settled = std::all_of(members_.begin(), members_.end(), [this](const auto& entry) {
        const auto& has = entry.second.has;
        return has && has->state == member_state::stable && has->epoch.get() == target_epoch_;
    });
    return settled ? "Stable" : "Reconciling";
}

std::set<std::string> consumer_group::subscribed_topics() const {
    std::set<std::string> topics;
    for (const auto& [id, one] : members_)
        if (one.said)
            topics.insert(one.said->topics.begin(), one.said->topics.end());
    for (const auto& [pattern, matches] : patterns_)
        topics.insert(matches.topics.begin(), matches.topics.end());
    return topics;
}

consumer_describe_response consumer_group::describe() const {
    consumer_describe_response answer;
    answer.state = state();
    answer.group_epoch = epoch_;
    answer.assignment_epoch = target_epoch_;
    answer.assignor = chosen_assignor();
    for (const auto& [id, one] : members_) {
        if (!one.said)
            continue;
        auto& shown = answer.members.emplace_back();
        shown.who = {id, one.said->instance_id};
        shown.client = {one.said->client_id, one.said->host};
        shown.rack = one.said->rack;
        shown.topics = one.said->topics;
        shown.pattern = one.said->pattern;
        shown.is_classic = one.said->classic.has_value();
        shown.target = one.target.value_or(partitions_by_topic{});
        if (!one.has)
            continue;
        shown.epoch = one.has->epoch;
        shown.assigned = one.has->assigned;
    }
    return answer;
}

} // namespace barnabas::group
