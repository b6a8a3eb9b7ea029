#pragma once

#include "cmd/barnabas/json_text.hpp"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <vector>

namespace barnabas {

/// What kafka-producer-perf-test.sh prints of latencies: a line per interval and one at the end, or the same
/// as JSON. Used by the sending thread and the producer's.
class latency_stats {
public:
    using clock = std::chrono::steady_clock;

    /// `records` will come; of many, every so-manieth is kept for the percentiles.
    latency_stats(std::int64_t records, std::chrono::milliseconds interval, bool json);

    void on_delivered(clock::time_point sent, std::size_t bytes);
    void on_failed();
    void print_total(bool is_steady_state) const;
    std::int64_t failed() const;

private:
    struct sums {
        std::int64_t count = 0;
        std::int64_t bytes = 0;
        std::int64_t latency_ms = 0;
        std::int64_t latency_ms_max = 0;
        clock::time_point since;

        void add(std::int64_t latency, std::size_t size);
        double seconds(clock::time_point now) const;
        double average_ms() const;
        json_object as_json(const char* kind, double seconds) const;
    };
    void print_window(const sums& window, clock::time_point now) const;

    mutable std::mutex mutex_;
    std::int64_t every_ = 1;
    std::chrono::milliseconds interval_;
    bool json_;
    sums total_;
    sums window_;
    std::int64_t failed_ = 0;
    std::vector<std::int32_t> samples_;
};

} // namespace barnabas
