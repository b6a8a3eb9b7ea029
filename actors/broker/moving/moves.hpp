#pragma once

#include "actors/broker/moving/move_effects.hpp"
#include "actors/partition/log_size_messages.hpp"
#include "actors/replica/moving/move_jobs.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"
#include "protocol/model/planted_bugs.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace barnabas {

/// What the machine of moves may do to the world; the shell carries it out, tests record it.
class moves_port {
public:
    virtual ~moves_port() = default;

    /// Comes back by `moves::on_step_done`. One job of a move is in flight at a time.
    virtual void submit(const topic_partition& id, replica::move_job job) = 0;
    /// Removes a directory that a log has left, that much later; nobody waits for it.
    virtual void discard_later(const broker_effects::begin_move& order, replica::move_job job) = 0;
    /// Comes back by `moves::on_log_size`.
    virtual void ask_log(const topic_partition& id) = 0;
    /// Comes back by `moves::on_due` with the same turn.
    virtual void wake(const topic_partition& id, std::uint64_t turn, std::chrono::nanoseconds delay) = 0;
    /// Whatever the checkpoints of the target say of that name is of another log, and shall leave their
    /// files; comes back by `moves::on_cleared`.
    virtual void clear_in_target(const broker_effects::begin_move& order) = 0;
    /// The checkpoints of the target shall have the log's offsets; comes back by `moves::on_kept`.
    virtual void keep_in_target(const broker_effects::begin_move& order,
                                const checkpointed_offsets& marks) = 0;
    /// Those of a data directory shall forget the partition.
    virtual void forget_in(const std::string& data_directory, const broker_effects::begin_move& order) = 0;
    virtual void report_begun(const topic_partition& id, const result<void>& outcome) = 0;
    virtual void report_caught_up(const topic_partition& id) = 0;
    virtual void report_ended(const topic_partition& id, bool moved, const result<void>& outcome) = 0;
    /// For people.
    virtual void note(std::string_view event, const std::string& message, bool is_warning) = 0;
    virtual monotonic_ns now() const = 0;
};

struct moves_options {
    /// `replica.alter.log.dirs.io.max.bytes.per.second`, for all moves together.
    std::int64_t bytes_per_second = std::numeric_limits<std::int64_t>::max();
    /// Moves that copy at the same time; others wait for their turn.
    std::size_t copying_max = 1;
    /// `log.segment.delete.delay.ms`: how long a directory stays that a log has left.
    std::chrono::milliseconds discard_delay{60000};
    planted_bugs planted;
};

/// Of a copy: its bytes, and how many offsets it is behind its log.
struct copy_size {
    std::int64_t bytes = 0;
    std::int64_t offset_lag = 0;
};

/// All moves of a broker. Guarantees: of each order `report_begun` once and `report_ended` once as the last;
/// on average no more is copied than the limit says, but for what is left when the log closes; before the
/// exchange everything is on stable storage in the target, its checkpoints included; whatever fails before
/// the exchange leaves the log where it is; clients of a closed log do not wait until a copy that is given up
/// has been removed, but the next order for that partition does. Steps of a move: begun, waits for its turn,
/// copies what is stable, caught up, (the broker closes the log), finishes, clears what the target's
/// checkpoints have of another log of that name, keeps the marks, exchanges, ends.
class moves {
public:
    moves(const moves_options& options, moves_port& port) : options_(options), port_(port) {}

    void on_start(const broker_effects::begin_move& order, const std::string& unique_id,
                  std::int64_t index_interval_bytes);
    void on_cancel(const broker_effects::cancel_move& order);
    /// The log is closed.
    void on_complete(const broker_effects::finish_move& order);
    void on_step_done(const topic_partition& id, const replica::move_job& job);
    void on_log_size(const topic_partition& id, const log_size_response& size);
    void on_due(const topic_partition& id, std::uint64_t turn);
    void on_cleared(const topic_partition& id, const result<void>& outcome);
    void on_kept(const topic_partition& id, const result<void>& outcome);

    std::size_t count() const { return moves_.size(); }
    const broker_effects::begin_move& order_of(const topic_partition& id) const {
        return moves_.at(id).order;
    }
    /// Of all moves, as far as is known.
    std::uint64_t bytes_left() const;
    std::uint64_t bytes_copied() const { return bytes_copied_; }
    /// Nothing when there is none.
    std::optional<copy_size> size_of(const topic_partition& id) const;

private:
    enum class move_state {
        beginning,
        waiting,
        copying,
        caught_up,
        finishing,
        clearing,
        keeping,
        exchanging,
        dropping
    };
    struct start {
        broker_effects::begin_move order;
        std::string unique_id;
        std::int64_t index_interval_bytes = 0;
    };
    struct move {
        broker_effects::begin_move order;
        move_state state = move_state::beginning;
        std::shared_ptr<replica::log_copy> copy;
        std::string discarded_directory;
        std::string new_directory;
        checkpointed_offsets checkpointed;
        /// Of the log, when it was asked last.
        std::int64_t log_bytes = 0;
        log_offset log_end{0};
        /// Of the copy, when its last job ended; the copy itself is the jobs'.
        copy_size copied;
        log_offset copied_upto{0};
        bool job_in_flight = false;
        bool cancelled = false;
        bool keeps_future = false;
        /// How far the exchange is, and whether the broker does not wait for its end.
        int exchanged = 0;
        bool decided = false;
        bool stops = false;
        /// Of the timer that counts.
        std::uint64_t turn = 0;
        /// Why it ends where it began.
        result<void> outcome;
        /// Its end has been reported; only its copy is still there. And what waits for that.
        bool ended_early = false;
        std::optional<start> next;
    };

    void submit(move& one, replica::move_step step, log_offset upto = log_offset(0));
    void start_waiting();
    void on_copied(move& one, const replica::move_job& job);
    void on_exchanged(move& one, const replica::move_job& job);
    void leave_exchange(move& one);
    void give_up(move& one, const result<void>& why);
    void end(const topic_partition& id, bool moved);
    void rest(move& one, std::chrono::nanoseconds delay);
    std::chrono::nanoseconds account(std::uint64_t bytes);
    std::uint64_t step_bytes() const;
    std::size_t copying_count() const;

    moves_options options_;
    moves_port& port_;
    std::map<topic_partition, move> moves_;
    /// In the order of their orders.
    std::deque<topic_partition> waiting_;
    std::uint64_t bytes_copied_ = 0;
    /// When what was copied so far may have been copied.
    std::optional<monotonic_ns> paid_until_;
};

} // namespace barnabas
