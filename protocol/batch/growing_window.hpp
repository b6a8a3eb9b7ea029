#pragma once

#include "protocol/batch/compression.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace barnabas::batch {

/// A forward-only look at the unpacked bytes of a batch or message set, used by the readers: what is asked
/// for lies in one piece. Over uncompressed bytes it copies nothing. Over a decompressor it holds a window
/// that grows with the largest piece, at most doubled at a time, so that a length that lies gets memory only
/// as its bytes come out.
class growing_window {
public:
    growing_window() = default;
    explicit growing_window(std::span<const std::byte> plain) : unread_(plain) {}
    growing_window(std::unique_ptr<decompressor> source, std::size_t packed_bytes)
        : source_(std::move(source)), packed_bytes_(packed_bytes) {}

    /// Makes `wanted` unread bytes available in one piece; false when fewer are left. What `unread` and
    /// `take` gave before is then no longer valid. Errors: those of decompressor::read.
    result<bool> fill(std::size_t wanted);
    std::span<const std::byte> unread() const noexcept { return unread_; }
    /// The first of the unread bytes, which are then behind us; at most what `fill` made available.
    std::span<const std::byte> take(std::size_t count) noexcept {
        const auto taken = unread_.first(count);
        unread_ = unread_.subspan(count);
        return taken;
    }

private:
    std::unique_ptr<decompressor> source_;
    std::size_t packed_bytes_ = 0;
    std::vector<std::byte> window_;
    std::span<const std::byte> unread_;
};

} // namespace barnabas::batch
