#include "actors/connection/frame_reader.hpp"

#include "actors/connection/limits.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"
#include "runtime/memory/reserve.hpp"

#include <algorithm>
#include <cstring>

namespace barnabas {

namespace limits = connection_limits;

namespace {

constexpr std::size_t prefix_bytes = 4;

std::int32_t read_length(const std::byte* prefix) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < prefix_bytes; ++i)
        value = (value << 8) | std::to_integer<std::uint32_t>(prefix[i]);
    return static_cast<std::int32_t>(value);
}

} // namespace

frame_reader::frame_reader(std::size_t frame_bytes_max, runtime::memory_reserve& reserve)
    : frame_bytes_max_(frame_bytes_max), reserve_(reserve) {}

std::optional<frame_reader::wanted_read> frame_reader::next_read() {
    if (!waiting_.empty()) {
        // A frame began while the reserve had no room.
        const std::vector<std::byte> begun = std::move(waiting_);
        waiting_.clear();
        if (!begin_partial(std::max(begun.size(), limits::first_read_bytes), begun.data(), begun.size())) {
            BARNABAS_MARK(begun_frame_waits_again);
            waiting_ = begun;
            return std::nullopt;
        }
    }
    if (partial_ == nullptr)
        return wanted_read{nullptr, 0, limits::first_read_bytes};
    if (BARNABAS_MARK_IF(filled_ == partial_->capacity() && !grow_partial(), frame_cannot_grow))
        return std::nullopt;
    const std::size_t end =
        frame_size_ == 0 ? partial_->capacity() : std::min(partial_->capacity(), frame_size_);
    return wanted_read{partial_, filled_, end - filled_};
}

result<void> frame_reader::on_read(const runtime::read_completion& bytes, std::vector<slice>& frames) {
    BARNABAS_ASSERT(bytes.count > 0);
    if (partial_ == nullptr) {
        // The stream's own chunk: its bytes are in memory already, so the charge may overdraw.
        bytes.into->attach_permit(reserve_.try_acquire(bytes.into->capacity(), true));
        return cut_frames(bytes.into, bytes.at, bytes.at + bytes.count, frames);
    }
    BARNABAS_ASSERT(bytes.into == partial_ && bytes.at == filled_);
    filled_ += bytes.count;
    if (BARNABAS_MARK_IF(frame_size_ == 0, length_prefix_split)) {
        auto begun = std::move(partial_);
        const std::size_t end = std::exchange(filled_, 0);
        return cut_frames(begun, 0, end, frames);
    }
    if (filled_ == frame_size_) {
        frames.emplace_back(std::move(partial_), prefix_bytes, frame_size_ - prefix_bytes);
        trusted_bytes_ = frame_size_;
        partial_ = nullptr;
        filled_ = frame_size_ = 0;
    }
    return {};
}

result<void> frame_reader::cut_frames(const std::shared_ptr<chunk>& bytes, std::size_t begin, std::size_t end,
                                      std::vector<slice>& frames) {
    while (end - begin >= prefix_bytes) {
        auto length = checked_length(bytes->data() + begin);
        if (!length)
            return length.failure();
        const std::size_t total = *length + prefix_bytes;
        if (end - begin < total) {
            frame_size_ = total;
            break;
        }
        frames.emplace_back(bytes, begin + prefix_bytes, *length);
        begin += total;
    }
    if (begin == end)
        return {};
    const std::size_t count = end - begin;
    const std::size_t capacity =
        frame_size_ == 0
            ? limits::first_read_bytes
            : std::min(frame_size_, std::max({limits::first_frame_bytes, count, trusted_bytes_}));
    if (!begin_partial(capacity, bytes->data() + begin, count)) {
        BARNABAS_MARK(frame_begins_without_room);
        waiting_.assign(bytes->data() + begin, bytes->data() + end);
        frame_size_ = 0;
    }
    return {};
}

result<std::size_t> frame_reader::checked_length(const std::byte* prefix) const {
    const std::int32_t length = read_length(prefix);
    if (BARNABAS_MARK_IF(length < static_cast<std::int32_t>(limits::frame_bytes_min), frame_too_short))
        return error{errc::malformed,
                     "a frame announces " + std::to_string(length) +
                         " bytes, fewer than a request header needs; is this a Kafka client?"};
    if (BARNABAS_MARK_IF(static_cast<std::size_t>(length) > frame_bytes_max_, frame_too_long))
        return error{errc::malformed,
                     "a frame announces " + std::to_string(length) +
                         " bytes, more than socket.request.max.bytes=" + std::to_string(frame_bytes_max_) +
                         " (a TLS or HTTP client on a plaintext port looks like this)"};
    return static_cast<std::size_t>(length);
}

bool frame_reader::begin_partial(std::size_t capacity, const std::byte* first, std::size_t count) {
    auto permit = reserve_.try_acquire(capacity, true);
    if (permit == nullptr)
        return false;
    partial_ = chunk::allocate(capacity);
    partial_->attach_permit(std::move(permit));
    std::memcpy(partial_->data(), first, count);
    filled_ = count;
    if (frame_size_ == 0 && count >= prefix_bytes) {
        auto length = checked_length(first);
        BARNABAS_ASSERT(length.has_value());
        frame_size_ = *length + prefix_bytes;
    }
    return true;
}

bool frame_reader::grow_partial() {
    BARNABAS_ASSERT(frame_size_ > partial_->capacity());
    const std::size_t capacity = std::min(frame_size_, partial_->capacity() * limits::frame_growth);
    auto permit = reserve_.try_acquire(capacity, true);
    if (permit == nullptr)
        return false;
    auto larger = chunk::allocate(capacity);
    larger->attach_permit(std::move(permit));
    std::memcpy(larger->data(), partial_->data(), filled_);
    partial_ = std::move(larger);
    return true;
}

} // namespace barnabas
