#pragma once

#include "protocol/model/error.hpp"
#include "runtime/logging/logger.hpp"
#include "runtime/node/node_services.hpp"

#include <memory>

namespace barnabas::runtime {

struct light_node_options {
    log_level lowest_log_level = log_level::warn;
    /// Null: lines on the standard error stream, from `lowest_log_level` up.
    std::unique_ptr<logger> log;
};

/// A node for clients in programs: one loop with a thread of its own, network, clock and randomness; no
/// disk and no memory reserves (`services().disk` and `.memory` are null).
class light_node {
public:
    /// The loop runs when it returns. Code: internal.
    static result<std::unique_ptr<light_node>> start(light_node_options options = {});

    /// Ends the loop. Ask actors to end first, and wait for that. Not to be called on the loop. May be called
    /// while the program's statics are destroyed.
    ~light_node();

    light_node(const light_node&) = delete;
    light_node& operator=(const light_node&) = delete;

    node_services& services() noexcept;

private:
    struct parts;
    explicit light_node(std::unique_ptr<parts> made);

    std::unique_ptr<parts> parts_;
};

} // namespace barnabas::runtime
