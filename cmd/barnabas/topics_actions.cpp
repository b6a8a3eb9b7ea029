#include "cmd/barnabas/cluster_tool.hpp"
#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/json_text.hpp"
#include "cmd/barnabas/topic_pattern.hpp"
#include "cmd/barnabas/topics_command.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace barnabas::topics {

namespace {

using client::admin;

constexpr std::int64_t int16_most = 32767;
constexpr std::int64_t int32_most = 0x7fffffff;

error wrong(std::string why) {
    return {errc::invalid_request, std::move(why)};
}

/// The topics that --topic, --topic-id and --exclude-internal let through, by name.
result<std::vector<client::topic_listing>> wanted_topics(const admin& calls,
                                                         const cli::parsed_options& options) {
    const auto pattern = options.value("topic");
    const auto id = options.value("topic-id");
    const auto names = pattern ? topic_pattern::parse(*pattern) : topic_pattern::all();
    if (!names)
        return names.failure();
    if (id && !parse_uuid(*id))
        return wrong("--topic-id " + *id + " is no topic id: 22 characters of URL-safe base64");
    auto all = calls.list_topics().get();
    if (!all)
        return all.failure();
    const bool no_internal = options.has("exclude-internal");
    std::erase_if(*all, [&](const client::topic_listing& one) {
        if (id)
            return one.id != *parse_uuid(*id);
        return (no_internal && one.is_internal) || !names->matches(one.name);
    });
    if (auto gave_up = names->trouble())
        return std::move(*gave_up);
    return all;
}

/// A pattern that happens to fit the cluster's own topics is not meant for them: only their name is.
result<void> leave_internal(std::vector<client::topic_listing>& found, const cli::parsed_options& options) {
    const auto names = topic_pattern::parse(options.value("topic").value_or(""));
    std::string left;
    std::erase_if(found, [&](const client::topic_listing& one) {
        if (!one.is_internal || (names && names->is_named(one.name)))
            return false;
        left += (left.empty() ? "" : ", ") + one.name;
        return true;
    });
    const auto why = left + " is internal to the cluster; only its own name as --topic stands for it";
    if (!left.empty() && found.empty())
        return wrong(why);
    if (!left.empty())
        std::fprintf(stderr, "%s topics: left alone: %s\n", program_name, why.c_str());
    return {};
}

/// The same; nobody matching is an error unless --if-exists is given.
result<std::vector<std::string>> existing_topics(const admin& calls, const cli::parsed_options& options) {
    auto found = wanted_topics(calls, options);
    if (!found)
        return found.failure();
    if (options.has("delete") || options.has("alter"))
        if (const auto left = leave_internal(*found, options); !left)
            return left.failure();
    const bool required = !options.has("if-exists");
    if (found->empty() && required && options.has("topic-id"))
        return error{errc::unknown_topic_id,
                     "TopicId '" + *options.value("topic-id") + "' does not exist as expected"};
    if (found->empty() && required && options.has("topic"))
        return error{errc::unknown_topic_or_partition,
                     "Topic 'Optional[" + *options.value("topic") + "]' does not exist as expected"};
    std::vector<std::string> names;
    for (const auto& one : *found)
        names.push_back(one.name);
    return names;
}

/// The first failure of several, if there is one.
template <class Results>
std::optional<error> first_failure(const Results& results) {
    for (const auto& [key, one] : results)
        if (!one)
            return one.failure();
    return std::nullopt;
}

result<std::int64_t> whole_number(const cli::parsed_options& options, std::string_view name) {
    const auto text = *options.value(name);
    std::int64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size() ||
        number > int32_most || number < -int32_most)
        return wrong("Cannot parse argument '" + text + "' of option " + std::string(name));
    return number;
}

result<client::topic_spec> spec_of(const cli::parsed_options& options) {
    client::topic_spec spec;
    spec.name = *options.value("topic");
    if (options.has("replication-factor")) {
        const auto factor = whole_number(options, "replication-factor");
        if (!factor)
            return factor.failure();
        if (*factor < 1 || *factor > int16_most)
            return wrong("The replication factor must be between 1 and 32767 inclusive");
        spec.replication_factor = static_cast<std::int16_t>(*factor);
    }
    if (options.has("partitions")) {
        const auto count = whole_number(options, "partitions");
        if (!count)
            return count.failure();
        if (*count < 1)
            return wrong("The partitions must be greater than 0");
        spec.partitions = static_cast<std::int32_t>(*count);
    }
    if (const auto placed = options.value("replica-assignment")) {
        auto parsed = parse_replica_assignment(*placed);
        if (!parsed)
            return parsed.failure();
        spec.assignments = std::move(*parsed);
    }
    auto configs = parse_topic_configs(options.values("config"));
    if (!configs)
        return configs.failure();
    spec.configs = std::move(*configs);
    return spec;
}

constexpr std::string_view collision_warning =
    "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could "
    "collide. To avoid issues it is best to use either, but not both.\n";

} // namespace

result<std::string> create(const admin& calls, const cli::parsed_options& options) {
    auto spec = spec_of(options);
    if (!spec)
        return spec.failure();
    const auto name = spec->name;
    const bool json = wants_json(options);
    const bool collides = name.find_first_of("._") != std::string::npos;
    const std::string warning(collides && !json ? collision_warning : std::string_view());
    const auto made = calls.create_topics({std::move(*spec)}).get();
    const auto& outcome = made.at(name);
    if (outcome.code() == errc::topic_already_exists) {
        if (options.has("if-not-exists"))
            return json ? json_object().add("existed", name).text() + "\n" : warning;
        // A cut-off attempt of our own may have made it; the broker cannot know.
        const auto cut = outcome.failure().detail.find(" (an earlier attempt");
        return error{errc::topic_already_exists,
                     "Topic '" + name + "' already exists." +
                         (cut == std::string::npos ? "" : outcome.failure().detail.substr(cut))};
    }
    if (!outcome)
        return outcome.failure();
    if (!json)
        return warning + "Created topic " + name + ".\n";
    json_object what;
    what.add("name", name).add("topicId", to_string(outcome->id)).add("partitions", outcome->partitions);
    what.add("replicationFactor", outcome->replication_factor);
    return json_object().add("created", what).text() + "\n";
}

result<std::string> list(const admin& calls, const cli::parsed_options& options) {
    const auto found = wanted_topics(calls, options);
    if (!found)
        return found.failure();
    if (wants_json(options)) {
        std::vector<json_object> all;
        for (const auto& one : *found) {
            json_object what;
            what.add("name", one.name).add("topicId", to_string(one.id)).add("internal", one.is_internal);
            all.push_back(what);
        }
        return json_object().add("topics", all).text() + "\n";
    }
    std::string text;
    for (const auto& one : *found)
        text += (text.empty() ? "" : "\n") + one.name;
    return text + "\n";
}

namespace {

/// Topics with their settings. One that was deleted meanwhile is left out.
result<std::vector<shown_topic>> shown_topics(const admin& calls, const std::vector<std::string>& names) {
    std::vector<client::config_resource> resources;
    for (const auto& name : names)
        resources.push_back({client::resource_kind::topic, name});
    const auto topics_later = calls.describe_topics(names);
    const auto configs_later = calls.describe_configs(resources);
    std::vector<shown_topic> shown;
    for (const auto& [name, topic] : topics_later.get()) {
        const auto& configs = configs_later.get().at({client::resource_kind::topic, name});
        if (topic && configs) {
            shown.push_back({*topic, *configs});
            continue;
        }
        const auto& why = !topic ? topic.failure() : configs.failure();
        if (why.code != errc::unknown_topic_or_partition)
            return why;
    }
    return shown;
}

} // namespace

result<std::string> describe(const admin& calls, const cli::parsed_options& options) {
    const auto names = existing_topics(calls, options);
    if (!names)
        return names.failure();
    std::vector<shown_topic> shown;
    if (!names->empty()) {
        auto found = shown_topics(calls, *names);
        if (!found)
            return found.failure();
        shown = std::move(*found);
    }
    const auto cluster = calls.describe_cluster().get();
    if (!cluster)
        return cluster.failure();
    std::set<std::int32_t> live;
    for (const auto& one : cluster->brokers)
        live.insert(one.id);
    description_filter filter;
    filter.only_overrides = options.has("topics-with-overrides");
    filter.only_under_replicated = options.has("under-replicated-partitions");
    filter.only_unavailable = options.has("unavailable-partitions");
    filter.only_under_min_isr = options.has("under-min-isr-partitions");
    filter.only_at_min_isr = options.has("at-min-isr-partitions");
    return wants_json(options) ? described_as_json(shown, filter, live)
                               : described_as_text(shown, filter, live);
}

result<std::string> alter(const admin& calls, const cli::parsed_options& options) {
    const auto count = whole_number(options, "partitions");
    if (!count)
        return count.failure();
    std::map<std::int32_t, std::vector<std::int32_t>> placed;
    if (const auto text = options.value("replica-assignment")) {
        auto parsed = parse_replica_assignment(*text);
        if (!parsed)
            return parsed.failure();
        placed = std::move(*parsed);
    }
    const auto names = existing_topics(calls, options);
    if (!names)
        return names.failure();
    std::map<std::string, client::partitions_spec> wanted;
    for (const auto& name : *names)
        wanted[name].count = static_cast<std::int32_t>(*count);
    // Of what is placed by hand only new partitions count.
    if (!placed.empty() && !names->empty())
        for (const auto& [name, topic] : calls.describe_topics(*names).get()) {
            if (!topic)
                return topic.failure();
            const auto first_new = static_cast<std::int32_t>(topic->partitions.size());
            for (auto at = placed.lower_bound(first_new); at != placed.end(); ++at)
                wanted[name].assignments.push_back(at->second);
        }
    const auto changed = calls.create_partitions(std::move(wanted)).get();
    if (auto why = first_failure(changed))
        return *why;
    return wants_json(options) ? json_object().add("altered", *names).text() + "\n" : std::string();
}

result<std::string> remove(const admin& calls, const cli::parsed_options& options) {
    const auto names = existing_topics(calls, options);
    if (!names)
        return names.failure();
    const auto gone = calls.delete_topics(*names).get();
    if (auto why = first_failure(gone))
        return *why;
    return wants_json(options) ? json_object().add("deleted", *names).text() + "\n" : std::string();
}

} // namespace barnabas::topics
