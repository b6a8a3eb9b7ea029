#include "actors/replica/log/index_builder.hpp"
#include "actors/replica/log/offset_index.hpp"
#include "actors/replica/log/time_index.hpp"
#include "actors/replica/log/time_span.hpp"
#include "actors/replica/log/transaction_index.hpp"
#include "actors/replica/replica_log.hpp"
#include "actors/replica/timestamp_rule.hpp"
#include "protocol/batch/crc32c.hpp"
#include "protocol/batch/patch.hpp"
#include "protocol/model/mark.hpp"
#include "runtime/random/random.hpp"

#include <algorithm>
#include <limits>

/// Appending: checks, offsets, rolling, and the one write job.
namespace barnabas::replica {
namespace {

/// How many of the newest batches are found without an index.
constexpr std::size_t recent_positions_max = 128;
constexpr std::int64_t position_max = std::numeric_limits<std::int32_t>::max();

std::size_t size_of(std::span<const batch::batch_view> batches) {
    std::size_t total = 0;
    for (const auto& batch : batches)
        total += batch.bytes.size();
    return total;
}

timestamp_ms newest_of(std::span<const batch::batch_view> batches) {
    auto newest = no_timestamp;
    for (const auto& batch : batches)
        newest = std::max(newest, batch.header.max_timestamp);
    return newest;
}

slice to_slice(const std::vector<std::byte>& bytes) {
    return bytes.empty() ? slice{} : slice::copy_of(bytes);
}

} // namespace

result<append_result> replica_log::append(std::vector<batch::batch_view> batches,
                                          const append_context& context, std::vector<write_job>& out) {
    if (auto state = check_state(context); !state)
        return state.failure();
    if (batches.empty())
        return error{errc::invalid_record, "an append without batches"};
    if (auto sizes = check_sizes(batches); !sizes)
        return sizes.failure();
    if (context.from_client) {
        // What is stored stays stored when the clock moves on. A batch that is not must hear of its timestamp
        // first, as in Kafka: a sequence that does not fit calls for another try under a new producer id.
        auto repeated = check_producer(batches);
        if (BARNABAS_MARK_IF(repeated && repeated->has_value(), append_repeated))
            return **repeated;
        if (auto times = check_timestamps(batches, context); !times)
            return times.failure();
        if (!repeated)
            return repeated.failure();
    }
    append_result appended{log_end_offset_, log_offset(0), no_timestamp, false};
    if (options_.timestamp_type == batch::timestamp_type::log_append_time)
        appended.log_append_time = context.now;
    appended.next_offset = stamp(batches, context);
    BARNABAS_ASSERT(appended.next_offset > appended.base_offset);
    out.push_back(take(batches, appended, context));
    return appended;
}

result<void> replica_log::check_state(const append_context& context) const {
    if (BARNABAS_MARK_IF(closed_, append_to_closed_log))
        return error{errc::closed, "the log of " + options_.directory + " is closed"};
    if (BARNABAS_MARK_IF(failure_.has_value(), append_to_failed_log))
        return *failure_;
    if (const auto latest = epochs_.latest(); latest && context.epoch < *latest)
        return error{errc::fenced_leader_epoch, "epoch " + std::to_string(context.epoch.get()) +
                                                    " is below the log's, " + std::to_string(latest->get())};
    return {};
}

/// Changes the state as if the append had been written, and remembers how it was.
write_job replica_log::take(std::vector<batch::batch_view>& batches, const append_result& appended,
                            const append_context& context) {
    append_in_flight undo{log_end_offset_, appended.next_offset, segments_.back(), false, {}};
    write_job job;
    job.lane = lane_;
    job.directory = options_.directory;
    job.base_offset = log_end_offset_;
    job.next_offset = appended.next_offset;
    note_touched(job);
    undo.rolled = roll_due(batches, context.now);
    if (undo.rolled)
        roll(context.now, job);
    mark_snapshot_if_due(undo.rolled);
    remember_producers(batches, context.monotonic_now, undo, job);
    epochs_changed_ |= epochs_.assign(context.epoch, log_end_offset_);
    place(batches, job);
    log_end_offset_ = appended.next_offset;
    in_flight_.push_back(std::move(undo));
    return job;
}

result<void> replica_log::check_sizes(std::span<const batch::batch_view> batches) const {
    for (const auto& batch : batches)
        if (BARNABAS_MARK_IF(std::cmp_greater(batch.bytes.size(), options_.max_message_bytes),
                             append_message_too_large))
            return error{errc::message_too_large, "a batch of " + std::to_string(batch.bytes.size()) +
                                                      " bytes; max.message.bytes is " +
                                                      std::to_string(options_.max_message_bytes)};
    if (const auto total = size_of(batches); std::cmp_greater(total, options_.segment_bytes))
        return error{errc::record_list_too_large, std::to_string(total) +
                                                      " bytes do not fit into a segment of " +
                                                      std::to_string(options_.segment_bytes)};
    return {};
}

result<void> replica_log::check_timestamps(std::span<const batch::batch_view> batches,
                                           const append_context& context) const {
    for (const auto& batch : batches) {
        const auto earliest =
            context.earliest == no_timestamp ? batch.header.base_timestamp : context.earliest;
        for (const auto time : {earliest, batch.header.max_timestamp}) {
            auto complaint = timestamp_complaint(options_, time, context.now);
            if (BARNABAS_MARK_IF(!complaint.empty(), append_timestamp_refused))
                return error{errc::invalid_timestamp, std::move(complaint)};
        }
    }
    return {};
}

/// A result when the append repeats an old one.
result<std::optional<append_result>>
replica_log::check_producer(std::span<const batch::batch_view> batches) const {
    const bool idempotent = std::any_of(batches.begin(), batches.end(), [](const batch::batch_view& batch) {
        return batch.header.has_producer_id();
    });
    if (!idempotent)
        return std::optional<append_result>{};
    if (batches.size() != 1)
        return error{errc::invalid_record, "an idempotent producer sends one batch per partition, not " +
                                               std::to_string(batches.size())};
    auto repeated = producers_.check(batches.front().header);
    const bool gap_taken =
        options_.planted.accept_sequence_gap && repeated.code() == errc::out_of_order_sequence;
    if (!repeated && !gap_taken)
        return repeated.failure();
    if (gap_taken || !*repeated || options_.planted.accept_repeated_sequence)
        return std::optional<append_result>{};
    const auto& old = **repeated;
    append_result answer{old.base_offset, old.last_offset + 1, no_timestamp, true};
    if (options_.timestamp_type == batch::timestamp_type::log_append_time)
        answer.log_append_time = old.timestamp;
    return std::optional(answer);
}

/// Returns the offset behind the last record.
log_offset replica_log::stamp(std::vector<batch::batch_view>& batches, const append_context& context) const {
    auto next = log_end_offset_;
    for (auto& batch : batches) {
        batch::set_base_offset(batch, next);
        batch::set_leader_epoch(batch, context.epoch);
        if (options_.timestamp_type == batch::timestamp_type::log_append_time)
            batch::set_log_append_time(batch, context.now);
        next = batch.header.next_offset();
    }
    return next;
}

bool replica_log::roll_due(std::span<const batch::batch_view> batches, timestamp_ms now) const {
    const auto& active = segments_.back();
    const auto last_relative = batches.back().header.last_offset() - active.base_offset;
    if (BARNABAS_MARK_IF(last_relative > std::numeric_limits<std::int32_t>::max(), roll_by_offset_overflow))
        return true;
    if (active.size == 0)
        return false;
    const auto bytes_max = std::min(options_.segment_bytes, position_max);
    if (BARNABAS_MARK_IF(std::cmp_greater(active.size + size_of(batches), bytes_max), roll_by_size))
        return true;
    const auto index_bytes = static_cast<std::uint64_t>(options_.segment_index_bytes);
    if (active.offset_index_size + offset_entry_size > index_bytes ||
        active.time_index_size + 2 * time_entry_size > index_bytes)
        return BARNABAS_MARK(roll_by_full_index), true;
    const auto newest = newest_of(batches);
    const bool by_records = active.first_timestamp != no_timestamp && newest != no_timestamp;
    const auto waited = by_records                       ? distance(active.first_timestamp, newest)
                        : active.created != no_timestamp ? now - active.created
                                                         : 0;
    return BARNABAS_MARK_IF(has_lived(waited), roll_by_time);
}

/// The jitter is a part of the most that is the active segment's own, the same whenever it is asked for; it
/// is computed only where it decides.
bool replica_log::has_lived(std::int64_t waited_ms) const {
    const auto jitter_max = std::min(options_.segment_jitter_ms, options_.segment_ms);
    if (options_.segment_ms < 0 || waited_ms <= options_.segment_ms - jitter_max)
        return false;
    if (jitter_max <= 0)
        return true;
    const auto& topic = options_.topic_id.bytes;
    const auto seed = runtime::stable_hash({reinterpret_cast<const char*>(topic.data()), topic.size()},
                                           static_cast<std::uint64_t>(segments_.back().base_offset.get()));
    const auto own = runtime::stable_hash(options_.directory, seed) % static_cast<std::uint64_t>(jitter_max);
    return waited_ms > options_.segment_ms - static_cast<std::int64_t>(own);
}

void replica_log::roll(timestamp_ms now, write_job& job) {
    auto& closing = segments_.back();
    job.rolls = true;
    job.kind = runtime::disk_job_kind::blocking;
    job.segment_base = log_end_offset_;
    job.closing_time_position = file_position(closing.time_index_size);
    if (!options_.planted.closing_entry_forgotten)
        job.closing_time_entry = to_slice(closing_time_entry(closing));
    closing.closed = now;
    BARNABAS_ASSERT(closing.base_offset < log_end_offset_);
    segment_state next;
    next.base_offset = log_end_offset_;
    next.created = now;
    segments_.push_back(next);
    recent_.clear();
}

void replica_log::place(std::vector<batch::batch_view>& batches, write_job& job) {
    auto& active = segments_.back();
    job.log_position = file_position(active.size);
    job.offset_position = file_position(active.offset_index_size);
    job.time_position = file_position(active.time_index_size);
    index_growth growth;
    for (auto& batch : batches) {
        recent_.push_back({batch.header.base_offset, file_position(active.size)});
        if (recent_.size() > recent_positions_max)
            recent_.pop_front();
        auto indexed = batch.header;
        if (options_.planted.offset_index_one_off && active.size > 0)
            indexed.base_offset = indexed.base_offset - 1;
        if (options_.planted.time_index_one_off)
            indexed.max_timestamp = timestamp_ms(indexed.max_timestamp.get() - 1);
        index_batch(active, indexed, options_.index_interval_bytes, growth);
        bytes_since_snapshot_ += batch.bytes.size();
        job.batches.push_back(std::move(batch.bytes));
    }
    job.offset_entries = to_slice(growth.offset_entries);
    job.time_entries = to_slice(growth.time_entries);
}

/// The producers are now as they were at the end of the log; the file is written when that end is stable.
void replica_log::mark_snapshot_if_due(bool rolls) {
    const bool long_ago = std::cmp_greater_equal(bytes_since_snapshot_, options_.snapshot_interval_bytes);
    if ((rolls || long_ago) && log_end_offset_ > snapshot_offset_)
        mark_snapshot();
}

slice replica_log::snapshot_now() const {
    return slice::copy_of(producers_.encode_snapshot(sound_from_, facts_of_all(segments_)));
}

void replica_log::mark_snapshot() {
    snapshots_due_.push_back({log_end_offset_, snapshot_now()});
    bytes_since_snapshot_ = 0;
}

void replica_log::remember_producers(std::span<const batch::batch_view> batches, monotonic_ns now,
                                     append_in_flight& undo, write_job& job) {
    std::vector<std::byte> aborted;
    for (const auto& batch : batches) {
        const auto id = batch.header.producer_id;
        if (!batch.header.has_producer_id())
            continue;
        const auto* entry = producers_.find(id);
        undo.producers_before.emplace_back(id, entry == nullptr ? std::nullopt : std::optional(*entry));
        const bool control = batch.header.is_control();
        const auto ended = producers_.apply(batch.header, now, control ? coordinator_epoch_of(batch) : -1);
        if (ended && kind_of_marker(batch) == marker_kind::abort)
            put_transaction_entry(aborted, {ended->producer, ended->first_offset, ended->marker,
                                            producers_.first_open_transaction().value_or(ended->marker + 1)});
    }
    if (!aborted.empty())
        place_aborted(aborted, job);
}

/// Readers that want committed records only must find the entry as soon as they may read behind the marker.
void replica_log::place_aborted(const std::vector<std::byte>& entries, write_job& job) {
    BARNABAS_MARK(transaction_aborted);
    auto& active = segments_.back();
    job.kind = runtime::disk_job_kind::blocking;
    job.transaction_entries = slice::copy_of(entries);
    job.transaction_segment = active.base_offset;
    job.transaction_position = file_position(active.transaction_index_size);
    active.transaction_index_size += entries.size();
    active.transaction_index_crc = batch::crc32c_extend(active.transaction_index_crc, entries);
}

} // namespace barnabas::replica
