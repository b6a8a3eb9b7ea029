#include "actors/client/producer/producer_batch.hpp"

#include "protocol/model/assert.hpp"

namespace barnabas::client {

namespace {
constexpr const char* callback_name = "a delivery callback";
} // namespace

void tell_waiters(producer_batch& batch, const trouble_call& on_thrown) {
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
        call_user(callback_name, on_thrown, each.call, report);
    }
    batch.waiters.clear();
}

void tell_failure(const std::string& topic, std::int32_t partition, const delivery_callback& call,
                  const error& why, const trouble_call& on_thrown) {
    if (!call)
        return;
    delivery_report report;
    report.topic = topic;
    report.partition = partition;
    report.why = why;
    call_user(callback_name, on_thrown, call, report);
}

} // namespace barnabas::client
