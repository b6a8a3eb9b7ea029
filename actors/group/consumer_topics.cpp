#include "actors/group/assignors/assignors.hpp"
#include "actors/group/assignors/subscription_regex.hpp"
#include "actors/group/consumer_group.hpp"
#include "actors/group/group_names.hpp"
#include "actors/group/limits.hpp"
#include "actors/group/record_sizes.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/fnv1a.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

// What is subscribed to, and who shall have it.
namespace barnabas::group {

namespace {

/// It is kept in the log, where it only has to differ from what it was: another
/// implementation finds its own to differ once, and the epoch rises once.
class topics_digest {
public:
    void add(std::string_view text) {
        add(static_cast<std::uint64_t>(text.size()));
        hash_.add(text);
    }
    void add(std::uint64_t number) {
        for (int i = 0; i < 8; ++i, number >>= 8)
            hash_.add_byte(static_cast<std::uint8_t>(number));
    }
    void add(const topic_id& id) {
        for (const auto byte : id.bytes)
            hash_.add_byte(byte);
    }
    std::int64_t value() const { return static_cast<std::int64_t>(hash_.value()); }

private:
    fnv1a hash_;
};

/// What members say of topics. Most members of a group say the same: what follows from that, which may be
/// thousands of topics, is found once for all of them.
class distinct_subscriptions {
public:
    /// Numbers from 0 on, in the order in which they were seen first. `said` is not copied.
    std::size_t number_of(const consumer_subscription& said) {
        if (!all_.empty() && same(*all_[last_], said))
            return last_;
        const auto [at, made] = known_.insert({&said, all_.size()});
        if (made)
            all_.push_back(&said);
        return last_ = at->number;
    }
    const std::vector<const consumer_subscription*>& all() const noexcept { return all_; }

private:
    static bool same(const consumer_subscription& a, const consumer_subscription& b) {
        return a.pattern == b.pattern && a.topics == b.topics;
    }
    struct numbered {
        const consumer_subscription* said;
        std::size_t number;

        bool operator<(const numbered& other) const {
            return std::tie(said->pattern, said->topics) < std::tie(other.said->pattern, other.said->topics);
        }
    };
    std::set<numbered> known_;
    std::vector<const consumer_subscription*> all_;
    std::size_t last_ = 0;
};

} // namespace

/// What the member wants now: absent fields are as they were.
consumer_subscription consumer_group::merged(const consumer_heartbeat_request& request,
                                             const std::string& id) const {
    const auto* known = find(id);
    consumer_subscription said = known != nullptr ? *known->said : consumer_subscription{};
    said.client_id = request.client.client_id;
    said.host = request.client.host;
    said.classic.reset();
    if (request.who.instance_id)
        said.instance_id = request.who.instance_id;
    if (request.rack)
        said.rack = request.rack;
    if (request.rebalance_timeout)
        said.rebalance_timeout = *request.rebalance_timeout;
    if (request.assignor)
        said.assignor = request.assignor->empty() ? std::nullopt : request.assignor;
    if (request.pattern)
        said.pattern = request.pattern->empty() ? std::nullopt : request.pattern;
    if (!request.topics)
        return said;
    said.topics = *request.topics;
    std::sort(said.topics.begin(), said.topics.end());
    said.topics.erase(std::unique(said.topics.begin(), said.topics.end()), said.topics.end());
    return said;
}

bool consumer_group::can_keep(const std::string& id, const consumer_subscription& said) const {
    return bytes_of(name_, id, said) <= options_.record_bytes_max;
}

bool consumer_group::can_keep(const std::string& id, const partitions_by_topic& assigned) const {
    return bytes_of(assigned) <= partition_bytes_max(name_, id, options_.record_bytes_max);
}

/// Whether it concerns what the group has to assign.
bool consumer_group::note_subscription(const std::string& id, consumer_subscription said, turn& now) {
    const auto* known = find(id);
    if (known != nullptr && *known->said == said)
        return false;
    const bool changed =
        known == nullptr || known->said->topics != said.topics || known->said->pattern != said.pattern;
    write(consumer_member_record{name_, id, std::move(said)}, now);
    return changed;
}

/// A new epoch if members, subscriptions or topics changed, and a target for each member of the epoch.
void consumer_group::refresh_targets(bool subscription_changed, turn& now) {
    refresh_patterns(now);
    const bool topics_differ = topics_changed();
    if (subscription_changed || topics_differ)
        raise_epoch(now);
    if (epoch_ > target_epoch_)
        assign_targets(now);
}

void consumer_group::raise_epoch(turn& now) {
    topics_seen_ = topics_->applied;
    consumer_epoch_record raised{name_, consumer_epoch_record::state{epoch_ + 1, topics_hash()}};
    if (options_.planted.group_epoch_not_recorded && recorded_)
        return apply(raised, now.wall);
    write(std::move(raised), now);
}

/// Since the group looked last: created, removed or grown.
bool consumer_group::topics_changed() {
    if (std::exchange(topics_seen_, topics_->applied) == topics_->applied)
        return false;
    const bool changed = topics_hash() != topics_hash_;
    if (changed)
        BARNABAS_MARK(subscribed_topics_changed);
    return changed;
}

std::int64_t consumer_group::topics_hash() const {
    distinct_subscriptions distinct;
    for (const auto& [id, one] : members_)
        if (one.said)
            distinct.number_of(*one.said);
    std::vector<std::string_view> names;
    for (const auto* said : distinct.all())
        names.insert(names.end(), said->topics.begin(), said->topics.end());
    for (const auto& [pattern, matches] : patterns_)
        names.insert(names.end(), matches.topics.begin(), matches.topics.end());
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    topics_digest digest;
    bool any = false;
    for (const auto name : names) {
        const auto* topic = topics_->find_topic(name);
        if (topic == nullptr)
            continue;
        any = true;
        digest.add(name);
        digest.add(topic->id);
        digest.add(static_cast<std::uint64_t>(topic->partitions.size()));
    }
    return any ? digest.value() : 0;
}

// ---- patterns

std::set<std::string> consumer_group::patterns_in_use() const {
    std::set<std::string> used;
    for (const auto& [id, one] : members_)
        if (one.said && one.said->pattern)
            used.insert(*one.said->pattern);
    return used;
}

/// New patterns are looked for at once; topics that came since, for old ones, now and then: it takes all
/// topics to be looked at.
void consumer_group::refresh_patterns(turn& now) {
    const bool again = must_search_again(now.now);
    if (patterns_compared_ && (patterns_.empty() || !again))
        return;
    const auto used = patterns_in_use();
    std::vector<std::string> unused;
    for (const auto& [pattern, matches] : patterns_)
        if (!used.contains(pattern))
            unused.push_back(pattern);
    for (const auto& pattern : unused)
        write(pattern_record{name_, pattern, std::nullopt}, now);
    if (again && !used.empty()) {
        patterns_seen_ = topics_->applied;
        patterns_looked_at_ = now.now;
    }
    for (const auto& pattern : used) {
        const auto known = patterns_.find(pattern);
        if (known != patterns_.end() && !again)
            continue;
        auto found = matches_of(pattern, now);
        if (known != patterns_.end() && known->second.topics == found.value->topics)
            continue;
        write(std::move(found), now);
        // The group may have looked at this metadata before, for what it knew then.
        topics_seen_ = log_offset(-1);
    }
    patterns_compared_ = true;
}

bool consumer_group::must_search_again(monotonic_ns now) const {
    return patterns_seen_ != topics_->applied &&
           (patterns_seen_.get() < 0 ||
            now >= later(patterns_looked_at_, group_limits::pattern_refresh_wait));
}

/// Internal topics are nobody's by a pattern: their consumers would make the records that they read. Of more
/// topics than a record can name, the first ones count.
pattern_record consumer_group::matches_of(const std::string& pattern, turn& now) const {
    pattern_record searched{name_, pattern, pattern_record::matches{}};
    auto& found = *searched.value;
    found.version = topics_->applied.get();
    found.searched_at = now.wall;
    const auto compiled = subscription_regex::compile(pattern);
    // Checked when it came; but another implementation may have taken more than this one does.
    if (!compiled)
        return searched;
    for (const auto& [name, topic] : topics_->topics)
        if (!is_internal_topic(name) && compiled->matches(name))
            found.topics.push_back(name);
    if (cut_to_fit(searched, options_.record_bytes_max))
        BARNABAS_MARK(pattern_matches_cut);
    return searched;
}

// ---- targets

/// Those that exist; sorted.
std::vector<topic_id> consumer_group::topics_of(const consumer_subscription& said) const {
    std::vector<topic_id> ids;
    const auto add = [&](const std::vector<std::string>& names) {
        for (const auto& name : names)
            if (const auto* topic = topics_->find_topic(name))
                ids.push_back(topic->id);
    };
    add(said.topics);
    if (said.pattern)
        if (const auto matches = patterns_.find(*said.pattern); matches != patterns_.end())
            add(matches->second.topics);
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    return ids;
}

/// What most members want, of those that want one.
const std::string& consumer_group::chosen_assignor() const {
    std::map<std::string_view, std::size_t> votes;
    for (const auto& [id, one] : members_)
        if (one.said && one.said->assignor)
            ++votes[*one.said->assignor];
    const auto& known = options_.consumer.assignors;
    BARNABAS_ASSERT(!known.empty());
    const auto votes_for = [&](const std::string& name) {
        const auto counted = votes.find(name);
        return counted == votes.end() ? 0 : counted->second;
    };
    // The first of those with the most.
    return *std::max_element(known.begin(), known.end(),
                             [&](const auto& a, const auto& b) { return votes_for(a) < votes_for(b); });
}

void consumer_group::assign_targets(turn& now) {
    assignor_input input;
    distinct_subscriptions distinct;
    std::vector<std::vector<topic_id>> resolved;
    for (const auto& [id, one] : members_) {
        if (!one.said)
            continue;
        auto& member = input.members.emplace_back();
        member.member_id = id;
        member.instance_id = one.said->instance_id;
        const auto number = distinct.number_of(*one.said);
        if (number == resolved.size())
            resolved.push_back(topics_of(*one.said));
        member.subscribed = resolved[number];
        if (one.target)
            member.target = *one.target;
    }
    std::set<topic_id> wanted;
    for (const auto& ids : resolved)
        wanted.insert(ids.begin(), ids.end());
    for (const auto& id : wanted)
        input.topics.push_back({id, static_cast<std::int32_t>(topics_->find_topic(id)->partitions.size())});
    auto targets = chosen_assignor() == "range" ? assign_range(input) : assign_uniform(input);
    BARNABAS_ASSERT(targets.size() == input.members.size());
    for (std::size_t i = 0; i < targets.size(); ++i) {
        const auto& id = input.members[i].member_id;
        // What is too much for one member's record is nobody's, until somebody else comes to take it.
        if (cut_to_fit(targets[i], partition_bytes_max(name_, id, options_.record_bytes_max)))
            BARNABAS_MARK(target_cut);
        const auto& known = members_.find(id)->second.target;
        if (!known || *known != targets[i])
            write(target_record{name_, id, std::move(targets[i])}, now);
    }
    write(target_epoch_record{name_, target_epoch_record::state{epoch_, now.wall}}, now);
}

} // namespace barnabas::group
