#include "sim/workloads/lookup_session.hpp"

#include "protocol/batch/big_endian.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace barnabas::sim {

namespace {
constexpr std::size_t read_bytes = 4'096;
constexpr std::size_t length_bytes = 4;
} // namespace

void lookup_session::connect(runtime::network& network, const runtime::endpoint& broker) {
    network.connect(broker, loop_index(0), [self = shared_from_this()](auto answer) {
        if (!answer)
            self->over_ = true;
        if (self->over_)
            return;
        self->stream_ = *std::move(answer);
        self->stream_->attach({[weak = self->weak_from_this()](runtime::read_completion done) {
                                   if (const auto alive = weak.lock())
                                       alive->on_read(done);
                               },
                               [] {}});
        self->stream_->read(nullptr, 0, read_bytes);
    });
}

void lookup_session::drop() {
    over_ = true;
    if (auto stream = std::exchange(stream_, nullptr); stream != nullptr)
        stream->close();
}

void lookup_session::on_read(const runtime::read_completion& done) {
    if (over_)
        return;
    if (done.count == 0) {
        over_ = true;
        // Not inside of the stream's own call.
        return world_.schedule_after(0, world_owner, [self = shared_from_this()] { self->drop(); });
    }
    const auto* begin = done.into->data() + done.at;
    bytes_.insert(bytes_.end(), begin, begin + done.count);
    for (const auto& frame : take_frames())
        on_frame_(frame);
    if (is_open())
        stream_->read(nullptr, 0, read_bytes);
}

std::vector<slice> lookup_session::take_frames() {
    std::vector<slice> frames;
    std::size_t at = 0;
    while (bytes_.size() - at >= length_bytes) {
        const auto length = batch::load_big_endian<std::int32_t>(bytes_.data() + at);
        const auto size = static_cast<std::size_t>(std::max(length, 0));
        if (bytes_.size() - at - length_bytes < size)
            break;
        frames.push_back(slice::copy_of(std::span(bytes_).subspan(at + length_bytes, size)));
        at += length_bytes + size;
    }
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(at));
    return frames;
}

} // namespace barnabas::sim
