#pragma once

#include "actors/connection/connection_port.hpp"
#include "actors/connection/request_context.hpp"
#include "actors/group/group_names.hpp"
#include "protocol/kafka/api_key.hpp"
#include "runtime/config/topic_config.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace barnabas::test {

/// Records what a connection does, and plays the world around it.
class fake_port final : public connection_port {
public:
    void read(std::shared_ptr<chunk> into, std::size_t at, std::size_t max) override {
        reads.push_back({std::move(into), at, max});
    }
    void wait_for_room() override { ++waits_for_room; }
    void write(std::vector<slice> parts) override { written.push_back(join(parts)); }
    std::size_t unsent_bytes() const override { return unsent; }
    bool output_is_short() const override { return output_short; }
    void close(const error& why) override { closed.push_back(why); }

    bool send(const topic_partition& to, append_request message) override {
        if (led)
            appends.emplace_back(to, std::move(message));
        return led;
    }
    bool send(const topic_partition& to, const read_request& message) override {
        if (led)
            read_requests.emplace_back(to, message);
        return led;
    }
    bool send(const topic_partition& to, const offset_query& message) override {
        if (led)
            offset_queries.emplace_back(to, message);
        return led;
    }
    bool send(const topic_partition& to, const epoch_query& message) override {
        if (led)
            epoch_queries.emplace_back(to, message);
        return led;
    }
    bool send(const topic_partition& to, const delete_records_request& message) override {
        if (led)
            deletions.emplace_back(to, message);
        return led;
    }
    bool send(const topic_partition& to, const producers_query& message) override {
        if (led)
            producer_queries.emplace_back(to, message);
        return led;
    }
    void send(const topic_partition& to, const forget_reader& message) override {
        forgotten.emplace_back(to, message);
    }
    errc ask_coordinator(group::coordinator_request&& message) override {
        const auto* topic = metadata->find_topic(group::offsets_topic);
        if (topic == nullptr)
            return errc::coordinator_not_available;
        const auto index = group::partition_led_here(message.group, topic->partitions, node_id(1));
        if (!index)
            return index.code();
        return send_coordinator(*index, std::move(message)) ? errc::ok : errc::coordinator_not_available;
    }
    bool send_coordinator(partition_index to, group::coordinator_request&& message) override {
        if (led)
            group_questions.emplace_back(to, std::move(message));
        return led;
    }
    void send_controller(create_topics_request message) override { creates.push_back(std::move(message)); }
    void send_controller(delete_topics_request message) override { deletes.push_back(std::move(message)); }
    void send_controller(create_partitions_request message) override { grows.push_back(std::move(message)); }
    void send_controller(alter_configs_request message) override { alters.push_back(std::move(message)); }
    void send_broker(const init_producer_id_request& message) override { producer_ids.push_back(message); }
    void send_broker(describe_log_dirs_request message) override { log_dirs.push_back(std::move(message)); }
    void send_broker(alter_log_dirs_request message) override { moves.push_back(std::move(message)); }
    void arm_timer(std::chrono::nanoseconds delay) override { timers.push_back(delay); }
    monotonic_ns now() const override { return time; }
    metadata_image_ptr image() const override { return metadata; }
    bool is_offline(const topic_partition& id) const override { return offline.contains(id); }
    const topic_config& config_of(const topic_metadata&) override { return config; }
    void finished(const finished_request& request) override {
        finished_keys.push_back(request.key);
        finished_requests.push_back(request);
    }
    void requests_wait(std::size_t count) override { waiting_told.push_back(count); }
    void batch_faulty(batch::batch_fault fault) override { ++faulty[fault]; }
    void batch_taken(std::uint64_t records, std::uint64_t bytes) override {
        taken_records += records;
        taken_bytes += bytes;
    }
    void records_given(std::uint64_t bytes) override { given_bytes += bytes; }
    void error_answered(kafka::api_key key, std::int16_t code) override { ++errors[{key, code}]; }
    void batch_too_large(std::uint64_t bytes) override { too_large_bytes += bytes; }
    void part_refused(kafka::api_key key) override { ++refused_parts[key]; }
    void converted(const request_context&, std::uint64_t records) override { converted_records += records; }
    void report(std::string_view event, const std::string& message) override {
        reports.push_back(std::string(event) + ": " + message);
    }

    std::vector<describe_log_dirs_request> log_dirs;
    std::vector<alter_log_dirs_request> moves;
    struct asked_read {
        std::shared_ptr<chunk> into;
        std::size_t at;
        std::size_t max;
    };
    std::vector<asked_read> reads;
    std::vector<slice> written;
    std::vector<error> closed;
    std::vector<std::pair<topic_partition, append_request>> appends;
    std::vector<std::pair<topic_partition, read_request>> read_requests;
    std::vector<std::pair<topic_partition, offset_query>> offset_queries;
    std::vector<std::pair<topic_partition, epoch_query>> epoch_queries;
    std::vector<std::pair<topic_partition, delete_records_request>> deletions;
    std::vector<std::pair<topic_partition, producers_query>> producer_queries;
    std::vector<std::pair<topic_partition, forget_reader>> forgotten;
    std::vector<std::pair<partition_index, group::coordinator_request>> group_questions;
    std::vector<create_topics_request> creates;
    std::vector<delete_topics_request> deletes;
    std::vector<create_partitions_request> grows;
    std::vector<alter_configs_request> alters;
    std::vector<init_producer_id_request> producer_ids;
    std::vector<std::chrono::nanoseconds> timers;
    std::vector<kafka::api_key> finished_keys;
    std::vector<finished_request> finished_requests;
    std::vector<std::size_t> waiting_told;
    std::map<batch::batch_fault, std::size_t> faulty;
    std::vector<std::string> reports;
    std::uint64_t converted_records = 0;
    std::uint64_t taken_records = 0;
    std::uint64_t taken_bytes = 0;
    std::uint64_t given_bytes = 0;
    std::map<std::pair<kafka::api_key, std::int16_t>, int> errors;
    std::uint64_t too_large_bytes = 0;
    std::map<kafka::api_key, std::size_t> refused_parts;
    /// Broker 1 is this one.
    metadata_image_ptr metadata = std::make_shared<metadata_image>();
    std::set<topic_partition> offline;
    topic_config config = effective(broker_config(), {});
    monotonic_ns time{1'000'000'000};
    std::size_t unsent = 0;
    bool output_short = false;
    int waits_for_room = 0;
    bool led = true;
};

/// An image with one broker and one topic of some partitions.
inline metadata_image_ptr image_with(const std::string& topic, int partitions) {
    auto image = std::make_shared<metadata_image>();
    image->cluster_id = "test-cluster";
    image->controller = node_id(1);
    image->brokers[node_id(1)] = {node_id(1), "localhost", 9092, std::nullopt};
    topic_metadata one;
    one.name = topic;
    one.id.bytes[15] = 7;
    for (int i = 0; i < partitions; ++i)
        one.partitions.push_back(
            {partition_index(i), node_id(1), leader_epoch(0), 0, {node_id(1)}, {node_id(1)}});
    image->topic_names[one.id] = topic;
    image->topics[topic] = one;
    return image;
}

} // namespace barnabas::test
