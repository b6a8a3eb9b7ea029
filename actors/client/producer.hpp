#pragma once

#include "actors/client/client_session.hpp"
#include "actors/client/producer_queue.hpp"
#include "actors/client/topic_directory.hpp"
#include "protocol/kafka/error_codes.hpp"
#include "protocol/kafka/produce.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace barnabas::client {

struct producer_options {
    /// 0 nobody answers, 1 written by the leader, -1 on stable storage of all in-sync replicas.
    std::int16_t acks = -1;
    /// Batches carry producer id and sequence, so that the broker drops repetitions.
    bool idempotent = true;
    /// After a batch that failed: the next epoch of the same id (KIP-360), under which the broker refuses
    /// what is still on its way. Otherwise a new id, as some clients do, and what was given up may yet come
    /// behind it.
    bool next_epoch = true;
    /// Per partition; at most 5 for an idempotent producer, 1 keeps the order of any other.
    std::size_t in_flight_max = 1;
    /// How long the broker may wait for acknowledgements.
    std::int32_t request_timeout_ms = 5'000;
    /// From `send` to the result, whatever happens; plus what a request in flight still takes.
    std::int64_t delivery_timeout_ns = 60'000'000'000;
    /// Below 3 message sets are sent, which cannot be idempotent; below 2 they have no timestamps. Below 7
    /// the broker takes no zstd.
    std::int16_t produce_version_max = kafka::produce_request::highest_version;
};

/// Called while the producer handles an event: they must only note what they hear, or send a message.
struct producer_events {
    std::function<void(const produce_outcome&)> on_outcome;
    /// The broker's memory of this producer did not fit this batch: earlier ones are lost or came twice.
    /// The producer goes on under its next epoch.
    std::function<void(std::uint64_t token, kafka::error_code code)> on_sequence_lost;
};

/// Sends record batches. Guarantees: every batch gets one outcome; an idempotent producer repeats a batch
/// under the same sequence until it knows, so it is in the log at most once, and in the order of `send`
/// within a partition; any other producer repeats only what is certainly not in the log. A topic that was
/// deleted and made again under its name is another one: what was meant for the one before
/// (`outgoing_batch::topic_id`) does not go there, and sequences begin anew.
class producer final : public client_role {
public:
    producer(client_connection& connection, producer_options options, producer_events events);

    void send(outgoing_batch batch, monotonic_ns now);

    void on_ready(monotonic_ns now) override;
    void on_lost(monotonic_ns now) override;
    void on_answer(const answer& got, monotonic_ns now) override;
    void on_timer(monotonic_ns now) override;
    monotonic_ns deadline() const override;

    std::size_t unfinished() const;

private:
    using partition_key = std::pair<std::string, std::int32_t>;
    /// One Produce request: at most one batch per partition.
    using request_content = std::map<partition_key, std::uint64_t>;

    bool prepare(monotonic_ns now);
    const std::string* missing_topic() const;
    void leave_deleted_topics();
    void ask_producer_id(monotonic_ns now);
    void on_producer_id(const answer& got, monotonic_ns now);
    bool send_one_request(monotonic_ns now);
    void on_produced(const answer& got, const request_content& sent, monotonic_ns now);
    void on_partition(const partition_key& where, std::uint64_t token,
                      const kafka::produce_response::partition_produce_response& said, monotonic_ns now);
    void on_refused(const partition_key& where, producer_queue& queue, std::uint64_t token,
                    const kafka::produce_response::partition_produce_response& said, monotonic_ns now);
    void take_new_epoch();
    void finish(producer_queue& queue, std::uint64_t token, produce_outcome outcome);

    client_connection& connection_;
    producer_options options_;
    producer_events events_;
    topic_directory topics_;
    std::map<partition_key, producer_queue> queues_;
    std::map<std::uint64_t, request_content> requests_;
    producer_identity identity_;
    batch::codec_workspace workspace_;
    std::uint64_t id_asked_ = 0;
    /// Sequences have a hole: when nothing is in flight any more, go on under the next epoch.
    bool new_epoch_wanted_ = false;
    monotonic_ns not_before_{};
};

} // namespace barnabas::client
