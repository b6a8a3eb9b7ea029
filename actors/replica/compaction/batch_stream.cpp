#include "actors/replica/compaction/batch_stream.hpp"

#include "actors/replica/log/batch_walk.hpp"
#include "actors/replica/read_jobs.hpp"
#include "protocol/batch/crc32c.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <limits>

namespace barnabas::replica {

result<std::optional<batch::batch_view>> batch_stream::next(runtime::file_system& files) {
    if (position_ >= source_.size)
        return std::optional<batch::batch_view>{};
    auto batch = look(files);
    for (int looks = 1; looks < looks_max; ++looks) {
        const bool doubtful = batch ? is_strange(batch->header) : is_damage(batch.code());
        if (!doubtful || steady_)
            break;
        BARNABAS_MARK(cleaning_looks_again);
        if (auto steady = make_steady(files); !steady)
            return steady.failure();
        batch = look(files);
    }
    if (!batch)
        return batch.failure();
    const auto& header = batch->header;
    constexpr std::int64_t span_max = std::numeric_limits<std::int32_t>::max();
    if (header.base_offset < next_offset_ || header.last_offset() - source_.base_offset > span_max)
        return corrupt("an offset out of place");
    next_offset_ = header.next_offset();
    epoch_ = header.leader_epoch;
    position_ += header.total_size();
    return std::optional(std::move(*batch));
}

bool batch_stream::is_strange(const batch::batch_header& header) const {
    return header.base_offset != next_offset_ || header.leader_epoch != epoch_;
}

/// The batch that begins at the present position.
result<batch::batch_view> batch_stream::look(runtime::file_system& files) {
    if (auto filled = fill(files, batch::batch_header_size); !filled)
        return filled.failure();
    auto header = batch::parse_header(unread());
    if (!header)
        return header.code() == errc::corrupt_message ? corrupt(header.failure().detail) : header.failure();
    const auto size = header->total_size();
    if (size > source_.size - position_)
        return corrupt("the batch is longer than the file");
    if (BARNABAS_MARK_IF(size > std::max<std::uint64_t>(source_.unproven_max, window_bytes_), batch_is_long))
        if (auto proven = prove_length(files, *header); !proven)
            return proven.failure();
    if (auto filled = fill(files, size); !filled)
        return filled.failure();
    if (unread().size() < size)
        return corrupt("the file ends inside of a batch");
    const auto bytes = unread().first(size);
    if (header->last_offset_delta < 0 || header->record_count < 0)
        return corrupt("a negative count");
    if (batch::crc32c(bytes.subspan(batch::at::attributes)) != header->crc)
        return corrupt("the CRC does not match");
    return batch::batch_view{slice(memory_, position_ - window_at_, size), *header};
}

error batch_stream::corrupt(const std::string& why) const {
    return corrupt_batch(source_.name, file_position(position_), why);
}

result<void> batch_stream::prove_length(runtime::file_system& files,
                                        const batch::batch_header& header) const {
    const auto piece = chunk::allocate(window_bytes_);
    auto proven = check_crc_in_parts(files, source_.log, {header, file_position(position_)},
                                     std::span(piece->data(), window_bytes_));
    return is_damage(proven.code()) ? corrupt(proven.failure().detail) : proven;
}

/// Reads what is left of the window until it comes twice alike.
result<void> batch_stream::make_steady(runtime::file_system& files) {
    for (int looks = 1; looks < looks_max && !steady_; ++looks) {
        const auto before = memory_;
        const auto old = unread();
        memory_ = free_memory(old.size());
        auto got = files.read(source_.log, file_position(position_), std::span(memory_->data(), old.size()));
        if (!got)
            return got.failure();
        window_at_ = position_;
        window_size_ = *got;
        steady_ = std::ranges::equal(old, unread());
    }
    return {};
}

std::span<const std::byte> batch_stream::unread() const {
    if (memory_ == nullptr || position_ < window_at_ || position_ > window_at_ + window_size_)
        return {};
    const auto from = position_ - window_at_;
    return std::span<const std::byte>(memory_->data(), window_size_).subspan(from);
}

/// At least so many unread bytes, unless the file ends before.
result<void> batch_stream::fill(runtime::file_system& files, std::size_t count) {
    if (unread().size() >= count)
        return {};
    const auto wanted = std::min<std::uint64_t>(std::max(count, window_bytes_), source_.size - position_);
    if (unread().size() >= wanted)
        return {};
    memory_ = free_memory(wanted);
    auto got = files.read(source_.log, file_position(position_), std::span(memory_->data(), wanted));
    if (!got)
        return got.failure();
    window_at_ = position_;
    window_size_ = *got;
    steady_ = false;
    return {};
}

/// Memory that no slice refers to any more, or new memory: fresh pages cost more than what is read into them.
std::shared_ptr<chunk> batch_stream::free_memory(std::size_t bytes) {
    constexpr std::size_t kept_max = 6;
    memory_.reset();
    for (const auto& one : kept_)
        if (one.use_count() == 1 && one->capacity() >= bytes)
            return one;
    auto made = chunk::allocate(std::max<std::size_t>(bytes, window_bytes_));
    if (kept_.size() < kept_max && bytes <= std::max<std::uint64_t>(source_.unproven_max, window_bytes_))
        kept_.push_back(made);
    return made;
}

std::optional<slice> batch_stream::joined(const slice& first, const slice& second) const {
    if (memory_ == nullptr || first.data() < memory_->data() ||
        first.data() + first.size() != second.data() ||
        second.data() + second.size() > memory_->data() + memory_->capacity())
        return std::nullopt;
    const auto from = static_cast<std::size_t>(first.data() - memory_->data());
    return slice(memory_, from, first.size() + second.size());
}

} // namespace barnabas::replica
