#pragma once

#include "sim/world/fields.hpp"

#include <cstdint>
#include <span>

namespace barnabas::sim {

/// What may be done to one connection.
enum class harm_kind : std::uint8_t {
    refuse,    ///< the attempt to connect is refused
    hang,      ///< ... or gets no answer until it times out
    mute,      ///< accepted, and then nothing is ever heard
    half_open, ///< the side that `direction` names vanishes so many ns (`at`) after the connection was made
    reset,     ///< both sides are reset once so many bytes (`at`) were sent in that direction
    clog,      ///< the direction holds its bytes for `lasts_ns` from the arrival of byte number `at`
};
const char* name_of(harm_kind kind) noexcept;
std::span<const harm_kind> all_of(harm_kind) noexcept;

/// One harm to one connection. The network numbers attempts to connect from 1, and a connection has the
/// number of its attempt. What chance did in one run is reported in this form, and can be given to another
/// run in which chance does nothing (`network_fabric::set_planned_harm`).
struct connection_harm {
    std::uint64_t connection = 0;
    harm_kind kind = harm_kind::refuse;
    /// 0: from the side that connected; 1: from the side that accepted.
    std::uint32_t direction = 0;
    /// Bytes or ns, see `harm_kind`.
    std::uint64_t at = 0;
    std::int64_t lasts_ns = 0;

    friend bool operator==(const connection_harm&, const connection_harm&) = default;
};

template <fields_of<connection_harm> Of, class Visit>
void for_each_field(Of& of, Visit&& visit) {
    visit("connection", of.connection);
    visit("kind", of.kind);
    if (of.kind == harm_kind::half_open || of.kind == harm_kind::reset || of.kind == harm_kind::clog) {
        visit("direction", of.direction);
        visit(of.kind == harm_kind::half_open ? "after_ns" : "after_bytes", of.at);
    }
    if (of.kind == harm_kind::clog)
        visit("lasts_ns", of.lasts_ns);
}

} // namespace barnabas::sim
