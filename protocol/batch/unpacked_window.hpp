#pragma once

#include "protocol/batch/compression.hpp"
#include "protocol/batch/varint.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace barnabas::batch {

/// A forward-only look at the unpacked records of a batch, used by the validator. Over uncompressed bytes it
/// is two pointers and never allocates; over a decompressor it holds a window of fixed size, so that a record
/// of any length is checked without being held.
class unpacked_window {
public:
    explicit unpacked_window(std::span<const std::byte> plain) noexcept
        : next_(plain.data()), end_(plain.data() + plain.size()), size_before_end_(plain.size()) {}

    unpacked_window(decompressor& source, std::size_t packed_bytes)
        : source_(&source), window_(window_bytes_for(packed_bytes)) {}

    unpacked_window(const unpacked_window&) = delete;
    unpacked_window& operator=(const unpacked_window&) = delete;

    /// Bytes behind us.
    std::uint64_t position() const noexcept {
        return size_before_end_ - static_cast<std::uint64_t>(end_ - next_);
    }

    /// What can be read without unpacking more, and going on behind the part of it that was read.
    std::span<const std::byte> at_hand() const noexcept { return {next_, end_}; }
    void go_to(const std::byte* behind) noexcept { next_ = behind; }

    /// False at the end, or when unpacking failed.
    bool has_more() { return next_ != end_ || refill(); }

    bool read_byte(std::byte& value) {
        if (!has_more())
            return false;
        value = *next_++;
        return true;
    }

    bool read_varint(std::int32_t& value) {
        ensure(varint_bytes_max);
        return take(batch::read_varint(next_, end_, value));
    }

    bool read_varlong(std::int64_t& value) {
        ensure(varlong_bytes_max);
        return take(batch::read_varlong(next_, end_, value));
    }

    /// False when fewer bytes are left.
    bool skip(std::uint64_t count) {
        while (count > static_cast<std::uint64_t>(end_ - next_))
            [[unlikely]] {
                count -= static_cast<std::uint64_t>(end_ - next_);
                next_ = end_;
                if (!refill())
                    return false;
            }
        next_ += count;
        return true;
    }

    /// Why unpacking stopped early, if it did: then every "ends here" has this as its cause.
    const std::optional<error>& failure() const noexcept { return failure_; }

private:
    void ensure(std::size_t wanted) {
        if (static_cast<std::size_t>(end_ - next_) < wanted) [[unlikely]]
            refill();
    }

    bool take(const std::byte* behind) {
        if (behind == nullptr) [[unlikely]]
            return false;
        next_ = behind;
        return true;
    }

    /// Moves the unread bytes to the front and unpacks behind them; false when nothing came.
    bool refill() {
        if (source_ == nullptr || failure_)
            return false;
        const auto kept = static_cast<std::size_t>(end_ - next_);
        std::copy(next_, end_, window_.data());
        const auto written = source_->read(std::span(window_).subspan(kept));
        next_ = window_.data();
        end_ = next_ + kept;
        if (!written) {
            failure_ = written.failure();
            return false;
        }
        end_ += *written;
        size_before_end_ += *written;
        return *written != 0;
    }

    const std::byte* next_ = nullptr;
    const std::byte* end_ = nullptr;
    std::uint64_t size_before_end_ = 0;
    decompressor* source_ = nullptr;
    std::vector<std::byte> window_;
    std::optional<error> failure_;
};

} // namespace barnabas::batch
