#include "actors/broker/data_directories.hpp"
#include "actors/broker/small_files.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <charconv>
#include <map>

/// What lies in the data directories at start.
namespace barnabas {

namespace {

constexpr auto partition_identity_file = "partition.metadata";

std::optional<std::int32_t> parse_index(std::string_view text) {
    std::int32_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    return failure == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

/// Size of the segment with the largest base offset; names of segments sort like numbers. What cannot be read
/// counts as nothing: this is for people.
std::uint64_t newest_segment_bytes(runtime::file_system& files, const std::string& directory) {
    auto entries = files.list(directory);
    std::string newest;
    if (entries)
        for (const auto& entry : *entries)
            if (entry.name.ends_with(".log"))
                newest = std::max(newest, entry.name);
    if (newest.empty())
        return 0;
    auto file = files.open(join_path(directory, newest), runtime::open_mode::read_only);
    if (!file)
        return 0;
    const auto size = files.size(*file);
    files.close(*file);
    return size ? *size : 0;
}

} // namespace

result<std::vector<stored_partition>> list_partitions(runtime::file_system& files, const std::string& path,
                                                      bool measured) {
    auto entries = files.list(path);
    if (!entries)
        return entries.failure();
    std::vector<stored_partition> partitions;
    for (const auto& entry : *entries) {
        auto partition = entry.is_directory ? parse_partition_directory(entry.name) : std::nullopt;
        if (!partition)
            continue;
        auto text = read_small_file(files, join_path(join_path(path, entry.name), partition_identity_file));
        if (!BARNABAS_MARK_IF(!text, partition_without_identity))
            partition->id = parse_uuid(parse_lines(*text, ':')["topic_id"]);
        partition->is_fragment = text.code() == errc::not_found;
        if (measured)
            partition->bytes_to_check = newest_segment_bytes(files, join_path(path, entry.name));
        partitions.push_back(std::move(*partition));
    }
    std::sort(partitions.begin(), partitions.end(),
              [](const auto& a, const auto& b) { return a.directory_name < b.directory_name; });
    return partitions;
}

result<void> settle_twins(runtime::file_system& files, std::vector<data_directory>& directories) {
    struct copy {
        const data_directory* directory;
        stored_partition* partition;
    };
    std::map<std::string, std::vector<copy>> by_name;
    for (auto& directory : directories)
        for (auto& partition : directory.partitions)
            if (!partition.is_fragment)
                by_name[partition.directory_name].push_back({&directory, &partition});
    for (auto& [name, copies] : by_name) {
        const copy* full = nullptr;
        for (auto& one : copies) {
            if (copies.size() == 1 || one.partition->id != copies.front().partition->id)
                continue;
            if (newest_segment_bytes(files, join_path(one.directory->path, name)) == 0)
                continue;
            if (full != nullptr)
                return error{errc::mismatched_directory,
                             "both " + full->directory->path + " and " + one.directory->path + " hold " +
                                 name + " with records in it: move the one away that is not to be used"};
            full = &one;
        }
        if (full == nullptr)
            continue;
        BARNABAS_MARK(partition_in_two_directories);
        for (auto& one : copies)
            one.partition->is_fragment = &one != full && one.partition->id == full->partition->id;
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
    return stored_partition{name, name.substr(0, dash), partition_index(*index), std::nullopt, false, 0, {}};
}

std::string partition_directory_name(const std::string& topic, partition_index index) {
    return topic + "-" + std::to_string(index.get());
}

} // namespace barnabas
