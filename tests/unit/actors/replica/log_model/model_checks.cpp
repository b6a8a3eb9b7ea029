// What the model looks at: reads and finds while the log lives, and everything after each opening.

#include "actors/replica/log/offset_index.hpp"
#include "actors/replica/log/time_index.hpp"
#include "protocol/batch/big_endian.hpp"
#include "protocol/batch/record_reader.hpp"
#include "protocol/batch/validate.hpp"
#include "tests/unit/actors/replica/log_model/log_model.hpp"

#include <algorithm>

namespace barnabas::replica::model {

namespace {

std::string at(log_offset offset) {
    return " at offset " + std::to_string(offset.get());
}

/// The first record of a batch that is young enough and inside of the bounds.
std::optional<found_offset> first_record(const known_batch& batch, timestamp_ms wanted, log_offset from,
                                         log_offset upto) {
    auto records = batch::record_reader::open({batch.bytes, batch.header});
    for (;;) {
        const auto record = records->next();
        if (!record || *record == nullptr || (*record)->offset >= upto)
            return std::nullopt;
        if ((*record)->timestamp >= wanted && (*record)->offset >= from)
            return found_offset{(*record)->offset, (*record)->timestamp, batch.header.leader_epoch};
    }
}

/// A snapshot has the time of a marker in the place of that of its producer's last batch, as in Kafka.
bool is_known_as(const producer_entry& due, producer_entry known, bool has_markers) {
    if (known.epoch != due.epoch || known.batch_count != due.batch_count ||
        known.transaction_first_offset != due.transaction_first_offset)
        return false;
    for (std::size_t i = 0; has_markers && i < known.batch_count; ++i)
        known.batches[i].timestamp = due.batches[i].timestamp;
    return std::equal(due.batches.begin(), due.batches.begin() + due.batch_count, known.batches.begin());
}

} // namespace

/// A process that is about to die, or a failure that was planned.
bool log_model::excused(const error& failure) const {
    return disk_.cut_off() || failure.detail.find("fails as planned") != std::string::npos;
}

std::vector<known_batch> log_model::batches_of(producer_id id) const {
    std::vector<known_batch> all;
    for (const auto& [base, batch] : expected_.batches)
        if (batch.header.producer_id == id)
            all.push_back(batch);
    return all;
}

void log_model::read(const operation& one) {
    const auto& log = *host_.log;
    const auto start = log.log_start_offset();
    const auto upto = log.written_offset();
    if (start == upto)
        return;
    const auto from = start + static_cast<std::int64_t>(one.a % static_cast<std::uint64_t>(upto - start));
    auto job = host_.log->read(from, one.b % 1000, upto, true);
    if (!job)
        return wrong("a read was refused" + at(from));
    job->run(disk_.files());
    host_.log->on_read(*job);
    if (!job->records)
        return excused(job->records.failure())
                   ? void()
                   : wrong("a read failed" + at(from) + ": " + to_string(job->records.failure()));
    const auto batches = batch::split_batches(*job->records);
    if (!batches || batches->empty())
        return wrong("a read gave nothing" + at(from));
    const auto& all = standing();
    auto due = all.upper_bound(from);
    if (due != all.begin() && std::prev(due)->second.header.next_offset() > from)
        --due;
    for (const auto& batch : *batches) {
        if (due == all.end() || due->first != batch.header.base_offset || !(due->second.bytes == batch.bytes))
            return wrong("a read from" + at(from) + " gave other bytes than those written" +
                         at(batch.header.base_offset));
        ++due;
    }
}

std::optional<found_offset> log_model::expected_find(std::optional<timestamp_ms> timestamp, log_offset upto) {
    const auto from = host_.log->log_start_offset();
    std::optional<found_offset> best;
    const auto& all = standing();
    auto known = all.upper_bound(from);
    if (known != all.begin())
        --known;
    for (; known != all.end(); ++known) {
        const auto& batch = known->second;
        if (batch.header.base_offset >= upto)
            break;
        const auto wanted = timestamp.value_or(batch.header.max_timestamp);
        const auto found = first_record(batch, wanted, from, upto);
        if (found && timestamp)
            return found;
        if (found && (!best || found->timestamp > best->timestamp))
            best = found;
    }
    return best;
}

void log_model::find(std::optional<timestamp_ms> timestamp) {
    find_below(timestamp, host_.log->written_offset());
    find_below(timestamp, host_.log->stable_offset());
}

void log_model::find_below(std::optional<timestamp_ms> timestamp, log_offset upto) {
    // A batch that lost its records keeps its time, so which one is the largest is no record's affair.
    if (!timestamp && expected_.cleaned_below > log_offset(0))
        return;
    auto job =
        timestamp ? host_.log->find_by_timestamp(*timestamp, upto) : host_.log->find_max_timestamp(upto);
    job.run(disk_.files());
    host_.log->on_found(job);
    if (!job.found)
        return excused(job.found.failure()) ? void()
                                            : wrong("a find failed: " + to_string(job.found.failure()));
    const auto due = expected_find(timestamp, upto);
    const auto text = [](const std::optional<found_offset>& one) {
        return one ? std::to_string(one->offset.get()) + " of time " + std::to_string(one->timestamp.get())
                   : "none";
    };
    if (*job.found != due)
        wrong("a find by time " + (timestamp ? std::to_string(timestamp->get()) : "largest") + " gave " +
              text(*job.found) + ", not " + text(due));
}

// ---- after each opening

void log_model::look_at_all() {
    const auto& report = host_.report;
    const auto& log = *host_.log;
    const auto end = log.log_end_offset();
    if (end < expected_.stable)
        return wrong("the log ends" + at(end) + ", and all below " + std::to_string(expected_.stable.get()) +
                     " was promised: " + to_string(report));
    if (report.lost_upto > report.lost_from || !report.damage.empty())
        return wrong("told of damage where there is none: " + to_string(report));
    if (log.log_start_offset() < checkpointed_.log_start)
        return wrong("the log starts" + at(log.log_start_offset()) + ", and all below " +
                     std::to_string(checkpointed_.log_start.get()) + " was deleted for good");
    if (log.log_start_offset() > expected_.highest_start)
        return wrong("the log starts" + at(log.log_start_offset()) + ", but nothing from " +
                     std::to_string(expected_.highest_start.get()) + " on was deleted");
    auto found = read_whole();
    if (!problem_.empty() || disk_.cut_off())
        return;
    compare_batches(std::move(found));
    compare_producers();
    compare_unstable(end);
    compare_committed();
    compare_epochs();
    compare_indexes();
    find(std::nullopt);
    for (std::int64_t time = 950; time <= 1650 && problem_.empty(); time += 70)
        find(timestamp_ms(time));
}

std::map<log_offset, known_batch> log_model::read_whole() {
    std::map<log_offset, known_batch> found;
    const auto end = host_.log->written_offset();
    int failures = 0;
    // The first batch may begin before it.
    const auto start = host_.log->log_start_offset();
    for (auto next = start; next < end;) {
        auto job = host_.log->read(next, 5000, end, true);
        job->run(disk_.files());
        host_.log->on_read(*job);
        if (!job->records && excused(job->records.failure()) && ++failures < 3)
            continue; // What was planned to fail fails once.
        const auto batches = job->records ? batch::split_batches(*job->records) : job->records.failure();
        if (!batches || batches->empty()) {
            if (!disk_.cut_off())
                wrong("nothing can be read" + at(next));
            return found;
        }
        for (const auto& batch : *batches) {
            const auto base = batch.header.base_offset;
            const bool holds = next == start && base <= next && batch.header.next_offset() > next;
            const bool skips = base > next && next < expected_.cleaned_below;
            if (base != next && !holds && !skips) {
                wrong("a hole or an overlap" + at(next));
                return found;
            }
            found[base] = {batch.bytes, batch.header};
            next = batch.header.next_offset();
        }
    }
    return found;
}

/// All that was promised is there, and nothing but what was appended. What is there is promised from now on.
void log_model::compare_batches(std::map<log_offset, known_batch> found) {
    compare_cleaned(found);
    found.erase(found.begin(), found.lower_bound(expected_.cleaned_below));
    for (const auto& [base, batch] : found) {
        const auto known = expected_.batches.find(base);
        if (base < expected_.stable &&
            (known == expected_.batches.end() || !(known->second.bytes == batch.bytes)))
            return wrong("other bytes than those promised" + at(base));
        const auto& all = expected_.ever[base];
        if (std::find(all.begin(), all.end(), batch.bytes) == all.end())
            return wrong("bytes that were never appended" + at(base));
    }
    auto& batches = expected_.batches;
    const auto from = std::max(host_.log->log_start_offset(), expected_.cleaned_below);
    batches.erase(batches.lower_bound(from), batches.end());
    batches.merge(found);
    expected_.stable = host_.log->log_end_offset();
    forget_from(expected_.stable);
}

void log_model::compare_producers() {
    producer_state due;
    for (const auto& [base, batch] : expected_.batches)
        if (batch.header.has_producer_id())
            due.apply(batch.header, monotonic_ns(0));
    const auto& found = host_.log->producers().entries();
    if (found.size() != due.entries().size())
        return wrong("the log knows " + std::to_string(found.size()) + " producers, not " +
                     std::to_string(due.entries().size()));
    for (const auto& [id, entry] : due.entries()) {
        const auto* known = host_.log->producers().find(id);
        if (known == nullptr || !is_known_as(entry, *known, is_transactional(id)))
            return wrong("producer " + std::to_string(id.get()) + " is not known as it was");
    }
}

void log_model::compare_epochs() {
    epoch_cache due;
    for (const auto& [base, batch] : expected_.batches)
        due.assign(batch.header.leader_epoch, base);
    // A deletion that the power undid is remembered here all the same.
    due.truncate_below(expected_.highest_start);
    auto found = host_.log->epochs();
    found.truncate_below(expected_.highest_start);
    // An epoch without records may be forgotten, as in Kafka.
    due.truncate_from(expected_.stable);
    found.truncate_from(expected_.stable);
    if (!std::equal(due.entries().begin(), due.entries().end(), found.entries().begin(),
                    found.entries().end()))
        wrong("the epochs are not those of the batches");
}

void log_model::compare_indexes() {
    const auto& segments = host_.log->segments();
    for (std::size_t i = 1; i < segments.size(); ++i)
        if (segments[i].base_offset <= segments[i - 1].base_offset)
            return wrong("segments out of order" + at(segments[i].base_offset));
    // What compaction left below the log's start nobody can see.
    const auto start = host_.log->log_start_offset();
    for (const auto& segment : segments)
        if (expected_.cleaned_below <= log_offset(0) || segment.base_offset >= start)
            compare_index(segment);
}

/// Each entry leads to its batch, and from one to the next it is no further than the interval and a batch.
void log_model::compare_index(const segment_state& segment) {
    std::vector<known_batch> inside;
    std::map<std::uint64_t, const batch::batch_header*> by_position;
    std::uint64_t position = 0;
    const auto& all = standing();
    for (auto known = all.lower_bound(segment.base_offset); known != all.end() && position < segment.size;
         ++known) {
        by_position[position] = &known->second.header;
        position += known->second.header.total_size();
        inside.push_back(known->second);
    }
    if (position != segment.size)
        return wrong("the size of the segment" + at(segment.base_offset) + " is not that of its batches");
    const auto path = segment_path(options_.directory, segment.base_offset, offset_index_suffix);
    const auto content = disk_.content(path);
    if (!content || content->size() < segment.offset_index_size)
        return wrong("the offset index is short" + at(segment.base_offset));
    if (is_rotten(path, *content))
        return compare_times(segment, inside);
    std::uint64_t covered = 0;
    std::uint64_t largest = 0;
    for (const auto& batch : inside)
        largest = std::max<std::uint64_t>(largest, batch.header.total_size());
    const auto longest = static_cast<std::uint64_t>(options_.index_interval_bytes) + 2 * largest;
    for (std::size_t from = 0; from < segment.offset_index_size; from += offset_entry_size) {
        const auto offset =
            segment.base_offset + batch::load_big_endian<std::int32_t>(content->data() + from);
        const auto leads = batch::load_big_endian<std::uint32_t>(content->data() + from + 4);
        const auto found = by_position.find(leads);
        if (found == by_position.end() || found->second->last_offset() != offset)
            return wrong("the index entry" + at(offset) + " leads to byte " + std::to_string(leads) +
                         ", where it is not");
        if (leads - covered > longest && !shortened_.contains(path))
            return wrong("more than an interval without an index entry" + at(offset));
        covered = leads;
    }
    if (segment.size - covered > longest && !shortened_.contains(path))
        return wrong("more than an interval without an index entry behind" + at(segment.base_offset));
    compare_times(segment, inside);
}

/// Up to the offset of an entry no record is younger than its timestamp, which one of that batch has. In a
/// closed segment nothing behind the last entry is younger, either.
void log_model::compare_times(const segment_state& segment, const std::vector<known_batch>& inside) {
    const auto path = segment_path(options_.directory, segment.base_offset, time_index_suffix);
    const auto content = disk_.content(path);
    if (!content || content->size() < segment.time_index_size)
        return wrong("the time index is short" + at(segment.base_offset));
    if (is_rotten(path, *content))
        return;
    auto told = no_timestamp;
    for (std::size_t from = 0; from < segment.time_index_size; from += time_entry_size) {
        const timestamp_ms time(batch::load_big_endian<std::int64_t>(content->data() + from));
        const auto offset =
            segment.base_offset + batch::load_big_endian<std::int32_t>(content->data() + from + 8);
        auto newest = no_timestamp;
        for (const auto& batch : inside)
            if (batch.header.last_offset() <= offset && batch.header.record_count > 0)
                newest = std::max(newest, batch.header.max_timestamp);
        if (newest != time)
            return wrong("the time entry" + at(offset) + " says " + std::to_string(time.get()) + ", not " +
                         std::to_string(newest.get()));
        told = time;
    }
    if (segment.base_offset == host_.log->active_segment().base_offset)
        return;
    for (const auto& batch : inside)
        if (batch.header.record_count > 0 && batch.header.max_timestamp > told)
            return wrong("no time entry of the newest record of the segment" + at(segment.base_offset));
}

} // namespace barnabas::replica::model
