#pragma once

#include "protocol/model/slice.hpp"
#include "runtime/network/network.hpp"
#include "sim/world/world.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace barnabas::sim {

/// A connection that sends a frame and hands over whole frames that come. Lives until the broker, the network
/// or `drop` ends it.
class lookup_session : public std::enable_shared_from_this<lookup_session> {
public:
    /// Behind the length prefix.
    using frame_taker = std::function<void(const slice&)>;

    lookup_session(world& time, frame_taker on_frame) : world_(time), on_frame_(std::move(on_frame)) {}

    void connect(runtime::network& network, const runtime::endpoint& broker);
    bool is_open() const noexcept { return stream_ != nullptr && !over_; }
    bool is_over() const noexcept { return over_; }
    void write(std::vector<slice> frame) { stream_->write(std::move(frame)); }
    void drop();

private:
    void on_read(const runtime::read_completion& done);
    /// Whole frames of what came.
    std::vector<slice> take_frames();

    world& world_;
    frame_taker on_frame_;
    std::shared_ptr<runtime::byte_stream> stream_;
    std::vector<std::byte> bytes_;
    bool over_ = false;
};

} // namespace barnabas::sim
