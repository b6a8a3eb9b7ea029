#include "actors/client/consumer/subscription_bytes.hpp"

#include "actors/client/consumer/by_topic.hpp"
#include "protocol/kafka/consumer_protocol.hpp"

#include <algorithm>
#include <map>
#include <vector>

namespace barnabas::client {

namespace {

constexpr std::int16_t newest_subscription = 3;
constexpr std::int16_t newest_assignment = 3;

/// Kafka's data of the sticky assignor: topics with their partitions, and the generation.
slice write_sticky(const std::set<partition_name>& owned, std::int32_t generation) {
    const auto topics = by_topic(owned);
    kafka::wire_writer out;
    out.int32(static_cast<std::int32_t>(topics.size()));
    for (const auto& [topic, partitions] : topics) {
        out.string(topic, kafka::wire_form::plain);
        out.int32(static_cast<std::int32_t>(partitions.size()));
        for (const auto partition : partitions)
            out.int32(partition);
    }
    out.int32(generation);
    return out.finish_contiguous();
}

/// Nothing of it is taken when it does not follow the format: the member then counts as new.
void read_sticky(const slice& bytes, member_wish& into) {
    kafka::wire_reader in(bytes);
    std::set<partition_name> owned;
    const auto topics = in.int32("topics");
    for (std::int32_t i = 0; i < topics && in.ok(); ++i) {
        const auto topic = in.string("topic", kafka::wire_form::plain);
        const auto count = in.int32("partitions");
        for (std::int32_t at = 0; at < count && in.ok(); ++at)
            owned.insert({topic, in.int32("partition")});
    }
    const auto generation = in.int32("generation");
    if (!in.ok())
        return;
    into.owned = std::move(owned);
    into.generation = generation;
}

} // namespace

slice write_subscription(const std::string& assignor, const std::set<std::string>& topics,
                         const std::set<partition_name>& owned, std::int32_t generation) {
    kafka::consumer_protocol_subscription wanted;
    wanted.topics.assign(topics.begin(), topics.end());
    if (assignor == "sticky") {
        wanted.user_data = write_sticky(owned, generation);
    } else if (assignor == "cooperative-sticky") {
        for (const auto& [topic, partitions] : by_topic(owned)) {
            auto& entry = wanted.owned_partitions.emplace_back();
            entry.topic = topic;
            entry.partitions = partitions;
        }
        wanted.generation_id = generation;
    }
    kafka::wire_writer out;
    out.int16(newest_subscription);
    wanted.encode(out, newest_subscription);
    return out.finish_contiguous();
}

result<void> read_subscription(const std::string& assignor, const slice& bytes, member_wish& into) {
    kafka::wire_reader in(bytes);
    const auto version = in.int16("version");
    if (!in.ok() || version < 0)
        return error{errc::malformed, "the subscription of member " + into.id + " has no version"};
    auto read = kafka::consumer_protocol_subscription::decode(in, std::min(version, newest_subscription));
    if (!read)
        return read.failure();
    into.topics.insert(read->topics.begin(), read->topics.end());
    for (const auto& topic : read->owned_partitions)
        for (const auto partition : topic.partitions)
            into.owned.insert({topic.topic, partition});
    into.generation = read->generation_id;
    if (assignor == "sticky" && read->user_data)
        read_sticky(*read->user_data, into);
    return {};
}

slice write_assignment(const std::set<partition_name>& given) {
    kafka::consumer_protocol_assignment made;
    for (const auto& [topic, partitions] : by_topic(given)) {
        auto& entry = made.assigned_partitions.emplace_back();
        entry.topic = topic;
        entry.partitions = partitions;
    }
    kafka::wire_writer out;
    out.int16(newest_assignment);
    made.encode(out, newest_assignment);
    return out.finish_contiguous();
}

result<std::set<partition_name>> read_assignment(const slice& bytes) {
    std::set<partition_name> given;
    if (bytes.empty())
        return given;
    kafka::wire_reader in(bytes);
    const auto version = in.int16("version");
    if (!in.ok() || version < 0)
        return error{errc::malformed, "the assignment of the group's leader has no version"};
    const auto read = kafka::consumer_protocol_assignment::decode(in, std::min(version, newest_assignment));
    if (!read)
        return read.failure();
    for (const auto& topic : read->assigned_partitions)
        for (const auto partition : topic.partitions)
            given.insert({topic.topic, partition});
    return given;
}

} // namespace barnabas::client
