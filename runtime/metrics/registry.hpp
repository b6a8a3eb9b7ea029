#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace barnabas::runtime {

/// Counts what happened; only grows.
class counter {
public:
    void add(std::uint64_t count = 1) noexcept { value_.fetch_add(count, std::memory_order_relaxed); }
    std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

/// What is the case now.
class gauge {
public:
    void set(std::int64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
    void add(std::int64_t difference) noexcept { value_.fetch_add(difference, std::memory_order_relaxed); }
    std::int64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::int64_t> value_{0};
};

/// How often values fell below each bound. Units are in the metric's name (`_seconds`, `_bytes`).
class histogram {
public:
    /// Bounds grow strictly; values above the last one are counted as well.
    explicit histogram(std::vector<double> bounds);

    void observe(double value) noexcept;
    const std::vector<double>& bounds() const noexcept { return bounds_; }
    /// Values in bucket `index` alone (not cumulated); index bounds().size() is "above".
    std::uint64_t in_bucket(std::size_t index) const noexcept;
    std::uint64_t count() const noexcept;
    double sum() const noexcept { return sum_.load(std::memory_order_relaxed); }

private:
    std::vector<double> bounds_;
    std::unique_ptr<std::atomic<std::uint64_t>[]> buckets_;
    std::atomic<double> sum_{0};
};

/// 50 µs to 10 s in steps of about two.
std::vector<double> latency_bounds();
/// 256 B to 64 MiB in steps of four.
std::vector<double> size_bounds();

using metric_labels = std::vector<std::pair<std::string, std::string>>;
enum class metric_kind : std::uint8_t { counter, gauge, histogram };

/// What a node counts. Handles are obtained once and stay valid as long as the registry; asking again for the
/// same name and labels gives the same handle. Counting is a relaxed atomic; only obtaining a handle and
/// reading all take the lock. Names are snake_case without the `barnabas_` that the text form puts before
/// them.
class metric_registry {
public:
    counter& counter_of(std::string_view name, std::string_view help, metric_labels labels = {});
    gauge& gauge_of(std::string_view name, std::string_view help, metric_labels labels = {});
    histogram& histogram_of(std::string_view name, std::string_view help, std::vector<double> bounds,
                            metric_labels labels = {});
    /// A gauge whose value is asked for when somebody reads it; `read` is called from the reader's thread.
    void computed_gauge(std::string_view name, std::string_view help, std::function<double()> read,
                        metric_labels labels = {});
    /// The same of what only grows.
    void computed_counter(std::string_view name, std::string_view help, std::function<double()> read,
                          metric_labels labels = {});
    /// Removes all series of `name` that carry this label (a topic was deleted). Their handles are invalid
    /// then.
    void remove(std::string_view name, const std::pair<std::string, std::string>& label);

    /// Whether these labels have their series, or fewer than `most` have: what clients choose is bounded so.
    bool takes(std::string_view name, const metric_labels& labels, std::size_t most) const;

    struct series {
        std::unique_ptr<counter> count;
        std::unique_ptr<gauge> level;
        std::unique_ptr<histogram> spread;
        std::function<double()> computed;
    };
    struct family {
        metric_kind kind = metric_kind::counter;
        std::string help;
        std::map<metric_labels, series> series_by_labels;
    };
    /// Calls `visit` for each family in the order of names.
    void for_each(const std::function<void(const std::string& name, const family&)>& visit) const;

private:
    series& series_of(std::string_view name, std::string_view help, metric_kind kind, metric_labels labels);

    mutable std::mutex mutex_;
    std::map<std::string, family, std::less<>> families_;
};

} // namespace barnabas::runtime
