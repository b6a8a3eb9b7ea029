#pragma once

#include "protocol/kafka/offset_fetch.hpp"
#include "tests/unit/actors/client/consumer_world.hpp"

#include <cstdint>

namespace barnabas::client::test {

/// Reads t-0 by hand from what its group committed.
inline void begin_in_group(consumer_world& it, std::int64_t committed_offset) {
    it.assign({{"t", 0}});
    it.answer_coordinator();
    kafka::offset_fetch_response committed;
    auto& group = committed.groups.emplace_back();
    group.group_id = "g";
    auto& topic = group.topics.emplace_back();
    topic.name = "t";
    topic.partitions.emplace_back().committed_offset = committed_offset;
    it.answer(it.take(kafka::api_key::offset_fetch), committed);
}

} // namespace barnabas::client::test
