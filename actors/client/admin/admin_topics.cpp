#include "actors/client/admin/submit_plan.hpp"
#include "protocol/kafka/create_partitions.hpp"
#include "protocol/kafka/create_topics.hpp"
#include "protocol/kafka/delete_topics.hpp"
#include "protocol/kafka/metadata.hpp"

// Topics: made, deleted, listed, described, enlarged.
namespace barnabas::client {

std::string to_string(const partition_name& name) {
    return name.topic + "-" + std::to_string(name.partition);
}

namespace {

struct create_topics_plan : plan_defaults {
    using request = kafka::create_topics_request;
    using response = kafka::create_topics_response;
    using key = std::string;
    using value = created_topic;
    static constexpr bool changes_something = true;

    std::map<std::string, topic_spec> topics;
    bool validate_only = false;

    std::int16_t lowest_version() const {
        constexpr std::int16_t validating = 1;
        constexpr std::int16_t with_defaults = 4;
        const bool defaults = std::any_of(topics.begin(), topics.end(), [](const auto& one) {
            return one.second.assignments.empty() &&
                   (one.second.partitions < 0 || one.second.replication_factor < 0);
        });
        if (defaults)
            return with_defaults;
        return validate_only ? validating : std::int16_t{0};
    }
    call_target target(const key&) const { return call_target::controller(); }
    request ask(std::span<const key> names, std::int32_t wait_ms, std::int16_t) const {
        request asked;
        asked.timeout_ms = wait_ms;
        asked.validate_only = validate_only;
        for (const auto& name : names) {
            const auto& topic = topics.at(name);
            auto& entry = asked.topics.emplace_back();
            entry.name = name;
            const bool by_hand = !topic.assignments.empty();
            entry.num_partitions = by_hand ? -1 : topic.partitions;
            entry.replication_factor = static_cast<std::int16_t>(by_hand ? -1 : topic.replication_factor);
            for (const auto& [partition, brokers] : topic.assignments) {
                auto& placed = entry.assignments.emplace_back();
                placed.partition_index = partition;
                placed.broker_ids = brokers;
            }
            for (const auto& [setting, value] : topic.configs) {
                auto& config = entry.configs.emplace_back();
                config.name = setting;
                config.value = value;
            }
        }
        return asked;
    }
    void read(const response& said, std::span<const key>, key_answers<key, value>& out) const {
        for (const auto& one : said.topics)
            out.tell(one.name, one.error_code, one.error_message,
                     {one.topic_id, one.num_partitions, one.replication_factor});
    }
};

struct delete_topics_plan : plan_defaults {
    using request = kafka::delete_topics_request;
    using response = kafka::delete_topics_response;
    using key = std::string;
    using value = no_value;
    static constexpr bool changes_something = true;

    call_target target(const key&) const { return call_target::controller(); }
    request ask(std::span<const key> names, std::int32_t wait_ms, std::int16_t) const {
        request asked;
        asked.timeout_ms = wait_ms;
        // One list is sent, depending on the version.
        for (const auto& name : names) {
            asked.topic_names.push_back(name);
            asked.topics.emplace_back().name = name;
        }
        return asked;
    }
    void read(const response& said, std::span<const key>, key_answers<key, value>& out) const {
        for (const auto& one : said.responses)
            out.tell(one.name.value_or(""), one.error_code, one.error_message, {});
    }
};

struct create_partitions_plan : plan_defaults {
    using request = kafka::create_partitions_request;
    using response = kafka::create_partitions_response;
    using key = std::string;
    using value = no_value;
    static constexpr bool changes_something = true;

    std::map<std::string, partitions_spec> topics;
    bool validate_only = false;

    call_target target(const key&) const { return call_target::controller(); }
    request ask(std::span<const key> names, std::int32_t wait_ms, std::int16_t) const {
        request asked;
        asked.timeout_ms = wait_ms;
        asked.validate_only = validate_only;
        for (const auto& name : names) {
            const auto& topic = topics.at(name);
            auto& entry = asked.topics.emplace_back();
            entry.name = name;
            entry.count = topic.count;
            if (topic.assignments.empty())
                continue;
            entry.assignments.emplace();
            for (const auto& brokers : topic.assignments)
                entry.assignments->emplace_back().broker_ids = brokers;
        }
        return asked;
    }
    void read(const response& said, std::span<const key>, key_answers<key, value>& out) const {
        for (const auto& one : said.results)
            out.tell(one.name, one.error_code, one.error_message, {});
    }
};

/// Since this version null means all topics; before, an empty list did.
constexpr std::int16_t null_means_all = 1;

struct list_topics_plan : plan_defaults {
    using request = kafka::metadata_request;
    using response = kafka::metadata_response;
    using key = int;
    using value = std::vector<topic_listing>;

    call_target target(const key&) const { return call_target::any(); }
    request ask(std::span<const key>, std::int32_t, std::int16_t version) const {
        request asked;
        if (version < null_means_all)
            asked.topics.emplace();
        asked.allow_auto_topic_creation = false;
        return asked;
    }
    void read(const response& said, std::span<const key>, key_answers<key, value>& out) const {
        if (said.error_code != 0)
            return out.all_bad(said.error_code);
        std::vector<topic_listing> topics;
        for (const auto& one : said.topics)
            if (one.name && one.error_code == 0)
                topics.push_back({*one.name, one.topic_id, one.is_internal});
        std::sort(topics.begin(), topics.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
        out.good(0, std::move(topics));
    }
};

struct describe_topics_plan : plan_defaults {
    using request = kafka::metadata_request;
    using response = kafka::metadata_response;
    using key = std::string;
    using value = topic_description;

    call_target target(const key&) const { return call_target::any(); }
    request ask(std::span<const key> names, std::int32_t, std::int16_t) const {
        request asked;
        asked.topics.emplace();
        for (const auto& name : names)
            asked.topics->emplace_back().name = name;
        asked.allow_auto_topic_creation = false;
        return asked;
    }
    void read(const response& said, std::span<const key>, key_answers<key, value>& out) const {
        if (said.error_code != 0)
            return out.all_bad(said.error_code);
        for (const auto& one : said.topics)
            if (one.name)
                out.tell(*one.name, one.error_code, {}, description_of(one));
    }
    static topic_description description_of(const response::metadata_response_topic& said) {
        topic_description made;
        made.name = said.name.value_or("");
        made.id = said.topic_id;
        made.is_internal = said.is_internal;
        for (const auto& one : said.partitions) {
            auto& partition = made.partitions.emplace_back();
            partition.partition = one.partition_index;
            if (one.leader_id >= 0)
                partition.leader = one.leader_id;
            partition.leader_epoch = one.leader_epoch;
            partition.replicas = one.replica_nodes;
            partition.isr = one.isr_nodes;
            partition.offline = one.offline_replicas;
        }
        std::sort(made.partitions.begin(), made.partitions.end(),
                  [](const auto& a, const auto& b) { return a.partition < b.partition; });
        return made;
    }
};

} // namespace

pending<admin::created> admin::create_topics(std::vector<topic_spec> topics, call_options options) const {
    create_topics_plan plan;
    plan.validate_only = options.validate_only;
    for (auto& topic : topics)
        plan.topics.insert_or_assign(topic.name, std::move(topic));
    auto names = keys_of(plan.topics);
    return submit_plan(submit_, std::move(plan), std::move(names), options);
}

pending<admin::changed> admin::delete_topics(std::vector<std::string> names, call_options options) const {
    return submit_plan(submit_, delete_topics_plan{}, std::move(names), options);
}

pending<result<std::vector<topic_listing>>> admin::list_topics(call_options options) const {
    return submit_single(submit_, list_topics_plan{}, options);
}

pending<admin::described_topics> admin::describe_topics(std::vector<std::string> names,
                                                        call_options options) const {
    return submit_plan(submit_, describe_topics_plan{}, std::move(names), options);
}

pending<admin::changed> admin::create_partitions(std::map<std::string, partitions_spec> topics,
                                                 call_options options) const {
    create_partitions_plan plan;
    plan.validate_only = options.validate_only;
    plan.topics = std::move(topics);
    auto names = keys_of(plan.topics);
    return submit_plan(submit_, std::move(plan), std::move(names), options);
}

} // namespace barnabas::client
