#include "sim/faults/disk_faults.hpp"

namespace barnabas::sim {

namespace {

std::uint32_t maybe(runtime::random& draws, std::uint64_t enable, std::uint64_t low, std::uint64_t high) {
    const bool on = draws.chance(enable, per_million);
    const auto chance = static_cast<std::uint32_t>(draws.log_between(low, high));
    return on ? chance : 0;
}

/// A chance with weight on the extremes: never, always, and everything between.
std::uint32_t any_chance(runtime::random& draws) {
    const auto choice = draws.below(4);
    const auto between = static_cast<std::uint32_t>(draws.below(per_million));
    if (choice == 0)
        return 0;
    return choice == 1 ? static_cast<std::uint32_t>(per_million) : between;
}

} // namespace

disk_faults disk_faults::drawn(runtime::random& draws) {
    disk_faults made;
    made.read_error_chance = maybe(draws, 100'000, 1, 1'000);
    made.write_error_chance = maybe(draws, 100'000, 1, 1'000);
    made.sync_error_chance = maybe(draws, 100'000, 10, 10'000);
    made.sync_low = static_cast<std::int64_t>(draws.log_between(20'000, 2'000'000));
    made.sync_high = made.sync_low * draws.between(2, 50);
    made.stall_chance = maybe(draws, 300'000, 1, 1'000);
    made.stall_high = static_cast<std::int64_t>(draws.log_between(100'000'000, 60'000'000'000));
    made.not_cached_chance = maybe(draws, 800'000, 1'000, 800'000);
    made.inline_chance = maybe(draws, 700'000, 10'000, 1'000'000);
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
