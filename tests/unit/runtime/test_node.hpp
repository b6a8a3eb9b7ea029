#pragma once

#include "protocol/model/assert.hpp"
#include "runtime/node/production_node.hpp"
#include "runtime/scheduler/event_loop.hpp"
#include "runtime/scheduler/loop_scheduler.hpp"
#include "tests/unit/runtime/waiting.hpp"

#include <caf/actor_system.hpp>

#include <functional>
#include <memory>

namespace barnabas::runtime {

/// A node without log lines.
inline std::unique_ptr<production_node> make_node(std::uint32_t loops) {
    production_node_options options;
    options.loops = loops;
    options.disk_threads = 2;
    options.seed = 1;
    options.log = std::make_unique<null_logger>();
    auto node = production_node::start(std::move(options));
    BARNABAS_ASSERT(node.has_value());
    return std::move(node).value();
}

inline event_loop& loop_of(production_node& node, loop_index index) {
    return loop_scheduler::of(*node.services().system).loop(index);
}

/// Runs `call` on a loop and waits for its end.
inline void run_on(event_loop& loop, const std::function<void()>& call) {
    reports<bool> ended;
    loop.post([&] {
        call();
        ended.push(true);
    });
    BARNABAS_ASSERT(ended.take().has_value());
}

} // namespace barnabas::runtime
