#pragma once

#include "runtime/disk/work_meter.hpp"
#include "runtime/node/published.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace barnabas {

/// Life of a broker. Legal moves go down this list one by one, with three exceptions: a stop or a failure
/// moves from any earlier state to the first `closing_*` state in which something is left to close, a failure
/// of the controller moves to `ended`, and a step that takes too long is left for the next one.
enum class broker_state {
    opening_directories,
    starting_controller, ///< replaying the metadata log
    opening_partitions,
    binding_listeners,
    running,
    closing_listeners,
    closing_partitions,
    closing_controller,
    closing_directories,
    ended,
};

std::string_view name_of(broker_state state) noexcept;

/// What readiness probes and progress displays show.
struct broker_status {
    broker_state state = broker_state::opening_directories;
    std::size_t partitions = 0;
    /// Still being opened or recovered.
    std::size_t partitions_opening = 0;
    /// Could not be opened; not served.
    std::size_t partitions_failed = 0;
    /// Bytes that recovery has checked, and has to; goes on by itself. Null before partitions are opened.
    std::shared_ptr<const runtime::work_meter> checked;
    std::vector<std::string> directories_offline;
    std::vector<std::string> directories_short_of_room;
    /// Some call on them does not return.
    std::vector<std::string> directories_hanging;

    bool is_ready() const noexcept { return state == broker_state::running; }

    friend bool operator==(const broker_status&, const broker_status&) = default;
};

using published_status = runtime::published<broker_status>;

} // namespace barnabas
