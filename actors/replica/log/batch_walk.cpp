#include "actors/replica/log/batch_walk.hpp"

#include "actors/replica/read_jobs.hpp"
#include "protocol/batch/crc32c.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <array>

namespace barnabas::replica {
namespace {

constexpr std::size_t window_bytes = 8192;

} // namespace

error corrupt_batch(const std::string& where, file_position position, const std::string& why) {
    return {errc::corrupt_message, where + " at byte " + std::to_string(position.get()) + ": " + why};
}

result<std::span<const std::byte>> batch_walk::header_bytes() {
    const bool inside =
        next_ >= window_at_ && next_ + batch::batch_header_size <= window_at_ + window_.size();
    if (!inside) {
        const auto wanted = std::min<std::uint64_t>(window_bytes, log_size_ - next_);
        window_.resize(wanted);
        window_at_ = next_;
        auto got = files_.read(log_, file_position(next_), window_);
        if (!got)
            return got.failure();
        window_.resize(*got);
    }
    return std::span<const std::byte>(window_).subspan(next_ - window_at_);
}

result<std::optional<located_batch>> batch_walk::next() {
    if (next_ >= log_size_)
        return std::optional<located_batch>{};
    auto bytes = header_bytes();
    if (!bytes)
        return bytes.failure();
    auto header = batch::parse_header(*bytes);
    if (!header)
        return header.failure();
    if (header->total_size() > log_size_ - next_)
        return error{errc::corrupt_message, "the batch is longer than the file"};
    if (header->last_offset_delta < 0)
        return error{errc::corrupt_message, "the last offset delta is negative"};
    located_batch located{*header, file_position(next_)};
    next_ += header->total_size();
    return std::optional(located);
}

result<std::optional<located_batch>> batch_walk::next_confirmed() {
    const auto begin = next_;
    for (int look = 1;; ++look) {
        auto located = next();
        if (located && *located)
            if (auto confirmed = confirm_header(files_, log_, **located); !confirmed)
                located = confirmed.failure();
        if (located || !is_damage(located.code()) || look == looks_max)
            return located;
        BARNABAS_MARK(header_walk_looks_again);
        next_ = begin;
        window_.clear();
    }
}

result<std::optional<batch::batch_view>> batch_walk::next_whole() {
    const auto begin = next_;
    for (int look = 1;; ++look) {
        auto batch = look_at_next();
        if (batch || !is_damage(batch.code()) || look == looks_max)
            return batch;
        BARNABAS_MARK(walk_looks_again);
        next_ = begin;
        window_.clear();
    }
}

/// The header is read twice, so that one that came wrong is noticed, also where no CRC covers it.
result<std::optional<batch::batch_view>> batch_walk::look_at_next() {
    auto located = next();
    if (!located)
        return located.failure();
    if (!*located)
        return std::optional<batch::batch_view>{};
    auto batch = read_batch(files_, log_, **located);
    if (!batch)
        return batch.failure();
    const auto bytes = batch->bytes.bytes();
    const auto header = batch::parse_header(bytes);
    if (!header || *header != batch->header ||
        batch::crc32c(bytes.subspan(batch::at::attributes)) != header->crc)
        return error{errc::corrupt_message, "the CRC does not match"};
    return std::optional(std::move(*batch));
}

result<void> confirm_header(runtime::file_system& files, runtime::file_id log, const located_batch& located) {
    std::array<std::byte, batch::batch_header_size> bytes;
    auto got = files.read(log, located.position, bytes);
    if (!got)
        return got.failure();
    auto header = batch::parse_header(std::span(bytes).first(*got));
    if (BARNABAS_MARK_IF(!header || *header != located.header, header_not_confirmed))
        return error{errc::corrupt_message, "the header of the batch came differently the second time"};
    return {};
}

result<void> check_crc_in_parts(runtime::file_system& files, runtime::file_id log,
                                const located_batch& located, std::span<std::byte> window) {
    const auto size = located.header.total_size();
    auto checksum = batch::crc32c({});
    for (std::size_t at = batch::at::attributes; at < size;) {
        const auto into = window.first(std::min(window.size(), size - at));
        auto got = files.read(log, file_position(located.position.get() + at), into);
        if (!got)
            return got.failure();
        if (*got == 0)
            return error{errc::corrupt_message, "the file ends inside of a batch"};
        checksum = batch::crc32c_extend(checksum, into.first(*got));
        at += *got;
    }
    if (checksum != located.header.crc)
        return error{errc::corrupt_message,
                     "the CRC does not match, over " + std::to_string(size) + " bytes"};
    return {};
}

result<batch::batch_view> read_batch(runtime::file_system& files, runtime::file_id log,
                                     const located_batch& located) {
    const auto size = located.header.total_size();
    constexpr std::size_t unconfirmed_max = 1 << 20;
    if (size > unconfirmed_max)
        if (auto confirmed = confirm_header(files, log, located); !confirmed)
            return confirmed.failure();
    auto memory = chunk::allocate(size);
    auto got = files.read(log, located.position, std::span(memory->data(), size));
    if (!got)
        return got.failure();
    if (*got != size)
        return error{errc::corrupt_message, "the file ends inside of a batch"};
    return batch::batch_view{slice(std::move(memory), 0, size), located.header};
}

} // namespace barnabas::replica
