#pragma once

#include "actors/client/producer/accumulator.hpp"
#include "actors/client/producer/producer_batch.hpp"
#include "actors/client/producer/producer_settings.hpp"
#include "actors/client/retry_rules.hpp"
#include "protocol/batch/compression.hpp"
#include "protocol/kafka/error_codes.hpp"
#include "runtime/random/random.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace barnabas::client {

/// What Metadata said of a topic.
struct topic_facts {
    topic_id id;
    /// By partition; -1 when nobody leads.
    std::vector<std::int32_t> leaders;
};
struct producer_id_facts {
    producer_id id = no_producer_id;
    producer_epoch epoch{-1};
};

/// One Produce request, at most one batch of a partition. It is given up after `timeout_ns`.
struct produce_order {
    struct part {
        std::string topic;
        topic_id id;
        std::int32_t partition = 0;
        slice records;
    };
    std::uint64_t number = 0;
    /// The broker that leads them.
    std::int32_t leader = -1;
    std::vector<part> parts;
    std::int16_t acks = -1;
    std::int64_t timeout_ns = 0;
};

/// What became of a part of it.
struct produced_part {
    /// No answer: none was given, or nobody was asked.
    std::optional<error> lost;
    /// It may have been sent.
    bool was_sent = false;
    kafka::error_code code = kafka::error_code::none;
    std::string message;
    /// The records to blame, ascending.
    std::vector<batch::refused_record> refused = {};
    std::int64_t base_offset = -1;
    std::int64_t append_time_ms = -1;
};

/// What the shell carries out after each event.
struct sender_effects {
    std::vector<produce_order> requests;
    /// Each must come back by `on_topics`.
    std::vector<std::string> topics_asked;
    /// The answer must come back by `on_producer_id`.
    bool producer_id_asked = false;
    /// With their fates, in order within each partition. What they were charged is for the shell to release.
    std::vector<std::unique_ptr<producer_batch>> finished;
    std::vector<dropped_record> dropped;
    /// The broker's memory of this producer did not fit a batch there: earlier ones are lost or came twice.
    /// The producer goes on under its next epoch.
    struct lost_sequence {
        std::string topic;
        std::int32_t partition = 0;
        kafka::error_code code = kafka::error_code::none;
    };
    std::vector<lost_sequence> sequences_lost;
};

/// Brings the batches of an accumulator to the log. Guarantees: every batch gets one fate, in the order of
/// making within its partition. An idempotent producer repeats a batch under the same sequence until it
/// knows, so it is in the log at most once and in order; any other one repeats what was cut off as well,
/// which may be in the log twice then. A machine. After each event comes `settle`.
class batch_sender {
public:
    batch_sender(producer_settings settings, const runtime::random& draws);

    /// Takes what is ready and can be sent, and what has expired; asks for topics.
    void take(record_accumulator& from, monotonic_ns now, sender_effects& out);
    /// Makes requests.
    void work(monotonic_ns now, sender_effects& out);

    void on_topic(const std::string& name, const result<topic_facts>& said, monotonic_ns now);
    void on_producer_id(const result<producer_id_facts>& said, monotonic_ns now);
    /// Parts in the order of the request.
    void on_produced(std::uint64_t request, const std::vector<produced_part>& parts, monotonic_ns now,
                     sender_effects& out);
    /// Everything that has no fate yet gets this end, here and in the accumulator.
    void on_close(record_accumulator& from, const error& why, sender_effects& out);

    /// When `take` and `work` are due by themselves; zero for never.
    monotonic_ns deadline(monotonic_ns now) const;
    bool has_batches_below(std::uint64_t number) const;
    bool empty() const;
    /// Grows when a request is made, a batch gets its fate, or an epoch begins: each may make room for more.
    std::uint64_t progress() const noexcept;
    const producer_metrics& metrics() const noexcept { return metrics_; }
    const producer_id_facts& identity() const noexcept { return identity_; }

private:
    using place = std::pair<std::string, std::int32_t>;
    using place_view = std::pair<std::string_view, std::int32_t>;
    /// So that a line is found without a copy of its topic's name.
    struct by_place {
        using is_transparent = void;
        bool operator()(const place_view& left, const place_view& right) const { return left < right; }
    };
    struct line {
        std::deque<std::unique_ptr<producer_batch>> batches;
        std::int32_t next_sequence = 0;
        /// Where the sequences are counted; zero while no broker has told an id.
        topic_id counted_in;
        /// It was counted in another topic before, under this epoch.
        bool moved = false;
        monotonic_ns not_before{};
        /// The broker knows these sequences: it has written a batch with them.
        bool opened = false;
        /// What is known of the leader is doubted: nothing goes before it was asked for again.
        bool awaits_topic = false;
    };
    struct known_topic {
        std::optional<topic_facts> facts;
        bool asking = false;
        bool wanted = false;
        /// So many partitions it must have, for all who want it to find theirs.
        std::int32_t needed = 0;
        /// The accumulator has not heard of it yet.
        bool fresh = false;
        /// To be asked for no more, and the accumulator has not heard of it yet.
        bool refused = false;
        std::uint32_t attempts = 0;
        monotonic_ns not_before{};
        monotonic_ns asked_at{};
        std::optional<error> last;
    };
    using lines_map = std::map<place, line, by_place>;
    using placed_line = lines_map::value_type;
    struct flight {
        std::int32_t leader = -1;
        /// A line with a batch under way stays.
        std::vector<std::pair<placed_line*, std::uint64_t>> parts;
    };

    // batch_sender.cpp: what is sent
    void take_topics(record_accumulator& from, monotonic_ns now, sender_effects& out);
    void ask_topics(monotonic_ns now, sender_effects& out);
    void forget_idle(record_accumulator& from, monotonic_ns now);
    void forget_lines();
    bool has_batches_of(const std::string& topic) const;
    bool moves(const placed_line& at) const;
    bool would_leave_open() const;
    void want_new_epoch(std::string_view because);
    void put_into_line(std::unique_ptr<producer_batch> batch);
    std::size_t room(const place_view& where);
    std::int32_t leader_of(const place_view& where) const;
    bool may_ask(std::int32_t leader) const;
    std::size_t in_flight_max(const line& of) const;
    producer_batch* next_of(placed_line& at, monotonic_ns now);
    bool follow(placed_line& at);
    void stamp(line& of, producer_batch& batch);
    void send_requests(monotonic_ns now, sender_effects& out);
    bool send_one_request(monotonic_ns now, sender_effects& out);
    std::vector<placed_line*> lines_in_turn() const;
    void add_part(placed_line& at, producer_batch& batch, monotonic_ns now, produce_order& order);
    bool has_identity(monotonic_ns now, sender_effects& out);

    // batch_sender_heard.cpp: what came back, and what ends
    void hear(placed_line& at, std::uint64_t number, const produced_part& said, monotonic_ns now,
              sender_effects& out);
    void hear_refusal(line& of, producer_batch& batch, const produced_part& said, monotonic_ns now,
                      sender_effects& out);
    void repeat_or_fail(line& of, producer_batch& batch, error why, monotonic_ns now);
    void fail(producer_batch& batch, error why, std::vector<batch::refused_record> refused = {});
    void end(producer_batch& batch, batch_fate fate);
    void release(sender_effects& out);
    void expire(monotonic_ns now);
    void take_new_epoch();
    void count_anew(line& of, std::string_view because);
    void want_topic(const std::string& name);
    void want_leader(const place_view& where);
    std::string topic_reason(const std::string& name) const;
    std::string leader_reason(const place_view& where) const;
    error late(const place_view& where, const producer_batch& batch, monotonic_ns now) const;
    std::int64_t pause_after(std::int64_t attempts);

    producer_settings settings_;
    runtime::random draws_;
    batch::codec_workspace workspace_;
    lines_map lines_;
    /// Those with batches.
    std::map<place_view, placed_line*> busy_;
    std::map<std::string, known_topic, std::less<>> topics_;
    /// When it was last looked for what can be forgotten.
    monotonic_ns tidied_at_{};
    std::map<std::uint64_t, flight> flights_;
    std::map<std::int32_t, std::size_t> asked_of_;
    std::uint64_t next_request_ = 1;
    /// The line that was served last: the next request begins behind it.
    std::optional<place> served_;
    producer_id_facts identity_;
    bool id_asking_ = false;
    std::uint32_t id_attempts_ = 0;
    monotonic_ns id_not_before_{};
    std::optional<error> id_last_;
    /// Why sequences must begin anew, or nothing: when nothing is in flight any more, go on under the next
    /// epoch.
    std::string_view new_epoch_because_;
    producer_metrics metrics_;
};

/// Calls what it is given, alone with the accumulator.
using under_lock = std::function<void(const std::function<void()>&)>;
/// What follows from an event: takes and sends until there is nothing to send, and frees the memory of what
/// has ended.
void settle(record_accumulator& records, batch_sender& sender, const under_lock& locked, monotonic_ns now,
            sender_effects& out);

} // namespace barnabas::client
