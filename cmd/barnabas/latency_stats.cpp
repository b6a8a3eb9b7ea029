#include "cmd/barnabas/latency_stats.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace barnabas {

namespace {

constexpr std::int64_t samples_most = 500'000;
constexpr double megabyte = 1024.0 * 1024.0;

} // namespace

void latency_stats::sums::add(std::int64_t latency, std::size_t size) {
    ++count;
    bytes += static_cast<std::int64_t>(size);
    latency_ms += latency;
    latency_ms_max = std::max(latency_ms_max, latency);
}

double latency_stats::sums::seconds(clock::time_point now) const {
    return std::max(std::chrono::duration<double>(now - since).count(), 0.001);
}

double latency_stats::sums::average_ms() const {
    return static_cast<double>(latency_ms) / static_cast<double>(std::max<std::int64_t>(count, 1));
}

json_object latency_stats::sums::as_json(const char* kind, double seconds) const {
    return json_object()
        .add("kind", kind)
        .add("records", count)
        .add("recordsPerSecond", static_cast<double>(count) / seconds)
        .add("megabytesPerSecond", static_cast<double>(bytes) / seconds / megabyte)
        .add("avgLatencyMs", average_ms())
        .add("maxLatencyMs", latency_ms_max);
}

latency_stats::latency_stats(std::int64_t records, std::chrono::milliseconds interval, bool json)
    : every_(std::max<std::int64_t>(records / std::min(std::max<std::int64_t>(records, 1), samples_most), 1)),
      interval_(interval), json_(json) {
    total_.since = window_.since = clock::now();
}

void latency_stats::on_delivered(clock::time_point sent, std::size_t bytes) {
    const auto now = clock::now();
    const auto latency = std::chrono::duration_cast<std::chrono::milliseconds>(now - sent).count();
    const std::lock_guard lock(mutex_);
    if (total_.count % every_ == 0)
        samples_.push_back(static_cast<std::int32_t>(latency));
    total_.add(latency, bytes);
    window_.add(latency, bytes);
    if (now - window_.since < interval_)
        return;
    print_window(window_, now);
    window_ = {};
    window_.since = now;
}

void latency_stats::on_failed() {
    const std::lock_guard lock(mutex_);
    ++failed_;
}

std::int64_t latency_stats::failed() const {
    const std::lock_guard lock(mutex_);
    return failed_;
}

void latency_stats::print_window(const sums& window, clock::time_point now) const {
    const auto seconds = window.seconds(now);
    const auto per_second = static_cast<double>(window.count) / seconds;
    const auto megabytes = static_cast<double>(window.bytes) / seconds / megabyte;
    if (json_)
        std::printf("%s\n", window.as_json("interval", seconds).text().c_str());
    else
        std::printf("%lld records sent, %.1f records/sec (%.2f MB/sec), %.1f ms avg latency, %.1f ms max "
                    "latency.\n",
                    static_cast<long long>(window.count), per_second, megabytes, window.average_ms(),
                    static_cast<double>(window.latency_ms_max));
    std::fflush(stdout);
}

void latency_stats::print_total(bool is_steady_state) const {
    const std::lock_guard lock(mutex_);
    const auto seconds = total_.seconds(clock::now());
    auto sorted = samples_;
    std::sort(sorted.begin(), sorted.end());
    std::array<int, 4> shown{};
    constexpr std::array<double, 4> parts{0.5, 0.95, 0.99, 0.999};
    for (std::size_t i = 0; i < parts.size() && !sorted.empty(); ++i)
        shown[i] = sorted[static_cast<std::size_t>(parts[i] * static_cast<double>(sorted.size()))];
    if (json_) {
        std::printf("%s\n", total_.as_json(is_steady_state ? "steadyState" : "total", seconds)
                                .add("p50LatencyMs", shown[0])
                                .add("p95LatencyMs", shown[1])
                                .add("p99LatencyMs", shown[2])
                                .add("p999LatencyMs", shown[3])
                                .add("failed", failed_)
                                .text()
                                .c_str());
        return;
    }
    std::printf(
        "%lld%s records sent, %f records/sec (%.2f MB/sec), %.2f ms avg latency, %.2f ms max latency, "
        "%d ms 50th, %d ms 95th, %d ms 99th, %d ms 99.9th.\n",
        static_cast<long long>(total_.count), is_steady_state ? " steady state" : "",
        static_cast<double>(total_.count) / seconds, static_cast<double>(total_.bytes) / seconds / megabyte,
        total_.average_ms(), static_cast<double>(total_.latency_ms_max), shown[0], shown[1], shown[2],
        shown[3]);
}

} // namespace barnabas
