#pragma once

#include "actors/broker/log_dirs_messages.hpp"
#include "actors/broker/moving/move_effects.hpp"
#include "actors/partition/handover_messages.hpp"
#include "actors/replica/moving/move_jobs.hpp"
#include "protocol/model/error.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <memory>
#include <string>

/// Between the broker and the actor that carries out its moves.
namespace barnabas {

/// From the broker.
struct stop_move {
    broker_effects::cancel_move order;
};
struct complete_move {
    broker_effects::finish_move order;
};
struct remove_left_directory {
    std::string directory;
};
/// No timer of it counts any more.
struct close_moves {};

/// To the broker.
struct move_report {
    enum class kind {
        begun,     ///< a crash does not forget it any more, or it could not begin
        caught_up, ///< little is left: the log may close
        ended,
    };
    topic_partition id;
    kind what = kind::ended;
    /// The log lies in the target now.
    bool moved = false;
    errc code = errc::ok;
    std::string detail;
};

/// From an inquiry about data directories; answered by `log_size_response` of the copy, whose `end` is how
/// many offsets it is behind.
struct move_size_query {
    std::uint64_t token = 0;
    topic_partition id;
};

/// To itself.
struct move_step_done {
    topic_partition id;
    std::shared_ptr<replica::move_job> job;
};
struct move_due {
    topic_partition id;
    std::uint64_t turn = 0;
};
struct discard_due {
    std::string gate_path;
    std::shared_ptr<replica::move_job> job;
};
struct left_directory_removed {
    std::shared_ptr<replica::move_job> job;
};

} // namespace barnabas

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::stop_move)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::complete_move)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::remove_left_directory)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::close_moves)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::move_report)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::move_size_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::move_step_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::move_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::discard_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::left_directory_removed)
