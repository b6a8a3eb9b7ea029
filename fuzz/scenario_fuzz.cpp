#include "fuzz/fuzz.hpp"

#include "sim/replay/expanded_text.hpp"
#include "sim/replay/scenario.hpp"

/// Scenarios and schedules. What reads without complaint and makes a run is written in full, and that text
/// makes the same run. Nothing is run.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace barnabas;
    fuzz::input given(data, size);
    const auto seed = given.byte();
    const auto read = sim::scenario::read("fuzz", given.text());
    if (!read)
        return 0;
    const auto options = read->options(seed);
    if (!options)
        return 0;
    const auto text = sim::expanded_text(*options);
    const auto again = sim::scenario::read("expanded", text);
    fuzz::require(again.has_value(), "what was written in full does not read");
    const auto same = again->options(seed);
    fuzz::require(same.has_value(), "what was written in full makes no run");
    fuzz::require(sim::expanded_text(*same) == text, "what was written in full makes another run");
    return 0;
}
