#include "actors/broker/placement.hpp"

#include "actors/controller/metadata_log.hpp"
#include "protocol/model/assert.hpp"
#include "runtime/config/cordon.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace barnabas {

placement::placement(const std::vector<data_directory>& directories) {
    bool some_used = false;
    bool some_new = false;
    for (const auto& directory : directories) {
        if (!directory.holds_partitions)
            continue;
        places_.push_back({directory.path, directory.partitions.size(), directory.cordoned,
                           directory.offline.has_value(), false, directory.partitions.empty()});
        if (directory.cordoned)
            cordoned_in_file_.push_back(directory.path);
        some_used |= !directory.offline && !directory.formatted;
        some_new |= directory.offline || directory.formatted;
        for (const auto& stored : directory.partitions)
            stored_.emplace(stored.directory_name,
                            stored_place{directory.path, stored, directory.was_stopped_cleanly});
    }
    incomplete_at_start_ = some_used && some_new;
    BARNABAS_ASSERT(!places_.empty());
    // The metadata log is the controller's.
    stored_.erase(metadata_log_directory);
}

result<std::string> placement::choose(const std::string& preferred) const {
    const place* best = nullptr;
    for (const auto& one : places_) {
        if (one.offline)
            continue;
        if (one.path == preferred && !one.cordoned)
            return preferred;
        const auto rank = [this](const place& of) {
            return std::tuple(of.cordoned, avoids_blank_ && of.blank, of.short_of_room, of.count);
        };
        if (best == nullptr || rank(one) < rank(*best))
            best = &one;
    }
    if (best == nullptr)
        return error{errc::storage_error, "no directory of log.dirs is usable"};
    return best->path;
}

void placement::move_count(const std::string& directory, int by) {
    for (auto& one : places_)
        if (one.path == directory && (by > 0 || one.count != 0))
            one.count += static_cast<std::size_t>(by);
}

bool placement::is_known(const std::string& directory) const {
    return std::any_of(places_.begin(), places_.end(),
                       [&](const place& one) { return one.path == directory; });
}

bool placement::is_cordoned(const std::string& directory) const {
    return std::any_of(places_.begin(), places_.end(),
                       [&](const place& one) { return one.path == directory && one.cordoned; });
}

void placement::follow_cordon(const std::map<std::string, std::string>& for_all,
                              const std::map<std::string, std::string>& here) {
    std::vector<std::string> all;
    for (const auto& one : places_)
        all.push_back(one.path);
    const auto cordoned = cordoned_now(all, cordoned_in_file_, for_all, here);
    for (auto& one : places_)
        one.cordoned = std::ranges::find(cordoned, one.path) != cordoned.end();
}

bool placement::is_offline(const std::string& directory) const {
    return std::any_of(places_.begin(), places_.end(),
                       [&](const place& one) { return one.path == directory && one.offline; });
}

void placement::set_short_of_room(const std::string& directory, bool is_short) {
    for (auto& one : places_)
        if (one.path == directory)
            one.short_of_room = is_short;
}

void placement::set_offline(const std::string& directory) {
    for (auto& one : places_)
        one.offline |= one.path == directory;
}

namespace {

/// Nothing shows that anything was ever written to it.
bool is_unused(const stored_partition& stored) {
    return stored.closed.empty() && stored.bytes_to_check == 0 &&
           stored.checkpointed == checkpointed_offsets{};
}

} // namespace

placement::stored_iterator placement::find(const std::string& name, const topic_id& id) {
    auto [first, last] = stored_.equal_range(name);
    const auto is_it = [&](const auto& one) { return one.second.partition.id == id; };
    // One whose making was cut short may have been made and written to elsewhere.
    auto found = std::find_if(
        first, last, [&](const auto& one) { return is_it(one) && !is_unused(one.second.partition); });
    if (found == last)
        found = std::find_if(first, last, is_it);
    // One whose identity is damaged is opened: the log says what is wrong with it.
    if (found == last)
        found = std::find_if(first, last, [](const auto& one) {
            return !one.second.partition.id && !one.second.partition.is_fragment;
        });
    return found == last ? stored_.end() : found;
}

std::optional<placement::stored_place> placement::take(const std::string& name, const topic_id& id) {
    const auto found = find(name, id);
    if (found == stored_.end())
        return std::nullopt;
    auto taken = std::move(found->second);
    stored_.erase(found);
    return taken;
}

bool placement::holds(const std::string& name, const topic_id& id) const {
    const auto [first, last] = stored_.equal_range(name);
    return std::any_of(first, last, [&](const auto& one) {
        return !one.second.partition.is_fragment && one.second.partition.id.value_or(id) == id;
    });
}

void placement::left_behind(const std::string& directory, const std::string& name) {
    stored_partition remains;
    remains.directory_name = name;
    remains.is_fragment = true;
    stored_.emplace(name, stored_place{directory, std::move(remains), false});
}

std::vector<placement::stored_place> placement::take_removed() {
    std::vector<stored_place> removed;
    if (removed_ == nullptr)
        return removed;
    for (auto at = stored_.begin(); at != stored_.end();) {
        const bool taken = is_of_removed(at->second.partition) && !is_offline(at->second.directory);
        if (taken) {
            move_count(at->second.directory, -1);
            taken_.push_back(at->second);
            removed.push_back(std::move(at->second));
        }
        at = taken ? stored_.erase(at) : std::next(at);
    }
    return removed;
}

void placement::put_back_removed() {
    for (auto& one : std::exchange(taken_, {})) {
        one.partition.is_fragment = true;
        auto name = one.partition.directory_name;
        stored_.emplace(std::move(name), std::move(one));
    }
}

std::vector<placement::stored_place> placement::take_strangers(const std::string& name, const topic_id& id) {
    std::vector<stored_place> strangers;
    const auto opened = find(name, id);
    auto [at, last] = stored_.equal_range(name);
    while (at != last) {
        const auto& stored = at->second.partition;
        const bool spare = at != opened && stored.id == id && is_unused(stored);
        const bool ours = !stored.is_fragment && stored.id.value_or(id) == id && !spare;
        if (!ours && !is_offline(at->second.directory))
            strangers.push_back(at->second);
        at = ours ? std::next(at) : stored_.erase(at);
    }
    return strangers;
}

} // namespace barnabas
