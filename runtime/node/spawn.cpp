#include "runtime/node/spawn.hpp"

#include "protocol/model/assert.hpp"
#include "runtime/metrics/registry.hpp"
#include "runtime/node/pending_reply.hpp"

namespace barnabas::runtime {

caf::actor_id detail::next_id_for(node_services& node, loop_index home) {
    const std::uint32_t loops = node.scheduling->loop_count();
    BARNABAS_ASSERT(home.get() < loops);
    // Each draw moves on by one, so without other threads this takes at most as many draws as there are
    // loops.
    for (;;) {
        const caf::actor_id id = node.system->next_actor_id();
        if (id % loops == home.get())
            return id;
    }
}

void detail::count_spawn(node_services& node, const char* role) {
    if (node.metrics != nullptr)
        node.metrics->counter_of("actors_spawned_total", "Actors made, by role.", {{"role", role}}).add();
}

void count_dropped_reply(node_services& node) {
    if (node.metrics != nullptr)
        node.metrics->counter_of("replies_dropped", "Replies destroyed unanswered; a healthy node has none.")
            .add();
}

} // namespace barnabas::runtime
