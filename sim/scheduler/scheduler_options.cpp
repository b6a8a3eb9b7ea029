#include "sim/scheduler/scheduler_options.hpp"

namespace barnabas::sim {

scheduler_options scheduler_options::drawn(runtime::random& draws, std::uint32_t loops) {
    constexpr choice_policy policies[] = {choice_policy::uniform, choice_policy::first_in_first_out,
                                          choice_policy::priorities};
    scheduler_options made;
    made.loops = loops;
    made.policy = policies[draws.below(3)];
    made.step_cost_high = static_cast<std::int64_t>(draws.log_between(2'000, 40'000));
    return made;
}

} // namespace barnabas::sim
