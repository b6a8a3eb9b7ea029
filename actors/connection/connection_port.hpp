#pragma once

#include "actors/broker/broker_messages.hpp"
#include "actors/broker/log_dirs_messages.hpp"
#include "actors/controller/controller_messages.hpp"
#include "actors/group/group_messages.hpp"
#include "actors/partition/partition_messages.hpp"
#include "protocol/batch/batch_fault.hpp"
#include "protocol/kafka/api_key.hpp"
#include "protocol/model/slice.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace barnabas {

struct request_context;
struct topic_config;

/// A request that was answered, or needs no answer: where it was since its last byte had come.
struct finished_request {
    kafka::api_key key = kafka::api_key::api_versions;
    std::int16_t version = 0;
    monotonic_ns arrived_at;
    /// Its turn came.
    monotonic_ns begun_at;
    /// It waited for other actors from here on; that of its answer, if it never did.
    monotonic_ns parked_at;
    monotonic_ns answered_at;
    /// All answers before its own had left, and so did this one.
    monotonic_ns sent_at;
    std::size_t request_bytes = 0;
    std::size_t response_bytes = 0;
};

/// What the connection machine may do to the world; the shell carries it out, tests record it. (On the data
/// path effects are calls and not a list, so that a request allocates nothing for them; style rule S4.)
class connection_port {
public:
    virtual ~connection_port() = default;

    /// Asks the stream for bytes; see runtime::byte_stream::read.
    virtual void read(std::shared_ptr<chunk> into, std::size_t at, std::size_t max) = 0;
    /// Calls `connection::on_room` once when the client-input reserve has room again.
    virtual void wait_for_room() = 0;
    virtual void write(std::vector<slice> parts) = 0;
    virtual std::size_t unsent_bytes() const = 0;
    /// Memory for responses runs out: who does not take what it asked for holds up others.
    virtual bool output_is_short() const { return false; }
    /// Ends the connection after what was written, or at once when a time is over (request_timed_out); `why`
    /// goes to the log unless it is the client's own close.
    virtual void close(const error& why) = 0;

    /// False when this node does not lead the partition; then nothing is sent.
    virtual bool send(const topic_partition& to, append_request message) = 0;
    virtual bool send(const topic_partition& to, const read_request& message) = 0;
    virtual bool send(const topic_partition& to, const offset_query& message) = 0;
    virtual bool send(const topic_partition& to, const epoch_query& message) = 0;
    virtual bool send(const topic_partition& to, const delete_records_request& message) = 0;
    virtual bool send(const topic_partition& to, const producers_query& message) = 0;
    virtual void send(const topic_partition& to, const forget_reader& message) = 0;
    /// To the coordinator of the group that the message names; `ok`, or why it cannot be asked:
    /// coordinator_not_available when `__consumer_offsets` is not there yet or the partition is not open,
    /// not_coordinator when another broker leads it.
    virtual errc ask_coordinator(group::coordinator_request&& message) = 0;
    /// To the coordinator of that partition of `__consumer_offsets`; false when it is not here.
    virtual bool send_coordinator(partition_index to, group::coordinator_request&& message) = 0;
    virtual void send_controller(create_topics_request message) = 0;
    virtual void send_controller(delete_topics_request message) = 0;
    virtual void send_controller(create_partitions_request message) = 0;
    virtual void send_controller(alter_configs_request message) = 0;
    virtual void send_broker(const init_producer_id_request& message) = 0;
    virtual void send_broker(describe_log_dirs_request message) = 0;
    virtual void send_broker(alter_log_dirs_request message) = 0;

    /// Calls `connection::on_timer` once, that much later.
    virtual void arm_timer(std::chrono::nanoseconds delay) = 0;
    virtual monotonic_ns now() const = 0;
    /// The newest metadata that this node's broker has carried out.
    virtual metadata_image_ptr image() const = 0;
    /// The replica on this node, of a partition of that metadata, is not served: its data directory failed,
    /// or its log did.
    virtual bool is_offline(const topic_partition& partition) const = 0;
    /// The topic's configuration with the broker's defaults filled in.
    virtual const topic_config& config_of(const topic_metadata& topic) = 0;

    /// For metrics.
    virtual void finished(const finished_request& request) = 0;
    /// So many whole requests of this connection wait for their turn now: for metrics.
    virtual void requests_wait(std::size_t count) = 0;
    /// Records went between the formats of old and current clients (KIP-31, KIP-98): for metrics.
    virtual void converted(const request_context& request, std::uint64_t records) = 0;
    /// A batch of a producer's went to its partition: for metrics.
    virtual void batch_taken(std::uint64_t records, std::uint64_t bytes) = 0;
    /// So many bytes of batches go to a consumer: for metrics.
    virtual void records_given(std::uint64_t bytes) = 0;
    /// A response, or a part of one, says this error of Kafka's: for metrics.
    virtual void error_answered(kafka::api_key key, std::int16_t code) = 0;
    /// A batch of that size was too large for its topic: for metrics.
    virtual void batch_too_large(std::uint64_t bytes) = 0;
    /// What was wrong with a producer's batch: for metrics.
    virtual void batch_faulty(batch::batch_fault fault) = 0;
    /// A batch was not stored, or a partition not read: for metrics.
    virtual void part_refused(kafka::api_key key) = 0;
    /// Something a person may want to read: a refused request, a client's protocol error.
    virtual void report(std::string_view event, const std::string& message) = 0;
};

} // namespace barnabas
