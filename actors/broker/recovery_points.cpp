#include "actors/broker/recovery_points.hpp"

#include "protocol/model/mark.hpp"

#include <algorithm>

namespace barnabas {

void recovery_points::note(const partition_name& where, bool is_behind, monotonic_ns now) {
    if (!is_behind)
        return forget(where);
    const auto [at, is_new] = due_.try_emplace(where, later(now, interval_));
    if (is_new)
        queue_.emplace(at->second, where);
}

void recovery_points::forget(const partition_name& where) {
    const auto found = due_.find(where);
    if (found == due_.end())
        return;
    queue_.erase({found->second, where});
    due_.erase(found);
}

std::vector<partition_name> recovery_points::take_due(monotonic_ns now) {
    std::vector<partition_name> taken;
    if (now < not_before_)
        return taken;
    while (!queue_.empty() && queue_.begin()->first <= now) {
        if (BARNABAS_MARK_IF(taken.size() == at_once_max, recovery_points_wait))
            break;
        auto first = queue_.extract(queue_.begin());
        taken.push_back(first.value().second);
        // Until it says that it has one; if it cannot, it is asked again.
        first.value().first = due_[taken.back()] = later(now, interval_);
        queue_.insert(std::move(first));
    }
    if (!taken.empty())
        not_before_ = later(now, pause);
    return taken;
}

std::optional<monotonic_ns> recovery_points::next() const {
    if (queue_.empty())
        return std::nullopt;
    return std::max(queue_.begin()->first, not_before_);
}

} // namespace barnabas
