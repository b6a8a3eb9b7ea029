#pragma once

#include <string>

namespace caf {
class scheduled_actor;
}

/// Names for people who compare two runs. Only called while somebody watches the trace.
namespace barnabas::sim {

/// The actor's class.
std::string actor_name(const caf::scheduled_actor& actor);
/// The types in the message that the actor takes next; "nothing" when its mailbox is empty.
std::string next_message_name(caf::scheduled_actor& actor);

} // namespace barnabas::sim
