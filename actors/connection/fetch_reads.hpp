#pragma once

#include "actors/partition/partition_messages.hpp"
#include "protocol/model/ids.hpp"
#include "protocol/model/planted_bugs.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace barnabas {

class connection_port;

/// What this connection knows of the partitions that it reads, kept between fetches: a partition that was
/// empty at an offset and has not told of new batches since is not asked again, so idle partitions cost
/// nothing.
class fetch_reads {
public:
    explicit fetch_reads(connection_port& port, const planted_bugs& planted = {})
        : port_(port), planted_(planted) {}

    struct wanted {
        topic_partition partition;
        log_offset offset;
        std::uint32_t max_bytes = 0;
        bool at_least_one_batch = false;
        bool may_wait = false;
        leader_epoch current_leader_epoch{-1};
        bool committed_only = false;
        /// Names the operation (and its entry) to be told when something changes.
        std::uint64_t operation_token = 0;
    };
    enum class outcome {
        asked,       ///< `on_read_response` follows
        known_empty, ///< nothing at this offset; `on_partition_readable` may follow
        not_led,     ///< this node does not lead the partition
    };
    outcome read(const wanted& what);

    /// The newest answer, for its fields; of a known-empty partition the last empty one.
    const read_response& answer_of(const topic_partition& partition) const;
    /// Where a reader's records end, which its answers tell.
    static log_offset readable_end(const read_response& answer, bool committed_only) {
        return committed_only ? answer.last_stable_offset : answer.high_watermark;
    }
    /// The same, taken out: its record bytes are the caller's now.
    read_response take_answer(const topic_partition& partition);
    /// The operation no longer waits for this partition.
    void detach(const topic_partition& partition);

    /// Both give the token of the operation to be told, if one waits and the message is not stale.
    std::optional<std::uint64_t> on_read_response(const read_response& answer);
    std::optional<std::uint64_t> on_partition_readable(const partition_readable& note);

    /// Takes every subscription back; when the connection ends.
    void forget_all();
    /// Lets go of everything without a word, when nothing may be sent any more.
    void abandon();

private:
    enum class state { idle, asking, subscribed, readable };
    struct slot {
        topic_partition partition;
        log_offset offset{-1};
        bool committed_only = false;
        state now = state::idle;
        /// Tells late answers and notifications from current ones.
        std::uint32_t generation = 0;
        std::uint64_t operation_token = 0;
        read_response answer;
    };

    std::uint32_t slot_of(const topic_partition& partition);
    slot* find(std::uint64_t token);
    std::uint64_t token_of(std::uint32_t index) const;
    void forget(std::uint32_t index);

    connection_port& port_;
    planted_bugs planted_;
    std::map<topic_partition, std::uint32_t> index_;
    std::vector<slot> slots_;
    /// Never starts anew, so that a late answer cannot be taken for a current one.
    std::uint32_t generations_ = 0;
};

} // namespace barnabas
