#pragma once

#include "protocol/model/checkpointed_offsets.hpp"
#include "protocol/model/ids.hpp"

#include <map>
#include <string>
#include <variant>

/// What the set of partitions wants done for moves between data directories.
namespace barnabas::broker_effects {

/// Copies the log of an open partition. Answered by `move_report`s: `caught_up`, and `ended` at last.
struct begin_move {
    topic_partition id;
    std::string topic;
    std::string source; ///< data directory
    std::string target; ///< data directory
    /// Of the future directory that an interrupted move left; empty: a new one.
    std::string unique_id;
    std::map<std::string, std::string> configs;
};
/// Answered by `move_report::ended`, unless that is on its way. `keeps_future`: the next start goes on.
struct cancel_move {
    topic_partition id;
    bool keeps_future = false;
};
/// The log closes, and what clients ask for waits. Answered by `on_handed_over`.
struct hand_over {
    topic_partition id;
};
/// The log is closed: the copy is completed and takes its place.
struct finish_move {
    topic_partition id;
    checkpointed_offsets checkpointed;
};
/// What waited goes to the partition's new actor, or is refused.
struct pass_on {
    topic_partition id;
    bool is_open = false;
};
/// It lies where it lay: compaction may go on.
struct move_over {
    topic_partition id;
    std::map<std::string, std::string> configs;
};
/// A directory of a move that nobody wants.
struct remove_left_over {
    std::string directory;
};

struct move_effect {
    std::variant<begin_move, cancel_move, hand_over, finish_move, pass_on, move_over, remove_left_over> what;
};

} // namespace barnabas::broker_effects
