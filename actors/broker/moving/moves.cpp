#include "actors/broker/moving/moves.hpp"

#include "actors/broker/data_directories.hpp"
#include "actors/broker/limits.hpp"
#include "actors/broker/moving/moving_names.hpp"
#include "actors/broker/small_files.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <utility>

namespace barnabas {

namespace {

std::string directory_name(const broker_effects::begin_move& order) {
    return partition_directory_name(order.topic, order.id.partition);
}

std::string described(const broker_effects::begin_move& order) {
    return "the move of " + directory_name(order) + " from " + order.source + " to " + order.target;
}

} // namespace

void moves::on_start(const broker_effects::begin_move& order, const std::string& unique_id,
                     std::int64_t index_interval_bytes) {
    if (const auto last = moves_.find(order.id);
        BARNABAS_MARK_IF(last != moves_.end(), move_waits_for_removal)) {
        BARNABAS_ASSERT(last->second.ended_early && !last->second.next);
        last->second.next = start{order, unique_id, index_interval_bytes};
        return;
    }
    const auto name = directory_name(order);
    replica::log_copy::options wanted;
    wanted.source = join_path(order.source, name);
    wanted.target = join_path(order.target, to_string(moving_name{name, unique_id, moving_kind::future}));
    wanted.topic = order.id.topic;
    wanted.index_interval_bytes = index_interval_bytes;
    wanted.planted = options_.planted;
    move made;
    made.order = order;
    made.copy = std::make_shared<replica::log_copy>(std::move(wanted));
    made.discarded_directory =
        join_path(order.source, to_string(moving_name{name, unique_id, moving_kind::discarded}));
    made.new_directory = join_path(order.target, name);
    const auto [at, fresh] = moves_.emplace(order.id, std::move(made));
    BARNABAS_ASSERT(fresh);
    submit(at->second, replica::move_step::begin);
}

void moves::submit(move& one, replica::move_step step, log_offset upto) {
    BARNABAS_ASSERT(!one.job_in_flight);
    one.job_in_flight = true;
    replica::move_job job;
    job.step = step;
    job.copy = one.copy;
    job.upto = upto;
    job.bytes = step_bytes();
    job.exchanged = one.exchanged;
    job.discarded_directory = one.discarded_directory;
    job.new_directory = one.new_directory;
    port_.submit(one.order.id, std::move(job));
}

std::size_t moves::copying_count() const {
    return static_cast<std::size_t>(std::count_if(moves_.begin(), moves_.end(), [](const auto& one) {
        return one.second.state != move_state::beginning && one.second.state != move_state::waiting;
    }));
}

void moves::start_waiting() {
    while (!waiting_.empty() && copying_count() < options_.copying_max) {
        auto& next = moves_.at(waiting_.front());
        waiting_.pop_front();
        next.state = move_state::copying;
        port_.note("move_begins", described(next.order), false);
        // What others have copied is paid for first.
        const auto now = port_.now();
        const auto due = std::max(paid_until_.value_or(now), now);
        if (due == now)
            port_.ask_log(next.order.id);
        else
            rest(next, std::chrono::nanoseconds(due.get() - now.get()));
    }
}

void moves::on_log_size(const topic_partition& id, const log_size_response& size) {
    const auto found = moves_.find(id);
    if (found == moves_.end() || found->second.state != move_state::copying || found->second.job_in_flight)
        return;
    auto& one = found->second;
    one.log_bytes = size.bytes;
    one.log_end = size.end;
    if (BARNABAS_MARK_IF(size.cleaning_runs, move_waits_for_compaction))
        return rest(one, broker_limits::move_retry_interval);
    submit(one, replica::move_step::copy, size.stable);
}

void moves::rest(move& one, std::chrono::nanoseconds delay) {
    port_.wake(one.order.id, ++one.turn, delay);
}

void moves::on_due(const topic_partition& id, std::uint64_t turn) {
    const auto found = moves_.find(id);
    if (found == moves_.end() || found->second.turn != turn || found->second.job_in_flight)
        return;
    if (found->second.state == move_state::copying)
        port_.ask_log(id);
    else if (found->second.state == move_state::exchanging)
        submit(found->second, replica::move_step::exchange);
}

void moves::on_step_done(const topic_partition& id, const replica::move_job& job) {
    const auto found = moves_.find(id);
    BARNABAS_ASSERT(found != moves_.end());
    auto& one = found->second;
    BARNABAS_ASSERT(one.job_in_flight);
    one.job_in_flight = false;
    one.copied = {static_cast<std::int64_t>(one.copy->bytes_copied()), 0};
    one.copied_upto = one.copy->copied_upto();
    if (one.state == move_state::dropping) {
        if (!job.outcome)
            port_.note("moved_directory_not_removed",
                       one.copy->wanted().target +
                           " stays until the next start: " + to_string(job.outcome.failure()),
                       true);
        return end(id, false);
    }
    if (one.state == move_state::exchanging)
        return on_exchanged(one, job);
    if (one.state == move_state::beginning)
        port_.report_begun(id, job.outcome);
    if (one.cancelled || !job.outcome)
        return give_up(one, job.outcome);
    switch (one.state) {
    case move_state::beginning:
        one.state = move_state::waiting;
        waiting_.push_back(id);
        return start_waiting();
    case move_state::copying: return on_copied(one, job);
    case move_state::finishing:
        account(job.progress.bytes);
        one.state = move_state::clearing;
        if (options_.planted.moved_onto_stale_marks)
            return on_cleared(id, {});
        return port_.clear_in_target(one.order);
    default: BARNABAS_UNREACHABLE("no job runs in this state");
    }
}

void moves::on_copied(move& one, const replica::move_job& job) {
    const auto pause = account(job.progress.bytes);
    // What comes while the log closes is about as much as came during this step.
    if (job.progress.caught_up && job.progress.bytes <= broker_limits::move_last_bytes_max) {
        one.state = move_state::caught_up;
        return port_.report_caught_up(one.order.id);
    }
    rest(one, pause);
}

/// Time for so many bytes at the speed that is allowed, less what has passed already.
std::chrono::nanoseconds moves::account(std::uint64_t bytes) {
    bytes_copied_ += bytes;
    const auto now = port_.now();
    const auto from = std::max(paid_until_.value_or(now), now);
    const double seconds = static_cast<double>(bytes) / static_cast<double>(options_.bytes_per_second);
    constexpr double longest = 3600;
    const auto cost = static_cast<std::int64_t>(std::min(seconds, longest) * 1e9);
    paid_until_ = monotonic_ns(from.get() + cost);
    return std::chrono::nanoseconds(paid_until_->get() - now.get());
}

/// A tenth of a second's worth, so that a slow copy is slow evenly.
std::uint64_t moves::step_bytes() const {
    const auto share = static_cast<std::uint64_t>(options_.bytes_per_second) / 10;
    return std::clamp(share, broker_limits::move_step_bytes_min, broker_limits::move_step_bytes_max);
}

void moves::on_complete(const broker_effects::finish_move& order) {
    const auto found = moves_.find(order.id);
    if (found == moves_.end() || found->second.state != move_state::caught_up)
        return;
    found->second.checkpointed = order.checkpointed;
    if (options_.planted.moved_log_start_forgotten)
        found->second.checkpointed.log_start = log_offset(-1);
    found->second.state = move_state::finishing;
    submit(found->second, replica::move_step::finish);
}

/// A line that stayed, of a deleted topic of that name for instance, would count for the copy after a crash:
/// below a recovery point nothing is taken back from the commit journal.
void moves::on_cleared(const topic_partition& id, const result<void>& outcome) {
    const auto found = moves_.find(id);
    if (found == moves_.end() || found->second.state != move_state::clearing)
        return;
    auto& one = found->second;
    if (one.cancelled || !outcome)
        return give_up(one, outcome);
    one.state = move_state::keeping;
    port_.keep_in_target(one.order, one.checkpointed);
}

void moves::on_kept(const topic_partition& id, const result<void>& outcome) {
    const auto found = moves_.find(id);
    if (found == moves_.end() || found->second.state != move_state::keeping)
        return;
    auto& one = found->second;
    if (one.cancelled || !outcome) {
        port_.forget_in(one.order.target, one.order);
        return give_up(one, outcome);
    }
    one.state = move_state::exchanging;
    submit(one, replica::move_step::exchange);
}

void moves::on_exchanged(move& one, const replica::move_job& job) {
    one.outcome = job.outcome;
    one.exchanged = job.exchanged;
    one.decided = job.decided;
    if (BARNABAS_MARK_IF(job.lacks_room && job.exchanged > 0, exchange_waits_for_room)) {
        if (one.stops)
            return leave_exchange(one);
        return rest(one, broker_limits::move_retry_interval);
    }
    // A start may find that it was decided: then the copy, and what the target's checkpoints say of it,
    // count.
    if (job.source_unclear)
        return end(one.order.id, false);
    if (!job.decided) {
        port_.forget_in(one.order.target, one.order);
        return give_up(one, job.outcome);
    }
    port_.forget_in(one.order.source, one.order);
    if (job.outcome) {
        replica::move_job discard;
        discard.step = replica::move_step::discard;
        discard.copy = one.copy;
        discard.discarded_directory = one.discarded_directory;
        port_.discard_later(one.order, std::move(discard));
    }
    end(one.order.id, true);
}

/// The next start goes on from there.
void moves::leave_exchange(move& one) {
    BARNABAS_MARK(exchange_left_to_the_next_start);
    end(one.order.id, one.decided);
}

void moves::on_cancel(const broker_effects::cancel_move& order) {
    const auto found = moves_.find(order.id);
    if (found == moves_.end())
        return;
    auto& one = found->second;
    if (one.state == move_state::dropping) {
        if (!std::exchange(one.next, std::nullopt))
            return;
        port_.report_begun(order.id, error{errc::broker_not_available, "cancelled before it began"});
        return port_.report_ended(order.id, false, {});
    }
    if (one.state == move_state::exchanging) {
        one.stops |= order.keeps_future;
        if (one.stops && !one.job_in_flight)
            leave_exchange(one);
        return;
    }
    BARNABAS_MARK(move_cancelled);
    // A stop does not take back what a client has cancelled.
    one.keeps_future = order.keeps_future && (!one.cancelled || one.keeps_future);
    one.cancelled = true;
    const bool asks_checkpoints = one.state == move_state::clearing || one.state == move_state::keeping;
    if (!one.job_in_flight && !asks_checkpoints)
        give_up(one, {});
}

/// The log stays where it is. What was copied goes, unless the next start shall begin anew with it.
void moves::give_up(move& one, const result<void>& why) {
    one.outcome = why;
    std::erase(waiting_, one.order.id);
    if (!why)
        port_.note("move_given_up", described(one.order) + " is given up: " + to_string(why.failure()), true);
    const bool is_closed = one.state == move_state::finishing || one.state == move_state::clearing ||
                           one.state == move_state::keeping || one.state == move_state::exchanging;
    one.state = move_state::dropping;
    submit(one, one.keeps_future ? replica::move_step::close : replica::move_step::drop);
    one.ended_early = BARNABAS_MARK_IF(is_closed && !one.keeps_future, move_ended_before_its_copy);
    if (one.ended_early)
        port_.report_ended(one.order.id, false, one.outcome);
}

void moves::end(const topic_partition& id, bool moved) {
    const auto ended = moves_.extract(id);
    const auto& one = ended.mapped();
    if (moved)
        port_.note("move_ends",
                   described(one.order) +
                       (one.outcome ? " is done" : " was decided, but " + to_string(one.outcome.failure())),
                   !one.outcome);
    if (!one.ended_early)
        port_.report_ended(id, moved, one.outcome);
    if (one.next)
        on_start(one.next->order, one.next->unique_id, one.next->index_interval_bytes);
    start_waiting();
}

std::uint64_t moves::bytes_left() const {
    std::uint64_t left = 0;
    for (const auto& [id, one] : moves_)
        if (one.state != move_state::dropping)
            left += static_cast<std::uint64_t>(std::max<std::int64_t>(one.log_bytes - one.copied.bytes, 0));
    return left;
}

std::optional<copy_size> moves::size_of(const topic_partition& id) const {
    const auto found = moves_.find(id);
    if (found == moves_.end())
        return std::nullopt;
    const auto& one = found->second;
    const auto lag = one.log_end.get() - one.copied_upto.get();
    return copy_size{one.copied.bytes, std::max<std::int64_t>(lag, 0)};
}

} // namespace barnabas
