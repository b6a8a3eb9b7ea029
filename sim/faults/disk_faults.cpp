#include "sim/faults/disk_faults.hpp"

namespace barnabas::sim {

namespace {

/// A chance with weight on the extremes: never, always, and everything between.
std::uint32_t any_chance(runtime::random& draws) {
    const auto choice = draws.below(4);
    const auto between = static_cast<std::uint32_t>(draws.below(per_million));
    if (choice == 0)
        return 0;
    return choice == 1 ? static_cast<std::uint32_t>(per_million) : between;
}

} // namespace

disk_faults disk_faults::all_drawn(runtime::random& draws) {
    disk_faults made;
    const auto chance = [&](std::uint64_t low, std::uint64_t high) {
        return static_cast<std::uint32_t>(draws.log_between(low, high));
    };
    made.read_error_chance = chance(1, 1'000);
    made.write_error_chance = chance(1, 1'000);
    made.sync_error_chance = chance(10, 10'000);
    made.sync_low = static_cast<std::int64_t>(draws.log_between(20'000, 2'000'000));
    made.sync_high = made.sync_low * draws.between(2, 50);
    made.stall_chance = chance(1, 1'000);
    made.stall_high = static_cast<std::int64_t>(draws.log_between(100'000'000, 60'000'000'000));
    made.not_cached_chance = chance(1'000, 800'000);
    made.inline_chance = chance(10'000, 1'000'000);
    // A stream of its own: what was drawn before stays what it was.
    auto files = draws.split("open files");
    if (files.chance(50, 100))
        made.open_files_max = static_cast<std::uint32_t>(files.between(6, 40));
    return made;
}

disk_faults disk_faults::drawn(runtime::random& draws) {
    auto made = all_drawn(draws);
    const auto maybe = [&](std::uint32_t& of, std::uint64_t enable) {
        if (!draws.chance(enable, 100))
            of = 0;
    };
    maybe(made.read_error_chance, 10);
    maybe(made.write_error_chance, 10);
    maybe(made.sync_error_chance, 10);
    maybe(made.stall_chance, 30);
    maybe(made.not_cached_chance, 80);
    maybe(made.inline_chance, 70);
    return made;
}

disk_faults disk_faults::slowed(std::int64_t factor) const {
    auto made = *this;
    made.cached_low *= factor;
    made.cached_high *= factor;
    made.sync_low *= factor;
    made.sync_high *= factor;
    return made;
}

disk_faults disk_faults::honest() const {
    auto made = *this;
    made.sync_lie_chance = 0;
    made.sticky_rot_chance = 0;
    made.misdirect_chance = 0;
    return made;
}

power_cut_faults power_cut_faults::drawn(runtime::random& draws) {
    power_cut_faults made;
    made.page_kept = any_chance(draws);
    made.page_torn = any_chance(draws);
    made.sector_garbage = any_chance(draws);
    made.length_kept = any_chance(draws);
    made.name_kept = any_chance(draws);
    return made;
}

power_cut_faults power_cut_faults::lose_all() {
    return {.page_kept = 0, .page_torn = 0, .sector_garbage = 0, .length_kept = 0, .name_kept = 0};
}

power_cut_faults power_cut_faults::keep_all() {
    constexpr auto all = static_cast<std::uint32_t>(per_million);
    return {.page_kept = all, .page_torn = 0, .sector_garbage = 0, .length_kept = all, .name_kept = all};
}

} // namespace barnabas::sim
