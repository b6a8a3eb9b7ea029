#pragma once

#include "actors/client/client_session.hpp"
#include "actors/client/topic_directory.hpp"
#include "protocol/batch/compression.hpp"
#include "protocol/batch/message_set.hpp"
#include "protocol/batch/record_batch.hpp"
#include "protocol/kafka/fetch.hpp"
#include "protocol/kafka/list_offsets.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace barnabas::client {

struct consumer_options {
    std::string topic;
    /// Long polling: how long the broker may wait for `min_bytes`.
    std::int32_t max_wait_ms = 500;
    std::int32_t min_bytes = 1;
    std::int32_t max_bytes = 1 << 20;
    std::int32_t partition_max_bytes = 256 << 10;
    /// Incremental fetch sessions (KIP-227); else every request names every partition.
    bool use_session = true;
    /// Below 4 answers have message sets, which know no zstd; below 2 those have no timestamps.
    std::int16_t fetch_version_max = kafka::fetch_request::highest_version;
};

/// What one answer brought for one partition.
struct consumed {
    topic_id topic;
    std::int32_t partition = 0;
    log_offset high_watermark{-1};
    log_offset log_start_offset{-1};
    /// Records below this offset were read before, even where a batch begins below it.
    log_offset from{0};
    /// Checked, CRC and contents; may be empty.
    std::vector<batch::batch_view> batches;
    /// Instead of batches, from Fetch before version 4; checked likewise.
    std::vector<batch::message_view> messages;

    /// Behind the last record of the answer; `from` when there is none.
    log_offset next_offset() const;
};

struct consumer_problem {
    enum class kind {
        corrupt,      ///< batches that do not pass their checks
        out_of_range, ///< the position is outside of the log; reading goes on from the start
        refused,      ///< an error that will not pass
    };
    kind what = kind::refused;
    topic_id topic;
    std::int32_t partition = 0;
    log_offset position{-1};
    std::string detail;
    /// Of an answer that is out of range, as it says; -1 when it does not.
    log_offset log_start_offset{-1};
    log_offset high_watermark{-1};
};

/// Called while the consumer handles an event: they must only note what they hear, or send a message.
struct consumer_events {
    std::function<void(const consumed&)> on_consumed;
    /// Reading begins at the start of the log, which is there; may be absent.
    std::function<void(const topic_id&, std::int32_t partition, log_offset)> on_log_start;
    std::function<void(const consumer_problem&)> on_problem;
};

/// Reads all partitions of one topic from their start, for ever. Guarantees: the records of a partition are
/// handed over in the order of their offsets, each once; nothing unchecked is handed over. A topic that was
/// deleted and made again under its name is read from its start, as the other topic that it is; who names
/// topics by name alone (Fetch before version 13) learns of it only when its position is out of range.
class consumer final : public client_role {
public:
    consumer(client_connection& connection, consumer_options options, consumer_events events);

    void on_ready(monotonic_ns now) override;
    void on_lost(monotonic_ns now) override;
    void on_answer(const answer& got, monotonic_ns now) override;
    void on_timer(monotonic_ns now) override;
    monotonic_ns deadline() const override { return not_before_; }

    /// The next offset to read, -1 while unknown.
    log_offset position(std::int32_t partition) const;

private:
    struct partition_state {
        log_offset position{-1};
        /// As ListOffsets told it last: Fetch before version 5 does not.
        log_offset log_start{-1};
        /// As the broker's session knows it; -1: not in the session.
        log_offset position_in_session{-1};
    };

    void ask_offsets(monotonic_ns now);
    void on_offsets(const answer& got, monotonic_ns now);
    void fetch(monotonic_ns now);
    void on_fetched(const answer& got, monotonic_ns now);
    void on_session_error(std::int16_t code, monotonic_ns now);
    void on_partition(const kafka::fetch_response::partition_data& said, std::int16_t version,
                      monotonic_ns now);
    void on_partition_error(const kafka::fetch_response::partition_data& said, partition_state& state,
                            monotonic_ns now);
    void hand_over(const kafka::fetch_response::partition_data& said, std::int16_t version,
                   partition_state& state, monotonic_ns now);
    result<void> take_records(const slice& records, std::int16_t version, consumed& got);
    void begin_topic_anew(const topic_id& id);
    void begin_session_anew();
    void pause(monotonic_ns now);

    client_connection& connection_;
    consumer_options options_;
    consumer_events events_;
    topic_directory topics_;
    /// The topic that positions are of.
    topic_id reading_;
    std::map<std::int32_t, partition_state> partitions_;
    std::uint64_t offsets_asked_ = 0;
    std::uint64_t fetch_asked_ = 0;
    std::int32_t session_id_ = 0;
    std::int32_t session_epoch_ = 0;
    monotonic_ns not_before_{};
    batch::codec_workspace workspace_;
};

} // namespace barnabas::client
