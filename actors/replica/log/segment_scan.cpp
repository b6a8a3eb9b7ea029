#include "actors/replica/log/segment_scan.hpp"

#include "actors/replica/log/batch_walk.hpp"
#include "actors/replica/log/sound_entry.hpp"
#include "actors/replica/read_jobs.hpp"
#include "protocol/batch/crc32c.hpp"
#include "protocol/model/mark.hpp"
#include "runtime/disk/steady_read.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace barnabas::replica {
namespace {

constexpr std::size_t scan_window_bytes = 1 << 20;

} // namespace

result<scan_result> segment_scan::run(const scan_options& options, const visitor& visit) {
    options_ = options;
    found_ = {options.from.get(), options.next_offset, std::nullopt, options.epoch, false};
    read_to_ = options.from.get();
    for (;;) {
        const bool has_gone_far =
            options.pause_after > 0 && found_.sound_size - options.from.get() >= options.pause_after;
        found_.paused = has_gone_far && found_.sound_size < range_.size;
        if (found_.paused)
            break;
        auto batch = next_batch();
        if (!batch)
            return batch.failure();
        if (!*batch)
            break;
        const auto& header = (*batch)->header;
        if (header.base_offset >= options_.unproven_from && !rewrite_begun_) {
            rewrite_begun_ = true;
            rewrite_from_ = found_.sound_size;
        }
        visit(**batch);
        found_.sound_size += header.total_size();
        found_.next_offset = header.next_offset();
        found_.epoch = std::max(found_.epoch, header.leader_epoch);
    }
    if (auto rewritten = rewrite_window(); !rewritten)
        return rewritten.failure();
    return found_;
}

/// None at the end of the sound batches.
result<std::optional<batch::batch_view>> segment_scan::next_batch() {
    const auto left = range_.size - found_.sound_size;
    if (left == 0)
        return std::optional<batch::batch_view>{};
    auto head = bytes_at(found_.sound_size, batch::batch_header_size);
    if (!head)
        return head.failure();
    auto header = batch::parse_header(head->bytes());
    if (!header)
        return no_batch(header.failure().detail);
    if (BARNABAS_MARK_IF(header->total_size() > left, batch_torn))
        return bad("the file ends inside of a batch");
    auto proven = is_proven(*header);
    if (!proven)
        return proven.failure();
    if (!*proven)
        return bad("the CRC does not match");
    auto bytes = bytes_at(found_.sound_size, header->total_size());
    if (!bytes)
        return bytes.failure();
    if (bytes->size() != header->total_size())
        return bad("the file ends inside of a batch");
    batch::batch_view batch{std::move(*bytes), *header};
    if (auto complaint = complaint_about(batch))
        return bad(std::move(*complaint));
    auto stray = is_stray(*header);
    if (!stray)
        return stray.failure();
    if (*stray)
        return bad("offset " + std::to_string(header->base_offset.get()) + " where " +
                   std::to_string(found_.next_offset.get()) + " should come");
    return std::optional(std::move(batch));
}

/// A disk that put a batch over others left its CRC right.
result<bool> segment_scan::is_stray(const batch::batch_header& header) {
    const bool is_place_known = found_.sound_size > options_.from.get() || options_.from.get() == 0;
    const bool is_gap =
        header.base_offset > found_.next_offset && found_.next_offset < options_.unproven_from;
    if (!options_.vouched || !is_place_known || !is_gap)
        return false;
    auto followed = header.base_offset < options_.unproven_from ? is_followed(header) : result<bool>(false);
    if (!followed)
        return followed.failure();
    return BARNABAS_MARK_IF(!*followed, stray_batch_scanned);
}

/// By a sound batch, or by nothing.
result<bool> segment_scan::is_followed(const batch::batch_header& header) {
    const auto behind = found_.sound_size + header.total_size();
    if (behind == range_.size)
        return true;
    batch_walk walk(files_, log_, file_position(behind), range_.size);
    auto next = walk.next_whole();
    if (!next && !is_damage(next.code()))
        return next.failure();
    return next && *next && (*next)->header.base_offset >= header.next_offset();
}

/// What came wrong from the disk once may come right the next time.
result<bool> segment_scan::is_proven(const batch::batch_header& header) {
    if (options_.unproven_batch_max == 0 || header.total_size() <= options_.unproven_batch_max)
        return true;
    std::vector<std::byte> window(scan_window_bytes);
    for (int look = 1; look <= looks_max; ++look) {
        auto right = check_crc_in_parts(files_, log_, {header, file_position(found_.sound_size)}, window);
        if (right)
            return true;
        if (!is_damage(right.code()))
            return right.failure();
    }
    BARNABAS_MARK(long_batch_not_proven);
    return false;
}

/// An old message is told from a torn tail by its CRC.
result<std::optional<batch::batch_view>> segment_scan::no_batch(const std::string& why) {
    const auto left = range_.size - found_.sound_size;
    if (!options_.old_messages_given_up) {
        const auto entry =
            look_at_entry(left, [this](std::size_t count) { return bytes_at(found_.sound_size, count); });
        if (!entry)
            return entry.failure();
        if (BARNABAS_MARK_IF(entry->kind == entry_kind::message, message_before_kafka_0_11))
            return error{errc::unsupported_for_message_format,
                         segment_file_name(range_.base_offset, log_suffix) + " at byte " +
                             std::to_string(found_.sound_size) +
                             " has a message of magic 0 or 1, from before Kafka 0.11"};
    }
    BARNABAS_MARK(batch_header_unreadable);
    return bad(why);
}

std::optional<std::string> segment_scan::complaint_about(const batch::batch_view& batch) const {
    const auto& header = batch.header;
    const bool unproven = header.base_offset >= options_.unproven_from;
    const auto expected =
        unproven ? std::max(found_.next_offset, options_.unproven_from) : found_.next_offset;
    if (header.base_offset < expected ||
        (unproven && !options_.gaps_allowed && header.base_offset != expected))
        return BARNABAS_MARK(offset_out_of_place), "offset " + std::to_string(header.base_offset.get()) +
                                                       " where " + std::to_string(expected.get()) +
                                                       " should come";
    if (header.last_offset_delta < 0 || header.record_count < 0)
        return std::string("a negative count");
    if (header.last_offset() - range_.base_offset > std::numeric_limits<std::int32_t>::max())
        return std::string("an offset too far from the segment's first");
    if (BARNABAS_MARK_IF(header.leader_epoch.get() >= 0 && header.leader_epoch < found_.epoch,
                         leader_epoch_went_back))
        return std::string("a leader epoch below the one before");
    if (batch::crc32c(batch.bytes.bytes().subspan(batch::at::attributes)) != header.crc)
        return BARNABAS_MARK(batch_crc_wrong), std::string("the CRC does not match");
    return std::nullopt;
}

result<std::optional<batch::batch_view>> segment_scan::bad(std::string why) {
    found_.bad = std::move(why);
    return std::optional<batch::batch_view>{};
}

result<slice> segment_scan::bytes_at(std::uint64_t position, std::size_t count) {
    const auto wanted = std::min<std::uint64_t>(count, range_.size - position);
    const bool inside = position >= window_at_ && position + wanted <= window_at_ + window_.size();
    if (!inside) {
        if (auto rewritten = rewrite_window(); !rewritten)
            return rewritten.failure();
        // What lies behind a pause would be read again.
        const std::uint64_t ahead = options_.pause_after > 0
                                        ? std::min<std::uint64_t>(options_.pause_after, scan_window_bytes)
                                        : scan_window_bytes;
        const auto size =
            std::min<std::uint64_t>(std::max<std::uint64_t>(count, ahead), range_.size - position);
        auto window = read_steadily(position, size);
        if (!window)
            return window.failure();
        window_ = std::move(*window);
        window_at_ = position;
        note_progress();
    }
    const auto at = position - window_at_;
    return window_.sub(at, std::min<std::uint64_t>(wanted, window_.size() - at));
}

void segment_scan::note_progress() {
    const auto before = std::exchange(read_to_, std::max(read_to_, window_at_ + window_.size()));
    if (options_.progress != nullptr)
        options_.progress->advance(read_to_ - before);
}

/// What is decided by these bytes (where the log ends, what is written back) cannot be taken back, and no CRC
/// covers the first of a batch.
result<slice> segment_scan::read_steadily(std::uint64_t position, std::size_t count) {
    auto memory = chunk::allocate(count);
    auto got =
        runtime::read_steadily(files_, log_, file_position(position), std::span(memory->data(), count));
    if (!got)
        return got.failure();
    BARNABAS_MARK_IF(got->looked_again, scan_looks_again);
    return slice(std::move(memory), 0, got->count);
}

/// Writes back what was found sound in the present window.
result<void> segment_scan::rewrite_window() {
    if (!options_.rewrite_unproven || !rewrite_begun_ || rewrite_from_ >= found_.sound_size)
        return {};
    BARNABAS_ASSERT(rewrite_from_ >= window_at_);
    BARNABAS_ASSERT(found_.sound_size <= window_at_ + window_.size());
    const auto part = window_.sub(rewrite_from_ - window_at_, found_.sound_size - rewrite_from_);
    rewrite_from_ = found_.sound_size;
    return files_.write(log_, file_position(found_.sound_size - part.size()), std::span(&part, 1));
}

} // namespace barnabas::replica
