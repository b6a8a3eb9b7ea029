#pragma once

#include "actors/connection/connection.hpp"

#include <string>

namespace barnabas {

/// What is created when a client names a topic that does not exist: with the broker's defaults, but for a
/// topic that the broker itself keeps its state in, whoever names it first.
new_topic topic_by_name(connection& self, std::string name);

} // namespace barnabas
