#include "actors/client/producer/producer_batch.hpp"

#include "protocol/model/assert.hpp"

namespace barnabas::client {

void tell_waiters(producer_batch& batch) {
    BARNABAS_ASSERT(batch.fate.has_value());
    delivery_report report;
    report.topic = batch.topic;
    report.partition = batch.partition;
    report.fate = batch.fate->what;
    report.why = batch.fate->why;
    const auto base = batch.fate->base_offset;
    const auto stamped = batch.fate->append_time_ms;
    for (const auto& each : batch.waiters) {
        report.offset = base < 0 ? -1 : base + each.index;
        report.timestamp_ms = stamped < 0 ? each.timestamp_ms : stamped;
        each.call(report);
    }
    batch.waiters.clear();
}

void tell_failure(const std::string& topic, std::int32_t partition, const delivery_callback& call,
                  const error& why) {
    if (!call)
        return;
    delivery_report report;
    report.topic = topic;
    report.partition = partition;
    report.why = why;
    call(report);
}

} // namespace barnabas::client
