#pragma once

#include "actors/connection/connection.hpp"
#include "actors/connection/fetch_session.hpp"
#include "actors/connection/operation.hpp"

#include <chrono>
#include <cstdint>
#include <vector>

namespace barnabas {

/// From this version of Fetch on topics are named by their ids (KIP-516).
inline constexpr std::int16_t first_fetch_with_topic_ids = 13;

struct fetch_limits {
    std::uint32_t min_bytes = 0;
    std::uint32_t max_bytes = 0;
    std::chrono::milliseconds max_wait{0};
};

/// What a Fetch asks for.
struct fetch_plan {
    fetch_limits limits;
    std::vector<fetch_item> items;
    std::int32_t session_id = 0;
    /// Only what changed since the session's last answer is told.
    bool incremental = false;
    /// Isolation level read_committed.
    bool committed_only = false;
};

/// One Fetch. Partitions are asked in order, as many at a time as the byte budget surely covers, so that no
/// read is thrown away; when fewer than `min_bytes` are there it waits for partitions to become readable, at
/// most `max_wait`. The first partition with records gives at least one batch, however large (KIP-74).
class fetch_operation final : public operation {
public:
    fetch_operation(connection& owner, std::uint64_t number, request_context context, fetch_plan plan);
    ~fetch_operation() override;

    /// May answer at once; then this is gone.
    void start();
    void on_read_changed(std::uint32_t index) override;
    void on_timer() override;

private:
    enum class progress { waiting, asked, settled, watching };
    struct entry {
        fetch_item item;
        topic_partition partition;
        progress now = progress::waiting;
        std::uint32_t asked_bytes = 0;
        read_response answer;
        /// Where reading begins: the offset asked for, or behind batches that hold nothing for an old
        /// consumer.
        log_offset read_from{-1};
        /// The answer holds messages instead of batches.
        bool converted = false;
        /// The partition will tell of batches behind those in `answer`.
        bool watched = false;
    };

    void locate(entry& one);
    void refuse(entry& one, errc code);
    void ask_more();
    void ask(std::uint32_t index, std::uint64_t max_bytes);
    void ask_again(std::uint32_t index);
    bool ask_first_that_did_not_fit();
    void watch_for_more();
    void on_watched(std::uint32_t index);
    std::uint64_t bytes_left() const;
    void settle(entry& one, read_response answer);
    /// Behind what the answer holds.
    static log_offset end_of_answer(const entry& one);
    log_offset readable_end(const read_response& answer) const {
        return fetch_reads::readable_end(answer, committed_only_);
    }
    static void leave_for_later(read_response& answer);
    /// Message sets for a consumer before Kafka 0.11, in place of the batches that were read. False when all
    /// of them was not for this consumer, which cannot be told to step over it: then it is to be read on.
    bool convert(entry& one, read_response& answer);
    void convert_answers();
    void respond_or_wait();
    void finish();
    bool has_more_than_fits() const;
    void respond();
    bool is_told_already(const fetch_item& known, const read_response& answer) const;

    fetch_limits limits_;
    std::vector<entry> entries_;
    std::int32_t session_id_;
    bool incremental_;
    bool committed_only_;
    /// Next entry to be asked for the first time.
    std::size_t next_ = 0;
    std::size_t outstanding_ = 0;
    /// Bytes that outstanding reads may still bring.
    std::uint64_t promised_bytes_ = 0;
    std::uint64_t bytes_ = 0;
    /// What may still be unpacked to convert records for this answer.
    std::uint64_t unpacked_left_ = 64ull << 20;
    bool failed_ = false;
    bool parked_ = false;
    /// The client's time is over: answer as soon as what was asked is back.
    bool due_ = false;
    bool asking_ = false;
    /// The answer is being made; what is new in the meantime is for the next one.
    bool converting_ = false;
    /// Reads that are still under way are not waited for any more.
    bool late_ = false;
    /// The one batch that is always given, however large, was asked for.
    bool forced_ = false;
};

} // namespace barnabas
