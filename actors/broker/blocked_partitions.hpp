#pragma once

#include "protocol/model/ids.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace barnabas {

/// New partitions that cannot be made because another topic's directory has their name and could not be set
/// aside; when that is tried again. Plain state of `partition_set`. Only what a partition failed to open
/// because of is ever tried again: a rename that failed behind its effect left the name to a partition that
/// is served by now.
class blocked_partitions {
public:
    using renames = std::vector<std::pair<std::string, std::string>>;
    /// Pauses double from one tick of `on_reopen_due` up to so many.
    static constexpr std::uint32_t pause_max = 64;

    /// An order of the image at hand.
    void ordered(const renames& order) { failed_ = {order.begin(), order.end()}; }
    /// It went well; what is blocked by an earlier one stays so.
    void succeeded() { failed_.clear(); }

    /// Whether this failed opening is one because of `failed_`: then it is blocked from now on.
    bool take(const topic_partition& id, const std::string& path) {
        const auto found = failed_.find(path);
        if (found == failed_.end())
            return false;
        blocked_.insert_or_assign(id, *found);
        return true;
    }
    bool contains(const topic_partition& id) const { return blocked_.contains(id); }
    void forget(const topic_partition& id) { blocked_.erase(id); }
    bool empty() const noexcept { return blocked_.empty(); }

    /// One tick: what is to be tried now, if anything.
    renames due() {
        renames order;
        if (blocked_.empty() || retrying_ || ++waited_ < pause_)
            return order;
        retrying_ = true;
        for (const auto& [id, rename] : blocked_)
            order.push_back(rename);
        return order;
    }
    bool retrying() const noexcept { return retrying_; }
    /// The try ended: those that may be opened now.
    std::vector<topic_partition> tried(bool succeeded) {
        retrying_ = false;
        waited_ = 0;
        pause_ = succeeded ? 1 : std::min(2 * pause_, pause_max);
        std::vector<topic_partition> free;
        if (!succeeded)
            return free;
        for (const auto& [id, rename] : blocked_)
            free.push_back(id);
        blocked_.clear();
        return free;
    }

private:
    /// Of the last order, if it failed: paths and their new paths.
    std::map<std::string, std::string> failed_;
    std::map<topic_partition, std::pair<std::string, std::string>> blocked_;
    std::uint32_t pause_ = 1;
    std::uint32_t waited_ = 0;
    bool retrying_ = false;
};

} // namespace barnabas
