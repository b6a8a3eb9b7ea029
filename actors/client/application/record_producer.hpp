#pragma once

#include "actors/client/application/properties.hpp"
#include "actors/client/pending.hpp"
#include "actors/client/producer/producer_record.hpp"
#include "protocol/model/error.hpp"

#include <chrono>
#include <memory>

/// Sending records, as programs do it.
///
///     auto producer = barnabas::client::make_producer({{"bootstrap.servers", "localhost:9092"}});
///     if (!producer)
///         return complain(producer.failure().detail);
///     producer->send({"orders", "customer 7", "a book"}, [](const barnabas::client::delivery_report& report)
///     {
///         if (!report.ok())
///             complain(report.why.detail);
///     });
///     producer->flush();
namespace barnabas::client {

/// A producer with a thread of its own. May be used by several threads at once, but for `close` and
/// destruction. A process forked from this one must not use or destroy it. What callbacks throw ends there
/// and is told by `on_trouble`.
///
/// Why a record was not delivered:
///
/// | code | meaning |
/// |---|---|
/// | `request_timed_out` | delivery.timeout.ms or max.block.ms is over; the sentence says how far it got |
/// | `network_exception` | the connection broke, and it could not be repeated |
/// | `throttled` | the buffer (buffer.memory) is full, and was for max.block.ms |
/// | `message_too_large` | by max.request.size here, or by the topic's bound |
/// | `unknown_topic_or_partition`, `invalid_topic`, `topic_authorization_failed`, ... | the broker's words |
/// | `invalid_topic` | also for a name that no topic can have, at once and without asking |
/// | `unsupported_version` | the broker is too old |
/// | `invalid_request` | a partition or timestamp below 0 |
/// | `closed` | the producer was closed first |
///
/// `delivery_report::fate` says whether it may be in the log all the same.
class record_producer {
public:
    record_producer(record_producer&&) noexcept;
    record_producer& operator=(record_producer&&) noexcept;
    /// Closes, as long as delivery.timeout.ms allows.
    ~record_producer();

    /// Takes the record, or waits up to max.block.ms for room in the buffer. `call` comes once, on the
    /// producer's thread; at once on this one when the record is not taken. From a `call` use `try_send`: the
    /// producer's thread would wait for itself.
    void send(const producer_record& record, delivery_callback call = {});
    pending<delivery_report> send_later(const producer_record& record);
    /// Never waits. False: there is no room now, and `call` does not come.
    bool try_send(const producer_record& record, delivery_callback call = {});

    /// Sends what is there without lingering, and waits until every record that was sent before has its
    /// report. Not from a `call`.
    void flush();
    /// The same, waiting no longer than that; false: not all have theirs yet.
    bool flush(std::chrono::milliseconds most);

    producer_metrics metrics() const;

    /// Sends what is there for so long; what is left fails with `closed`. Waits until it is done. Not from a
    /// `call`. Later records fail with `closed`.
    void close(std::chrono::milliseconds most);
    void close();

private:
    struct parts;
    explicit record_producer(std::unique_ptr<parts> made);
    friend result<record_producer> make_producer(const properties& keys, application_options options);
    bool offer(const producer_record& record, delivery_callback& call, bool may_wait);

    std::unique_ptr<parts> parts_;
};

/// Starts a producer. Keys as in Kafka's Java clients (`producer_keys`, `client_keys`). Connections are made
/// when there is something to send. Codes: invalid_config (the detail names the key, and for an unknown one
/// the nearest that is known), internal.
result<record_producer> make_producer(const properties& keys, application_options options = {});

} // namespace barnabas::client
