// What a disk does wrong beside forgetting: bad bits, writes that land elsewhere, places that are broken.

#include "sim/disk/memory_disk.hpp"

#include <algorithm>
#include <string_view>

namespace barnabas::sim {

namespace {

/// Formats with a checksum over what they hold.
bool can_tell(std::string_view path) {
    const auto name = path.substr(path.rfind('/') + 1);
    constexpr std::string_view suffixes[] = {".log", ".log.cleaned", ".log.swap", ".snapshot"};
    return name.starts_with("commit-journal-") ||
           std::ranges::any_of(suffixes, [&](auto suffix) { return path.ends_with(suffix); });
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

void memory_disk::replace() {
    forget_process();
    changes_.clear();
    root_ = make_inode(true);
    root_->links = 1;
    used_pages_ = 0;
    has_misdirected_ = false;
    report(*root_, disk_change::power_cut, 0);
}

void memory_disk::rot_by_chance(inode& node, std::uint64_t position, std::span<std::byte> read) {
    if (faults_.read_rot_chance == 0 && faults_.sticky_rot_chance == 0 && reads_until_rot_ == 0)
        return;
    if (read.empty() || !can_tell(node.path))
        return;
    const bool planned = reads_until_rot_ != 0 && --reads_until_rot_ == 0;
    const bool passes = planned || fails(faults_.read_rot_chance);
    if (!passes && !fails(faults_.sticky_rot_chance))
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

std::optional<std::pair<memory_disk::inode_ptr, std::uint64_t>> memory_disk::diverted(const inode& from) {
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

bool memory_disk::rot(const std::string& path, std::uint64_t position, unsigned bit) {
    const auto node = find(path);
    if (node == nullptr || node->is_directory || position >= node->file.size())
        return false;
    node->file.rot(position, bit);
    report(*node, disk_change::rotten, position);
    return true;
}

void memory_disk::lift_rot() {
    std::vector<inode_ptr> left{root_};
    while (!left.empty()) {
        const auto node = left.back();
        left.pop_back();
        node->file.lift_rot();
        for (const auto& [name, child] : node->names)
            left.push_back(child);
    }
}

} // namespace barnabas::sim
