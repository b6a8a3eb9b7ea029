#pragma once

#include "sim/world/virtual_time.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <utility>

namespace barnabas::sim {

/// How attempts to connect over a link end.
enum class connect_mode : std::uint8_t {
    answered,
    refused,
    hanging, ///< no answer until the attempt times out
    silent,  ///< accepted, and then all bytes are held as long as the rule lasts
};
const char* name_of(connect_mode mode) noexcept;
std::span<const connect_mode> all_of(connect_mode) noexcept;

/// A narrow link: its rate, and the bytes that a connection over it holds per direction.
struct link_speed {
    std::uint64_t bytes_per_second = 0;
    std::uint32_t window_bytes = 0;
};

/// What goes wrong on links between hosts; a link is one direction, (from, to). All times are true times,
/// and what has ended by itself needs no clearing. Whoever opens a link must let go of what is held there.
class link_table {
public:
    void block(std::uint32_t from, std::uint32_t to) { links_[{from, to}].blocked = true; }
    void unblock(std::uint32_t from, std::uint32_t to);
    /// Bytes are held until then; of several clogs the last end counts.
    void clog(std::uint32_t from, std::uint32_t to, virtual_time until);
    void unclog(std::uint32_t from, std::uint32_t to);
    void slow(std::uint32_t from, std::uint32_t to, const link_speed& speed, virtual_time until);
    void set_connects(std::uint32_t from, std::uint32_t to, connect_mode mode, virtual_time until);
    /// The next connection made from or to is reset after so many bytes in the direction of this link.
    void reset_next(std::uint32_t from, std::uint32_t to, std::uint64_t after_bytes);
    void clear() { links_.clear(); }

    bool blocked(std::uint32_t from, std::uint32_t to) const;
    /// Zero if it is not clogged.
    virtual_time clogged_until(std::uint32_t from, std::uint32_t to) const;
    /// Null for a link at full speed.
    const link_speed* speed(std::uint32_t from, std::uint32_t to, virtual_time now) const;
    connect_mode connects(std::uint32_t from, std::uint32_t to, virtual_time now) const;
    virtual_time connects_until(std::uint32_t from, std::uint32_t to) const;
    /// What `reset_next` said, once; zero for nothing.
    std::uint64_t take_reset(std::uint32_t from, std::uint32_t to);

private:
    struct link {
        bool blocked = false;
        virtual_time clogged_until{0};
        link_speed speed;
        virtual_time slow_until{0};
        connect_mode connects = connect_mode::answered;
        virtual_time connects_until{0};
        std::uint64_t reset_next = 0;
    };
    const link* find(std::uint32_t from, std::uint32_t to) const;

    std::map<std::pair<std::uint32_t, std::uint32_t>, link> links_;
};

} // namespace barnabas::sim
