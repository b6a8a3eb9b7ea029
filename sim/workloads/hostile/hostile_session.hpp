#pragma once

#include "protocol/model/slice.hpp"
#include "runtime/network/network.hpp"
#include "sim/workloads/hostile/hostile_options.hpp"
#include "sim/world/virtual_time.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace barnabas::sim {

class world;

/// What one raw connection does, and what the broker owes it.
struct session_plan {
    hostile_kind kind = hostile_kind::noise;
    /// Written as soon as the connection is there.
    std::vector<slice> bytes;
    enum class reading : std::uint8_t { at_once, byte_by_byte, never } reads = reading::at_once;
    /// Reading begins so late.
    std::int64_t read_after_ns = 0;
    /// So many answers, or a close, must come after reading began. Zero: nothing is owed.
    std::uint32_t answers = 0;
    /// A close must come; answers do not matter.
    bool must_close = false;
    /// The correlation ids of the answers count up from here; negative for any.
    std::int32_t first_correlation = -1;
    /// Then the connection is closed, or, by chance of the plan, torn.
    std::int64_t stays_ns = second;
    bool tears = false;
};

/// A client that did not get what any bytes must get: an answer or a close (X1), answers in order.
struct hostile_report {
    hostile_kind kind = hostile_kind::noise;
    std::string what;
};

/// One connection that speaks bytes instead of Kafka. Lives until its time is over; `drop` ends it at once.
class hostile_session : public std::enable_shared_from_this<hostile_session> {
public:
    struct parts {
        world* time;
        runtime::network* network;
        runtime::endpoint broker;
        std::int64_t answer_limit_ns;
        /// Since when broker and network are whole; `end_of_time` if they are not.
        std::function<virtual_time()> healthy_since;
        std::function<void(const hostile_report&)> on_ignored;
    };

    hostile_session(parts with, session_plan plan) : with_(std::move(with)), plan_(std::move(plan)) {}
    void begin();
    void drop();
    bool over() const noexcept { return over_; }
    std::uint32_t answers() const noexcept { return answers_; }
    bool ended_by_broker() const noexcept { return ended_; }

private:
    void on_open(std::shared_ptr<runtime::byte_stream> stream);
    void read();
    void on_read(const runtime::read_completion& done);
    void take(std::byte byte);
    void begin_reading();
    void drop_soon();
    void check_owed();
    void report(const std::string& what);
    template <class Act>
    void later(std::int64_t delay_ns, Act act);

    parts with_;
    session_plan plan_;
    std::shared_ptr<runtime::byte_stream> stream_;
    virtual_time opened_{0};
    bool over_ = false;
    bool ended_ = false;
    bool dropping_ = false;
    std::uint32_t answers_ = 0;
    /// Length prefix and correlation id of the frame that is being read, and how much of the frame came.
    std::array<std::byte, 8> head_{};
    std::uint64_t frame_bytes_ = 0;
};

} // namespace barnabas::sim
