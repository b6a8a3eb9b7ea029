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

latency_stats::latency_stats(std::int64_t records, std::chrono::milliseconds interval)
    : every_(std::max<std::int64_t>(records / std::min(std::max<std::int64_t>(records, 1), samples_most), 1)),
      interval_(interval) {
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

void latency_stats::print_window(const sums& window, clock::time_point now) {
    const auto seconds = window.seconds(now);
    const auto count = static_cast<double>(window.count);
    std::printf(
        "%lld records sent, %.1f records/sec (%.2f MB/sec), %.1f ms avg latency, %.1f ms max latency.\n",
        static_cast<long long>(window.count), count / seconds,
        static_cast<double>(window.bytes) / seconds / megabyte,
        static_cast<double>(window.latency_ms) / count, static_cast<double>(window.latency_ms_max));
    std::fflush(stdout);
}

void latency_stats::print_total(const char* words) const {
    const std::lock_guard lock(mutex_);
    const auto seconds = total_.seconds(clock::now());
    auto sorted = samples_;
    std::sort(sorted.begin(), sorted.end());
    std::array<int, 4> shown{};
    constexpr std::array<double, 4> parts{0.5, 0.95, 0.99, 0.999};
    for (std::size_t i = 0; i < parts.size() && !sorted.empty(); ++i)
        shown[i] = sorted[static_cast<std::size_t>(parts[i] * static_cast<double>(sorted.size()))];
    const auto count = static_cast<double>(std::max<std::int64_t>(total_.count, 1));
    std::printf(
        "%lld%s records sent, %f records/sec (%.2f MB/sec), %.2f ms avg latency, %.2f ms max latency, "
        "%d ms 50th, %d ms 95th, %d ms 99th, %d ms 99.9th.\n",
        static_cast<long long>(total_.count), words, static_cast<double>(total_.count) / seconds,
        static_cast<double>(total_.bytes) / seconds / megabyte,
        static_cast<double>(total_.latency_ms) / count, static_cast<double>(total_.latency_ms_max), shown[0],
        shown[1], shown[2], shown[3]);
}

} // namespace barnabas
