#pragma once

#include "runtime/random/random.hpp"
#include "sim/scheduler/choice_log.hpp"
#include "sim/world/fields.hpp"
#include "sim/world/virtual_time.hpp"

#include <cstdint>
#include <memory>

namespace barnabas::sim {

/// How the next actor of a loop is chosen among the runnable ones.
enum class choice_policy {
    uniform,
    first_in_first_out,
    /// Each actor has a drawn priority; the highest runs; at few drawn steps the one just chosen falls to the
    /// lowest. Finds bugs that need few but certain inversions of order.
    priorities,
    /// As `scheduler_options::choices` says; what it does not name, in the order of waking.
    as_recorded,
};
const char* name_of(choice_policy policy) noexcept;
std::span<const choice_policy> all_of(choice_policy) noexcept;

struct scheduler_options {
    std::uint32_t loops = 2;
    choice_policy policy = choice_policy::uniform;
    /// Virtual time that one actor step takes, drawn between these; at least 1 us.
    std::int64_t step_cost_low = microsecond;
    std::int64_t step_cost_high = 20 * microsecond;
    /// Read under `as_recorded`.
    std::shared_ptr<const choice_log> choices;
    /// Gets every choice that was not the first in line; may be null.
    std::shared_ptr<choice_log> recorded;

    /// Policy and costs drawn for one run (or one node).
    static scheduler_options drawn(runtime::random& draws, std::uint32_t loops);
};

template <fields_of<scheduler_options> Of, class Visit>
void for_each_field(Of& of, Visit&& visit) {
    visit("loops", of.loops);
    visit("policy", of.policy);
    visit("step_cost_low_ns", of.step_cost_low);
    visit("step_cost_high_ns", of.step_cost_high);
}

} // namespace barnabas::sim
