#pragma once

#include "actors/journal/journal_jobs.hpp"
#include "protocol/model/planted_bugs.hpp"
#include "runtime/disk/directory_gate.hpp"
#include "runtime/node/node_services.hpp"

#include <caf/actor.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace barnabas::journal {

struct journal_actor_options {
    /// The data directory.
    std::string directory;
    /// Of the data directory; all jobs go through it.
    std::shared_ptr<runtime::directory_gate> gate;
    std::uint64_t file_bytes = 32 << 20;
    /// What the directory held at start.
    std::shared_ptr<const found_journal> found;
    planted_bugs planted;
};

/// The commit journal of one data directory; takes the messages of journal_messages.hpp.
caf::actor spawn_journal(runtime::node_services& node, loop_index home, journal_actor_options options);

} // namespace barnabas::journal
