#pragma once

#include "actors/client/admin/admin_types.hpp"
#include "actors/client/cluster/keyed_call.hpp"
#include "protocol/kafka/list_offsets.hpp"

#include <cstdint>
#include <map>
#include <span>

namespace barnabas::client {

/// Where a consumer begins: offsets by time, as its isolation sees them.
struct begin_offsets_plan : plan_defaults {
    using request = kafka::list_offsets_request;
    using response = kafka::list_offsets_response;
    using key = partition_name;
    using value = listed_offset;

    std::map<partition_name, std::int64_t> times;
    bool read_committed = false;

    std::int16_t lowest_version() const {
        constexpr std::int16_t first_with_isolation = 2;
        return read_committed ? first_with_isolation : 1;
    }
    call_target target(const key& name) const { return call_target::leader(name.topic, name.partition); }
    request ask(std::span<const key> names, std::int32_t wait_ms, std::int16_t) const {
        request asked;
        asked.replica_id = -1;
        asked.isolation_level = read_committed ? 1 : 0;
        asked.timeout_ms = wait_ms;
        for (const auto& name : names) {
            if (asked.topics.empty() || asked.topics.back().name != name.topic)
                asked.topics.emplace_back().name = name.topic;
            auto& partition = asked.topics.back().partitions.emplace_back();
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

} // namespace barnabas::client
