#include "actors/connection/fetch_reads.hpp"

#include "actors/connection/connection_port.hpp"
#include "actors/connection/limits.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>

namespace barnabas {

fetch_reads::outcome fetch_reads::read(const wanted& what) {
    const std::uint32_t index = slot_of(what.partition);
    slot& one = slots_[index];
    if (one.now == state::subscribed && one.offset == what.offset &&
        one.committed_only == what.committed_only) {
        one.operation_token = what.operation_token;
        return outcome::known_empty;
    }
    if (one.now == state::asking || one.now == state::subscribed)
        forget(index);
    one.generation = ++generations_;
    one.offset = what.offset;
    one.committed_only = what.committed_only;
    one.operation_token = what.operation_token;
    one.answer = {};
    read_request message;
    message.token = token_of(index);
    message.fetch_offset = what.offset;
    message.max_bytes = what.max_bytes;
    message.at_least_one_batch = what.at_least_one_batch;
    message.notify = true;
    message.may_wait = what.may_wait;
    message.current_leader_epoch = what.current_leader_epoch;
    message.committed_only = what.committed_only;
    if (!port_.send(what.partition, message)) {
        one.now = state::idle;
        one.operation_token = 0;
        return outcome::not_led;
    }
    one.now = state::asking;
    return outcome::asked;
}

const read_response& fetch_reads::answer_of(const topic_partition& partition) const {
    auto found = index_.find(partition);
    BARNABAS_ASSERT(found != index_.end());
    return slots_[found->second].answer;
}

read_response fetch_reads::take_answer(const topic_partition& partition) {
    auto found = index_.find(partition);
    BARNABAS_ASSERT(found != index_.end());
    slot& one = slots_[found->second];
    read_response taken = one.answer;
    one.answer.records = {};
    one.answer.aborted.clear();
    return taken;
}

void fetch_reads::detach(const topic_partition& partition) {
    auto found = index_.find(partition);
    if (found == index_.end())
        return;
    slot& one = slots_[found->second];
    // A read that has begun is not wanted any more; one that waits for memory need not begin.
    if (one.now == state::asking)
        forget(found->second);
    one.operation_token = 0;
    one.answer.records = {};
}

std::optional<std::uint64_t> fetch_reads::on_read_response(const read_response& answer) {
    slot* one = find(answer.token);
    if (BARNABAS_MARK_IF(one == nullptr || one->now != state::asking, fetch_answer_too_late))
        return std::nullopt;
    // Empty below the high watermark: the first batch did not fit into the budget, and nobody will tell us of
    // it.
    const bool at_end =
        answer.code == errc::ok && answer.records.empty() &&
        (readable_end(answer, one->committed_only) <= one->offset || planted_.full_answer_taken_for_end);
    one->now = at_end ? state::subscribed : state::idle;
    if (one->operation_token == 0)
        return std::nullopt;
    one->answer = answer;
    const auto told = one->operation_token;
    if (answer.waits_at.get() >= 0) {
        // Told already of the next batches, which only a read from there is to hear of.
        one->now = state::subscribed;
        one->offset = answer.waits_at;
        one->operation_token = 0;
    }
    return told;
}

std::optional<std::uint64_t> fetch_reads::on_partition_readable(const partition_readable& note) {
    slot* one = find(note.token);
    if (one == nullptr || one->now != state::subscribed)
        return std::nullopt;
    one->now = state::readable;
    return one->operation_token == 0 ? std::nullopt : std::optional(one->operation_token);
}

void fetch_reads::forget_all() {
    for (std::uint32_t index = 0; index < slots_.size(); ++index)
        if (slots_[index].now == state::subscribed || slots_[index].now == state::asking)
            forget(index);
    abandon();
}

void fetch_reads::abandon() {
    slots_.clear();
    index_.clear();
}

std::uint32_t fetch_reads::slot_of(const topic_partition& partition) {
    if (auto found = index_.find(partition); found != index_.end())
        return found->second;
    const auto nobody_waits = [this] {
        return std::all_of(slots_.begin(), slots_.end(),
                           [](const slot& one) { return one.operation_token == 0; });
    };
    if (BARNABAS_MARK_IF(slots_.size() >= connection_limits::fetch_slots_max && nobody_waits(),
                         fetch_slots_forgotten))
        forget_all();
    const auto index = static_cast<std::uint32_t>(slots_.size());
    slots_.push_back({partition, log_offset{-1}, false, state::idle, 0, 0, {}});
    index_.emplace(partition, index);
    return index;
}

std::uint64_t fetch_reads::token_of(std::uint32_t index) const {
    return (std::uint64_t{index} << 32) | slots_[index].generation;
}

fetch_reads::slot* fetch_reads::find(std::uint64_t token) {
    const auto index = static_cast<std::uint32_t>(token >> 32);
    if (index >= slots_.size() || token_of(index) != token)
        return nullptr;
    return &slots_[index];
}

void fetch_reads::forget(std::uint32_t index) {
    port_.send(slots_[index].partition, forget_reader{token_of(index)});
    slots_[index].now = state::idle;
}

} // namespace barnabas
