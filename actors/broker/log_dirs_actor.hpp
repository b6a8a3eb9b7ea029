#pragma once

#include "actors/broker/limits.hpp"
#include "actors/broker/log_dirs_messages.hpp"
#include "runtime/disk/directory_gate.hpp"
#include "runtime/node/node_services.hpp"
#include "runtime/node/pending_reply.hpp"

#include <caf/actor.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace barnabas {

/// One DescribeLogDirs: who asked, and what the broker knows without asking anybody.
struct log_dirs_inquiry {
    runtime::pending_reply<log_dirs_response> answer_to;
    /// Sizes and free room are still missing.
    log_dirs_response known;
    /// Of the directories that could be used at start.
    std::map<std::string, std::shared_ptr<runtime::directory_gate>> gates;
    /// Knows how far moves are.
    caf::actor moves{};
    /// Then the answer leaves with what is known: before its connection gives up, which old versions could
    /// not tell from a broker without directories.
    std::chrono::milliseconds wait_max = broker_limits::log_dirs_wait_max;
};

/// Whom to ask about a partition, who lives until it is closed for good: an actor that it moved away from
/// ends, and that is not the partition's end. Null when it is not open.
using partition_route = std::function<caf::actor(const topic_partition&)>;

/// Asks the partitions and the disk, answers, and ends. `route` is used before this returns.
void spawn_log_dirs_inquiry(runtime::node_services& node, log_dirs_inquiry inquiry,
                            const partition_route& route);

} // namespace barnabas
