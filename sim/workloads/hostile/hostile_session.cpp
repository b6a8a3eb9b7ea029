#include "sim/workloads/hostile/hostile_session.hpp"

#include "protocol/batch/big_endian.hpp"
#include "sim/world/world.hpp"

#include <utility>

namespace barnabas::sim {

namespace {
constexpr std::int64_t slow_read_every_ns = 50 * millisecond;
constexpr std::size_t read_bytes = 4'096;
constexpr std::size_t head_bytes = 8;
} // namespace

template <class Act>
void hostile_session::later(std::int64_t delay_ns, Act act) {
    with_.time->schedule_after(delay_ns, world_owner, [self = shared_from_this(), act = std::move(act)] {
        if (!self->over_)
            act();
    });
}

void hostile_session::begin() {
    with_.network->connect(with_.broker, loop_index(0), [self = shared_from_this()](auto answer) {
        if (self->over_)
            return;
        if (answer)
            self->on_open(*std::move(answer));
        else
            self->over_ = true;
    });
}

void hostile_session::drop() {
    if (std::exchange(over_, true))
        return;
    if (auto stream = std::exchange(stream_, nullptr); stream != nullptr) {
        if (plan_.tears)
            stream->abort();
        else
            stream->close();
    }
}

/// Not inside of the stream's own call.
void hostile_session::drop_soon() {
    dropping_ = true;
    later(0, [this] { drop(); });
}

void hostile_session::on_open(std::shared_ptr<runtime::byte_stream> stream) {
    stream_ = std::move(stream);
    opened_ = with_.time->now();
    stream_->attach({[this, self = weak_from_this()](runtime::read_completion done) {
                         if (const auto alive = self.lock())
                             on_read(done);
                     },
                     [] {}});
    if (!plan_.bytes.empty())
        stream_->write(plan_.bytes);
    if (plan_.reads != session_plan::reading::never)
        later(plan_.read_after_ns, [this] { begin_reading(); });
    later(plan_.stays_ns, [this] { drop(); });
}

void hostile_session::begin_reading() {
    read();
    if (plan_.answers > 0 || plan_.must_close)
        later(with_.answer_limit_ns, [this] { check_owed(); });
}

void hostile_session::read() {
    stream_->read(nullptr, 0, plan_.reads == session_plan::reading::byte_by_byte ? 1 : read_bytes);
}

void hostile_session::on_read(const runtime::read_completion& done) {
    if (over_)
        return;
    if (done.count == 0) {
        ended_ = true;
        return drop_soon();
    }
    for (std::size_t i = 0; i < done.count && !dropping_; ++i)
        take(done.into->data()[done.at + i]);
    if (dropping_)
        return;
    if (plan_.reads == session_plan::reading::byte_by_byte)
        later(slow_read_every_ns, [this] { read(); });
    else
        read();
}

void hostile_session::take(std::byte byte) {
    if (frame_bytes_ < head_bytes)
        head_[frame_bytes_] = byte;
    ++frame_bytes_;
    if (frame_bytes_ < head_bytes)
        return;
    const auto length = batch::load_big_endian<std::int32_t>(head_.data());
    if (length < 4) {
        report("a frame of the broker has the length " + std::to_string(length));
        frame_bytes_ = 0;
        return drop_soon();
    }
    if (frame_bytes_ < 4 + static_cast<std::uint64_t>(length))
        return;
    const auto correlation = batch::load_big_endian<std::int32_t>(head_.data() + 4);
    const auto expected = plan_.first_correlation + static_cast<std::int32_t>(answers_);
    if (plan_.first_correlation >= 0 && correlation != expected)
        report("answer " + std::to_string(answers_) + " has the correlation id " +
               std::to_string(correlation) + " instead of " + std::to_string(expected));
    frame_bytes_ = 0;
    ++answers_;
}

void hostile_session::check_owed() {
    if (ended_ || dropping_)
        return;
    if (plan_.must_close)
        report("the connection was not closed within " + std::to_string(with_.answer_limit_ns / millisecond) +
               " ms");
    else if (answers_ < plan_.answers)
        report(std::to_string(plan_.answers - answers_) + " of " + std::to_string(plan_.answers) +
               " requests have no answer after " + std::to_string(with_.answer_limit_ns / millisecond) +
               " ms, and the connection is open");
}

/// Nothing is owed by a broker that was not whole all the time.
void hostile_session::report(const std::string& what) {
    if (with_.healthy_since() <= opened_ && with_.on_ignored)
        with_.on_ignored({plan_.kind, std::string(name_of(plan_.kind)) + ": " + what});
}

} // namespace barnabas::sim
