#include "actors/broker/lag/unread_record.hpp"

#include "actors/broker/limits.hpp"
#include "protocol/batch/record_batch.hpp"
#include "protocol/batch/record_reader.hpp"

namespace barnabas {

namespace {

/// Without a look at the records.
std::optional<timestamp_ms> timestamp_by_header(const batch::batch_header& header) {
    if (header.time_type() == batch::timestamp_type::log_append_time)
        return header.max_timestamp;
    const bool close = header.max_timestamp - header.base_timestamp <= broker_limits::lag_precision.count();
    if (header.has_delete_horizon() || !close)
        return std::nullopt;
    return header.base_timestamp;
}

result<std::optional<timestamp_ms>> timestamp_in(const batch::batch_view& batch, log_offset wanted) {
    if (auto known = timestamp_by_header(batch.header))
        return known;
    auto records = batch::record_reader::open(batch);
    if (!records)
        return records.failure();
    for (;;) {
        auto record = records->next();
        if (!record)
            return record.failure();
        if (*record == nullptr)
            return std::optional<timestamp_ms>();
        if ((*record)->offset >= wanted)
            return std::optional((*record)->timestamp);
    }
}

} // namespace

result<unread_record> find_unread(const slice& records, log_offset wanted) {
    auto batches = batch::split_complete_batches(records);
    if (!batches)
        return batches.failure();
    unread_record found;
    for (const auto& one : *batches) {
        found.next = one.header.next_offset();
        if (one.header.last_offset() < wanted || one.header.is_control())
            continue;
        auto timestamp = timestamp_in(one, wanted);
        if (!timestamp)
            return timestamp.failure();
        if (*timestamp) {
            found.timestamp = *timestamp;
            break;
        }
    }
    return found;
}

} // namespace barnabas
