#include "actors/client/admin/submit_plan.hpp"
#include "protocol/kafka/delete_records.hpp"
#include "protocol/kafka/describe_producers.hpp"
#include "protocol/kafka/list_offsets.hpp"

// What the leaders of partitions are asked for: offsets, producers, and to delete records.
namespace barnabas::client {

namespace {

struct list_offsets_plan : plan_defaults {
    using request = kafka::list_offsets_request;
    using response = kafka::list_offsets_response;
    using key = partition_name;
    using value = listed_offset;

    std::map<partition_name, std::int64_t> times;
    bool read_committed = false;

    std::int16_t lowest_version() const {
        std::int16_t lowest = read_committed ? 2 : 1;
        for (const auto& [name, time] : times)
            lowest = std::max(lowest, version_of(time));
        return lowest;
    }
    static std::int16_t version_of(std::int64_t time) {
        switch (time) {
        case offset_times::max_timestamp: return 7;
        case offset_times::earliest_local: return 8;
        case offset_times::latest_tiered: return 9;
        default: return 1;
        }
    }
    call_target target(const key& name) const { return call_target::leader(name.topic, name.partition); }
    request ask(std::span<const key> names, std::int32_t wait_ms, std::int16_t) const {
        request asked;
        asked.replica_id = -1;
        asked.timeout_ms = wait_ms;
        asked.isolation_level = read_committed ? 1 : 0;
        for (const auto& name : names) {
            auto& partition = entry_of(asked.topics, name.topic).partitions.emplace_back();
            partition.partition_index = name.partition;
            partition.timestamp = times.at(name);
        }
        return asked;
    }
    void read(const response& said, std::span<const key>, key_answers<key, value>& out) const {
        for (const auto& topic : said.topics)
            for (const auto& one : topic.partitions)
                out.tell({topic.name, one.partition_index}, one.error_code, {},
                         {one.offset, one.timestamp, one.leader_epoch});
    }
};

struct delete_records_plan : plan_defaults {
    using request = kafka::delete_records_request;
    using response = kafka::delete_records_response;
    using key = partition_name;
    using value = std::int64_t;
    static constexpr bool changes_something = true;

    std::map<partition_name, std::int64_t> before;

    call_target target(const key& name) const { return call_target::leader(name.topic, name.partition); }
    request ask(std::span<const key> names, std::int32_t wait_ms, std::int16_t) const {
        request asked;
        asked.timeout_ms = wait_ms;
        for (const auto& name : names) {
            auto& partition = entry_of(asked.topics, name.topic).partitions.emplace_back();
            partition.partition_index = name.partition;
            partition.offset = before.at(name);
        }
        return asked;
    }
    void read(const response& said, std::span<const key>, key_answers<key, value>& out) const {
        for (const auto& topic : said.topics)
            for (const auto& one : topic.partitions)
                out.tell({topic.name, one.partition_index}, one.error_code, {}, one.low_watermark);
    }
};

struct describe_producers_plan : plan_defaults {
    using request = kafka::describe_producers_request;
    using response = kafka::describe_producers_response;
    using key = partition_name;
    using value = std::vector<producer_state>;

    call_target target(const key& name) const { return call_target::leader(name.topic, name.partition); }
    request ask(std::span<const key> names, std::int32_t, std::int16_t) const {
        request asked;
        for (const auto& name : names)
            entry_of(asked.topics, name.topic).partition_indexes.push_back(name.partition);
        return asked;
    }
    void read(const response& said, std::span<const key>, key_answers<key, value>& out) const {
        for (const auto& topic : said.topics)
            for (const auto& one : topic.partitions)
                out.tell({topic.name, one.partition_index}, one.error_code, one.error_message,
                         producers_of(one));
    }
    static value producers_of(const response::partition_response& said) {
        value all;
        for (const auto& one : said.active_producers) {
            auto& made = all.emplace_back();
            made.id = one.producer_id;
            made.epoch = one.producer_epoch;
            made.last_sequence = one.last_sequence;
            made.last_timestamp = one.last_timestamp;
            if (one.current_txn_start_offset >= 0)
                made.transaction_start = one.current_txn_start_offset;
            if (one.coordinator_epoch >= 0)
                made.coordinator_epoch = one.coordinator_epoch;
        }
        std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
        return all;
    }
};

} // namespace

pending<results<partition_name, listed_offset>>
admin::list_offsets(std::map<partition_name, std::int64_t> times, call_options options) const {
    list_offsets_plan plan;
    plan.times = std::move(times);
    plan.read_committed = options.read_committed;
    auto names = keys_of(plan.times);
    return submit_plan(submit_, std::move(plan), std::move(names), options);
}

pending<results<partition_name, std::int64_t>>
admin::delete_records(std::map<partition_name, std::int64_t> before, call_options options) const {
    delete_records_plan plan;
    plan.before = std::move(before);
    auto names = keys_of(plan.before);
    return submit_plan(submit_, std::move(plan), std::move(names), options);
}

pending<results<partition_name, std::vector<producer_state>>>
admin::describe_producers(std::vector<partition_name> partitions, call_options options) const {
    return submit_plan(submit_, describe_producers_plan{}, std::move(partitions), options);
}

} // namespace barnabas::client
