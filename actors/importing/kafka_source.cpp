#include "actors/importing/kafka_source.hpp"

#include "actors/broker/checkpoint_file.hpp"
#include "actors/broker/small_files.hpp"
#include "actors/controller/metadata_log.hpp"

#include <charconv>
#include <optional>
#include <utility>

namespace barnabas::importing {

namespace {

error not_kafka(const std::string& path, const std::string& why) {
    return {errc::mismatched_directory, "the directory " + path + " " + why};
}

/// Files that only Barnabas keeps.
bool is_ours(const std::vector<runtime::directory_entry>& entries) {
    for (const auto& entry : entries)
        if (entry.name.ends_with(".barnabas") || entry.name == created_file)
            return true;
    return false;
}

result<void> read_identity_into(runtime::file_system& files, kafka_source& source) {
    const auto text = read_small_file(files, join_path(source.path, identity_file));
    if (text.code() == errc::not_found)
        return not_kafka(source.path, "has no meta.properties: name one of log.dirs of a broker of Kafka's");
    if (!text)
        return text.failure();
    auto values = parse_lines(*text, '=');
    const auto& id = values["version"] == "0" ? values["broker.id"] : values["node.id"];
    std::int32_t number = -1;
    const auto [end, failure] = std::from_chars(id.data(), id.data() + id.size(), number);
    if (failure != std::errc() || end != id.data() + id.size())
        return not_kafka(source.path, "has a meta.properties without broker.id or node.id");
    source.broker = node_id(number);
    source.cluster_id = values["cluster.id"];
    return {};
}

result<void> read_partitions_into(runtime::file_system& files, kafka_source& source) {
    auto partitions = list_partitions(files, source.path, false, {});
    if (!partitions)
        return partitions.failure();
    auto checkpoints = read_checkpoints(files, source.path);
    if (!checkpoints)
        return checkpoints.failure();
    // Without it records that were deleted would come back, or sound ones be cut off.
    if (!checkpoints->damage.empty())
        return error{errc::malformed, checkpoints->damage.front() + ", in " + source.path +
                                          ": let Kafka start and stop there once more"};
    std::erase_if(*partitions, [](const auto& one) { return one.directory_name == metadata_log_directory; });
    for (auto& one : *partitions)
        if (const auto line = checkpoints->offsets.find({one.topic, one.index});
            line != checkpoints->offsets.end())
            one.checkpointed = line->second;
    source.partitions = std::move(*partitions);
    return {};
}

result<void> read_into(runtime::file_system& files, kafka_source& source) {
    const auto entries = files.list(source.path);
    if (!entries)
        return entries.failure();
    if (is_ours(*entries))
        return not_kafka(source.path, "was written by Barnabas already: name it in log.dirs as it is");
    if (auto read = read_identity_into(files, source); !read)
        return read;
    return read_partitions_into(files, source);
}

std::string_view field(std::string_view line, std::string_view name) {
    const auto at = line.find(name);
    if (at == std::string_view::npos)
        return {};
    line.remove_prefix(at + name.size());
    const auto begin = line.find_first_not_of(' ');
    if (begin == std::string_view::npos)
        return {};
    line.remove_prefix(begin);
    return line.substr(0, line.find_first_of("\t \r"));
}

/// `a=1,cleanup.policy=compact,delete`: a piece without '=' belongs to the value before it.
topic_configs parse_configs(std::string_view text) {
    topic_configs configs;
    auto last = configs.end();
    while (!text.empty()) {
        const auto piece = text.substr(0, text.find(','));
        text.remove_prefix(std::min(text.size(), piece.size() + 1));
        const auto at = piece.find('=');
        if (at != std::string_view::npos)
            last =
                configs.insert_or_assign(std::string(piece.substr(0, at)), std::string(piece.substr(at + 1)))
                    .first;
        else if (last != configs.end())
            last->second += "," + std::string(piece);
    }
    return configs;
}

std::optional<std::size_t> parse_count(std::string_view text) {
    std::size_t count = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), count);
    const bool fits = failure == std::errc() && end == text.data() + text.size() && count > 0 &&
                      count <= partitions_of_topic_max;
    return fits ? std::optional(count) : std::nullopt;
}

} // namespace

result<kafka_source> read_kafka_source(runtime::file_system& files, const std::string& path) {
    kafka_source source;
    source.path = path;
    if (const auto there = files.exists(path); !there || !*there)
        return there ? not_kafka(path, "is not there") : there.failure();
    auto lock = files.lock(join_path(path, lock_file));
    if (lock.code() == errc::locked)
        return error{errc::locked, "a broker uses the directory " + path + ": stop it first (" +
                                       lock.failure().detail + ")"};
    if (!lock)
        return lock.failure();
    source.lock = *lock;
    if (auto read = read_into(files, source); !read) {
        files.close(source.lock);
        return read.failure();
    }
    return source;
}

result<std::map<std::string, described_topic>> parse_described_topics(std::string_view text) {
    std::map<std::string, described_topic> topics;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        const auto name = field(line, "Topic:");
        if (name.empty() || line.find("Configs:") == std::string_view::npos)
            continue;
        auto& topic = topics[std::string(name)];
        topic.configs = parse_configs(field(line, "Configs:"));
        if (line.find("PartitionCount:") == std::string_view::npos)
            continue;
        const auto count = parse_count(field(line, "PartitionCount:"));
        if (!count)
            return error{errc::malformed, "the PartitionCount of '" + std::string(name) +
                                              "' is no number of 1 to " +
                                              std::to_string(partitions_of_topic_max)};
        topic.partitions = *count;
    }
    if (topics.empty())
        return error{errc::malformed, "no line with 'Topic:' and 'Configs:' is in it, as `kafka-topics.sh "
                                      "--describe` prints them"};
    return topics;
}

} // namespace barnabas::importing
