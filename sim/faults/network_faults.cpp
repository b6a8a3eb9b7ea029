#include "sim/faults/network_faults.hpp"

namespace barnabas::sim {

namespace {

/// Zero, or with `enable` per million a chance that is log-uniform in [low, high].
std::uint32_t maybe(runtime::random& draws, std::uint64_t enable, std::uint64_t low, std::uint64_t high) {
    const bool on = draws.chance(enable, per_million);
    // Drawn in any case, so that one kind that is off does not shift the others.
    const auto chance = static_cast<std::uint32_t>(draws.log_between(low, high));
    return on ? chance : 0;
}

} // namespace

network_faults network_faults::drawn(runtime::random& draws) {
    network_faults made;
    made.latency_high = static_cast<std::int64_t>(draws.log_between(100'000, 20'000'000));
    made.tail_chance = maybe(draws, 700'000, 100, 20'000);
    made.tail_high = static_cast<std::int64_t>(draws.log_between(1'000'000, 200'000'000));
    made.bytes_per_second = draws.log_between(1'000'000, 4'000'000'000);
    made.window_low = static_cast<std::uint32_t>(draws.log_between(1'024, 65'536));
    made.window_high = static_cast<std::uint32_t>(draws.log_between(65'536, 2'097'152));
    made.partial_read_chance = maybe(draws, 800'000, 10'000, 700'000);
    made.split_chance = maybe(draws, 800'000, 10'000, 700'000);
    made.reset_chance = maybe(draws, 400'000, 5'000, 300'000);
    made.reset_after_bytes_high = static_cast<std::uint32_t>(draws.log_between(100, 10'000'000));
    made.half_open_chance = maybe(draws, 300'000, 5'000, 100'000);
    made.silence_high = static_cast<std::int64_t>(draws.log_between(2'000'000'000, 120'000'000'000));
    made.refuse_chance = maybe(draws, 300'000, 5'000, 300'000);
    made.hang_chance = maybe(draws, 300'000, 5'000, 100'000);
    made.mute_chance = maybe(draws, 300'000, 5'000, 50'000);
    made.clog_chance = maybe(draws, 400'000, 20, 2'000);
    made.clog_high = static_cast<std::int64_t>(draws.log_between(10'000'000, 10'000'000'000));
    return made;
}

} // namespace barnabas::sim
