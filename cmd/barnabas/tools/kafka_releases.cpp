#include "cmd/barnabas/tools/kafka_releases.hpp"

#include "actors/connection/features.hpp"
#include "cmd/barnabas/json_text.hpp"

#include <algorithm>
#include <array>

namespace barnabas::tools {

namespace {

/// All that Kafka 4 can begin with, from the level `first_level` on.
constexpr std::array<std::string_view, 24> names{
    "3.3-IV3", "3.4-IV0", "3.5-IV0", "3.5-IV1", "3.5-IV2", "3.6-IV0", "3.6-IV1", "3.6-IV2",
    "3.7-IV0", "3.7-IV1", "3.7-IV2", "3.7-IV3", "3.7-IV4", "3.8-IV0", "3.9-IV0", "4.0-IV0",
    "4.0-IV1", "4.0-IV2", "4.0-IV3", "4.1-IV0", "4.1-IV1", "4.2-IV0", "4.2-IV1", "4.3-IV0"};
constexpr std::int16_t first_level = 7;

struct feature_row {
    std::string_view feature;
    std::int16_t level;
    /// The first level of metadata.version that has it.
    std::int16_t since;
};
constexpr std::array<feature_row, 1> feature_rows{{{"group.version", 1, 22}}};

kafka_release release_at(std::size_t index) {
    return {std::string(names[index]), static_cast<std::int16_t>(first_level + index)};
}

/// "4.0" of "4.0.1", "4.0" and "4.0-IV3".
std::string_view numbers_of(std::string_view name) {
    const auto point = name.find('.');
    return name.substr(0, name.find_first_of(".-", point == name.npos ? point : point + 1));
}

const cluster_feature* find_feature(std::string_view name) {
    const auto* const found = std::find_if(cluster_features.begin(), cluster_features.end(),
                                           [&](const auto& one) { return one.name == name; });
    return found == cluster_features.end() ? nullptr : found;
}

result<said> version_mapping(const cli::parsed_options& options) {
    const auto given = options.value("release-version").value_or(newest_release().name);
    const auto release = find_release(given);
    if (!release)
        return wrong("Unknown release version '" + given + "'. Supported versions are: " +
                     std::string(names.front()) + " to " + std::string(names.back()));
    said told{std::string(metadata_feature) + "=" + std::to_string(release->level) + " (" + given + ")\n",
              {}};
    std::vector<json_object> rows;
    for (const auto& one : cluster_features) {
        const auto level = level_in(one.name, *release);
        told.out += std::string(one.name) + "=" + std::to_string(level) + "\n";
        rows.push_back(json_object().add("feature", one.name).add("level", level));
    }
    if (wants_json(options))
        told.out = json_object()
                       .add("release", release->name)
                       .add("metadataVersion", release->level)
                       .add("features", rows)
                       .text() +
                   "\n";
    return told;
}

/// "metadata.version=17 (3.7-IV2)", or an error for what is not known here.
result<std::string> known_feature(const feature_level& wanted) {
    const auto text = wanted.name + "=" + std::to_string(wanted.level);
    if (wanted.name == metadata_feature) {
        const auto release = find_release(std::int64_t{wanted.level});
        return release ? result<std::string>(text + " (" + release->name + ")") : release.failure();
    }
    const auto* const feature = find_feature(wanted.name);
    if (feature == nullptr)
        return wrong("Unknown feature: " + wanted.name);
    if (wanted.level > feature->highest)
        return wrong("No feature:" + wanted.name + " with feature level " + std::to_string(wanted.level));
    return text;
}

/// No feature that this cluster has needs another one.
result<said> feature_dependencies(const cli::parsed_options& options) {
    said told;
    std::vector<json_object> rows;
    if (!options.has("feature"))
        return wrong("argument --feature is required");
    for (const auto& text : options.values("feature")) {
        const auto wanted = parse_feature_level(text);
        if (!wanted)
            return wanted.failure();
        const auto known = known_feature(*wanted);
        if (!known)
            return known.failure();
        told.out += *known + " has no dependencies.\n";
        rows.push_back(json_object()
                           .add("feature", wanted->name)
                           .add("level", wanted->level)
                           .add("dependencies", std::vector<json_object>{}));
    }
    if (wants_json(options))
        told.out = json_object().add("features", rows).text() + "\n";
    return told;
}

} // namespace

kafka_release newest_release() {
    return release_at(names.size() - 1);
}

result<kafka_release> find_release(std::string_view name) {
    for (std::size_t i = names.size(); i-- > 0;)
        if (names[i] == name || (name.find('-') == name.npos && numbers_of(names[i]) == numbers_of(name)))
            return release_at(i);
    std::string all;
    for (const auto one : names)
        all += (all.empty() ? "" : ", ") + std::string(one);
    return wrong("Unknown metadata.version " + std::string(name) + ". Supported metadata.version are " + all);
}

result<kafka_release> find_release(std::int64_t level) {
    if (level < first_level || level > newest_release().level)
        return wrong("Unknown metadata.version " + std::to_string(level));
    return release_at(static_cast<std::size_t>(level - first_level));
}

std::int16_t level_in(std::string_view feature, const kafka_release& release) {
    for (const auto& row : feature_rows)
        if (row.feature == feature && release.level >= row.since)
            return row.level;
    return 0;
}

result<feature_level> parse_feature_level(std::string_view text) {
    const auto begin = "Can't parse feature=level string " + std::string(text) + ": ";
    const auto sign = text.find('=');
    if (sign == text.npos)
        return wrong(begin + "equals sign not found.");
    const auto level = whole_number(text.substr(sign + 1));
    if (!level || *level < 0 || *level > INT16_MAX)
        return wrong(begin + "unable to parse " + std::string(text.substr(sign + 1)) + " as a short.");
    return feature_level{std::string(text.substr(0, sign)), static_cast<std::int16_t>(*level)};
}

bool is_about_releases(std::string_view action) {
    return action == version_mapping_action.name || action == feature_dependencies_action.name;
}

result<said> tell_of_releases(const cli::parsed_options& options) {
    return options.positionals().front() == version_mapping_action.name ? version_mapping(options)
                                                                        : feature_dependencies(options);
}

} // namespace barnabas::tools
