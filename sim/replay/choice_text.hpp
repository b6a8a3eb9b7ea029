#pragma once

#include "protocol/model/error.hpp"
#include "sim/scheduler/choice_log.hpp"

#include <string>
#include <string_view>

namespace barnabas::sim {

/// The rows of [choices]: `broker life 2 loop 0: 3:1 8:2` says that in its decisions 3 and 8 this loop took
/// the actors with the indices 1 and 2. A loop may have several rows; decisions ascend.
std::string choices_text(const choice_log& log);
/// Answers whose choices they are.
result<choice_log::loop> add_choices(choice_log& to, std::string_view row);

} // namespace barnabas::sim
