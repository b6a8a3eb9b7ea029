#pragma once

#include "actors/partition/waiting_reads.hpp"
#include "actors/replica/read_jobs.hpp"
#include "protocol/model/lean_deque.hpp"
#include "runtime/config/topic_config.hpp"
#include "runtime/memory/reserve.hpp"

#include <caf/actor.hpp>

#include <cstdint>
#include <optional>

namespace barnabas {

/// Reads of one partition take a permit of the fetch-output reserve for what they may bring; those that find
/// no room wait in order.
class room_for_reads {
public:
    struct read {
        replica::read_job job;
        std::uint64_t reply = 0;
        /// Whose it is.
        waiting_reads::reader who;
    };

    /// `reserve` outlives it.
    room_for_reads(runtime::memory_reserve& reserve, const topic_config& config)
        : reserve_(reserve), max_message_bytes_(config.max_message_bytes) {}

    void configure(const topic_config& config) { max_message_bytes_ = config.max_message_bytes; }

    /// For one that does not wait; false when there is no room.
    bool take_at_once(replica::read_job& job);
    void wait(read one) { waiting_.push_back(std::move(one)); }
    /// The first that waits, if there is room for it; if not, `owner` gets fetch_memory_available once.
    std::optional<read> next(const caf::actor& owner);
    void on_room() { told_to_wait_ = false; }
    /// Takes out all, or one reader's.
    lean_deque<read> take_back(const waiting_reads::reader* who);

private:
    std::size_t most_of(const replica::read_job& job) const;

    runtime::memory_reserve& reserve_;
    std::int32_t max_message_bytes_;
    lean_deque<read> waiting_;
    bool told_to_wait_ = false;
};

} // namespace barnabas
