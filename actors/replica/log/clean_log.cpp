#include "actors/replica/log/clean_log.hpp"

#include "actors/replica/log/checkpoint_check.hpp"
#include "actors/replica/log/recovery.hpp"
#include "actors/replica/log/sized_file.hpp"
#include "actors/replica/log/transaction_index.hpp"
#include "protocol/batch/big_endian.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <utility>

namespace barnabas::replica {
namespace {

using batch::load_big_endian;
using batch::store_big_endian;

class writer {
public:
    template <class Integer>
    void put(Integer value) {
        bytes_.resize(bytes_.size() + sizeof value);
        store_big_endian(bytes_.data() + bytes_.size() - sizeof value, value);
    }
    void put_bytes(std::span<const std::byte> bytes) {
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    }
    const std::vector<std::byte>& bytes() const { return bytes_; }

private:
    std::vector<std::byte> bytes_;
};

/// Reads what there is; afterwards `failed` tells whether it was enough.
class reader {
public:
    explicit reader(std::span<const std::byte> bytes) : left_(bytes) {}

    template <class Integer>
    Integer take() {
        const auto part = take_bytes(sizeof(Integer));
        return part.size() == sizeof(Integer) ? load_big_endian<Integer>(part.data()) : Integer{};
    }
    std::span<const std::byte> take_bytes(std::size_t count) {
        if (failed_ || count > left_.size()) {
            failed_ = true;
            return {};
        }
        const auto part = left_.first(count);
        left_ = left_.subspan(count);
        return part;
    }
    /// A count of things that have at least so many bytes each.
    std::size_t take_count(std::size_t bytes_each) {
        const auto count = take<std::int32_t>();
        failed_ |= count < 0 || static_cast<std::size_t>(count) > left_.size() / bytes_each;
        return failed_ ? 0 : static_cast<std::size_t>(count);
    }
    bool failed() const { return failed_; }
    bool at_end() const { return !failed_ && left_.empty(); }

private:
    std::span<const std::byte> left_;
    bool failed_ = false;
};

constexpr std::size_t segment_bytes = 14 * sizeof(std::int64_t);
constexpr std::size_t epoch_bytes = sizeof(std::int32_t) + sizeof(std::int64_t);

void put_segment(writer& to, const segment_state& segment) {
    for (const auto value : {segment.size, segment.offset_index_size, segment.time_index_size,
                             segment.transaction_index_size, segment.bytes_since_entry})
        to.put(static_cast<std::int64_t>(value));
    to.put(std::int64_t{segment.transaction_index_crc});
    for (const auto& point : {segment.newest, segment.last_time_entry}) {
        to.put(point.timestamp.get());
        to.put(point.offset.get());
    }
    to.put(segment.base_offset.get());
    for (const auto time : {segment.first_timestamp, segment.created, segment.closed})
        to.put(time.get());
}

segment_state take_segment(reader& from) {
    segment_state segment;
    for (auto* value : {&segment.size, &segment.offset_index_size, &segment.time_index_size,
                        &segment.transaction_index_size, &segment.bytes_since_entry})
        *value = static_cast<std::uint64_t>(from.take<std::int64_t>());
    segment.transaction_index_crc = static_cast<std::uint32_t>(from.take<std::int64_t>());
    for (auto* point : {&segment.newest, &segment.last_time_entry}) {
        point->timestamp = timestamp_ms(from.take<std::int64_t>());
        point->offset = log_offset(from.take<std::int64_t>());
    }
    segment.base_offset = log_offset(from.take<std::int64_t>());
    for (auto* time : {&segment.first_timestamp, &segment.created, &segment.closed})
        *time = timestamp_ms(from.take<std::int64_t>());
    return segment;
}

error malformed(const std::string& why) {
    return {errc::malformed, "what is known of a closed log: " + why};
}

error unlike(const std::string& what) {
    return {errc::corrupt_message, what};
}

bool make_sense(const std::vector<segment_state>& segments, log_offset end) {
    const auto in_order = [](const segment_state& a, const segment_state& b) {
        return a.base_offset >= b.base_offset;
    };
    return !segments.empty() && segments.front().base_offset.get() >= 0 &&
           segments.back().base_offset <= end &&
           std::adjacent_find(segments.begin(), segments.end(), in_order) == segments.end();
}

result<recovered_log> decode_clean_log(std::span<const std::byte> closed, const topic_id& topic) {
    reader from(closed);
    const auto id = from.take_bytes(topic.bytes.size());
    recovered_log log;
    log.log_end_offset = log_offset(from.take<std::int64_t>());
    log.snapshot_offset = log_offset(from.take<std::int64_t>());
    log.sound_from = log_offset(from.take<std::int64_t>());
    log.segments.resize(from.take_count(segment_bytes));
    for (auto& segment : log.segments)
        segment = take_segment(from);
    for (auto left = from.take_count(epoch_bytes); left > 0; --left) {
        const leader_epoch epoch(from.take<std::int32_t>());
        log.epochs.assign(epoch, log_offset(from.take<std::int64_t>()));
    }
    const auto producers = from.take_bytes(from.take_count(1));
    if (!from.at_end())
        return malformed("its length does not fit");
    if (!std::equal(id.begin(), id.end(), reinterpret_cast<const std::byte*>(topic.bytes.data())))
        return error{errc::inconsistent_topic_id, "the closed log is another topic's"};
    if (!make_sense(log.segments, log.log_end_offset))
        return malformed("its segments make no sense");
    if (producers.empty())
        return log;
    auto decoded = producer_state::decode_snapshot(producers);
    if (!decoded)
        return decoded.failure();
    log.producers = std::move(*decoded);
    return log;
}

/// Files are opened with their first use: a segment that is missing in the midst of others nobody may notice
/// for long, and without an index the newest one is neither read nor written.
result<void> check_all_there(runtime::file_system& files, const std::string& directory,
                             const std::vector<segment_state>& segments) {
    auto entries = files.list(directory);
    if (!entries)
        return entries.failure();
    std::set<std::string_view> there;
    for (const auto& entry : *entries)
        there.insert(entry.name);
    for (const auto& segment : segments)
        for (const auto suffix : {log_suffix, offset_index_suffix, time_index_suffix}) {
            const auto name = segment_file_name(segment.base_offset, suffix);
            if (BARNABAS_MARK_IF(!there.contains(name), closed_log_lacks_file))
                return unlike(name + " is not there");
        }
    return {};
}

/// Of an index that is too short nobody would ever hear: reads walk instead, and what is appended leaves a
/// hole in it. Those without entries, which most small logs have, cost nothing.
result<void> check_lengths(runtime::file_system& files, const std::string& directory,
                           const std::vector<segment_state>& segments) {
    for (const auto& segment : segments) {
        const std::pair<std::string_view, std::uint64_t> indexes[] = {
            {offset_index_suffix, segment.offset_index_size}, {time_index_suffix, segment.time_index_size}};
        for (const auto& [suffix, size] : indexes) {
            if (size == 0)
                continue;
            const auto path = segment_path(directory, segment.base_offset, suffix);
            auto index = open_sized(files, path);
            if (!index)
                return index.failure();
            if (BARNABAS_MARK_IF(index->size != size, closed_log_lacks_entries))
                return unlike(path + " is not as it was");
        }
    }
    return {};
}

/// A reader who finds that the index of a closed segment rotted has it made anew. That of the newest one
/// stays as it is while the log is open, so it is read here.
result<void> check_newest_transactions(runtime::file_system& files, const log_options& options,
                                       const segment_state& newest) {
    if (newest.transaction_index_size == 0)
        return {};
    transaction_source source{newest.base_offset, newest.transaction_index_size,
                              newest.transaction_index_crc};
    const auto found = find_aborted(files, options.directory, std::span(&source, 1), log_offset(0),
                                    log_offset(std::numeric_limits<std::int64_t>::max()));
    if (BARNABAS_MARK_IF(!found && source.is_wrong, closed_log_has_rotten_transactions))
        return found.failure();
    return found ? result<void>() : result<void>(found.failure());
}

/// Readers of committed records would be told of the first one that is short of entries, and of nothing else.
result<void> check_transactions(runtime::file_system& files, const log_options& options,
                                const std::vector<segment_state>& segments) {
    if (options.planted.transaction_index_believed)
        return {};
    for (const auto& segment : segments) {
        if (segment.transaction_index_size == 0)
            continue;
        const auto path = segment_path(options.directory, segment.base_offset, transaction_index_suffix);
        auto index = open_sized(files, path);
        if (!index && index.code() != errc::not_found)
            return index.failure();
        if (BARNABAS_MARK_IF(!index || index->size != segment.transaction_index_size,
                             closed_log_lacks_transactions))
            return unlike(path + " is not as it was");
    }
    return check_newest_transactions(files, options, segments.back());
}

/// Opened with their first use, so that they need not be closed if the rest fails.
result<segment_files> open_later(runtime::file_system& files, const std::string& directory, log_offset base) {
    std::array<runtime::file_id, 3> opened{};
    std::size_t count = 0;
    for (const auto suffix : {log_suffix, offset_index_suffix, time_index_suffix}) {
        auto file = files.open(segment_path(directory, base, suffix), runtime::open_mode::later);
        if (!file) {
            while (count > 0)
                files.close(opened[--count]);
            return file.failure();
        }
        opened[count++] = *file;
    }
    return segment_files{opened[0], opened[1], opened[2]};
}

} // namespace

void open_job::run(runtime::file_system& files) {
    runtime::work_share share(std::exchange(progress, {}));
    std::optional<error> changed;
    // What the journal holds comes from a life that did not end well.
    if (!closed.empty() && journaled.empty() && !journal_damage) {
        outcome = restore_clean_log(files, options, closed.bytes());
        if (outcome)
            return;
        BARNABAS_MARK(closed_log_not_restored);
        changed = outcome.failure();
    }
    bool looked = false;
    {
        recovery first(*this, files, share);
        outcome = first.run();
        looked = first.has_looked_for_old_messages();
    }
    const bool met = outcome.code() == errc::unsupported_for_message_format && !looked;
    // What was done so far can be done again.
    if (BARNABAS_MARK_IF(met, old_messages_met_late))
        outcome = recovery(*this, files, share, true).run();
    if (outcome && changed && changed->code == errc::corrupt_message)
        outcome->report.remarks.push_back(
            changed->detail +
            ", though the log was closed in good order: somebody changed its files while nobody used it. Now "
            "its first offset is " +
            std::to_string(outcome->log_start_offset.get()) + ", and the next one " +
            std::to_string(outcome->log_end_offset.get()));
}

std::optional<slice> encode_clean_log(const recovered_log& log, const topic_id& topic) {
    writer to;
    to.put_bytes(std::as_bytes(std::span(topic.bytes)));
    for (const auto offset : {log.log_end_offset, log.snapshot_offset, log.sound_from})
        to.put(offset.get());
    to.put(static_cast<std::int32_t>(log.segments.size()));
    for (const auto& segment : log.segments)
        put_segment(to, segment);
    to.put(static_cast<std::int32_t>(log.epochs.entries().size()));
    for (const auto& entry : log.epochs.entries()) {
        to.put(entry.epoch.get());
        to.put(entry.start_offset.get());
    }
    std::vector<std::byte> producers;
    if (!log.producers.entries().empty())
        producers = log.producers.encode_snapshot(log.sound_from);
    to.put(static_cast<std::int32_t>(producers.size()));
    to.put_bytes(producers);
    if (BARNABAS_MARK_IF(to.bytes().size() > clean_log_bytes_max, closed_log_too_large_to_keep))
        return std::nullopt;
    return slice::copy_of(to.bytes());
}

result<recovered_log> restore_clean_log(runtime::file_system& files, const log_options& options,
                                        std::span<const std::byte> closed) {
    auto log = decode_clean_log(closed, options.topic_id);
    if (!log)
        return log;
    auto checked =
        check_checkpointed(options.checkpointed, log->segments.front().base_offset, log->log_end_offset);
    log->log_start_offset = checked.log_start;
    log->cleaned_upto = checked.cleaned_upto;
    log->report.ignored_checkpoints = std::move(checked.ignored);
    log->report.clean = true;
    log->report.scanned_from = log->log_end_offset;
    if (options.planted.forget_producers_after_restart)
        log->producers = {};
    if (options.planted.reuse_offset_after_restart && log->log_end_offset > log->log_start_offset)
        log->log_end_offset = log->log_end_offset - 1;
    if (auto whole = check_all_there(files, options.directory, log->segments); !whole)
        return whole.failure();
    if (auto whole = check_lengths(files, options.directory, log->segments); !whole)
        return whole.failure();
    if (auto whole = check_transactions(files, options, log->segments); !whole)
        return whole.failure();
    auto opened = open_later(files, options.directory, log->segments.back().base_offset);
    if (!opened)
        return opened.failure();
    log->files = *opened;
    log->files_unseen = true;
    BARNABAS_MARK(closed_log_restored);
    return log;
}

} // namespace barnabas::replica
