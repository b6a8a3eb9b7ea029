#include "sim/checkers/altered_configs.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace barnabas::sim {

namespace {

/// A partition whose loop stands still hears of its new configs when it goes on.
constexpr std::int64_t alteration_grace_ns = 15 * second;
constexpr const char* policy_key = "cleanup.policy";
/// DescribeConfigs does not tell of it. It is set and never taken back.
constexpr const char* segment_key = "internal.segment.bytes";
constexpr const char* policy_default = "delete";

bool has(const altered_configs::value& policy, const char* word) {
    const auto words = split_list(policy.value_or(policy_default));
    return std::find(words.begin(), words.end(), word) != words.end();
}

altered_configs::value changed(const altered_configs::value& from, const config_change& change) {
    if (change.what == config_operation::set)
        return change.value;
    if (change.what == config_operation::remove)
        return std::nullopt;
    // The only list among what is altered.
    auto words = split_list(from.value_or(policy_default));
    const auto found = std::find(words.begin(), words.end(), change.value);
    if (change.what == config_operation::append && found == words.end())
        words.push_back(change.value);
    if (change.what == config_operation::subtract && found != words.end())
        words.erase(found);
    std::string text;
    for (const auto& word : words)
        text += (text.empty() ? "" : ",") + word;
    return text;
}

/// Negative: no bound.
std::int64_t bound_of(const altered_configs::value& text, std::int64_t without) {
    const auto number = text ? std::stoll(*text) : without;
    return number < 0 ? std::numeric_limits<std::int64_t>::max() : number;
}

} // namespace

void altered_configs::begin(std::uint32_t topic, const std::map<std::string, std::string>& set,
                            const retention_policy& without) {
    auto& of = topics_[topic];
    of.without = without;
    of.longest_segment = without.segment_bytes;
    for (const auto& [key, text] : set)
        if (key == segment_key)
            of.longest_segment = std::stoll(text);
        else
            of.keys[key].now = {text};
}

void altered_configs::settle(known_key& key, std::set<value> now, virtual_time at) {
    for (const auto& old : key.now)
        if (!now.contains(old))
            key.before[old] = at;
    key.now = std::move(now);
}

void altered_configs::apply(known_topic& to, const configs_asked& asked, bool certain, virtual_time at) {
    if (asked.replaces)
        for (auto& [key, known] : to.keys) {
            auto now = certain ? std::set<value>{} : known.now;
            now.insert(std::nullopt);
            settle(known, std::move(now), at);
        }
    for (const auto& change : asked.changes) {
        if (change.key == segment_key) {
            to.longest_segment = std::max<std::int64_t>(to.longest_segment, std::stoll(change.value));
            continue;
        }
        auto& known = to.keys[change.key];
        auto now = certain ? std::set<value>{} : known.now;
        for (const auto& from : known.now)
            now.insert(changed(from, change));
        settle(known, std::move(now), at);
    }
}

/// Each may land once, or never, in any order: more than once does no harm here.
void altered_configs::let_late_land(known_topic& topic, virtual_time at) {
    for (std::size_t round = 0; round < topic.late.size(); ++round)
        for (const auto& late : topic.late)
            apply(topic, late, false, at);
}

void altered_configs::on_asked(const configs_asked& asked) {
    asked_ = asked;
    apply(topics_[asked.topic], asked, false, asked.at);
}

void altered_configs::on_answered(const configs_answered& answered) {
    if (!asked_)
        return;
    auto& topic = topics_[asked_->topic];
    if (answered.confirmed)
        apply(topic, *asked_, true, answered.at);
    else if (std::none_of(topic.late.begin(), topic.late.end(), [&](const configs_asked& late) {
                 return late.changes == asked_->changes && late.replaces == asked_->replaces;
             }))
        topic.late.push_back(*asked_);
    asked_.reset();
    let_late_land(topic, answered.at);
}

void altered_configs::on_told(const configs_told& told) {
    auto& topic = topics_[told.topic];
    for (auto& [key, known] : topic.keys) {
        const auto found = told.set.find(key);
        settle(known, {found == told.set.end() ? value() : value(found->second)}, told.at);
    }
    let_late_land(topic, told.at);
}

void altered_configs::on_life_ended() {
    for (auto& [number, topic] : topics_)
        topic.late.clear();
}

std::optional<virtual_time> altered_configs::only_since(std::uint32_t topic, const std::string& key,
                                                        const value& text) const {
    const auto found = topics_.find(topic);
    if (found == topics_.end() || !found->second.keys.contains(key))
        return std::nullopt;
    const auto& known = found->second.keys.at(key);
    if (known.now != std::set<value>{text})
        return std::nullopt;
    virtual_time since{0};
    for (const auto& [old, until] : known.before)
        since = std::max(since, until);
    return since;
}

const std::set<altered_configs::value>& altered_configs::may_be(std::uint32_t topic,
                                                                const std::string& key) const {
    return topics_.at(topic).keys.at(key).now;
}

std::set<std::string> altered_configs::keys(std::uint32_t topic) const {
    std::set<std::string> names;
    for (const auto& [key, known] : topics_.at(topic).keys)
        names.insert(key);
    return names;
}

std::set<altered_configs::value> altered_configs::recent(const known_topic& of, const std::string& key,
                                                         virtual_time now) const {
    const auto found = of.keys.find(key);
    if (found == of.keys.end())
        return {std::nullopt};
    auto values = found->second.now;
    for (const auto& [old, until] : found->second.before)
        if (now - until < alteration_grace_ns)
            values.insert(old);
    return values;
}

template <class Better>
retention_policy altered_configs::policy(std::uint32_t topic, virtual_time now, bool deletes_if_any,
                                         const Better& better) const {
    const auto& of = topics_.at(topic);
    const auto bound = [&](const char* key, std::int64_t without) {
        std::optional<std::int64_t> found;
        for (const auto& text : recent(of, key, now)) {
            const auto one = bound_of(text, without);
            found = found ? better(*found, one) : one;
        }
        return *found == std::numeric_limits<std::int64_t>::max() ? -1 : *found;
    };
    const auto policies = recent(of, policy_key, now);
    const auto deletes = [](const value& one) { return has(one, "delete"); };
    retention_policy made;
    made.deletes = deletes_if_any ? std::any_of(policies.begin(), policies.end(), deletes)
                                  : std::all_of(policies.begin(), policies.end(), deletes);
    made.ms = bound("retention.ms", of.without.ms);
    made.bytes = bound("retention.bytes", of.without.bytes);
    made.segment_bytes = of.longest_segment;
    return made;
}

retention_policy altered_configs::loosest(std::uint32_t topic, virtual_time now) const {
    return policy(topic, now, true, [](std::int64_t a, std::int64_t b) { return std::min(a, b); });
}

retention_policy altered_configs::strictest(std::uint32_t topic, virtual_time now) const {
    return policy(topic, now, false, [](std::int64_t a, std::int64_t b) { return std::max(a, b); });
}

bool altered_configs::may_compact(std::uint32_t topic, virtual_time now) const {
    const auto policies = recent(topics_.at(topic), policy_key, now);
    return std::any_of(policies.begin(), policies.end(),
                       [](const value& one) { return has(one, "compact"); });
}

} // namespace barnabas::sim
