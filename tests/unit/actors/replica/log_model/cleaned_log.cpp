// What compaction may do to a log: of each key the newest record stays, at its offset and with its content.

#include "protocol/batch/record_reader.hpp"
#include "tests/unit/actors/replica/log_model/log_model.hpp"

#include <algorithm>

namespace barnabas::replica::model {

namespace {

struct record_copy {
    log_offset offset;
    timestamp_ms timestamp;
    std::string key;
    std::optional<std::string> value;

    friend bool operator==(const record_copy&, const record_copy&) = default;
};

std::string text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::vector<record_copy> records_of(const known_batch& batch) {
    std::vector<record_copy> all;
    auto records = batch::record_reader::open({batch.bytes, batch.header});
    while (records) {
        const auto next = records->next();
        if (!next || *next == nullptr)
            break;
        const auto& record = **next;
        all.push_back({record.offset, record.timestamp, record.key ? text_of(*record.key) : std::string(),
                       record.value ? std::optional(text_of(*record.value)) : std::nullopt});
    }
    return all;
}

bool same_batch(const batch::batch_header& one, const batch::batch_header& other) {
    return one.base_offset == other.base_offset && one.last_offset() == other.last_offset() &&
           one.leader_epoch == other.leader_epoch && one.producer_id == other.producer_id &&
           one.producer_epoch == other.producer_epoch && one.base_sequence == other.base_sequence;
}

} // namespace

/// What is to be read: as it was appended, or as compaction left it.
const std::map<log_offset, known_batch>& log_model::standing() {
    if (expected_.cleaned_below <= log_offset(0))
        return expected_.batches;
    standing_ = expected_.cleaned;
    standing_.insert(expected_.batches.lower_bound(expected_.cleaned_below), expected_.batches.end());
    return standing_;
}

/// Compares with what stood there before; from now on it is this.
void log_model::compare_cleaned(const std::map<log_offset, known_batch>& found) {
    const auto below = expected_.cleaned_below;
    if (below <= log_offset(0))
        return;
    newest_.clear();
    aborted_ = aborted();
    auto& cleaned = expected_.cleaned;
    for (const auto& [base, batch] : cleaned)
        if (!batch.header.is_control() && !aborted_.contains(base))
            for (const auto& record : records_of(batch))
                newest_[record.key] = std::max(newest_[record.key], record.offset);
    for (const auto& [base, batch] : found)
        if (base < below && !cleaned.contains(base))
            return wrong("a batch that compaction dropped, or that never was, at offset " +
                         std::to_string(base.get()));
    const auto start = host_.log->log_start_offset();
    for (const auto& [base, batch] : cleaned) {
        if (batch.header.next_offset() <= start)
            continue;
        const auto now = found.find(base);
        const auto* kept = now == found.end() ? nullptr : &now->second;
        if (batch.header.is_control())
            compare_marker(batch, kept, found);
        else
            compare_kept(batch, kept);
    }
    const auto seen = std::find_if(cleaned.begin(), cleaned.end(), [start](const auto& one) {
        return one.second.header.next_offset() > start;
    });
    cleaned.erase(seen, cleaned.end());
    cleaned.insert(found.begin(), found.lower_bound(below));
}

void log_model::compare_kept(const known_batch& before, const known_batch* now) {
    const auto base = before.header.base_offset;
    if (now == nullptr && expected_.tails.contains(base))
        return wrong("the last batch of a producer is gone at offset " + std::to_string(base.get()));
    if (now != nullptr && now->bytes == before.bytes)
        return;
    if (now != nullptr && !same_batch(before.header, now->header))
        return wrong("compaction made another batch at offset " + std::to_string(base.get()));
    if (aborted_.contains(base))
        return;
    const auto left = now == nullptr ? std::vector<record_copy>() : records_of(*now);
    auto next = left.begin();
    for (const auto& record : records_of(before)) {
        if (next != left.end() && *next == record) {
            ++next;
            continue;
        }
        const bool superseded = newest_[record.key] > record.offset;
        const bool past = !record.value && may_drop_tombstone(record.offset);
        if (!superseded && !past && record.offset >= host_.log->log_start_offset())
            return wrong("the newest record of " + record.key + " is gone, from offset " +
                         std::to_string(record.offset.get()));
    }
    if (next != left.end())
        wrong("compaction made another record at offset " + std::to_string(next->offset.get()));
}

/// It says its word as long as any data of its transaction is left.
void log_model::compare_marker(const known_batch& before, const known_batch* now,
                               const std::map<log_offset, known_batch>& found) {
    const auto base = before.header.base_offset;
    if (now != nullptr && !same_batch(before.header, now->header))
        return wrong("compaction made another marker at offset " + std::to_string(base.get()));
    if (now != nullptr && records_of(*now) == records_of(before))
        return;
    if (now != nullptr && now->header.record_count != 0)
        return wrong("compaction changed the marker at offset " + std::to_string(base.get()));
    for (auto at = found.lower_bound(base); at != found.begin();) {
        const auto& header = (--at)->second.header;
        if (header.producer_id != before.header.producer_id)
            continue;
        if (!header.is_control())
            wrong("the marker at offset " + std::to_string(base.get()) + " is gone, and the data at " +
                  std::to_string(header.base_offset.get()) + " is not");
        return;
    }
}

/// One pass gave it its horizon, and a later one came behind that.
bool log_model::may_drop_tombstone(log_offset offset) const {
    const auto& passes = expected_.passes;
    for (auto first = passes.begin(); first != passes.end(); ++first)
        for (auto later = first + 1; first->upto > offset && later != passes.end(); ++later)
            if (later->now - first->now >= options_.delete_retention_ms)
                return true;
    return false;
}

} // namespace barnabas::replica::model
