#include "actors/replica/log/batch_walk.hpp"
#include "actors/replica/log/segment_reader.hpp"
#include "actors/replica/read_jobs.hpp"
#include "protocol/batch/crc32c.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <limits>

namespace barnabas::replica {
namespace {

using batch::at::attributes;

/// One look of a read job: finds the batch that holds the offset, then reads a range and trims it.
class read_run {
public:
    read_run(const read_job& job, runtime::file_system& files, bool last_look)
        : job_(job), files_(files), last_look_(last_look) {}
    result<slice> run();
    /// Where the answer does not begin where a log without gaps has the offset, or goes on behind a gap, or a
    /// batch is not of the epoch that it should be of: either it is so, or bytes that no CRC covers came
    /// wrong from the disk.
    const std::vector<log_offset>& strange() const { return strange_; }
    std::size_t allocated() const { return allocated_; }
    std::size_t needs() const { return needs_; }
    log_offset end() const { return end_; }
    const std::vector<log_offset>& astray() const { return astray_; }

private:
    using outcome = result<std::optional<slice>>;
    using place = result<std::optional<file_position>>;

    outcome run_segment(const readable_segment& segment, bool first);
    indexed_position sound_start(segment_reader& segment);
    outcome run_from(segment_reader& segment, const indexed_position& hint, bool first);
    place find_start_behind(segment_reader& segment, indexed_position hint, bool first);
    place find_start(segment_reader& segment, const indexed_position& hint);
    place confirm_start(segment_reader& segment, const indexed_position& hint,
                        std::optional<file_position> found);
    result<void> check_behind_gap(segment_reader& segment, const located_batch& batch);
    log_offset end_of(const segment_reader& segment) const;
    result<slice> read_range(segment_reader& segment, file_position from);
    result<slice> read_bytes(segment_reader& segment, file_position from, std::size_t count);
    result<std::size_t> whole_batches(segment_reader& segment, file_position from, const slice& bytes);
    result<bool> confirm_last(segment_reader& segment, file_position at, std::span<const std::byte> bytes);
    bool is_known_start(const batch::batch_header& header) const;
    bool is_cut_short(const slice& bytes) const;
    bool is_strange(const batch::batch_header& header, bool first, log_offset next) const;
    bool is_of_strange_epoch(const batch::batch_header& header) const;
    bool is_sound(const batch::batch_header& header, std::span<const std::byte> bytes, log_offset next) const;

    const read_job& job_;
    runtime::file_system& files_;
    std::size_t allocated_ = 0;
    std::size_t needs_ = 0;
    bool last_look_;
    std::vector<log_offset> astray_;
    std::vector<log_offset> strange_;
    /// Of the first batch, as somebody else saw it: the machine, or the walk that found it.
    log_offset expected_base_{-1};
    log_offset end_{-1};
};

result<slice> read_run::run() {
    bool first = true;
    for (const auto& segment : job_.segments) {
        auto read = run_segment(segment, first);
        if (!read)
            return read.failure();
        if (*read)
            return **read;
        first = false;
    }
    return slice{};
}

/// None when the segment has no batch at or behind the offset, so that the next one is tried.
result<std::optional<slice>> read_run::run_segment(const readable_segment& segment, bool first) {
    auto reader = segment_reader::open(files_, job_.directory, segment);
    if (!reader)
        return reader.failure();
    if (first && job_.start_is_exact) {
        expected_base_ = job_.start_base;
        auto bytes = read_range(*reader, job_.start);
        return bytes ? outcome(std::move(*bytes)) : outcome(bytes.failure());
    }
    auto hint = reader->start_before(job_.from);
    if (!hint)
        return hint.failure();
    auto read = run_from(*reader, *hint, first);
    // Bytes that only look like the head of a batch may be where a wrong entry leads.
    const auto begin = is_damage(read.code()) && last_look_ ? sound_start(*reader) : *hint;
    if (begin.position != hint->position) {
        auto again = run_from(*reader, begin, first);
        if (BARNABAS_MARK_IF(again.has_value(), index_led_into_batch))
            reader->note_astray();
        read = std::move(again);
    }
    if (reader->is_astray())
        astray_.push_back(segment.base_offset);
    return read;
}

/// A batch that is whole, which an index leads to: who comes again and again to a damaged record shall not
/// have the segment walked through from its beginning each time. That record's batch may have an entry
/// itself.
indexed_position read_run::sound_start(segment_reader& segment) {
    for (const auto offset : {job_.from, job_.from - 1}) {
        const auto hint = segment.start_before(offset);
        if (!hint)
            break;
        const auto batch = batch_walk(files_, segment.log(), hint->position, segment.size()).next_whole();
        if (batch && *batch && (*batch)->header.base_offset >= segment.base_offset() &&
            (*batch)->header.base_offset <= offset)
            return *hint;
    }
    return segment.begin();
}

result<std::optional<slice>> read_run::run_from(segment_reader& segment, const indexed_position& hint,
                                                bool first) {
    auto start = find_start_behind(segment, hint, first);
    if (!start)
        return start.failure();
    if (!*start)
        return std::optional<slice>{};
    auto bytes = read_range(segment, **start);
    return bytes ? outcome(std::move(*bytes)) : outcome(bytes.failure());
}

/// An index that leads astray costs time, never an answer.
result<std::optional<file_position>> read_run::find_start_behind(segment_reader& segment,
                                                                 indexed_position hint, bool first) {
    auto found = find_start(segment, hint);
    const auto begin_anew = [&] {
        hint = segment.begin();
        found = find_start(segment, hint);
        if (found)
            segment.note_astray();
    };
    if (is_damage(found.code()) && hint.position.get() != 0)
        begin_anew();
    const auto is_gap = [&] { return found && first && (!*found || expected_base_ > job_.from); };
    if (is_gap() && hint.position.get() != 0) {
        auto batch = batch_walk(files_, segment.log(), hint.position, segment.size()).next_whole();
        if (BARNABAS_MARK_IF(is_damage(batch.code()), gap_behind_no_batch))
            begin_anew();
    }
    // There is a gap at the offset, or the base of the batch that has it came wrong.
    return is_gap() ? confirm_start(segment, hint, *found) : found;
}

result<std::optional<file_position>> read_run::find_start(segment_reader& segment,
                                                          const indexed_position& hint) {
    const auto from = hint.position;
    batch_walk walk(files_, segment.log(), from, segment.size());
    log_offset behind_last = hint.base_upto;
    while (behind_last < job_.upto) {
        auto located = walk.next();
        if (located.code() == errc::corrupt_message)
            return corrupt_batch(segment.name(), from, located.failure().detail);
        if (!located)
            return located.failure();
        if (!*located)
            return std::optional<file_position>{};
        const auto& header = (*located)->header;
        if (header.base_offset < segment.base_offset())
            return corrupt_batch(segment.name(), (*located)->position, "an offset below the segment's");
        // An index of another life of the segment, from before or after a compaction, may lead too far.
        if (from.get() != 0 && (*located)->position == from && header.base_offset > job_.from)
            return corrupt_batch(segment.name(), from, "the index leads behind the offset");
        if (header.last_offset() >= job_.from) {
            const bool is_behind_gap = header.base_offset > behind_last;
            if (auto checked = is_behind_gap ? check_behind_gap(segment, **located) : result<void>();
                !checked)
                return checked.failure();
            expected_base_ = header.base_offset;
            return std::optional((*located)->position);
        }
        behind_last = header.next_offset();
    }
    return std::optional<file_position>{};
}

result<std::optional<file_position>> read_run::confirm_start(segment_reader& segment,
                                                             const indexed_position& hint,
                                                             std::optional<file_position> found) {
    auto again = find_start(segment, hint);
    if (again && BARNABAS_MARK_IF(*again != found, read_start_differed))
        return corrupt_batch(segment.name(), hint.position,
                             "offsets behind it came differently the second time");
    return again;
}

/// Where a disk put an older batch over others, its CRC is right. It leaves a gap in front of it, as records
/// that are lost do, but behind these the log goes on: behind a stray one lies what is left of the others.
result<void> read_run::check_behind_gap(segment_reader& segment, const located_batch& batch) {
    if (!job_.dense)
        return {};
    const auto behind = batch.position.get() + batch.header.total_size();
    auto next = batch_walk(files_, segment.log(), file_position(behind), segment.size()).next_whole();
    if (!next && !is_damage(next.code()))
        return next.failure();
    const bool fits =
        next && batch.header.next_offset() <= (*next ? (*next)->header.base_offset : end_of(segment));
    if (!BARNABAS_MARK_IF(!fits, stray_batch))
        return {};
    return corrupt_batch(segment.name(), batch.position,
                         "offset " + std::to_string(batch.header.base_offset.get()) +
                             " comes behind a gap, and nothing that fits behind it");
}

/// As far as it is known: where the next one begins.
log_offset read_run::end_of(const segment_reader& segment) const {
    const auto next =
        std::find_if(job_.segments.begin(), job_.segments.end(), [&](const readable_segment& other) {
            return other.base_offset > segment.base_offset();
        });
    return next != job_.segments.end() ? next->base_offset
                                       : log_offset(std::numeric_limits<std::int64_t>::max());
}

result<slice> read_run::read_range(segment_reader& segment, file_position from) {
    const auto left = segment.size() - std::min(segment.size(), from.get());
    const auto wanted = std::min<std::uint64_t>(job_.max_bytes, left);
    auto bytes = read_bytes(segment, from, wanted);
    if (!bytes)
        return bytes.failure();
    auto whole = whole_batches(segment, from, *bytes);
    if (!whole)
        return whole.failure();
    const bool is_limited = bytes->size() == wanted && wanted < left;
    if (*whole == 0 && !is_limited && BARNABAS_MARK_IF(is_cut_short(*bytes), read_of_shortened_segment))
        return corrupt_batch(segment.name(), from, "the file ends inside of a batch");
    if (*whole > 0 || !job_.at_least_one_batch || bytes->size() == left)
        return bytes->sub(0, *whole);
    batch_walk walk(files_, segment.log(), from, segment.size());
    auto located = walk.next();
    if (!located)
        return located.failure();
    if (!*located || (*located)->header.total_size() <= bytes->size())
        return slice{};
    if (auto confirmed = confirm_header(files_, segment.log(), **located); !confirmed)
        return is_damage(confirmed.code()) ? corrupt_batch(segment.name(), from, confirmed.failure().detail)
                                           : confirmed.failure();
    if (job_.permitted > 0 && (*located)->header.total_size() > job_.permitted) {
        needs_ = (*located)->header.total_size();
        return slice{};
    }
    bytes = read_bytes(segment, from, (*located)->header.total_size());
    if (!bytes)
        return bytes.failure();
    whole = whole_batches(segment, from, *bytes);
    if (!whole)
        return whole.failure();
    if (*whole == 0 && is_cut_short(*bytes))
        return corrupt_batch(segment.name(), from, "the file ends inside of a batch");
    return bytes->sub(0, *whole);
}

/// What begins below the bound was written whole, whatever else is still being written.
bool read_run::is_cut_short(const slice& bytes) const {
    const auto header = batch::parse_header(bytes.bytes());
    return expected_base_ < job_.upto && (!header || header->total_size() > bytes.size());
}

result<slice> read_run::read_bytes(segment_reader& segment, file_position from, std::size_t count) {
    auto memory = chunk::allocate(count);
    allocated_ = count;
    if (job_.permit)
        memory->attach_permit(job_.permit);
    auto got = files_.read(segment.log(), from, std::span(memory->data(), count));
    if (!got)
        return got.failure();
    return slice(std::move(memory), 0, *got);
}

/// How many of the bytes are whole, sound batches below the bound.
result<std::size_t> read_run::whole_batches(segment_reader& segment, file_position from, const slice& bytes) {
    std::size_t whole = 0;
    // In front of the last batch, and whether that one follows a gap.
    std::size_t whole_before = 0;
    log_offset end_before = end_;
    bool is_behind_gap = false;
    log_offset next = segment.base_offset();
    strange_.clear();
    while (bytes.size() - whole >= batch::batch_header_size && next < job_.upto) {
        const auto rest = bytes.bytes().subspan(whole);
        auto header = batch::parse_header(rest);
        if (header && header->total_size() > rest.size())
            break;
        const bool due = header && (whole > 0 || is_known_start(*header));
        const bool sound = due && is_sound(*header, rest.first(header->total_size()), next);
        if (BARNABAS_MARK_IF(is_behind_gap && (job_.dense ? !sound : header && header->base_offset < next),
                             offsets_contradict)) {
            whole = whole_before; // The one behind the gap is not believed either.
            end_ = end_before;
            strange_.push_back(next);
        }
        if (!sound && whole > 0)
            break; // The next read begins here and tells.
        if (!sound && header.code() == errc::unsupported_for_message_format)
            return header.failure();
        if (!sound)
            return corrupt_batch(segment.name(), from,
                                 header ? "offset, epoch or CRC do not fit" : header.failure().detail);
        if (is_strange(*header, whole == 0, next))
            strange_.push_back(header->base_offset);
        if (header->last_offset() >= job_.upto)
            break;
        is_behind_gap = header->base_offset > (whole == 0 ? std::max(next, job_.from) : next);
        whole_before = whole;
        end_before = end_;
        whole += header->total_size();
        next = end_ = header->next_offset();
    }
    const auto last = bytes.bytes().subspan(whole_before, whole - whole_before);
    auto believed = is_behind_gap && !last.empty()
                        ? confirm_last(segment, from + static_cast<std::int64_t>(whole_before), last)
                        : result<bool>(true);
    if (!believed)
        return believed.failure();
    // The first one was looked at when it was found.
    if (*believed || whole_before == 0)
        return whole;
    end_ = end_before;
    return whole_before;
}

/// Behind a gap, and with nothing behind it that could contradict: its header is read once more, and what
/// comes behind these bytes is looked at. False when that does not fit.
result<bool> read_run::confirm_last(segment_reader& segment, file_position at,
                                    std::span<const std::byte> bytes) {
    const located_batch last{*batch::parse_header(bytes), at};
    if (!confirm_header(files_, segment.log(), last))
        strange_.push_back(last.header.base_offset);
    auto checked = check_behind_gap(segment, last);
    if (!checked && !is_damage(checked.code()))
        return checked.failure();
    if (!checked)
        strange_.push_back(last.header.base_offset);
    return checked.has_value();
}

/// Where the machine knows which batch begins at the start, no other one is an answer.
bool read_run::is_known_start(const batch::batch_header& header) const {
    return !job_.start_is_exact ||
           !BARNABAS_MARK_IF(header.base_offset != job_.start_base || header.last_offset() < job_.from,
                             start_overwritten);
}

bool read_run::is_strange(const batch::batch_header& header, bool first, log_offset next) const {
    if (is_of_strange_epoch(header))
        return true;
    if (!first)
        return job_.dense && header.base_offset != next;
    return header.base_offset != expected_base_ || header.last_offset() < job_.from ||
           (job_.dense && header.base_offset > job_.from);
}

/// Messages from before Kafka 0.11 had no epochs, nor have the batches that were made of them.
bool read_run::is_of_strange_epoch(const batch::batch_header& header) const {
    if (job_.epochs == nullptr || header.leader_epoch.get() == -1)
        return false;
    const auto& epochs = *job_.epochs;
    const auto behind = std::upper_bound(
        epochs.begin(), epochs.end(), header.base_offset,
        [](log_offset offset, const epoch_entry& entry) { return offset < entry.start_offset; });
    if (behind != epochs.begin())
        return std::prev(behind)->epoch != header.leader_epoch;
    // Records were deleted up to somewhere inside of this batch, and its epoch begins there now.
    return behind != epochs.end() && header.last_offset() >= behind->start_offset &&
           behind->epoch != header.leader_epoch;
}

bool read_run::is_sound(const batch::batch_header& header, std::span<const std::byte> bytes,
                        log_offset next) const {
    return header.last_offset_delta >= 0 && header.base_offset >= next &&
           (header.base_offset < job_.sound_from || !is_of_strange_epoch(header)) &&
           batch::crc32c(bytes.subspan(attributes)) == header.crc;
}

} // namespace

std::size_t read_job::bytes_there() const {
    std::uint64_t there = 0;
    for (const auto& segment : segments)
        there += segment.size;
    if (start_is_exact)
        there -= std::min(there, start.get());
    return static_cast<std::size_t>(std::min<std::uint64_t>(there, max_bytes));
}

/// What comes wrong from the disk once comes right the next time. What stays wrong is told; what is only
/// strange, and so in the same places again, is how the log is.
void read_job::read_records(runtime::file_system& files) {
    std::vector<log_offset> strange_before;
    for (int look = 1; look <= looks_max; ++look) {
        read_run run(*this, files, look == looks_max);
        records = run.run();
        astray = run.astray();
        allocated = run.allocated();
        end = run.end();
        needs = run.needs();
        if (BARNABAS_MARK_IF(needs > 0, read_needs_more_room))
            break;
        const bool wrong = is_damage(records.code());
        auto strange = wrong ? std::vector<log_offset>() : run.strange();
        if (records && records->empty() && at_least_one_batch && !segments.empty())
            strange.push_back(log_offset(-1));
        if (!wrong && (strange.empty() || strange == strange_before))
            break;
        BARNABAS_MARK(read_looks_again);
        strange_before = std::move(strange);
    }
}

void read_job::run(runtime::file_system& files) {
    read_records(files);
    if (!aborted || !records || records->empty())
        return;
    auto found = find_aborted(files, directory, transactions, from, end);
    if (found)
        aborted = std::move(*found);
    else
        records = found.failure();
}

} // namespace barnabas::replica
