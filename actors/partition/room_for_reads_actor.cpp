#include "actors/partition/room_for_reads_actor.hpp"

#include "actors/partition/partition_job_messages.hpp"
#include "protocol/model/mark.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace barnabas {

/// What a read may bring: a first batch comes whole, however large.
std::size_t room_for_reads::most_of(const replica::read_job& job) const {
    const auto one_batch = static_cast<std::size_t>(max_message_bytes_);
    return job.at_least_one_batch ? std::max({job.bytes_there(), one_batch, job.needs}) : job.bytes_there();
}

bool room_for_reads::take_at_once(replica::read_job& job) {
    job.permitted = most_of(job);
    job.permit = reserve_.try_acquire(job.permitted);
    return job.permit != nullptr;
}

std::optional<room_for_reads::read> room_for_reads::next(const caf::actor& owner) {
    if (waiting_.empty() || told_to_wait_)
        return std::nullopt;
    auto& job = waiting_.front().job;
    job.permitted = most_of(job);
    job.permit = reserve_.try_acquire(job.permitted, true);
    if (job.permit == nullptr) {
        BARNABAS_MARK(read_waits_for_room);
        told_to_wait_ = true;
        reserve_.notify_when_room([owner] { caf::anon_send(owner, fetch_memory_available{}); });
        return std::nullopt;
    }
    auto first = std::move(waiting_.front());
    waiting_.pop_front();
    return first;
}

lean_deque<room_for_reads::read> room_for_reads::take_back(const waiting_reads::reader* who) {
    lean_deque<read> taken, kept;
    for (auto& one : std::exchange(waiting_, {}))
        (who != nullptr && one.who != *who ? kept : taken).push_back(std::move(one));
    waiting_ = std::move(kept);
    return taken;
}

} // namespace barnabas
