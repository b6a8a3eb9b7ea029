#include "actors/importing/import_plan.hpp"

#include "actors/broker/small_files.hpp"
#include "actors/group/group_names.hpp"
#include "runtime/config/topic_config.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::importing {

namespace {

error refused(std::string why) {
    return {errc::invalid_config, std::move(why)};
}

result<std::uint64_t> bytes_in(runtime::file_system& files, const std::string& directory) {
    const auto entries = files.list(directory);
    if (!entries)
        return entries.failure();
    std::uint64_t bytes = 0;
    for (const auto& entry : *entries) {
        if (entry.is_directory)
            continue;
        const auto size = size_of_file(files, join_path(directory, entry.name));
        if (!size)
            return size.failure();
        bytes += *size;
    }
    return bytes;
}

class planning {
public:
    planning(runtime::file_system& files, const import_request& request)
        : files_(files), request_(request), ids_(runtime::random(request.seed).split("import")) {
        for (const auto& target : request.config.log_dirs)
            given_[target] = 0;
    }

    result<import_plan> run(const std::vector<kafka_source>& sources) {
        const auto& cluster = sources.front().cluster_id;
        for (const auto& source : sources) {
            if (source.broker != sources.front().broker || source.cluster_id != cluster)
                return error{errc::mismatched_directory,
                             sources.front().path + " and " + source.path +
                                 " are directories of different brokers: import those of one"};
            for (const auto& one : source.partitions)
                if (auto taken = take(source, one); !taken)
                    return taken.failure();
        }
        if (topics_.empty())
            return refused("no partition is in " + sources.front().path + ": there is nothing to import");
        add_described();
        settle_cluster(cluster);
        for (auto& [name, topic] : topics_) {
            if (auto settled = settle(name, topic); !settled)
                return settled.failure();
            plan_.topics.push_back(std::move(topic));
        }
        return std::move(plan_);
    }

private:
    result<void> take(const kafka_source& source, const stored_partition& one) {
        if (request_.left_out.contains(one.topic))
            return {};
        const auto index = static_cast<std::size_t>(one.index.get());
        if (index >= partitions_of_topic_max)
            return refused(join_path(source.path, one.directory_name) +
                           " is no partition's directory: no topic has " +
                           std::to_string(partitions_of_topic_max) + " partitions. Move it away");
        auto& topic = topics_[one.topic];
        if (topic.partitions.size() <= index)
            topic.partitions.resize(index + 1);
        auto& partition = topic.partitions[index];
        const auto path = join_path(source.path, one.directory_name);
        if (!partition.source.empty())
            return refused("the partition " + one.directory_name + " is twice there, in " + partition.source +
                           " and " + path + ": move one of them away");
        if (one.id && !topic.topic.id.is_zero() && topic.topic.id != *one.id)
            return refused("partitions of '" + one.topic + "' have different topic ids (" + path +
                           "): they are of topics of one name that Kafka had one after the other");
        if (one.id)
            topic.topic.id = *one.id;
        const auto bytes = bytes_in(files_, path);
        if (!bytes)
            return bytes.failure();
        partition = {one.directory_name, path, one.checkpointed, *bytes, {}};
        topic.was_compacted |= one.checkpointed.cleaned_upto.get() >= 0;
        return {};
    }

    /// Those of other brokers leave no gap behind.
    void add_described() {
        for (const auto& [name, described] : request_.described) {
            if (described.partitions == 0 || request_.left_out.contains(name))
                continue;
            auto& partitions = topics_[name].partitions;
            partitions.resize(std::max(partitions.size(), described.partitions));
        }
        if (request_.described.empty())
            plan_.remarks.emplace_back(
                "how many partitions the topics have is not known without --topics: those that only other "
                "brokers have are missed where they leave a gap, and not at the end of a topic");
    }

    /// Kafka writes it into data directories from 2.4 on.
    void settle_cluster(const std::string& found) {
        plan_.cluster_id = found.empty() ? to_string(draw_uuid(ids_)) : found;
        if (found.empty())
            plan_.remarks.emplace_back("meta.properties has no cluster.id, so the cluster gets a new one");
    }

    result<void> settle(const std::string& name, planned_topic& topic) {
        topic.topic.name = name;
        if (topic.topic.id.is_zero())
            topic.topic.id = topic_id{draw_uuid(ids_)};
        for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
            auto& one = topic.partitions[i];
            if (one.source.empty() && !request_.missing_are_empty)
                return refused(
                    "partition " + std::to_string(i) + " of '" + name + "' is not there, but the topic has " +
                    std::to_string(topic.partitions.size()) +
                    " partitions: name all of log.dirs with --from, leave the topic out with --leave-out, or "
                    "let it begin empty with --missing-are-empty");
            if (one.source.empty()) {
                one.name = partition_directory_name(name, partition_index(static_cast<std::int32_t>(i)));
                plan_.remarks.push_back(one.name + " is not there and begins empty");
            }
            place(one);
        }
        settle_configs(topic);
        return {};
    }

    void place(planned_partition& one) {
        const auto least = std::min_element(given_.begin(), given_.end(),
                                            [](const auto& a, const auto& b) { return a.second < b.second; });
        one.target = least->first;
        least->second += one.bytes + 1;
    }

    void settle_configs(planned_topic& topic) {
        auto& configs = topic.topic.configs;
        const auto given = request_.described.find(topic.topic.name);
        if (given == request_.described.end()) {
            topic.topic.configs_guessed = true;
            const bool compacts = topic.was_compacted || group::is_internal_topic(topic.topic.name);
            configs["cleanup.policy"] = compacts ? "compact" : "delete";
            configs["retention.ms"] = "-1";
            configs["retention.bytes"] = "-1";
            return;
        }
        for (const auto& [key, value] : given->second.configs) {
            if (auto fits = check_topic_configs({{key, value}}); fits)
                configs[key] = value;
            else
                plan_.remarks.push_back("'" + topic.topic.name + "' goes without " + key + "=" + value +
                                        ": " + fits.failure().detail);
        }
    }

    runtime::file_system& files_;
    const import_request& request_;
    runtime::random ids_;
    std::map<std::string, planned_topic> topics_;
    /// Bytes by data directory.
    std::map<std::string, std::uint64_t> given_;
    import_plan plan_;
};

} // namespace

result<import_plan> plan_import(runtime::file_system& files, const std::vector<kafka_source>& sources,
                                const import_request& request) {
    return planning(files, request).run(sources);
}

} // namespace barnabas::importing
