#include "actors/client/producer/producer_batch.hpp"

#include "protocol/model/assert.hpp"

#include <algorithm>

namespace barnabas::client {

namespace {
constexpr const char* callback_name = "a delivery callback";

/// The code of the answer is the batch's. It is a record's own if there is one such record only; of several
/// the sentences tell what is wrong. One without a sentence has the batch's (KIP-467).
error why_refused(const batch_fate& fate, const batch::refused_record& one) {
    return {fate.refused.size() == 1 ? fate.why.code : errc::invalid_record,
            one.why.empty() ? fate.why.detail : one.why};
}

/// What the record at `index` has to do with the end of its batch.
void tell_part(delivery_report& report, const batch_fate& fate, std::int32_t index) {
    const auto found = std::lower_bound(fate.refused.begin(), fate.refused.end(), index,
                                        [](const auto& one, auto wanted) { return one.index < wanted; });
    report.blameless = found == fate.refused.end() || found->index != index;
    const auto why = why_refused(fate, report.blameless ? fate.refused.front() : *found);
    report.why = report.blameless
                     ? error{fate.why.code, "another record of its batch was refused: " + why.detail +
                                                "; this one may be sent again"}
                     : why;
}
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
        if (!batch.fate->refused.empty())
            tell_part(report, *batch.fate, each.index);
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
