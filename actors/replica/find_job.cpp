#include "actors/replica/log/batch_walk.hpp"
#include "actors/replica/log/segment_reader.hpp"
#include "actors/replica/read_jobs.hpp"
#include "protocol/batch/record_reader.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>

namespace barnabas::replica {
namespace {

/// One look of a find job. Batches are chosen by their headers, once their CRCs have shown that these are
/// what was written: few, for an index leads close to them. Only the chosen one is unpacked.
class find_run {
public:
    find_run(const find_job& job, runtime::file_system& files) : job_(job), files_(files) {}
    result<std::optional<found_offset>> run();
    const std::vector<log_offset>& astray() const { return astray_; }

private:
    using answer = std::optional<found_offset>;

    result<answer> first_at_or_behind(segment_reader& segment, timestamp_ms wanted);
    result<answer> largest(segment_reader& segment);
    result<answer> largest_from(segment_reader& segment, file_position from);
    result<timestamp_ms> largest_left(const batch::batch_view& batch);
    result<answer> first_record(const batch::batch_view& batch, timestamp_ms wanted);

    const find_job& job_;
    runtime::file_system& files_;
    std::vector<log_offset> astray_;
};

result<std::optional<found_offset>> find_run::run() {
    answer best;
    for (const auto& segment : job_.segments) {
        if (best && (job_.timestamp || best->timestamp > segment.newest))
            break;
        // Of several that have it the first counts. A segment's newest record may not be visible yet, so that
        // one which is tried later may hold the first.
        if (best && best->timestamp == segment.newest && segment.base_offset > best->offset)
            continue;
        auto reader = segment_reader::open(files_, job_.directory, segment);
        if (!reader)
            return reader.failure();
        reader->trust_time_index(job_.planted.time_entry_trusted);
        auto found = job_.timestamp ? first_at_or_behind(*reader, *job_.timestamp) : largest(*reader);
        if (reader->is_astray())
            astray_.push_back(segment.base_offset);
        if (!found)
            return found.failure();
        const bool earlier =
            *found && best && (*found)->timestamp == best->timestamp && (*found)->offset < best->offset;
        if (*found && (!best || (*found)->timestamp > best->timestamp || earlier))
            best = *found;
    }
    return best;
}

result<std::optional<found_offset>> find_run::first_at_or_behind(segment_reader& segment,
                                                                 timestamp_ms wanted) {
    auto start = segment.position_before(wanted);
    if (!start)
        return start.failure();
    batch_walk walk(files_, segment.log(), *start, segment.size());
    for (auto next = segment.base_offset(); next < job_.upto;) {
        auto batch = walk.next_whole();
        if (!batch)
            return batch.failure();
        if (!*batch)
            break;
        const auto& header = (*batch)->header;
        next = header.next_offset();
        if (header.max_timestamp < wanted || header.last_offset() < job_.not_below)
            continue;
        auto found = first_record(**batch, wanted);
        if (!found || *found)
            return found;
    }
    return answer{};
}

result<std::optional<found_offset>> find_run::largest(segment_reader& segment) {
    // Behind the last time entry only few batches follow; it has the maximum of all before it. One that names
    // a record which is not visible yet says nothing of those that are.
    auto start = segment.position_of_largest(job_.upto);
    if (!start)
        return start.failure();
    auto found = largest_from(segment, *start);
    if (!found || *found || start->get() == 0)
        return found;
    return largest_from(segment, file_position(0));
}

result<std::optional<found_offset>> find_run::largest_from(segment_reader& segment, file_position from) {
    batch_walk walk(files_, segment.log(), from, segment.size());
    std::optional<batch::batch_view> best;
    auto largest = no_timestamp;
    for (auto next = segment.base_offset(); next < job_.upto;) {
        auto batch = walk.next_whole();
        if (!batch)
            return batch.failure();
        if (!*batch)
            break;
        const auto& header = (*batch)->header;
        next = header.next_offset();
        const bool inside = header.last_offset() < job_.upto && header.last_offset() >= job_.not_below;
        if (!inside || header.record_count <= 0)
            continue;
        // The first records of one batch may be deleted, and its largest timestamp be theirs.
        auto here = result<timestamp_ms>(header.max_timestamp);
        if (BARNABAS_MARK_IF(header.base_offset < job_.not_below, batch_half_deleted))
            here = largest_left(**batch);
        if (!here)
            return here.failure();
        if (!best || *here > largest) {
            best = std::move(**batch);
            largest = *here;
        }
    }
    if (!best)
        return answer{};
    return first_record(*best, largest);
}

/// Of the records that are not deleted.
result<timestamp_ms> find_run::largest_left(const batch::batch_view& batch) {
    auto records = batch::record_reader::open(batch);
    if (!records)
        return records.failure();
    auto largest = no_timestamp;
    for (;;) {
        auto record = records->next();
        if (!record)
            return record.failure();
        if (*record == nullptr)
            return largest;
        if ((*record)->offset >= job_.not_below)
            largest = std::max(largest, (*record)->timestamp);
    }
}

result<std::optional<found_offset>> find_run::first_record(const batch::batch_view& batch,
                                                           timestamp_ms wanted) {
    auto records = batch::record_reader::open(batch);
    if (!records)
        return records.failure();
    for (;;) {
        auto record = records->next();
        if (!record)
            return record.failure();
        if (*record == nullptr)
            return answer{};
        const auto& seen = **record;
        if (seen.offset >= job_.upto)
            return answer{};
        if (seen.timestamp < wanted || seen.offset < job_.not_below)
            continue;
        const auto offset = job_.planted.time_names_the_batch ? batch.header.base_offset : seen.offset;
        return answer(found_offset{offset, seen.timestamp, batch.header.leader_epoch});
    }
}

} // namespace

void find_job::run(runtime::file_system& files) {
    find_run look(*this, files);
    found = look.run();
    astray = look.astray();
}

} // namespace barnabas::replica
