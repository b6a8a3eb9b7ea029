#include "actors/replica/log/old_messages.hpp"

#include "actors/replica/log/sized_file.hpp"
#include "actors/replica/log/sound_entry.hpp"
#include "protocol/model/mark.hpp"
#include "runtime/disk/steady_read.hpp"

#include <algorithm>
#include <array>

namespace barnabas::replica {
namespace {

constexpr std::uint64_t message_window_bytes = 1 << 20;

} // namespace

result<bool> begins_with_old_message(runtime::file_system& files, const std::string& path) {
    auto file = open_scoped(files, path, runtime::open_mode::read_only);
    if (!file)
        return file.failure();
    std::array<std::byte, batch::message_overhead(1)> bytes;
    auto got = runtime::read_steadily(files, file->id(), file_position(0), bytes);
    if (!got)
        return got.failure();
    // The shortest message of magic 0 has fewer bytes than one of magic 1.
    return batch::parse_message_header(std::span(bytes).first(got->count)).has_value();
}

result<converted_segment> segment_conversion::write(log_offset base, std::string_view name_end) {
    base_ = base;
    name_end_ = name_end;
    auto source = open_sized(files_, path());
    if (!source)
        return source.failure();
    source_ = source->file.id();
    size_ = source->size;
    auto written = convert();
    if (written && !target_)
        return done_;
    if (written)
        written = finish();
    if (!written) {
        // It may be what fills the disk.
        target_.reset();
        static_cast<void>(remove_if_present(files_, converted_path()));
        return written.failure();
    }
    done_.records = conversion_.record_count();
    return done_;
}

result<void> segment_conversion::convert() {
    while (position_ < size_) {
        auto goes_on = convert_next();
        if (!goes_on)
            return goes_on.failure();
        if (BARNABAS_MARK_IF(!*goes_on, old_messages_end_in_damage))
            break;
    }
    return {};
}

/// False where what can be read ends.
result<bool> segment_conversion::convert_next() {
    auto next =
        look_at_entry(size_ - position_, [this](std::size_t count) { return bytes_at(position_, count); });
    if (!next)
        return next.failure();
    if (next->kind == entry_kind::unknown)
        return false;
    if (next->kind == entry_kind::message) {
        auto taken = take_message(next->bytes);
        if (!taken || !*taken)
            return taken;
    } else {
        const auto header = batch::parse_header(next->bytes.bytes());
        done_.without_epochs &= header->leader_epoch.get() < 0;
        conversion_.end_batch();
    }
    const auto end = position_ + next->bytes.size();
    if (target_) {
        auto parts = conversion_.take_batches();
        if (next->kind == entry_kind::batch)
            parts.push_back(next->bytes);
        if (auto written = put(std::move(parts)); !written)
            return written.failure();
    }
    position_ = end;
    return true;
}

/// False when it is given up.
result<bool> segment_conversion::take_message(const slice& bytes) {
    const auto header = batch::parse_message_header(bytes.bytes());
    const auto taken = conversion_.take({bytes, *header});
    if (BARNABAS_MARK_IF(!taken && gives_up_, old_message_given_up))
        return false;
    if (BARNABAS_MARK_IF(!taken, old_message_not_converted))
        return error{errc::unsupported_for_message_format,
                     path() + " at byte " + std::to_string(position_) + ", offset " +
                         std::to_string(header->offset.get()) + ": a message of magic " +
                         std::to_string(header->magic) +
                         " whose CRC is right cannot be made a batch: " + taken.failure().detail};
    if (target_)
        return true;
    auto file = open_scoped(files_, converted_path(), runtime::open_mode::create);
    if (!file)
        return file.failure();
    target_.emplace(std::move(*file));
    if (auto emptied = files_.truncate(target_->id(), 0); !emptied)
        return emptied.failure();
    const auto before = std::exchange(position_, 0);
    if (auto copied = copy_upto(before); !copied)
        return copied.failure();
    return true;
}

/// From the present position on, as it is.
result<void> segment_conversion::copy_upto(std::uint64_t end) {
    while (position_ < end) {
        auto bytes = bytes_at(position_, std::min(message_window_bytes, end - position_));
        if (!bytes)
            return bytes.failure();
        if (bytes->empty())
            return error{errc::storage_error, path() + " became shorter while it was read"};
        position_ += bytes->size();
        if (auto written = put({std::move(*bytes)}); !written)
            return written;
    }
    return {};
}

result<void> segment_conversion::put(std::vector<slice> parts) {
    for (auto& part : parts) {
        pending_bytes_ += part.size();
        pending_.push_back(std::move(part));
    }
    return pending_bytes_ < message_window_bytes ? result<void>{} : flush();
}

result<void> segment_conversion::flush() {
    if (pending_.empty())
        return {};
    if (auto written = files_.write(target_->id(), file_position(written_), pending_); !written)
        return written;
    written_ += std::exchange(pending_bytes_, 0);
    pending_.clear();
    return {};
}

result<void> segment_conversion::finish() {
    conversion_.end_batch();
    if (auto written = put(conversion_.take_batches()); !written)
        return written;
    if (auto copied = copy_upto(size_); !copied)
        return copied;
    if (auto flushed = flush(); !flushed)
        return flushed;
    if (written_ > 0x7fffffff)
        return error{errc::storage_error, converted_path() + " would grow beyond 2 GiB"};
    const auto id = target_->id();
    auto synced = files_.sync(std::span(&id, 1));
    target_.reset();
    return synced;
}

result<void> segment_conversion::replace() {
    if (name_end_.empty())
        if (auto removed = remove_indexes(); !removed)
            return removed;
    if (auto renamed = files_.rename(converted_path(), path()); !renamed)
        return renamed;
    BARNABAS_MARK(segment_converted);
    return files_.sync_directory(directory_);
}

/// They lead to places in the old file, and must not come back beside the new one.
result<void> segment_conversion::remove_indexes() {
    for (const auto suffix : {offset_index_suffix, time_index_suffix})
        if (auto removed = remove_if_present(files_, segment_path(directory_, base_, suffix)); !removed)
            return removed;
    return files_.sync_directory(directory_);
}

/// As far as the file has them. What is read here takes the place of the old file.
result<slice> segment_conversion::bytes_at(std::uint64_t position, std::uint64_t count) {
    const auto wanted = std::min(count, size_ - position);
    const bool inside = position >= window_at_ && position + wanted <= window_at_ + window_.size();
    if (!inside) {
        const auto size = std::min(std::max(wanted, message_window_bytes), size_ - position);
        auto memory = chunk::allocate(size);
        auto got =
            runtime::read_steadily(files_, source_, file_position(position), std::span(memory->data(), size));
        if (!got)
            return got.failure();
        window_ = slice(std::move(memory), 0, got->count);
        window_at_ = position;
        // The head is read once more where the first old message lies.
        const auto before = std::exchange(read_to_, std::max(read_to_, window_at_ + window_.size()));
        progress_.advance(read_to_ - before);
    }
    const auto at = position - window_at_;
    return window_.sub(at, std::min<std::uint64_t>(wanted, window_.size() - at));
}

} // namespace barnabas::replica
