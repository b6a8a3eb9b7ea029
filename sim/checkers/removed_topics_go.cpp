#include "sim/checkers/removed_topics_go.hpp"

#include <algorithm>
#include <string_view>

namespace barnabas::sim {

namespace {

constexpr std::string_view id_key = "topic_id: ";
constexpr std::string_view stray_suffix = "-stray";

/// `<topic>-<partition>.<topic id>-stray`, or `.<topic id>+<number>-stray`.
std::optional<topic_id> topic_in_name(const std::string& name) {
    const auto dot = name.rfind('.');
    if (!name.ends_with(stray_suffix) || dot == std::string::npos)
        return std::nullopt;
    const auto whose = name.substr(dot + 1, name.size() - stray_suffix.size() - dot - 1);
    return parse_uuid(whose.substr(0, whose.find('+')));
}

bool is_of(const std::optional<topic_id>& one, const std::set<topic_id>& removed) {
    return one && removed.contains(*one);
}

} // namespace

std::optional<topic_id> topic_named_in(const std::optional<std::vector<std::byte>>& metadata) {
    if (!metadata)
        return std::nullopt;
    const std::string text(reinterpret_cast<const char*>(metadata->data()), metadata->size());
    const auto at = text.find(id_key);
    if (at == std::string::npos)
        return std::nullopt;
    const auto begin = at + id_key.size();
    return parse_uuid(text.substr(begin, text.find('\n', begin) - begin));
}

std::string badly_removed(const directories_of_topics& left) {
    auto missing = left.alive;
    for (const auto& one : left.found) {
        if (is_of(one.topic, left.removed) || is_of(topic_in_name(one.name), left.removed))
            return one.path + " is left of topic " +
                   to_string(one.topic ? *one.topic : *topic_in_name(one.name)) +
                   ", whose deletion was confirmed";
        if (one.files == 0)
            return one.path + " is left empty";
        if (const auto alive = missing.find(one.name); alive != missing.end() && alive->second == one.topic)
            missing.erase(alive);
    }
    if (missing.empty())
        return {};
    return "no data directory has " + missing.begin()->first + " of topic " +
           to_string(missing.begin()->second) + ", which was not deleted";
}

} // namespace barnabas::sim
