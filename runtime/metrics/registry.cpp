#include "runtime/metrics/registry.hpp"

#include "protocol/model/assert.hpp"

#include <algorithm>

namespace barnabas::runtime {

histogram::histogram(std::vector<double> bounds)
    : bounds_(std::move(bounds)),
      buckets_(std::make_unique<std::atomic<std::uint64_t>[]>(bounds_.size() + 1)) {
    BARNABAS_ASSERT(!bounds_.empty());
    BARNABAS_ASSERT(std::is_sorted(bounds_.begin(), bounds_.end()));
    BARNABAS_ASSERT(std::adjacent_find(bounds_.begin(), bounds_.end()) == bounds_.end());
}

void histogram::observe(double value) noexcept {
    const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
    buckets_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
}

std::uint64_t histogram::in_bucket(std::size_t index) const noexcept {
    BARNABAS_ASSERT(index <= bounds_.size());
    return buckets_[index].load(std::memory_order_relaxed);
}

std::uint64_t histogram::count() const noexcept {
    std::uint64_t count = 0;
    for (std::size_t i = 0; i <= bounds_.size(); ++i)
        count += in_bucket(i);
    return count;
}

std::vector<double> latency_bounds() {
    return {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
            0.05,    0.1,    0.25,    0.5,    1,     2.5,    5,     10};
}

std::vector<double> size_bounds() {
    std::vector<double> bounds;
    for (double bound = 256; bound <= 64.0 * 1024 * 1024; bound *= 4)
        bounds.push_back(bound);
    return bounds;
}

metric_registry::series& metric_registry::series_of(std::string_view name, std::string_view help,
                                                    metric_kind kind, metric_labels labels) {
    auto& found = families_[std::string(name)];
    if (found.series_by_labels.empty()) {
        found.kind = kind;
        found.help = help;
    }
    BARNABAS_ASSERT(found.kind == kind);
    std::sort(labels.begin(), labels.end());
    return found.series_by_labels[std::move(labels)];
}

counter& metric_registry::counter_of(std::string_view name, std::string_view help, metric_labels labels) {
    const std::lock_guard lock(mutex_);
    auto& found = series_of(name, help, metric_kind::counter, std::move(labels));
    if (!found.count)
        found.count = std::make_unique<counter>();
    return *found.count;
}

gauge& metric_registry::gauge_of(std::string_view name, std::string_view help, metric_labels labels) {
    const std::lock_guard lock(mutex_);
    auto& found = series_of(name, help, metric_kind::gauge, std::move(labels));
    if (!found.level)
        found.level = std::make_unique<gauge>();
    return *found.level;
}

histogram& metric_registry::histogram_of(std::string_view name, std::string_view help,
                                         std::vector<double> bounds, metric_labels labels) {
    const std::lock_guard lock(mutex_);
    auto& found = series_of(name, help, metric_kind::histogram, std::move(labels));
    if (!found.spread)
        found.spread = std::make_unique<histogram>(std::move(bounds));
    return *found.spread;
}

void metric_registry::computed_gauge(std::string_view name, std::string_view help,
                                     std::function<double()> read, metric_labels labels) {
    const std::lock_guard lock(mutex_);
    series_of(name, help, metric_kind::gauge, std::move(labels)).computed = std::move(read);
}

void metric_registry::computed_counter(std::string_view name, std::string_view help,
                                       std::function<double()> read, metric_labels labels) {
    const std::lock_guard lock(mutex_);
    series_of(name, help, metric_kind::counter, std::move(labels)).computed = std::move(read);
}

void metric_registry::remove(std::string_view name, const std::pair<std::string, std::string>& label) {
    const std::lock_guard lock(mutex_);
    const auto found = families_.find(name);
    if (found == families_.end())
        return;
    std::erase_if(found->second.series_by_labels, [&](const auto& one) {
        return std::find(one.first.begin(), one.first.end(), label) != one.first.end();
    });
}

bool metric_registry::takes(std::string_view name, const metric_labels& labels, std::size_t most) const {
    const std::lock_guard lock(mutex_);
    const auto found = families_.find(name);
    if (found == families_.end())
        return most > 0;
    const auto& known = found->second.series_by_labels;
    return known.size() < most || known.contains(labels);
}

void metric_registry::for_each(const std::function<void(const std::string&, const family&)>& visit) const {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, one] : families_)
        visit(name, one);
}

} // namespace barnabas::runtime
