#include "actors/replica/log/aborted_by.hpp"
#include "actors/replica/log/batch_walk.hpp"
#include "actors/replica/log/known_transactions.hpp"
#include "actors/replica/log/recovery.hpp"
#include "actors/replica/log/sized_file.hpp"
#include "actors/replica/log/small_file.hpp"
#include "actors/replica/log/transaction_index.hpp"
#include "protocol/batch/crc32c.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>

/// What recovery does for transactions: `.txnindex` says again what the markers say.
namespace barnabas::replica {
namespace {

/// What an index says of markers where its log cannot be read, beside what was read.
void add_known(std::vector<aborted_transaction>& entries, std::span<const aborted_transaction> known,
               log_offset from) {
    for (const auto& one : known) {
        const bool there = std::any_of(entries.begin(), entries.end(), [&](const auto& other) {
            return other.last_offset == one.last_offset;
        });
        if (one.last_offset >= from && !there)
            entries.push_back(one);
    }
    std::sort(entries.begin(), entries.end(),
              [](const auto& one, const auto& other) { return one.last_offset < other.last_offset; });
}

/// That there were some, or that nobody knew.
bool tells_of_transactions(const segment_facts& told) {
    return told.transactions > 0 || told.transactions_crc.value_or(0) != 0;
}

void note_transactions(segment_state& segment, std::span<const std::byte> index) {
    segment.transaction_index_size = index.size();
    segment.transaction_index_crc = batch::crc32c(index);
}

} // namespace

void recovery::count_batch(const batch::batch_view& batch) {
    note_gap(batch.header);
    last_batch_base_ = batch.header.base_offset;
    if (batch.header.base_offset < scan_from_)
        return;
    log_.report.clean = false;
    const auto coordinator = batch.header.is_control() ? coordinator_epoch_of(batch) : -1;
    const auto ended = log_.producers.apply(batch.header, monotonic_ns(0), coordinator);
    if (const auto entry = aborted_by(ended, batch, log_.producers))
        aborted_.push_back(*entry);
    log_.epochs.assign(batch.header.leader_epoch, batch.header.base_offset);
}

/// Of a scanned segment: entries of markers below the recovery point are as proven as all there, the others
/// follow from the scan. Kafka's recovery point proves less.
result<void> recovery::complete_transactions(recovered_segment& segment) {
    const auto base = segment.state.base_offset;
    const auto found = std::exchange(aborted_, {});
    std::vector<aborted_transaction> entries;
    bool lacks = false;
    bool torn = false;
    std::optional<error> damage;
    if (base < scan_from_) {
        auto known = known_transactions(base);
        if (!known)
            return known.failure();
        // A tail that was torn off lies behind the recovery point.
        const bool whole =
            known->whole || (!known->entries.empty() && known->entries.back().last_offset >= scan_from_);
        const bool by_kafka = !sound_from_ && !log_.producers.entries().empty();
        const auto proven = std::count_if(known->entries.begin(), known->entries.end(),
                                          [this](const auto& one) { return one.last_offset < scan_from_; });
        lacks = lacks_transactions(told_facts(base),
                                   std::span(known->entries).first(static_cast<std::size_t>(proven)));
        if (!whole || lacks || by_kafka || segment.next_offset < scan_from_) {
            auto rebuilt = rebuild_transactions(segment, lacks ? found_transactions{} : *known);
            if (!rebuilt)
                return rebuilt.failure();
            known->entries = std::move(rebuilt->entries);
            torn = !whole;
            damage = std::move(rebuilt->damage);
        }
        for (const auto& entry : known->entries)
            if (entry.last_offset < scan_from_)
                entries.push_back(entry);
    }
    if (!options_.planted.transactions_not_recovered)
        entries.insert(entries.end(), found.begin(), found.end());
    // Of what was there nobody knows any more: who reads there hears of it, at this start and at the next.
    const auto* told = told_facts(base);
    const bool told_of = lacks && tells_of_transactions(*told);
    if (!BARNABAS_MARK_IF(damage && (told_of || torn), transactions_unknown_at_recovery_point))
        return replace_transactions(segment, entries);
    note_transactions(segment.state, encode_transaction_index(entries));
    mark_transactions_unknown(segment.state);
    facts_moved_ = true;
    unknown_.emplace_back(base, std::move(entries));
    return {};
}

/// Behind the snapshot that says so: until then a torn index may be all that tells.
result<void> recovery::replace_unknown_transactions() {
    for (const auto& [base, entries] : unknown_) {
        recovered_segment segment;
        segment.state.base_offset = base;
        if (auto replaced = replace_transactions(segment, entries); !replaced)
            return replaced;
    }
    return {};
}

const segment_facts* recovery::told_facts(log_offset base) const {
    const auto found = std::find_if(told_.begin(), told_.end(),
                                    [base](const segment_facts& one) { return one.base_offset == base; });
    return found == told_.end() ? nullptr : &*found;
}

/// Of what compaction has made one segment of: then its index may hold entries, of which nothing is told.
bool recovery::had_transactions(log_offset base, log_offset behind) const {
    return std::any_of(told_.begin(), told_.end(), [&](const segment_facts& one) {
        return one.base_offset >= base && one.base_offset < behind && tells_of_transactions(one);
    });
}

/// Whether the index held something else when the newest snapshot was made. Most segments have none, so that
/// a missing one makes as much sense, and an entry of which a bit is wrong makes as much, too.
bool recovery::lacks_transactions(const segment_facts* told,
                                  std::span<const aborted_transaction> entries) const {
    const auto bytes = encode_transaction_index(entries);
    const bool lacks =
        told != nullptr && (told->transactions != bytes.size() ||
                            (told->transactions_crc && *told->transactions_crc != batch::crc32c(bytes)));
    return BARNABAS_MARK_IF(lacks && !options_.planted.transaction_index_believed, transactions_missing);
}

/// Of a segment below the recovery point, which has one behind it. A missing index is believed where nothing
/// was told of it: most segments have none.
result<void> recovery::inspect_transactions(recovered_segment& segment, log_offset behind) {
    auto known = known_transactions(segment.state.base_offset);
    if (!known)
        return known.failure();
    const bool within = known->entries.empty() || known->entries.back().last_offset < behind;
    const auto* told = told_facts(segment.state.base_offset);
    // Of another `.log`, which compaction has put there since, nothing was told. One that was not closed then
    // ended where the snapshot is.
    const bool speaks_of_it = told != nullptr && (told->log == 0 || told->log == segment.state.size);
    const bool lacks = lacks_transactions(speaks_of_it ? told : nullptr, known->entries);
    const bool untold = told != nullptr && !speaks_of_it && had_transactions(told->base_offset, behind);
    const bool lost = untold || (segment.index_rebuilt && known->entries.empty());
    if (!known->whole || !within || lacks || BARNABAS_MARK_IF(lost, transactions_looked_for)) {
        segment.next_offset = behind;
        auto rebuilt = rebuild_transactions(segment, lacks ? found_transactions{} : *known);
        if (!rebuilt)
            return rebuilt.failure();
        // The index stays, and does not agree with what is told of it: who reads there hears of it.
        const bool told_of = lacks && tells_of_transactions(*told);
        const bool torn = !known->whole || !within || (untold && known->entries.empty());
        if (BARNABAS_MARK_IF(rebuilt->damage && (told_of || torn), transactions_unknown_for_damage)) {
            note_transactions(segment.state, encode_transaction_index(known->entries));
            auto& state = segment.state;
            state.transaction_index_size =
                told_of ? told->transactions
                        : std::max<std::uint64_t>(state.transaction_index_size, transaction_entry_size);
            state.transaction_index_crc =
                told_of ? told->transactions_crc.value_or(0) : ~state.transaction_index_crc;
            return {};
        }
        facts_moved_ = true;
        return replace_transactions(segment, rebuilt->entries);
    }
    note_transactions(segment.state, encode_transaction_index(known->entries));
    return {};
}

/// Entries from the beginning on, as far as they make sense.
result<recovery::found_transactions> recovery::known_transactions(log_offset base) {
    found_transactions known;
    if (!with_transactions_.contains(base))
        return known;
    const auto path = segment_path(options_.directory, base, transaction_index_suffix);
    auto entries = read_transaction_index(files_, path);
    if (!entries)
        return entries.failure();
    auto file = open_sized(files_, path);
    if (!file)
        return file.failure();
    auto next = base;
    for (const auto& entry : *entries) {
        if (entry.last_offset < next)
            break;
        next = entry.last_offset + 1;
        known.entries.push_back(entry);
    }
    // One without a byte was emptied: who has no aborted transaction has no file.
    known.whole = file->size > 0 && known.entries.size() * transaction_entry_size == file->size;
    BARNABAS_MARK_IF(!known.whole, transaction_index_without_sense);
    return known;
}

/// From the segment's log. Transactions that began before it are in the snapshot at its beginning.
result<recovery::rebuilt_transactions> recovery::rebuild_transactions(const recovered_segment& segment,
                                                                      const found_transactions& known) {
    const auto base = segment.state.base_offset;
    BARNABAS_MARK(transaction_index_rebuilt);
    auto snapshot = read_small_file(files_, segment_path(options_.directory, base, snapshot_suffix),
                                    std::uint64_t{64} << 20);
    if (!snapshot && snapshot.code() != errc::not_found && snapshot.code() != errc::malformed)
        return snapshot.failure();
    auto before = snapshot ? producer_state::decode_snapshot(snapshot->bytes())
                           : result<producer_state>(snapshot.failure());
    if (!before && base == bases_.front())
        before = producer_state();
    auto rebuilt =
        before ? aborted_in(segment, std::move(*before), nullptr) : rebuild_from_markers(segment, known);
    if (rebuilt && rebuilt->damage)
        add_known(rebuilt->entries, known.entries, rebuilt->sound_upto);
    return rebuilt;
}

/// Where the snapshot is missing an entry counts whose marker is there; for a marker without an entry the log
/// is looked through from its beginning.
result<recovery::rebuilt_transactions> recovery::rebuild_from_markers(const recovered_segment& segment,
                                                                      const found_transactions& known) {
    bool all_known = true;
    auto kept = aborted_in(segment, {}, [&](const aborted_transaction& marker) {
        for (const auto& entry : known.entries)
            if (entry.last_offset == marker.last_offset && entry.producer == marker.producer)
                return std::optional(entry);
        all_known = false;
        return std::optional<aborted_transaction>();
    });
    if (!kept || BARNABAS_MARK_IF(all_known, transaction_entries_kept))
        return kept;
    auto before = producers_before(segment.state.base_offset);
    if (!before)
        return before.failure();
    auto rebuilt = aborted_in(segment, std::move(before->producers), nullptr);
    if (rebuilt && before->damage) {
        // What a transaction has in front of the damage was not seen, and so its entry may be missing or
        // short.
        add_known(kept->entries, rebuilt->entries, segment.state.base_offset);
        rebuilt->entries = std::move(kept->entries);
        rebuilt->damage = std::move(before->damage);
    }
    return rebuilt;
}

result<recovery::rebuilt_transactions>
recovery::aborted_in(const recovered_segment& segment, producer_state producers, const known_entry& known) {
    const auto base = segment.state.base_offset;
    const auto path = segment_path(options_.directory, base, log_suffix);
    auto log = open_scoped(files_, path, runtime::open_mode::read_only);
    if (!log)
        return log.failure();
    rebuilt_transactions rebuilt;
    auto& entries = rebuilt.entries;
    const auto look = [&](const batch::batch_view& batch) {
        const auto& header = batch.header;
        const auto ended = producers.apply(header, monotonic_ns(0));
        if (!known) {
            if (const auto entry = aborted_by(ended, batch, producers))
                entries.push_back(*entry);
            return;
        }
        const bool proven = header.base_offset < scan_from_;
        if (!proven || !header.is_control() || kind_of_marker(batch) != marker_kind::abort)
            return;
        if (auto entry = known({header.producer_id, log_offset(0), header.base_offset, log_offset(0)}))
            entries.push_back(*entry);
    };
    scan_options options;
    options.next_offset = base;
    options.unproven_from = segment.next_offset;
    options.gaps_allowed = true;
    options.old_messages_given_up = gives_up_old_messages();
    auto scanned = segment_scan(files_, log->id(), {base, segment.state.size}).run(options, look);
    if (!scanned)
        return scanned.failure();
    rebuilt.sound_upto = scanned->next_offset;
    if (scanned->bad)
        rebuilt.damage = corrupt_batch(path, file_position(scanned->sound_size), *scanned->bad);
    return rebuilt;
}

/// From the headers of all segments before, as far as they can be read.
result<recovery::earlier_producers> recovery::producers_before(log_offset base) {
    BARNABAS_MARK(producers_looked_for_from_the_beginning);
    earlier_producers before;
    for (const auto earlier : bases_) {
        if (earlier >= base)
            break;
        auto log = open_sized(files_, segment_path(options_.directory, earlier, log_suffix));
        if (!log)
            return log.failure();
        batch_walk walk(files_, log->file.id(), file_position(0), log->size);
        for (auto next = walk.next();; next = walk.next()) {
            if (!next && !is_damage(next.code()))
                return next.failure();
            if (!next)
                before.damage = next.failure();
            if (!next || !*next)
                break;
            before.producers.apply((*next)->header, monotonic_ns(0));
        }
    }
    return before;
}

result<void> recovery::replace_transactions(recovered_segment& segment,
                                            const std::vector<aborted_transaction>& entries) {
    const auto base = segment.state.base_offset;
    const auto name = segment_file_name(base, transaction_index_suffix);
    const auto bytes = encode_transaction_index(entries);
    note_transactions(segment.state, bytes);
    if (bytes.empty())
        return with_transactions_.contains(base) ? remove_if_present(files_, options_.directory + "/" + name)
                                                 : result<void>{};
    const auto content = slice::copy_of(bytes);
    auto present = read_small_file(files_, options_.directory + "/" + name, content.size());
    if (present && *present == content) {
        transactions_to_sync_.push_back(base);
        return {};
    }
    BARNABAS_MARK(transaction_index_recovered);
    return replace_small_file(files_, options_.directory, name, content);
}

} // namespace barnabas::replica
