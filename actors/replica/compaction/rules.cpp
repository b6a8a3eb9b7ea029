#include "actors/replica/compaction/rules.hpp"

#include "actors/replica/log/time_span.hpp"
#include "protocol/model/mark.hpp"

namespace barnabas::replica {

clean_rules::clean_rules(const rule_options& options, const mapped_range& mapped,
                         transaction_walk& transactions, const last_batches& last_of_producers)
    : options_(options), newest_(mapped.keys), newest_offsets_(mapped.keys, mapped.from, mapped.end),
      map_end_(mapped.end), transactions_(transactions), last_of_producers_(last_of_producers) {}

result<batch_verdict> clean_rules::judge(const batch::batch_view& batch, std::vector<bool>& kept,
                                         batch::codec_workspace& workspace) {
    const auto& header = batch.header;
    kept.clear();
    if (header.is_control())
        return judge_marker(header);
    if (BARNABAS_MARK_IF(transactions_.on_data(header), aborted_data_dropped))
        return without_records(header);
    if (header.record_count == 0)
        return without_records(header);
    auto counted = count(batch, kept, workspace);
    if (!counted)
        return counted.failure();
    if (counted->kept == 0)
        return without_records(header);
    batch_verdict verdict;
    if (counted->tombstones && !header.has_delete_horizon())
        verdict.delete_horizon = later_by(options_.now, options_.delete_retention_ms);
    const bool whole = counted->kept == counted->seen && !verdict.delete_horizon;
    verdict.action = whole ? batch_verdict::what::keep_whole : batch_verdict::what::rebuild;
    return verdict;
}

batch_verdict clean_rules::judge_marker(const batch::batch_header& header) {
    // A control batch that was emptied is only there for its producer.
    const bool useless = transactions_.on_marker(header);
    if (header.record_count == 0)
        return without_records(header);
    if (!useless)
        return {};
    if (!header.has_delete_horizon()) {
        BARNABAS_MARK(marker_gets_delete_horizon);
        return {batch_verdict::what::rebuild, later_by(options_.now, options_.delete_retention_ms)};
    }
    return past_horizon(header) ? without_records(header) : batch_verdict{};
}

/// Nothing of its records is wanted.
batch_verdict clean_rules::without_records(const batch::batch_header& header) const {
    using what = batch_verdict::what;
    if (!BARNABAS_MARK_IF(is_last_of_producer(header), last_of_producer_kept))
        return {what::drop, std::nullopt};
    return {header.record_count == 0 ? what::keep_whole : what::keep_empty, std::nullopt};
}

bool clean_rules::is_last_of_producer(const batch::batch_header& header) const {
    return !options_.planted.last_of_producer_dropped && header.has_producer_id() &&
           last_of_producers_.holds(header);
}

bool clean_rules::past_horizon(const batch::batch_header& header) const {
    const auto horizon = header.delete_horizon();
    return horizon && *horizon <= options_.now;
}

bool clean_rules::is_asked_by_key(const batch::record_view& record) const {
    return record.key && record.offset < map_end_ && !newest_offsets_.covers(record.offset);
}

bool clean_rules::is_newest(const question& record) const {
    if (newest_offsets_.covers(record.offset))
        return newest_offsets_.has(record.offset);
    return record.offset >= newest_.find(record.key);
}

bool clean_rules::keeps(const question& record, bool tombstones_may_go) const {
    if (record.offset >= map_end_)
        return true;
    if (BARNABAS_MARK_IF(!record.has_key, record_without_key_dropped))
        return false;
    if (!is_newest(record))
        return false;
    return record.has_value || !BARNABAS_MARK_IF(tombstones_may_go, tombstone_dropped);
}

/// All keys are hashed before the first is looked for; see key_map::hash_of.
result<void> clean_rules::ask(const batch::batch_view& batch, batch::codec_workspace& workspace) {
    questions_.clear();
    auto records = batch::record_reader::open(batch, &workspace);
    if (!records)
        return records.failure();
    for (;;) {
        const auto next = records->next();
        if (!next)
            return next.failure();
        const auto* record = *next;
        if (record == nullptr)
            return {};
        const auto key = is_asked_by_key(*record) ? newest_.hash_of(*record->key) : hash_128{};
        questions_.push_back({key, record->offset, record->key.has_value(), record->value.has_value()});
    }
}

result<clean_rules::tally> clean_rules::count(const batch::batch_view& batch, std::vector<bool>& kept,
                                              batch::codec_workspace& workspace) {
    const bool may_go = past_horizon(batch.header) || options_.planted.tombstone_dropped_early;
    if (auto asked = ask(batch, workspace); !asked)
        return asked.failure();
    tally counted;
    for (const auto& record : questions_) {
        const bool stays = keeps(record, may_go);
        kept.push_back(stays);
        ++counted.seen;
        counted.kept += stays ? 1 : 0;
        counted.tombstones |= stays && !record.has_value && record.offset < map_end_;
    }
    return counted;
}

} // namespace barnabas::replica
