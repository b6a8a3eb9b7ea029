#include "sim/network/link_table.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::sim {

const char* name_of(connect_mode mode) noexcept {
    switch (mode) {
    case connect_mode::answered: return "answered";
    case connect_mode::refused: return "refused";
    case connect_mode::hanging: return "hanging";
    case connect_mode::silent: return "silent";
    }
    return "?";
}

std::span<const connect_mode> all_of(connect_mode) noexcept {
    static constexpr connect_mode all[] = {connect_mode::answered, connect_mode::refused,
                                           connect_mode::hanging, connect_mode::silent};
    return all;
}

const link_table::link* link_table::find(std::uint32_t from, std::uint32_t to) const {
    // Asked for every segment, and nearly always empty.
    if (links_.empty())
        return nullptr;
    const auto found = links_.find({from, to});
    return found == links_.end() ? nullptr : &found->second;
}

void link_table::unblock(std::uint32_t from, std::uint32_t to) {
    const auto found = links_.find({from, to});
    if (found != links_.end())
        found->second.blocked = false;
}

void link_table::clog(std::uint32_t from, std::uint32_t to, virtual_time until) {
    auto& chosen = links_[{from, to}];
    chosen.clogged_until = std::max(chosen.clogged_until, until);
}

void link_table::unclog(std::uint32_t from, std::uint32_t to) {
    const auto found = links_.find({from, to});
    if (found != links_.end())
        found->second.clogged_until = virtual_time(0);
}

void link_table::slow(std::uint32_t from, std::uint32_t to, const link_speed& speed, virtual_time until) {
    auto& chosen = links_[{from, to}];
    chosen.speed = speed;
    chosen.slow_until = until;
}

void link_table::set_connects(std::uint32_t from, std::uint32_t to, connect_mode mode, virtual_time until) {
    auto& chosen = links_[{from, to}];
    chosen.connects = mode;
    chosen.connects_until = until;
}

void link_table::reset_next(std::uint32_t from, std::uint32_t to, std::uint64_t after_bytes) {
    links_[{from, to}].reset_next = after_bytes;
}

bool link_table::blocked(std::uint32_t from, std::uint32_t to) const {
    const auto* found = find(from, to);
    return found != nullptr && found->blocked;
}

virtual_time link_table::clogged_until(std::uint32_t from, std::uint32_t to) const {
    const auto* found = find(from, to);
    return found != nullptr ? found->clogged_until : virtual_time(0);
}

const link_speed* link_table::speed(std::uint32_t from, std::uint32_t to, virtual_time now) const {
    const auto* found = find(from, to);
    return found != nullptr && found->slow_until > now ? &found->speed : nullptr;
}

connect_mode link_table::connects(std::uint32_t from, std::uint32_t to, virtual_time now) const {
    const auto* found = find(from, to);
    return found != nullptr && found->connects_until > now ? found->connects : connect_mode::answered;
}

virtual_time link_table::connects_until(std::uint32_t from, std::uint32_t to) const {
    const auto* found = find(from, to);
    return found != nullptr ? found->connects_until : virtual_time(0);
}

std::uint64_t link_table::take_reset(std::uint32_t from, std::uint32_t to) {
    if (links_.empty())
        return 0;
    const auto found = links_.find({from, to});
    return found == links_.end() ? 0 : std::exchange(found->second.reset_next, 0);
}

} // namespace barnabas::sim
