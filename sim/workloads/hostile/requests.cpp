#include "sim/workloads/hostile/requests.hpp"

#include "protocol/batch/big_endian.hpp"
#include "protocol/batch/crc32c.hpp"
#include "protocol/kafka/alter_replica_log_dirs.hpp"
#include "protocol/kafka/api_versions.hpp"
#include "protocol/kafka/create_topics.hpp"
#include "protocol/kafka/delete_records.hpp"
#include "protocol/kafka/describe_log_dirs.hpp"
#include "protocol/kafka/fetch.hpp"
#include "protocol/kafka/frame.hpp"
#include "protocol/kafka/metadata.hpp"
#include "protocol/kafka/offset_for_leader_epoch.hpp"
#include "protocol/kafka/produce.hpp"

#include <limits>
#include <vector>

namespace barnabas::sim::hostile {

namespace {

constexpr const char* client_name = "hostile";
constexpr std::int32_t partitions_tried = 3;
constexpr std::int64_t record_time_ms = 1'767'225'600'000;

template <class Message>
slice framed(std::int32_t correlation_id, const Message& message, std::int16_t version) {
    return join(kafka::frame_request(correlation_id, std::string(client_name), message, version));
}

} // namespace

slice api_versions(std::int32_t correlation_id) {
    return framed(correlation_id, kafka::api_versions_request{}, 0);
}

slice create_topic(std::int32_t correlation_id, const std::string& topic) {
    kafka::create_topics_request request;
    kafka::create_topics_request::creatable_topic made;
    made.name = topic;
    made.num_partitions = 1;
    made.replication_factor = 1;
    // Nobody checks what is in it, so that retention may throw it away at once.
    for (const auto& [name, value] :
         {std::pair("internal.segment.bytes", "100000"), std::pair("retention.bytes", "300000")}) {
        kafka::create_topics_request::creatable_topic_config config;
        config.name = name;
        config.value = value;
        made.configs.push_back(std::move(config));
    }
    request.topics.push_back(std::move(made));
    request.timeout_ms = 5'000;
    return framed(correlation_id, request, 4);
}

slice fetch(std::int32_t correlation_id, const std::string& topic) {
    kafka::fetch_request request;
    request.max_wait_ms = 100;
    request.min_bytes = 1;
    kafka::fetch_request::fetch_topic wanted;
    wanted.topic = slice::copy_of(topic);
    kafka::fetch_request::fetch_partition partition;
    partition.partition_max_bytes = std::numeric_limits<std::int32_t>::max();
    wanted.partitions.push_back(partition);
    request.topics.push_back(std::move(wanted));
    return framed(correlation_id, request, 11);
}

slice produce(std::int32_t correlation_id, const std::string& topic, const slice& batch) {
    kafka::produce_request request;
    request.acks = -1;
    request.timeout_ms = 1'000;
    kafka::produce_request::topic_produce_data data;
    data.name = slice::copy_of(topic);
    kafka::produce_request::partition_produce_data partition;
    partition.records = batch;
    data.partition_data.push_back(std::move(partition));
    request.topic_data.push_back(std::move(data));
    return framed(correlation_id, request, 8);
}

slice metadata(std::int32_t correlation_id, const std::string& topic) {
    kafka::metadata_request request;
    request.topics.emplace();
    request.topics->emplace_back();
    request.topics->back().name = topic;
    return framed(correlation_id, request, 4);
}

slice delete_records(std::int32_t correlation_id, const std::string& topic, std::int64_t offset,
                     std::int16_t version) {
    kafka::delete_records_request request;
    request.timeout_ms = 5'000;
    auto& wanted = request.topics.emplace_back();
    wanted.name = topic;
    for (std::int32_t index = 0; index < partitions_tried; ++index) {
        auto& partition = wanted.partitions.emplace_back();
        partition.partition_index = index;
        partition.offset = offset;
    }
    return framed(correlation_id, request, version);
}

slice alter_replica_log_dirs(std::int32_t correlation_id, const std::string& topic, std::int32_t partition,
                             const std::string& directory, std::int16_t version) {
    kafka::alter_replica_log_dirs_request request;
    auto& to = request.dirs.emplace_back();
    to.path = directory;
    auto& moved = to.topics.emplace_back();
    moved.name = topic;
    moved.partitions.push_back(partition % partitions_tried);
    return framed(correlation_id, request, version);
}

slice describe_log_dirs(std::int32_t correlation_id, std::int16_t version) {
    return framed(correlation_id, kafka::describe_log_dirs_request{}, version);
}

slice ends_of_epoch(std::int32_t correlation_id, const std::string& topic, std::int32_t epoch,
                    std::int16_t version) {
    kafka::offset_for_leader_epoch_request request;
    request.replica_id = -1;
    auto& wanted = request.topics.emplace_back();
    wanted.topic = topic;
    for (std::int32_t index = 0; index < partitions_tried; ++index) {
        auto& partition = wanted.partitions.emplace_back();
        partition.partition = index;
        partition.leader_epoch = epoch;
    }
    return framed(correlation_id, request, version);
}

slice sound_batch(runtime::random& draws, const batch::builder_options& options) {
    batch::batch_builder builder(options);
    const auto count = draws.between(1, 5);
    for (std::int64_t i = 0; i < count; ++i)
        builder.append_text(timestamp_ms(record_time_ms), "hostile",
                            std::string(static_cast<std::size_t>(draws.between(1, 500)), 'h'));
    return builder.build();
}

slice bomb(std::uint32_t bytes, batch::codec packed) {
    batch::builder_options options;
    options.compression = packed;
    batch::batch_builder builder(options);
    builder.append_text(timestamp_ms(record_time_ms), std::nullopt, std::string(bytes, '\0'));
    return builder.build();
}

void mend_crc(const slice& of) {
    const auto crc = batch::crc32c(of.bytes().subspan(batch::at::attributes));
    batch::store_big_endian(of.patch_before_sharing().data() + batch::at::crc, crc);
}

slice bare_header(std::int16_t api_key, std::int16_t version, std::int32_t correlation_id) {
    std::vector<std::byte> bytes(14);
    batch::store_big_endian(bytes.data(), static_cast<std::int32_t>(bytes.size() - 4));
    batch::store_big_endian(bytes.data() + 4, api_key);
    batch::store_big_endian(bytes.data() + 6, version);
    batch::store_big_endian(bytes.data() + 8, correlation_id);
    batch::store_big_endian(bytes.data() + 12, std::int16_t{-1});
    return slice::copy_of(bytes);
}

slice with_length(const slice& frame, std::int32_t length) {
    auto made = slice::copy_of(frame.bytes());
    batch::store_big_endian(made.patch_before_sharing().data(), length);
    return made;
}

slice noise(runtime::random& draws, std::size_t bytes) {
    std::vector<std::byte> made(bytes);
    for (auto& byte : made)
        byte = static_cast<std::byte>(draws.below(256));
    return slice::copy_of(made);
}

} // namespace barnabas::sim::hostile
