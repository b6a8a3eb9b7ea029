#include "actors/group/record_sizes.hpp"

#include "actors/group/limits.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

namespace barnabas::group {

namespace {

constexpr std::size_t length_bytes_max = 5;
constexpr std::size_t topic_bytes = sizeof(topic_id) + length_bytes_max + 1;
constexpr std::size_t partition_bytes = 4;

std::size_t bytes_of(const std::string& text) {
    return text.size();
}

std::size_t bytes_of(const std::optional<std::string>& text) {
    return text ? text->size() : 0;
}

std::size_t bytes_of(const offered_protocol& protocol) {
    return 2 * length_bytes_max + protocol.name.size() + protocol.metadata.size();
}

std::size_t bytes_of(const std::vector<std::string>& names) {
    std::size_t bytes = 0;
    for (const auto& name : names)
        bytes += name.size() + length_bytes_max;
    return bytes;
}

template <class... Text>
std::size_t with_overhead(const Text&... texts) {
    return group_limits::record_overhead_bytes + (bytes_of(texts) + ... + 0);
}

} // namespace

std::size_t bytes_of(std::string_view group, const classic_state& state) {
    auto bytes = group.size() + with_overhead(state.protocol_type, state.protocol, state.leader);
    for (const auto& one : state.members)
        bytes += with_overhead(one.member_id, one.instance_id, one.client_id, one.host) +
                 one.metadata.size() + one.assignment.size();
    return bytes;
}

std::size_t bytes_of(std::string_view group, std::string_view member, const consumer_subscription& said) {
    auto bytes =
        group.size() + member.size() +
        with_overhead(said.instance_id, said.rack, said.client_id, said.host, said.pattern, said.assignor);
    bytes += bytes_of(said.topics);
    if (said.classic)
        for (const auto& protocol : said.classic->protocols)
            bytes += bytes_of(protocol);
    return bytes;
}

std::size_t bytes_of(std::string_view group, const consumer_heartbeat_request& request) {
    auto bytes = group.size() + with_overhead(request.who.member_id, request.who.instance_id, request.rack,
                                              request.client.client_id, request.client.host, request.pattern,
                                              request.assignor);
    if (request.topics)
        bytes += bytes_of(*request.topics);
    return bytes;
}

std::size_t bytes_of(const offset_record& record) {
    return with_overhead(record.group, record.topic) + (record.value ? record.value->metadata.size() : 0);
}

std::size_t least_bytes_of(std::string_view group, std::string_view id, const join_request& request) {
    auto protocol = std::numeric_limits<std::size_t>::max();
    for (const auto& offered : request.protocols)
        protocol = std::min(protocol, bytes_of(offered));
    // It may be the leader, whose id is in the record twice.
    return group.size() + 2 * id.size() + with_overhead(request.protocol_type) +
           with_overhead(request.who.instance_id, request.client.client_id, request.client.host) +
           (request.protocols.empty() ? 0 : protocol);
}

std::size_t bytes_of(const partitions_by_topic& all) {
    std::size_t bytes = 0;
    for (const auto& [topic, indexes] : all)
        bytes += topic_bytes + partition_bytes * indexes.size();
    return bytes;
}

std::size_t partition_bytes_max(std::string_view group, std::string_view member,
                                std::size_t record_bytes_max) {
    const auto others = group_limits::record_overhead_bytes + group.size() + member.size();
    return (record_bytes_max - std::min(others, record_bytes_max)) / 2;
}

bool cut_to_fit(partitions_by_topic& all, std::size_t bytes_max) {
    auto bytes = bytes_of(all);
    const bool too_long = bytes > bytes_max;
    while (bytes > bytes_max) {
        const auto last = std::prev(all.end());
        const auto over = (bytes - bytes_max + partition_bytes - 1) / partition_bytes;
        if (over < last->second.size()) {
            last->second.erase(last->second.end() - static_cast<std::ptrdiff_t>(over), last->second.end());
            break;
        }
        bytes -= topic_bytes + partition_bytes * last->second.size();
        all.erase(last);
    }
    return too_long;
}

bool cut_to_fit(pattern_record& record, std::size_t record_bytes_max) {
    auto bytes = with_overhead(record.group, record.pattern);
    auto& topics = record.value->topics;
    const auto end = std::find_if(topics.begin(), topics.end(), [&](const std::string& topic) {
        bytes += topic.size() + length_bytes_max;
        return bytes > record_bytes_max;
    });
    const bool too_long = end != topics.end();
    topics.erase(end, topics.end());
    return too_long;
}

} // namespace barnabas::group
