#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/json_text.hpp"
#include "cmd/barnabas/tools/groups_tool.hpp"
#include "runtime/config/config_value.hpp"

#include <algorithm>
#include <array>
#include <re2/re2.h>

// Groups listed, deleted, and their offsets deleted.
namespace barnabas::groups {

using client::partition_name;

void complain(said& to, const std::string& sentence) {
    to.out += "\nError: " + sentence + "\n";
    to.status = exit_told;
}

std::string sentence_of(const error& why) {
    switch (why.code) {
    case errc::non_empty_group: return "The group is not empty.";
    case errc::group_id_not_found: return "The group id does not exist.";
    case errc::group_subscribed_to_topic:
        return "Deleting offsets of a topic is forbidden while the consumer group is actively subscribed to "
               "it.";
    case errc::unknown_topic_or_partition: return "This server does not host this topic-partition.";
    default: return why.detail;
    }
}

std::string lower(std::string_view text) {
    std::string made;
    for (const char c : text)
        made += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return made;
}

namespace {

/// "--state Empty,Stable" lets only these through; nothing given lets all through.
bool is_among(const std::string& wanted, const std::string& value) {
    const auto words = split_list(wanted);
    return words.empty() || std::any_of(words.begin(), words.end(),
                                        [&](const auto& one) { return lower(one) == lower(value); });
}

/// "'a', 'b'".
std::string quoted(const std::vector<std::string>& groups) {
    std::vector<std::string> all;
    for (const auto& one : groups)
        all.push_back("'" + one + "'");
    return tools::joined(all, ", ");
}

constexpr std::array<std::string_view, 7> states{
    "Assigning", "CompletingRebalance", "Dead", "Empty", "PreparingRebalance", "Reconciling", "Stable"};
constexpr std::array<std::string_view, 2> types{"Consumer", "Classic"};

/// Whether one of the words of the option is none of these.
template <class Words>
bool has_stranger(const std::optional<std::string>& given, const Words& known) {
    const auto words = split_list(given.value_or(""));
    return std::any_of(words.begin(), words.end(), [&](const auto& one) {
        return std::none_of(known.begin(), known.end(), [&](auto word) { return lower(word) == lower(one); });
    });
}

template <class Words>
std::string list_of(const Words& words) {
    return tools::joined({words.begin(), words.end()}, ", ");
}

} // namespace

std::optional<std::string> find_list_misuse(const cli::parsed_options& options) {
    const auto state = options.value("state");
    if (has_stranger(state, states))
        return "Invalid state list '" + *state + "'. Valid states are: " + list_of(states);
    const auto type = options.value("type");
    if (has_stranger(type, types))
        return "Invalid types list '" + *type + "'. Valid types are: " + list_of(types);
    return std::nullopt;
}

result<std::vector<client::group_listing>> consumer_groups(const context& with) {
    const auto found = with.calls.list_groups(with.limits).get();
    if (!found)
        return found.failure();
    if (!found->failures.empty())
        return found->failures.begin()->second;
    auto groups = found->groups;
    std::erase_if(groups, [](const client::group_listing& one) {
        const auto type = lower(one.type);
        return type == "share" || type == "streams" ||
               (!one.protocol_type.empty() && one.protocol_type != "consumer");
    });
    return groups;
}

result<std::vector<std::string>> chosen_groups(const context& with) {
    if (!with.options.has("all-groups"))
        return with.options.values("group");
    const auto found = consumer_groups(with);
    if (!found)
        return found.failure();
    std::vector<std::string> names;
    for (const auto& one : *found)
        names.push_back(one.id);
    return names;
}

result<std::set<partition_name>> existing_partitions(const context& with,
                                                     const std::set<partition_name>& names) {
    std::vector<std::string> topics;
    for (const auto& name : names)
        if (topics.empty() || topics.back() != name.topic)
            topics.push_back(name.topic);
    std::set<partition_name> there;
    if (topics.empty())
        return there;
    for (const auto& [topic, described] : with.calls.describe_topics(topics, with.limits).get()) {
        if (!described && described.code() != errc::unknown_topic_or_partition)
            return described.failure();
        for (const auto& one :
             described ? described->partitions : std::vector<client::partition_description>{})
            if (one.leader && names.contains({topic, one.partition}))
                there.insert({topic, one.partition});
    }
    return there;
}

namespace {

/// "t:0,1"; the whole topic is asked of the cluster later.
result<std::vector<partition_name>> parse_partitions(const std::string& text) {
    const auto colon = text.find(':');
    std::vector<partition_name> named;
    for (const auto& one : split_list(text.substr(colon + 1))) {
        const auto number = tools::whole_number(one);
        if (!number || *number < 0 || *number > 0x7fffffff)
            return tools::wrong("Invalid partition '" + one + "' specified in topic arg '" + text + "'");
        named.push_back({text.substr(0, colon), static_cast<std::int32_t>(*number)});
    }
    if (named.empty() || text.find(':', colon + 1) != std::string::npos)
        return tools::wrong("Invalid topic arg '" + text + "', expected topic name and partitions");
    return named;
}

} // namespace

result<std::vector<partition_name>> chosen_partitions(const context& with,
                                                      const std::vector<std::string>& topics) {
    std::vector<partition_name> chosen;
    std::vector<std::string> whole;
    for (const auto& text : topics) {
        if (text.find(':') == std::string::npos) {
            whole.push_back(text);
            continue;
        }
        const auto named = parse_partitions(text);
        if (!named)
            return named.failure();
        chosen.insert(chosen.end(), named->begin(), named->end());
    }
    if (whole.empty())
        return chosen;
    for (const auto& [topic, described] : with.calls.describe_topics(whole, with.limits).get()) {
        if (!described)
            return described.code() == errc::unknown_topic_or_partition
                       ? error{described.code(), "the topic " + topic + " does not exist"}
                       : described.failure();
        for (const auto& one : described->partitions)
            chosen.push_back({topic, one.partition});
    }
    return chosen;
}

result<said> list(const context& with) {
    auto groups = consumer_groups(with);
    if (!groups)
        return groups.failure();
    const bool with_state = with.options.has("state");
    const bool with_type = with.options.has("type");
    const auto states = with.options.value("state").value_or("");
    const auto types = with.options.value("type").value_or("");
    std::erase_if(*groups, [&](const client::group_listing& one) {
        return !is_among(states, one.state) || !is_among(types, one.type);
    });
    if (with.json())
        return said{listing_json(*groups), {}};
    if (with_state || with_type)
        return said{listing_text(*groups, with_type, with_state), {}};
    said all;
    for (const auto& one : *groups)
        all.out += one.id + "\n";
    return all;
}

result<said> remove(const context& with) {
    const auto groups = chosen_groups(with);
    if (!groups)
        return groups.failure();
    std::vector<std::string> gone;
    std::map<std::string, error> kept;
    for (const auto& [group, outcome] : with.calls.delete_groups(*groups, with.limits).get()) {
        if (outcome)
            gone.push_back(group);
        else
            kept.emplace(group, outcome.failure());
    }
    said all;
    if (with.json()) {
        json_object failures;
        for (const auto& [group, why] : kept)
            failures.add(group, sentence_of(why));
        all.out = json_object().add("deleted", gone).add("failed", failures).text() + "\n";
        all.status = kept.empty() ? tools::exit_ok : exit_told;
        return all;
    }
    if (kept.empty()) {
        all.out = "Deletion of requested consumer groups (" + quoted(gone) + ") was successful.\n";
        return all;
    }
    complain(all, "Deletion of some consumer groups failed:");
    for (const auto& [group, why] : kept)
        all.out += "* Group '" + group + "' could not be deleted due to: " + sentence_of(why) + "\n";
    if (!gone.empty())
        all.out += "\nThese consumer groups were deleted successfully: " + quoted(gone) + "\n";
    return all;
}

namespace {

std::string statuses_text(const client::admin::changed_partitions& outcomes) {
    std::size_t width = 15;
    for (const auto& [name, outcome] : outcomes)
        width = std::max(width, name.topic.size());
    const std::vector<std::size_t> widths{width, 10, 15};
    std::string text = "\n" + tools::columns({"TOPIC", "PARTITION", "STATUS"}, widths);
    for (const auto& [name, outcome] : outcomes)
        text += "\n" + tools::columns({name.topic, std::to_string(name.partition),
                                       outcome ? "Successful" : "Error: " + sentence_of(outcome.failure())},
                                      widths);
    return text + "\n";
}

std::string statuses_json(const std::string& group, const client::admin::changed_partitions& outcomes) {
    std::vector<json_object> rows;
    for (const auto& [name, outcome] : outcomes) {
        json_object row;
        row.add("topic", name.topic).add("partition", name.partition);
        row.add("error", outcome ? std::nullopt : std::optional(sentence_of(outcome.failure())));
        rows.push_back(row);
    }
    return json_object().add("group", group).add("offsets", rows).text() + "\n";
}

/// An error of the group itself is told for each partition; Kafka's tool says it once.
bool is_of_group(errc code) {
    return code == errc::invalid_group_id || code == errc::group_id_not_found ||
           code == errc::group_authorization_failed || code == errc::non_empty_group;
}

} // namespace

result<said> remove_offsets(const context& with) {
    const auto group = *with.options.value("group");
    const auto partitions = chosen_partitions(with, with.options.values("topic"));
    if (!partitions)
        return partitions.failure();
    const auto outcomes = with.calls.delete_offsets(group, *partitions, with.limits).get();
    const error* first = nullptr;
    for (const auto& [name, outcome] : outcomes)
        if (!outcome && first == nullptr)
            first = &outcome.failure();
    said all;
    if (with.json()) {
        all.out = statuses_json(group, outcomes);
        all.status = first == nullptr ? tools::exit_ok : exit_told;
        return all;
    }
    if (first == nullptr)
        all.out = "Request succeeded for deleting offsets from group " + group + ".\n";
    else if (is_of_group(first->code))
        complain(all, sentence_of(*first));
    else
        complain(all, "Encountered some partition-level error, see the follow-up details.");
    all.out += statuses_text(outcomes);
    return all;
}

result<said> validate_regex(const std::string& regex, bool json) {
    const RE2 pattern(regex, RE2::Quiet);
    const auto verdict = "The regular expression `" + regex + "` is " +
                         (pattern.ok() ? "valid" : "invalid: " + pattern.error()) + ".";
    if (!json)
        return said{verdict + "\n", {}, pattern.ok() ? tools::exit_ok : exit_told};
    if (!pattern.ok())
        return said{tools::error_json({errc::invalid_regular_expression, verdict}), {}, exit_told};
    return said{json_object().add("regex", regex).add("valid", true).text() + "\n", {}};
}

} // namespace barnabas::groups
