#include "sim/scheduler/scheduler_options.hpp"

namespace barnabas::sim {

const char* name_of(choice_policy policy) noexcept {
    switch (policy) {
    case choice_policy::uniform: return "uniform";
    case choice_policy::first_in_first_out: return "first_in_first_out";
    case choice_policy::priorities: return "priorities";
    case choice_policy::as_recorded: return "as_recorded";
    }
    return "?";
}

std::span<const choice_policy> all_of(choice_policy) noexcept {
    static constexpr choice_policy all[] = {choice_policy::uniform, choice_policy::first_in_first_out,
                                            choice_policy::priorities, choice_policy::as_recorded};
    return all;
}

scheduler_options scheduler_options::drawn(runtime::random& draws, std::uint32_t loops) {
    scheduler_options made;
    made.loops = loops;
    constexpr choice_policy policies[] = {choice_policy::uniform, choice_policy::first_in_first_out,
                                          choice_policy::priorities};
    made.policy = policies[draws.below(3)];
    made.step_cost_high = static_cast<std::int64_t>(draws.log_between(2'000, 40'000));
    return made;
}

} // namespace barnabas::sim
