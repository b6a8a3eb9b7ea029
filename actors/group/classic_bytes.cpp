#include "actors/group/classic_bytes.hpp"

#include "protocol/kafka/consumer_protocol.hpp"

#include <algorithm>

namespace barnabas::group {

namespace {

using subscription = kafka::consumer_protocol_subscription;
using assignment = kafka::consumer_protocol_assignment;

/// A version stands in front; a newer one begins like the newest known.
template <class Message>
result<Message> decode_newest(const slice& bytes) {
    kafka::wire_reader in(bytes);
    const auto version = in.int16("version");
    if (version < 0)
        return error{errc::malformed, "a negative version"};
    return Message::decode(in, std::min(version, Message::highest_version));
}

template <class Entries>
partitions_by_topic by_id(const Entries& entries, const metadata_image& topics) {
    partitions_by_topic all;
    for (const auto& entry : entries)
        if (const auto* topic = topics.find_topic(entry.topic))
            for (const auto index : entry.partitions)
                all[topic->id].emplace_back(index);
    put_in_order(all);
    return all;
}

} // namespace

result<std::vector<std::string>> decode_topics(const slice& bytes) {
    auto decoded = decode_newest<subscription>(bytes);
    if (!decoded)
        return decoded.failure();
    return std::move(decoded->topics);
}

result<classic_subscription> decode_subscription(const slice& bytes, const metadata_image& topics) {
    auto decoded = decode_newest<subscription>(bytes);
    if (!decoded)
        return decoded.failure();
    classic_subscription said;
    said.topics = std::move(decoded->topics);
    std::sort(said.topics.begin(), said.topics.end());
    said.topics.erase(std::unique(said.topics.begin(), said.topics.end()), said.topics.end());
    said.owned = by_id(decoded->owned_partitions, topics);
    said.rack = std::move(decoded->rack_id);
    return said;
}

result<partitions_by_topic> decode_assignment(const slice& bytes, const metadata_image& topics) {
    if (bytes.empty())
        return partitions_by_topic{};
    auto decoded = decode_newest<assignment>(bytes);
    if (!decoded)
        return decoded.failure();
    if (decoded->user_data && !decoded->user_data->empty())
        return error{errc::unsupported_version, "an assignor of its own added something"};
    return by_id(decoded->assigned_partitions, topics);
}

slice encode_assignment(const partitions_by_topic& assigned, const slice& said,
                        const metadata_image& topics) {
    kafka::wire_reader in(said);
    const auto version = std::clamp(in.int16("version"), std::int16_t{0}, assignment::highest_version);
    assignment given;
    for (const auto& [id, indexes] : assigned) {
        const auto* topic = topics.find_topic(id);
        if (topic == nullptr)
            continue;
        auto& entry = given.assigned_partitions.emplace_back();
        entry.topic = topic->name;
        for (const auto index : indexes)
            entry.partitions.push_back(index.get());
    }
    kafka::wire_writer out;
    out.int16(version);
    given.encode(out, version);
    return out.finish_contiguous();
}

} // namespace barnabas::group
