#include "actors/replica/log/epoch_cache.hpp"

#include "protocol/model/assert.hpp"

#include <algorithm>

namespace barnabas::replica {

bool epoch_cache::assign(leader_epoch epoch, log_offset start_offset) {
    if (epoch.get() < 0 || (!entries_.empty() && epoch <= entries_.back().epoch))
        return false;
    shared_.reset();
    // An epoch in which nothing was appended leaves no trace.
    while (!entries_.empty() && entries_.back().start_offset >= start_offset)
        entries_.pop_back();
    entries_.push_back({epoch, start_offset});
    return true;
}

bool epoch_cache::truncate_from(log_offset end) {
    const auto before = entries_.size();
    shared_.reset();
    while (!entries_.empty() && entries_.back().start_offset >= end)
        entries_.pop_back();
    return entries_.size() != before;
}

bool epoch_cache::truncate_below(log_offset start) {
    const auto behind = std::find_if(entries_.begin(), entries_.end(),
                                     [&](const epoch_entry& entry) { return entry.start_offset > start; });
    if (behind == entries_.begin())
        return false;
    const auto covering = behind - 1;
    shared_.reset();
    const bool changes = covering != entries_.begin() || covering->start_offset != start;
    covering->start_offset = start;
    entries_.erase(entries_.begin(), covering);
    BARNABAS_ASSERT(!entries_.empty());
    return changes;
}

std::shared_ptr<const std::vector<epoch_entry>> epoch_cache::shared() const {
    if (shared_ == nullptr && !entries_.empty())
        shared_ = std::make_shared<const std::vector<epoch_entry>>(entries_);
    return shared_;
}

std::optional<leader_epoch> epoch_cache::latest() const {
    return entries_.empty() ? std::nullopt : std::optional(entries_.back().epoch);
}

std::optional<leader_epoch> epoch_cache::epoch_of(log_offset offset) const {
    const auto behind = std::find_if(entries_.begin(), entries_.end(),
                                     [&](const epoch_entry& entry) { return entry.start_offset > offset; });
    return behind == entries_.begin() ? std::nullopt : std::optional((behind - 1)->epoch);
}

epoch_end epoch_cache::end_offset_for(leader_epoch epoch, log_offset log_end, leader_epoch leading) const {
    const auto known = std::max(latest().value_or(leading), leading);
    if (epoch.get() < 0 || epoch > known)
        return {};
    if (epoch == known || entries_.empty())
        return {epoch, log_end};
    if (epoch >= entries_.back().epoch)
        return {entries_.back().epoch, log_end};
    const auto higher = std::find_if(entries_.begin(), entries_.end(),
                                     [&](const epoch_entry& entry) { return entry.epoch > epoch; });
    BARNABAS_ASSERT(higher != entries_.end());
    if (higher == entries_.begin())
        return {epoch, higher->start_offset};
    return {(higher - 1)->epoch, higher->start_offset};
}

} // namespace barnabas::replica
