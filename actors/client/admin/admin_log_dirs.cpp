#include "actors/client/admin/submit_plan.hpp"
#include "protocol/kafka/alter_replica_log_dirs.hpp"
#include "protocol/kafka/describe_log_dirs.hpp"

// The directories of brokers, and what lies in them.
namespace barnabas::client {

namespace {

struct describe_log_dirs_plan : plan_defaults {
    using request = kafka::describe_log_dirs_request;
    using response = kafka::describe_log_dirs_response;
    using key = std::int32_t;
    using value = std::vector<log_dir_description>;

    std::size_t keys_per_request() const { return 1; }
    call_target target(const key& broker) const { return call_target::broker(broker); }
    request ask(std::span<const key>, std::int32_t, std::int16_t) const {
        request asked;
        // Null: everything.
        asked.topics.reset();
        return asked;
    }
    void read(const response& said, std::span<const key> brokers, key_answers<key, value>& out) const {
        value all;
        for (const auto& one : said.results) {
            auto& directory = all.emplace_back();
            directory.path = one.log_dir;
            if (one.error_code != 0)
                directory.failure = error_of(kafka::error_code{one.error_code}, {});
            directory.total_bytes = one.total_bytes;
            directory.usable_bytes = one.usable_bytes;
            for (const auto& topic : one.topics)
                for (const auto& replica : topic.partitions)
                    directory.replicas.push_back({{topic.name, replica.partition_index},
                                                  replica.partition_size,
                                                  replica.offset_lag,
                                                  replica.is_future_key});
        }
        out.tell(brokers.front(), said.error_code, {}, std::move(all));
    }
};

struct alter_log_dirs_plan : plan_defaults {
    using request = kafka::alter_replica_log_dirs_request;
    using response = kafka::alter_replica_log_dirs_response;
    using key = replica_name;
    using value = no_value;
    static constexpr bool changes_something = true;

    std::map<replica_name, std::string> paths;

    call_target target(const key& replica) const { return call_target::broker(replica.broker); }
    request ask(std::span<const key> replicas, std::int32_t, std::int16_t) const {
        std::map<std::string, std::map<std::string, std::vector<std::int32_t>>> by_path;
        for (const auto& one : replicas)
            by_path[paths.at(one)][one.partition.topic].push_back(one.partition.partition);
        request asked;
        for (const auto& [path, topics] : by_path) {
            auto& directory = asked.dirs.emplace_back();
            directory.path = path;
            for (const auto& [topic, partitions] : topics) {
                auto& entry = directory.topics.emplace_back();
                entry.name = topic;
                entry.partitions = partitions;
            }
        }
        return asked;
    }
    void read(const response& said, std::span<const key> replicas, key_answers<key, value>& out) const {
        for (const auto& topic : said.results)
            for (const auto& one : topic.partitions)
                out.tell({replicas.front().broker, {topic.topic_name, one.partition_index}}, one.error_code,
                         {}, {});
    }
};

} // namespace

pending<results<std::int32_t, std::vector<log_dir_description>>>
admin::describe_log_dirs(std::vector<std::int32_t> brokers, call_options options) const {
    return submit_plan(submit_, describe_log_dirs_plan{}, std::move(brokers), options);
}

pending<results<replica_name, no_value>> admin::alter_log_dirs(std::map<replica_name, std::string> paths,
                                                               call_options options) const {
    alter_log_dirs_plan plan;
    plan.paths = std::move(paths);
    auto replicas = keys_of(plan.paths);
    return submit_plan(submit_, std::move(plan), std::move(replicas), options);
}

} // namespace barnabas::client
