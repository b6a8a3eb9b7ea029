#pragma once

#include "actors/client/consumer/consumer_types.hpp"
#include "actors/client/consumer/fetched_run.hpp"
#include "protocol/model/ids.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

namespace barnabas::client {

/// One partition that a consumer reads: where it is, and what was fetched ahead. Data of `record_fetcher`.
struct read_partition {
    explicit read_partition(partition_name is)
        : name(std::make_shared<const partition_name>(std::move(is))) {}

    std::shared_ptr<const partition_name> name;
    /// Which one of its topic's name it is of; zero while that is not known, and of brokers that tell no ids.
    topic_id topic;
    /// How often that changed.
    std::uint32_t topics_before = 0;
    /// The next offset to give out, -1 while unknown; behind it lies what is fetched already.
    std::int64_t position = -1;
    std::int64_t fetch_from = -1;
    std::int32_t position_epoch = -1;
    /// Where to begin, by time, while the position is unknown; without it somebody else will tell.
    std::optional<std::int64_t> begin_time;
    bool paused = false;
    /// A question about it is under way: its answer counts only if the turn is still the same.
    bool asked = false;
    std::uint64_t turn = 0;
    std::uint32_t failures = 0;
    monotonic_ns not_before{};
    /// Its leader is another one than is known: asking again makes sense when the view is renewed.
    bool needs_view = false;
    /// Told by a poll; while it stands, reading waits for a seek.
    std::optional<error> trouble;
    bool trouble_told = false;
    bool trouble_stands = true;
    std::deque<fetched_run> runs;
    std::size_t buffered = 0;
    /// Who was served by a Fetch, or by a poll, last comes last.
    std::uint64_t served = 0;
    std::uint64_t taken = 0;
    /// As the leader told them last, in a Fetch or when asked where the log starts.
    std::int64_t high_watermark = -1;
    std::int64_t last_stable = -1;
    std::int64_t log_start = -1;

    /// A log does not end before it starts: of ends that are known, those below were told earlier.
    void note_log_start(std::int64_t offset) {
        log_start = offset;
        if (high_watermark >= 0)
            high_watermark = std::max(high_watermark, offset);
        if (last_stable >= 0)
            last_stable = std::max(last_stable, offset);
    }
    void forget_fetched() {
        runs.clear();
        buffered = 0;
        asked = false;
        ++turn;
        trouble.reset();
        trouble_told = false;
        not_before = {};
        needs_view = false;
        failures = 0;
    }
    void lose_position() {
        forget_fetched();
        position = fetch_from = -1;
        begin_time.reset();
    }
    void move_to(std::int64_t offset) {
        lose_position();
        position = fetch_from = offset;
    }
    void move_to_time(std::int64_t time) {
        lose_position();
        begin_time = time;
    }
};

} // namespace barnabas::client
