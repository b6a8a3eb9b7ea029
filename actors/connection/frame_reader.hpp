#pragma once

#include "protocol/model/error.hpp"
#include "protocol/model/slice.hpp"
#include "runtime/network/network.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

namespace barnabas {

namespace runtime {
class memory_reserve;
}

/// Cuts a stream of bytes into frames (int32 length, then that many bytes). Guarantees: memory grows with the
/// bytes received, never with the length announced; record bytes are copied at most once (a frame that
/// arrives in one piece not at all). All memory is charged to `reserve`.
class frame_reader {
public:
    frame_reader(std::size_t frame_bytes_max, runtime::memory_reserve& reserve);

    struct wanted_read {
        std::shared_ptr<chunk> into; ///< null: the stream allocates when bytes are there
        std::size_t at = 0;
        std::size_t max = 0;
    };
    /// What to ask the stream for next; nothing when the reserve has no room (ask again when it has).
    std::optional<wanted_read> next_read();

    /// Takes what arrived and appends finished frames (without their length) to `frames`. An error means that
    /// the stream cannot be understood any more: answer nothing, close. Frames before the fault are
    /// delivered.
    result<void> on_read(const runtime::read_completion& bytes, std::vector<slice>& frames);

    /// Gives back the memory of a frame that will not be finished.
    void forget() noexcept {
        partial_.reset();
        waiting_.clear();
        filled_ = frame_size_ = 0;
    }
    /// Bytes of a frame that has begun.
    std::size_t partial_bytes() const noexcept { return filled_; }

private:
    result<void> cut_frames(const std::shared_ptr<chunk>& bytes, std::size_t begin, std::size_t end,
                            std::vector<slice>& frames);
    result<std::size_t> checked_length(const std::byte* prefix) const;
    bool begin_partial(std::size_t capacity, const std::byte* first, std::size_t count);
    bool grow_partial();

    std::size_t frame_bytes_max_;
    runtime::memory_reserve& reserve_;
    /// Size of the last whole frame: a client that has sent it once is trusted with that much memory at once.
    std::size_t trusted_bytes_ = 0;
    /// The frame that has begun: its memory, how much is filled, its size with the length prefix (0: unknown
    /// yet).
    std::shared_ptr<chunk> partial_;
    std::size_t filled_ = 0;
    std::size_t frame_size_ = 0;
    /// Fewer than four bytes of a length, kept until memory for the frame is there.
    std::vector<std::byte> waiting_;
};

} // namespace barnabas
