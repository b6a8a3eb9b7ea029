#include "actors/broker/stored_partitions.hpp"

#include "actors/broker/data_directories.hpp"
#include "actors/broker/moving/moving_names.hpp"
#include "actors/broker/small_files.hpp"
#include "actors/replica/log_removal.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <map>
#include <utility>

/// What lies in the data directories at start.
namespace barnabas {

namespace {

constexpr auto partition_identity_file = "partition.metadata";
constexpr std::string_view stray_suffix = "-stray";

std::optional<std::int32_t> parse_index(std::string_view text) {
    std::int32_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    return failure == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

/// 20 digits, which sort like numbers.
std::string offset_in(const std::string& file_name) {
    return file_name.substr(0, file_name.find('.'));
}

/// The segments that hold what recovery reads: from the one with the newest recovery point on, or all where
/// none is known. What cannot be read counts as nothing: this is for people.
std::vector<std::string> segments_to_check(const std::vector<runtime::directory_entry>& entries) {
    std::vector<std::string> segments;
    std::string proven;
    bool knows_epochs = false;
    for (const auto& entry : entries) {
        if (entry.name.ends_with(".log"))
            segments.push_back(entry.name);
        if (entry.name.ends_with(".snapshot"))
            proven = std::max(proven, offset_in(entry.name));
        knows_epochs |= entry.name == "leader-epoch-checkpoint";
    }
    std::sort(segments.begin(), segments.end());
    const auto behind = std::find_if(segments.begin(), segments.end(),
                                     [&](const std::string& name) { return offset_in(name) > proven; });
    if (knows_epochs && !proven.empty() && behind != segments.begin())
        segments.erase(segments.begin(), std::prev(behind));
    return segments;
}

std::uint64_t bytes_to_check(runtime::file_system& files, const std::string& directory) {
    const auto entries = files.list(directory);
    std::uint64_t bytes = 0;
    if (!entries)
        return bytes;
    for (const auto& name : segments_to_check(*entries)) {
        auto file = files.open(join_path(directory, name), runtime::open_mode::read_only);
        if (!file)
            continue;
        const auto size = files.size(*file);
        bytes += size ? *size : 0;
        files.close(*file);
    }
    return bytes;
}

/// `.fragment-stray`, or a further one of the same name.
bool is_fragment_name(const std::string& name) {
    const auto dot = name.rfind('.');
    return dot != std::string::npos && name.ends_with(stray_suffix) &&
           std::string_view(name).substr(dot + 1).starts_with("fragment");
}

/// Steps of a compaction or a deletion may have taken a log its name.
result<bool> was_anything_stored(runtime::file_system& files, const std::string& directory) {
    const auto entries = files.list(directory);
    if (!entries)
        return entries.failure();
    const bool renamed = std::any_of(entries->begin(), entries->end(), [](const auto& entry) {
        return entry.is_directory || entry.name.find(".log.") != std::string::npos;
    });
    return renamed ? result<bool>(true) : has_records(files, directory);
}

} // namespace

void remove_unused_fragments(runtime::file_system& files, const std::string& data_directory,
                             const std::vector<std::string>& names) {
    for (const auto& name : names) {
        const auto path = join_path(data_directory, name);
        const auto stored = was_anything_stored(files, path);
        if (BARNABAS_MARK_IF(stored && !*stored, unused_fragment_removed))
            static_cast<void>(replica::remove_log_directory(files, path));
    }
}

result<bool> has_records(runtime::file_system& files, const std::string& directory) {
    auto entries = files.list(directory);
    if (!entries)
        return entries.failure();
    const std::string first = "00000000000000000000.log";
    for (const auto& entry : *entries) {
        if (!entry.name.ends_with(".log"))
            continue;
        if (entry.name != first)
            return true;
        const auto size = size_of_file(files, join_path(directory, entry.name));
        if (!size)
            return size.failure();
        if (*size != 0)
            return true;
    }
    return false;
}

result<std::vector<stored_partition>> list_partitions(runtime::file_system& files, const std::string& path,
                                                      bool measured, const closed_logs& closed,
                                                      std::vector<std::string>* fragments) {
    auto entries = files.list(path);
    if (!entries)
        return entries.failure();
    std::vector<stored_partition> partitions;
    for (const auto& entry : *entries) {
        if (fragments != nullptr && entry.is_directory && is_fragment_name(entry.name))
            fragments->push_back(entry.name);
        auto partition = entry.is_directory ? parse_partition_directory(entry.name) : std::nullopt;
        if (!partition)
            continue;
        if (const auto known = closed.find(entry.name); known != closed.end()) {
            partition->id = topic_of_closed_log(known->second);
            partition->closed = known->second;
            partitions.push_back(std::move(*partition));
            continue;
        }
        auto text = read_small_file(files, join_path(join_path(path, entry.name), partition_identity_file));
        if (!BARNABAS_MARK_IF(!text, partition_without_identity))
            partition->id = parse_uuid(parse_lines(*text, ':')["topic_id"]);
        partition->is_fragment = text.code() == errc::not_found;
        if (measured)
            partition->bytes_to_check = bytes_to_check(files, join_path(path, entry.name));
        partitions.push_back(std::move(*partition));
    }
    std::sort(partitions.begin(), partitions.end(),
              [](const auto& a, const auto& b) { return a.directory_name < b.directory_name; });
    return partitions;
}

result<void> settle_twins(runtime::file_system& files, std::vector<data_directory>& directories,
                          const directory_refusal& refuse) {
    struct copy {
        data_directory* directory;
        stored_partition* partition;
    };
    std::map<std::pair<std::string, std::optional<topic_id>>, std::vector<copy>> copies_by_name;
    for (auto& directory : directories)
        for (auto& partition : directory.partitions)
            if (!partition.is_fragment)
                copies_by_name[{partition.directory_name, partition.id}].push_back({&directory, &partition});
    for (auto& [name, copies] : copies_by_name) {
        if (copies.size() == 1)
            continue;
        const copy* full = nullptr;
        for (auto& one : copies) {
            auto has = has_records(files, join_path(one.directory->path, name.first));
            if (!has) {
                // Nothing in it counts any more; the others are judged without it.
                auto left = refuse(*one.directory, has.failure());
                return left ? settle_twins(files, directories, refuse) : left;
            }
            if (!*has)
                continue;
            if (full != nullptr)
                return error{errc::mismatched_directory,
                             "both " + full->directory->path + " and " + one.directory->path + " hold " +
                                 name.first +
                                 " with records in it: move the one away that is not to be used"};
            full = &one;
        }
        if (full == nullptr)
            continue;
        BARNABAS_MARK(partition_in_two_directories);
        for (auto& one : copies)
            one.partition->is_fragment = &one != full;
    }
    return {};
}

std::optional<stored_partition> parse_partition_directory(const std::string& name) {
    const auto dash = name.rfind('-');
    if (dash == std::string::npos || dash == 0 || dash + 1 == name.size())
        return std::nullopt;
    const auto digits = std::string_view(name).substr(dash + 1);
    if (!std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; }))
        return std::nullopt;
    const auto index = parse_index(digits);
    if (!index)
        return std::nullopt;
    return stored_partition{name, name.substr(0, dash), partition_index(*index), std::nullopt, false, 0, {},
                            {}};
}

std::string partition_directory_name(const std::string& topic, partition_index index) {
    return topic + "-" + std::to_string(index.get());
}

std::string stray_directory_name(const std::string& directory_name, const std::string& whose) {
    const auto dash = std::min(directory_name.rfind('-'), directory_name.size());
    const auto tail = directory_name.substr(dash) + "." + whose + std::string(stray_suffix);
    BARNABAS_ASSERT(tail.size() < directory_name_bytes_max);
    return directory_name.substr(0, std::min(dash, directory_name_bytes_max - tail.size())) + tail;
}

std::string next_stray_directory_name(const std::string& stray_name) {
    BARNABAS_ASSERT(stray_name.ends_with(stray_suffix));
    const auto stem = stray_name.substr(0, stray_name.size() - stray_suffix.size());
    const auto dot = stem.rfind('.');
    const auto whose = stem.substr(dot + 1);
    const auto plus = std::min(whose.find('+'), whose.size());
    const auto number = parse_index(std::string_view(whose).substr(std::min(plus + 1, whose.size())));
    return stray_directory_name(stem.substr(0, dot),
                                whose.substr(0, plus) + "+" + std::to_string(number.value_or(1) + 1));
}

} // namespace barnabas
