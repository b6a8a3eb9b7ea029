// What a disk does wrong beside forgetting: bad bits, writes that land elsewhere, places that are broken.

#include "sim/disk/memory_disk.hpp"

#include "sim/disk/memory_inode.hpp"

#include <algorithm>
#include <string_view>

namespace barnabas::sim {

namespace {

enum class content_kind { summed, index, text };

content_kind kind_of(std::string_view path) {
    const auto name = path.substr(path.rfind('/') + 1);
    constexpr std::string_view summed[] = {".log", ".log.cleaned", ".log.swap", ".snapshot"};
    constexpr std::string_view indexes[] = {".index", ".timeindex"};
    if (name.starts_with("commit-journal-") ||
        std::ranges::any_of(summed, [&](auto suffix) { return name.ends_with(suffix); }))
        return content_kind::summed;
    const bool is_index = std::ranges::any_of(
        indexes, [&](auto suffix) { return name.find(suffix) != std::string_view::npos; });
    return is_index ? content_kind::index : content_kind::text;
}

struct rot_chances {
    std::uint32_t passing;
    std::uint32_t sticky;
};

rot_chances chances_of(std::string_view path, const disk_faults& faults) {
    switch (kind_of(path)) {
    case content_kind::summed: return {faults.read_rot_chance, faults.sticky_rot_chance};
    case content_kind::index: return {faults.index_rot_chance / 2, faults.index_rot_chance / 2};
    case content_kind::text: return {faults.text_rot_chance, faults.sticky_text_rot_chance};
    }
    return {};
}

} // namespace

void memory_disk::break_place(const std::string& path, errc code) {
    broken_place_ = path;
    broken_code_ = code;
}

namespace {

bool lies_in(const std::string& place, const std::string& path) {
    return !place.empty() && path.starts_with(place) &&
           (path.size() == place.size() || path[place.size()] == '/');
}

} // namespace

result<void> memory_disk::check_place(const char* what, const std::string& path, call kind) const {
    if (hangs_ || lies_in(hung_place_, path)) {
        hangs_ = true;
        return error{errc::closed, std::string(what) + " " + path + ": does not return"};
    }
    if (!lies_in(broken_place_, path) || (broken_code_ == errc::read_only && kind == call::reads))
        return {};
    if (broken_code_ == errc::read_only)
        refused_place_ = broken_place_;
    return error{broken_code_, std::string(what) + " " + path + ": " +
                                   (broken_code_ == errc::read_only ? "read-only" : "input/output error")};
}

result<void> memory_disk::descriptor_left(const char* what, const std::string& path) {
    if (!fails(faults_.no_descriptor_chance))
        return {};
    return error{errc::too_many_open_files, std::string(what) + " " + path + ": no descriptor is left"};
}

result<void> memory_disk::room_for_name(const char* what, const std::string& path) {
    const bool full = used_bytes() >= capacity_ / memory_file::page_size * memory_file::page_size;
    if (!full || !fails(faults_.no_room_for_name_chance))
        return {};
    return error{errc::disk_full, std::string(what) + " " + path + ": no space is left"};
}

void memory_disk::set_places_left(std::uint64_t count) {
    places_ = count < unlimited ? count + used_places() : unlimited;
}

/// What is removed and still open takes a place as well.
std::uint64_t memory_disk::places_left() const {
    return places_ == unlimited ? unlimited : places_ - std::min(places_, used_places());
}

std::uint64_t memory_disk::used_places() const {
    std::set<std::uint64_t> seen{root_->number};
    std::vector<inode_ptr> left{root_};
    while (!left.empty()) {
        const auto node = left.back();
        left.pop_back();
        for (const auto& [name, child] : node->names)
            if (seen.insert(child->number).second)
                left.push_back(child);
    }
    for (const auto& [id, each] : open_)
        seen.insert(each.node->number);
    return seen.size();
}

result<void> memory_disk::place_for_file(const char* what, const std::string& path) const {
    if (places_left() > 0)
        return {};
    return error{errc::disk_full, std::string(what) + " " + path + ": no place for a file is left"};
}

void memory_disk::rot_by_chance(inode& node, std::uint64_t position, std::span<std::byte> read) {
    const auto chances = chances_of(node.path, faults_);
    if (read.empty() || (chances.passing == 0 && chances.sticky == 0 && reads_until_rot_ == 0))
        return;
    const bool counted = reads_until_rot_ != 0 && kind_of(node.path) == content_kind::summed;
    const bool planned = counted && --reads_until_rot_ == 0;
    const bool passes = planned || fails(chances.passing);
    if (!passes && !fails(chances.sticky))
        return;
    const auto at = draws_.below(read.size());
    const auto bit = static_cast<unsigned>(draws_.below(8));
    // What waits for a sync is in memory.
    if (node.file.is_dirty_page((position + at) / memory_file::page_size))
        return;
    report(node, disk_change::rotten, position + at);
    read[at] ^= static_cast<std::byte>(1U << bit);
    if (!passes)
        node.file.rot(position + at, bit);
}

std::optional<memory_disk::file_place> memory_disk::diverted(const inode& from) {
    if (has_misdirected_ || !fails(faults_.misdirect_chance))
        return std::nullopt;
    const auto directory = from.path.substr(0, from.path.rfind('/') + 1);
    std::vector<inode_ptr> candidates;
    for (const auto& [id, each] : open_)
        if (each.writable && each.node->file.size() > 0 &&
            each.node->path.rfind('/') + 1 == directory.size() && each.node->path.starts_with(directory))
            candidates.push_back(each.node);
    if (candidates.empty())
        return std::nullopt;
    const auto chosen = candidates[draws_.below(candidates.size())];
    const auto pages = (chosen->file.size() + memory_file::page_size - 1) / memory_file::page_size;
    has_misdirected_ = true;
    const auto position = draws_.below(pages) * memory_file::page_size;
    report(*chosen, disk_change::misdirected, position);
    return std::pair(chosen, position);
}

bool memory_disk::lies_about(const inode_ptr& node) {
    if (!fails(faults_.sync_lie_chance))
        return false;
    const auto wait = draws_.between(0, faults_.sync_lie_high);
    if (now_)
        lies_.push_back({now_() + wait, node});
    return true;
}

/// What came since then is written with it, as a cache writes what it has.
void memory_disk::make_lies_true() {
    if (lies_.empty())
        return;
    const auto now = now_();
    std::erase_if(lies_, [&](const lie& each) {
        if (each.due > now)
            return false;
        if (each.node->is_directory)
            make_names_durable(*each.node);
        else
            each.node->file.sync();
        report(*each.node, disk_change::lie_came_true);
        return true;
    });
}

bool memory_disk::rot(const std::string& path, std::uint64_t position, unsigned bit) {
    const auto node = find(path);
    if (node == nullptr || node->is_directory || position >= node->file.size())
        return false;
    node->file.rot(position, bit);
    report(*node, disk_change::rotten, position);
    return true;
}

void memory_disk::lift_harm() {
    std::vector<inode_ptr> left{root_};
    while (!left.empty()) {
        const auto node = left.back();
        left.pop_back();
        node->file.lift_harm();
        for (const auto& [name, child] : node->names)
            left.push_back(child);
    }
}

} // namespace barnabas::sim
