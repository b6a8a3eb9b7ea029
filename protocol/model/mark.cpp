#include "protocol/model/mark.hpp"

/// The linker defines these around the section of all marks; weak, because a program may have none.
extern "C" {
extern const barnabas::mark_site* const __start_barnabas_marks[] __attribute__((weak, visibility("hidden")));
extern const barnabas::mark_site* const __stop_barnabas_marks[] __attribute__((weak, visibility("hidden")));
}

namespace barnabas {

std::span<const mark_site* const> all_marks() noexcept {
    const auto* const first = &__start_barnabas_marks[0];
    const auto* const last = &__stop_barnabas_marks[0];
    return {first, last};
}

std::uint64_t mark_hits(std::string_view name) noexcept {
    for (const auto* each : all_marks()) {
        if (name == each->name)
            return each->hits();
    }
    return 0;
}

} // namespace barnabas
