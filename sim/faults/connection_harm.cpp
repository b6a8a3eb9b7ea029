#include "sim/faults/connection_harm.hpp"

namespace barnabas::sim {

const char* name_of(harm_kind kind) noexcept {
    switch (kind) {
    case harm_kind::refuse: return "refuse";
    case harm_kind::hang: return "hang";
    case harm_kind::mute: return "mute";
    case harm_kind::half_open: return "half_open";
    case harm_kind::reset: return "reset";
    case harm_kind::clog: return "clog";
    }
    return "?";
}

std::span<const harm_kind> all_of(harm_kind) noexcept {
    static constexpr harm_kind all[] = {harm_kind::refuse,    harm_kind::hang,  harm_kind::mute,
                                        harm_kind::half_open, harm_kind::reset, harm_kind::clog};
    return all;
}

} // namespace barnabas::sim
