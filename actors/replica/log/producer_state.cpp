#include "actors/replica/log/producer_state.hpp"

#include "protocol/model/mark.hpp"

#include <algorithm>
#include <limits>
#include <string>

namespace barnabas::replica {
namespace {

constexpr std::int32_t sequence_max = std::numeric_limits<std::int32_t>::max();
/// Sequences wrap: those that lie behind another one are this many, the others come after it.
constexpr std::int64_t half_round = std::int64_t{1} << 30;

bool follows(std::int32_t last, std::int32_t next) {
    return last == sequence_max ? next == 0 : next == last + 1;
}

/// How far `sequence` lies behind `last`. Sequences wrap, so one that comes after `last` seems far behind.
std::int64_t steps_behind(std::int32_t last, std::int32_t sequence) {
    return (std::int64_t{last} - sequence) & sequence_max;
}

error out_of_order(const batch::batch_header& header, const std::string& expected) {
    return {errc::out_of_order_sequence, "producer " + std::to_string(header.producer_id.get()) + " epoch " +
                                             std::to_string(header.producer_epoch.get()) + " sent sequence " +
                                             std::to_string(header.base_sequence) + ", expected " + expected};
}

} // namespace

void producer_entry::remember(const producer_batch& next) {
    const auto records = steps_behind(next.last_sequence, next.first_sequence) + 1;
    const auto* last = last_batch();
    const bool goes_on = last != nullptr && follows(last->last_sequence, next.first_sequence);
    unbroken_records = std::min(goes_on ? unbroken_records + records : records, half_round);
    if (batch_count == producer_batches_max) {
        std::move(batches.begin() + 1, batches.end(), batches.begin());
        --batch_count;
    }
    batches[batch_count++] = next;
}

bool producer_entry::has_taken(std::int32_t first, std::int32_t last) const {
    const auto* newest = last_batch();
    if (newest == nullptr)
        return false;
    const auto from = steps_behind(newest->last_sequence, first);
    const auto to = steps_behind(newest->last_sequence, last);
    return to <= from && from < unbroken_records;
}

result<producer_state::duplicate_of> producer_state::check(const batch::batch_header& header) const {
    const auto* entry = find(header.producer_id);
    if (entry == nullptr)
        return duplicate_of{};
    if (BARNABAS_MARK_IF(header.producer_epoch < entry->epoch, producer_fenced))
        return error{errc::invalid_producer_epoch,
                     "producer " + std::to_string(header.producer_id.get()) + " sent epoch " +
                         std::to_string(header.producer_epoch.get()) + ", the log has epoch " +
                         std::to_string(entry->epoch.get())};
    if (header.producer_epoch != entry->epoch) {
        if (BARNABAS_MARK_IF(header.base_sequence != 0 && entry->epoch.get() >= 0,
                             producer_new_epoch_not_at_zero))
            return out_of_order(header, "0, for the epoch is new");
        return duplicate_of{};
    }
    for (std::uint8_t i = 0; i < entry->batch_count; ++i) {
        const auto& old = entry->batches[i];
        if (BARNABAS_MARK_IF(old.first_sequence == header.base_sequence &&
                                 old.last_sequence == header.last_sequence(),
                             producer_duplicate))
            return duplicate_of{old};
    }
    const std::int32_t last = entry->batch_count == 0 ? -1 : entry->last_batch()->last_sequence;
    // Too old to be among the batches that are remembered, but in the unbroken row that they end: a duplicate
    // whose offset nobody knows any more. What lies before the row may never have been stored: a producer
    // without state may begin with any sequence, also behind a batch of its own that was refused.
    if (BARNABAS_MARK_IF(entry->has_taken(header.base_sequence, header.last_sequence()),
                         producer_duplicate_forgotten))
        return duplicate_of{{header.base_sequence, header.last_sequence(), log_offset(-1),
                             entry->last_batch()->last_offset, no_timestamp}};
    if (BARNABAS_MARK_IF(!follows(last, header.base_sequence), producer_sequence_gap))
        return out_of_order(header, "the one after " + std::to_string(last));
    return duplicate_of{};
}

std::optional<ended_transaction> producer_state::apply(const batch::batch_header& header, monotonic_ns now,
                                                       std::int32_t coordinator_epoch) {
    if (!header.has_producer_id())
        return std::nullopt;
    auto& entry = entries_[header.producer_id];
    if (entry.epoch != header.producer_epoch) {
        BARNABAS_MARK(producer_epoch_new);
        entry.epoch = header.producer_epoch;
        entry.batch_count = 0;
        entry.batches = {};
        entry.unbroken_records = 0;
    }
    entry.last_timestamp = header.max_timestamp;
    entry.last_offset = header.last_offset();
    entry.last_seen = now;
    if (header.is_control()) {
        entry.coordinator_epoch = std::max(entry.coordinator_epoch, coordinator_epoch);
        const auto begun = std::exchange(entry.transaction_first_offset, log_offset(-1));
        note_open(header.producer_id, begun, log_offset(-1));
        if (begun.get() < 0)
            return std::nullopt;
        ended_.push_back({header.producer_id, begun, header.base_offset});
        return ended_.back();
    }
    if (header.is_transactional() && entry.transaction_first_offset.get() < 0) {
        note_open(header.producer_id, log_offset(-1), header.base_offset);
        entry.transaction_first_offset = header.base_offset;
    }
    entry.remember({header.base_sequence, header.last_sequence(), header.base_offset, header.last_offset(),
                    header.max_timestamp});
    return std::nullopt;
}

void producer_state::note_open(producer_id id, log_offset before, log_offset after) {
    if (before.get() >= 0)
        open_.erase({before, id});
    if (after.get() >= 0)
        open_.insert({after, id});
}

const producer_entry* producer_state::find(producer_id id) const {
    const auto found = entries_.find(id);
    return found == entries_.end() ? nullptr : &found->second;
}

void producer_state::restore(producer_id id, const std::optional<producer_entry>& before) {
    const auto* now = find(id);
    note_open(id, now == nullptr ? log_offset(-1) : now->transaction_first_offset,
              before ? before->transaction_first_offset : log_offset(-1));
    if (before)
        entries_[id] = *before;
    else
        entries_.erase(id);
}

void producer_state::begin_silences(monotonic_ns now) {
    for (auto& [id, entry] : entries_)
        entry.last_seen = now;
}

void producer_state::expire(monotonic_ns now, std::int64_t expiration_ms) {
    for (auto at = entries_.begin(); at != entries_.end();) {
        const auto& entry = at->second;
        const bool silent = expiration_ms >= 0 && (now - entry.last_seen) / ns_per_ms >= expiration_ms;
        const bool expired = silent && entry.transaction_first_offset.get() < 0;
        at = BARNABAS_MARK_IF(expired, producer_expired) ? entries_.erase(at) : std::next(at);
    }
}

std::optional<log_offset> producer_state::first_open_transaction() const {
    return open_.empty() ? std::nullopt : std::optional(open_.begin()->first);
}

std::optional<log_offset> producer_state::first_undecided(log_offset high_watermark) const {
    auto first = first_open_transaction();
    for (const auto& ended : ended_)
        if (ended.marker >= high_watermark && (!first || ended.first_offset < *first))
            first = ended.first_offset;
    return first;
}

void producer_state::forget_ended_below(log_offset high_watermark) {
    std::erase_if(ended_, [&](const ended_transaction& ended) { return ended.marker < high_watermark; });
}

void producer_state::forget_ended_from(log_offset end) {
    std::erase_if(ended_, [&](const ended_transaction& ended) { return ended.marker >= end; });
}

} // namespace barnabas::replica
