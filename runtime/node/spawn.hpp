#pragma once

#include "runtime/node/node_services.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_config.hpp>
#include <caf/actor_system.hpp>
#include <caf/make_actor.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <exception>
#include <utility>

namespace barnabas::runtime {

struct spawn_options {
    loop_index home;
    const char* role;
    /// Only a connection may fail alone; an exception anywhere else ends the node (no stateful actor is
    /// restarted).
    bool may_fail_alone = false;
};

namespace detail {
/// Actor ids are drawn until `id % loops` is the home loop: the scheduler reads an actor's home from its id,
/// without a look-up and without touching memory that another loop writes.
caf::actor_id next_id_for(node_services& node, loop_index home);
void count_spawn(node_services& node, const char* role);
} // namespace detail

/// The only way to make an actor. `Actor` is a class derived from `caf::event_based_actor` or
/// `some_typed_actor::base`, with a constructor (caf::actor_config&, node_services&, Args...).
template <class Handle, class Actor, class... Args>
Handle spawn(node_services& node, const spawn_options& options, Args&&... args) {
    caf::actor_config config{node.scheduling->unit(options.home)};
    auto id = detail::next_id_for(node, options.home);
    auto handle = caf::make_actor<Actor, Handle>(id, node.system->node(), node.system, config, node,
                                                 std::forward<Args>(args)...);
    auto* self = static_cast<Actor*>(caf::actor_cast<caf::abstract_actor*>(handle));
    auto* scheduling = node.scheduling;
    const char* role = options.role;
    const bool alone = options.may_fail_alone;
    self->set_exception_handler([scheduling, role, alone](std::exception_ptr& thrown) -> caf::error {
        if (!alone) {
            try {
                std::rethrow_exception(thrown);
            } catch (const std::exception& failure) {
                scheduling->node_failed(role, failure.what());
            } catch (...) {
                scheduling->node_failed(role, "an exception of unknown type");
            }
        }
        return caf::sec::runtime_error;
    });
    detail::count_spawn(node, role);
    self->launch(node.scheduling->unit(options.home), false, false);
    return handle;
}

} // namespace barnabas::runtime
