#include "sim/faults/network_faults.hpp"

namespace barnabas::sim {

network_faults network_faults::all_drawn(runtime::random& draws) {
    network_faults made;
    const auto chance = [&](std::uint64_t low, std::uint64_t high) {
        return static_cast<std::uint32_t>(draws.log_between(low, high));
    };
    made.latency_high = static_cast<std::int64_t>(draws.log_between(100'000, 20'000'000));
    made.tail_chance = chance(100, 20'000);
    made.tail_high = static_cast<std::int64_t>(draws.log_between(1'000'000, 200'000'000));
    made.bytes_per_second = draws.log_between(1'000'000, 4'000'000'000);
    made.window_low = static_cast<std::uint32_t>(draws.log_between(1'024, 65'536));
    made.window_high = static_cast<std::uint32_t>(draws.log_between(65'536, 2'097'152));
    made.partial_read_chance = chance(10'000, 700'000);
    made.split_chance = chance(10'000, 700'000);
    made.reset_chance = chance(5'000, 300'000);
    made.reset_after_bytes_high = static_cast<std::uint32_t>(draws.log_between(100, 10'000'000));
    made.half_open_chance = chance(5'000, 100'000);
    made.silence_high = static_cast<std::int64_t>(draws.log_between(2'000'000'000, 120'000'000'000));
    made.refuse_chance = chance(5'000, 300'000);
    made.hang_chance = chance(5'000, 100'000);
    made.mute_chance = chance(5'000, 50'000);
    made.clog_chance = chance(20, 2'000);
    made.clog_high = static_cast<std::int64_t>(draws.log_between(10'000'000, 10'000'000'000));
    return made;
}

network_faults network_faults::drawn(runtime::random& draws) {
    auto made = all_drawn(draws);
    // Drawn in any case, so that one kind that is off does not shift the others.
    const auto maybe = [&](std::uint32_t& of, std::uint64_t enable) {
        if (!draws.chance(enable, 100))
            of = 0;
    };
    maybe(made.tail_chance, 70);
    maybe(made.partial_read_chance, 80);
    maybe(made.split_chance, 80);
    maybe(made.reset_chance, 40);
    maybe(made.half_open_chance, 30);
    maybe(made.refuse_chance, 30);
    maybe(made.hang_chance, 30);
    maybe(made.mute_chance, 30);
    maybe(made.clog_chance, 40);
    return made;
}

} // namespace barnabas::sim
