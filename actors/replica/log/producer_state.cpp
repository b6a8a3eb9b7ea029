#include "actors/replica/log/producer_state.hpp"

#include "protocol/model/mark.hpp"

#include <algorithm>
#include <limits>
#include <string>

namespace barnabas::replica {
namespace {

constexpr std::int32_t sequence_max = std::numeric_limits<std::int32_t>::max();

bool follows(std::int32_t last, std::int32_t next) {
    return last == sequence_max ? next == 0 : next == last + 1;
}

/// `sequence` was sent before `last`; sequences wrap, so "before" means less than half a round behind.
bool is_behind(std::int32_t last, std::int32_t sequence) {
    constexpr std::uint32_t round = std::uint32_t{1} << 31;
    const std::uint32_t distance =
        (static_cast<std::uint32_t>(last) - static_cast<std::uint32_t>(sequence)) % round;
    return distance < round / 2;
}

error out_of_order(const batch::batch_header& header, const std::string& expected) {
    return {errc::out_of_order_sequence, "producer " + std::to_string(header.producer_id.get()) + " epoch " +
                                             std::to_string(header.producer_epoch.get()) + " sent sequence " +
                                             std::to_string(header.base_sequence) + ", expected " + expected};
}

void remember_batch(producer_entry& entry, const batch::batch_header& header) {
    if (entry.batch_count == producer_batches_max) {
        std::move(entry.batches.begin() + 1, entry.batches.end(), entry.batches.begin());
        --entry.batch_count;
    }
    entry.batches[entry.batch_count++] = {header.base_sequence, header.last_sequence(), header.base_offset,
                                          header.last_offset(), header.max_timestamp};
}

} // namespace

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
    // Too old to be among the batches that are remembered (a snapshot keeps one), but appended all the same,
    // since a producer's batches are appended in order: a duplicate whose offset nobody knows any more.
    if (BARNABAS_MARK_IF(entry->batch_count > 0 && is_behind(last, header.last_sequence()),
                         producer_duplicate_forgotten))
        return duplicate_of{{header.base_sequence, header.last_sequence(), log_offset(-1),
                             entry->last_batch()->last_offset, no_timestamp}};
    if (BARNABAS_MARK_IF(!follows(last, header.base_sequence), producer_sequence_gap))
        return out_of_order(header, "the one after " + std::to_string(last));
    return duplicate_of{};
}

void producer_state::apply(const batch::batch_header& header, monotonic_ns now,
                           std::int32_t coordinator_epoch) {
    if (!header.has_producer_id())
        return;
    auto& entry = entries_[header.producer_id];
    if (entry.epoch != header.producer_epoch) {
        BARNABAS_MARK(producer_epoch_new);
        entry.epoch = header.producer_epoch;
        entry.batch_count = 0;
        entry.batches = {};
    }
    entry.last_timestamp = header.max_timestamp;
    entry.last_seen = now;
    if (header.is_control()) {
        entry.coordinator_epoch = std::max(entry.coordinator_epoch, coordinator_epoch);
        entry.transaction_first_offset = log_offset(-1);
        return;
    }
    if (header.is_transactional() && entry.transaction_first_offset.get() < 0)
        entry.transaction_first_offset = header.base_offset;
    remember_batch(entry, header);
}

const producer_entry* producer_state::find(producer_id id) const {
    const auto found = entries_.find(id);
    return found == entries_.end() ? nullptr : &found->second;
}

void producer_state::restore(producer_id id, const std::optional<producer_entry>& before) {
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
    constexpr std::int64_t ns_per_ms = 1'000'000;
    for (auto at = entries_.begin(); at != entries_.end();) {
        const auto& entry = at->second;
        const bool silent = expiration_ms >= 0 && (now - entry.last_seen) / ns_per_ms >= expiration_ms;
        const bool expired = silent && entry.transaction_first_offset.get() < 0;
        at = BARNABAS_MARK_IF(expired, producer_expired) ? entries_.erase(at) : std::next(at);
    }
}

std::optional<log_offset> producer_state::first_open_transaction() const {
    std::optional<log_offset> first;
    for (const auto& [id, entry] : entries_) {
        const auto begins = entry.transaction_first_offset;
        if (begins.get() >= 0 && (!first || begins < *first))
            first = begins;
    }
    return first;
}

} // namespace barnabas::replica
