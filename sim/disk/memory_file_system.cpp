#include "sim/disk/memory_file_system.hpp"

#include "protocol/model/assert.hpp"
#include "sim/disk/memory_inode.hpp"
#include "sim/world/trace.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::sim {

using runtime::directory_entry;
using runtime::file_id;
using runtime::open_mode;

namespace {

constexpr auto reads = memory_disk::call::reads;
constexpr auto changes = memory_disk::call::changes;

error refuse(errc code, const char* what, const std::string& path, const char* why) {
    return {code, std::string(what) + " " + path + ": " + why};
}

/// As of the file systems that Linux brings.
constexpr std::size_t name_bytes_max = 255;

result<void> check_name(const std::string& name, const char* what, const std::string& path) {
    if (name.size() <= name_bytes_max)
        return {};
    return refuse(errc::malformed, what, path, "the name is too long");
}

} // namespace

// ---- open files

memory_disk::open_file* memory_file_system::opened(file_id file) {
    const auto found = disk_.open_.find(file.get());
    return found == disk_.open_.end() ? nullptr : &found->second;
}

result<file_id> memory_file_system::open_node(const memory_disk::inode_ptr& node, bool writable) {
    const file_id id(disk_.next_file_++);
    ++node->opened;
    disk_.open_.emplace(id.get(), memory_disk::open_file{node, writable, false});
    return id;
}

result<memory_disk::inode_ptr> memory_file_system::create_file(const memory_disk::place& at,
                                                               const std::string& path) {
    if (at.directory == nullptr)
        return refuse(errc::not_found, "create", path, "its directory does not exist");
    if (auto fits = check_name(at.name, "create", path); !fits)
        return fits.failure();
    if (auto room = disk_.room_for_name("create", path); !room)
        return room.failure();
    if (auto left = disk_.place_for_file("create", path); !left)
        return left.failure();
    auto made = disk_.make_inode(false);
    made->path = path;
    disk_.add_name(at.directory, at.name, made);
    disk_.changes_.push_back({nullptr, {}, at.directory, at.name, made});
    disk_.report(*made, disk_change::created, at.directory->number);
    return made;
}

result<file_id> memory_file_system::open(const std::string& path, open_mode mode) {
    if (auto begun = disk_.begin("open", path, mode == open_mode::read_only ? reads : changes); !begun)
        return begun.failure();
    if (auto left = disk_.descriptor_left("open", path); !left)
        return left.failure();
    const auto at = disk_.locate(path);
    if (at.node != nullptr) {
        if (at.node->is_directory)
            return refuse(errc::already_exists, "open", path, "it is a directory");
        at.node->path = path;
        return open_node(at.node, mode != open_mode::read_only);
    }
    if (mode != open_mode::create)
        return refuse(errc::not_found, "open", path, "no such file");
    auto made = create_file(at, path);
    if (!made)
        return made.failure();
    return open_node(*made, true);
}

void memory_file_system::close(file_id file) {
    const auto found = disk_.open_.find(file.get());
    if (found == disk_.open_.end())
        return;
    const auto node = found->second.node;
    if (found->second.holds_lock)
        node->locked = false;
    disk_.open_.erase(found);
    --node->opened;
    disk_.release_if_unused(*node);
}

result<std::uint64_t> memory_file_system::size(file_id file) {
    const auto* at = opened(file);
    if (auto begun = disk_.begin("size", at != nullptr ? at->node->path : ""); !begun)
        return begun.failure();
    if (at == nullptr)
        return refuse(errc::storage_error, "size", "", "the file is not open");
    return at->node->file.size();
}

/// Has no fault of its own, and costs nothing beside the question for the size.
timestamp_ms memory_file_system::modified(file_id file) {
    const auto* at = opened(file);
    return at == nullptr || disk_.cut_off() ? no_timestamp : at->node->file.modified();
}

result<std::size_t> memory_file_system::read(file_id file, file_position position,
                                             std::span<std::byte> into) {
    const auto* at = opened(file);
    if (auto begun = disk_.begin("read", at != nullptr ? at->node->path : ""); !begun)
        return begun.failure();
    if (at == nullptr)
        return refuse(errc::storage_error, "read", "", "the file is not open");
    if (disk_.reads_until_refusal_ != 0 &&
        (disk_.reads_until_refusal_ == 1 || --disk_.reads_until_refusal_ == 1)) {
        disk_.read_refused_ = true;
        return refuse(errc::would_block, "read", at->node->path, "not in memory");
    }
    if (disk_.fails(disk_.faults_.read_error_chance))
        return refuse(errc::storage_error, "read", at->node->path, "input/output error");
    const auto count = at->node->file.read(position.get(), into);
    disk_.rot_by_chance(*at->node, position.get(), into.first(count));
    return count;
}

result<void> memory_file_system::write(file_id file, file_position position, std::span<const slice> parts) {
    const auto* at = opened(file);
    if (auto begun = disk_.begin("write", at != nullptr ? at->node->path : "", changes); !begun)
        return begun.failure();
    if (at == nullptr || !at->writable)
        return refuse(errc::access_denied, "write", at != nullptr ? at->node->path : "",
                      "not open for writing");
    if (disk_.fails(disk_.faults_.write_error_chance))
        return refuse(errc::storage_error, "write", at->node->path, "input/output error");
    const auto elsewhere = disk_.diverted(*at->node);
    return elsewhere ? write_astray(*at->node, position, parts, *elsewhere)
                     : write_parts(*at->node, position, parts);
}

result<void> memory_file_system::write_parts(memory_disk::inode& node, file_position position,
                                             std::span<const slice> parts) {
    auto next = position.get();
    std::uint64_t checksum = 0;
    for (const auto& part : parts) {
        if (auto written = write_part(node, next, part.bytes()); !written)
            return written;
        next += part.size();
        if (disk_.observer_ != nullptr)
            checksum = trace_checksum(part.bytes(), checksum);
    }
    if (disk_.observer_ != nullptr)
        disk_.observer_->on_write(node.number, position.get(), checksum);
    return {};
}

/// The file has its bytes and its length in the end, but neither is what reads show.
result<void> memory_file_system::write_astray(memory_disk::inode& node, file_position position,
                                              std::span<const slice> parts,
                                              const memory_disk::file_place& elsewhere) {
    std::vector<std::byte> bytes;
    for (const auto& part : parts)
        bytes.insert(bytes.end(), part.bytes().begin(), part.bytes().end());
    const auto before = node.file.sectors(position.get(), bytes.size());
    auto written = write_parts(node, position, parts);
    if (!written)
        return written;
    auto& [hit, hit_at] = elsewhere;
    auto overwritten = hit->file.sectors(hit_at, bytes.size());
    std::copy(bytes.begin(), bytes.end(), overwritten.begin());
    hit->file.show_instead(hit_at, overwritten);
    node.file.show_instead(position.get(), before);
    return {};
}

result<void> memory_file_system::write_part(memory_disk::inode& node, std::uint64_t position,
                                            std::span<const std::byte> bytes) {
    const auto before = node.file.page_count();
    const auto most_pages = bytes.size() / memory_file::page_size + 2;
    const auto limit = disk_.capacity_ / memory_file::page_size;
    std::size_t done = 0;
    bool full = false;
    if (disk_.used_pages_ + most_pages <= limit) {
        node.file.write(position, bytes);
        done = bytes.size();
    }
    // Close to the end of the disk, page by page: what fits is written.
    while (done < bytes.size() && !full) {
        const auto at = position + done;
        const auto piece =
            std::min<std::size_t>(bytes.size() - done, memory_file::page_size - at % memory_file::page_size);
        const auto used = disk_.used_pages_ + (node.file.page_count() - before);
        full = !node.file.has_page(at / memory_file::page_size) && used >= limit;
        if (!full) {
            node.file.write(at, bytes.subspan(done, piece));
            done += piece;
        }
    }
    disk_.used_pages_ += node.file.page_count() - before;
    node.file.note_modified(disk_.now());
    if (full)
        return refuse(errc::disk_full, "write", node.path, "no space is left");
    return {};
}

result<void> memory_file_system::truncate(file_id file, std::uint64_t size) {
    const auto* at = opened(file);
    if (auto begun = disk_.begin("truncate", at != nullptr ? at->node->path : "", changes); !begun)
        return begun.failure();
    if (at == nullptr || !at->writable)
        return refuse(errc::access_denied, "truncate", at != nullptr ? at->node->path : "",
                      "not open for writing");
    if (disk_.fails(disk_.faults_.write_error_chance))
        return refuse(errc::storage_error, "truncate", at->node->path, "input/output error");
    disk_.used_pages_ -= at->node->file.page_count();
    at->node->file.truncate(size);
    at->node->file.note_modified(disk_.now());
    disk_.used_pages_ += at->node->file.page_count();
    disk_.report(*at->node, disk_change::truncated, size);
    return {};
}

result<void> memory_file_system::sync(std::span<const file_id> files) {
    if (auto begun = disk_.begin("sync", ""); !begun)
        return begun;
    ++disk_.syncs_;
    result<void> outcome;
    for (const auto file : files) {
        const auto* at = opened(file);
        if (at == nullptr) {
            outcome = refuse(errc::storage_error, "sync", "", "the file is not open");
            continue;
        }
        auto& node = *at->node;
        if (auto sound = disk_.check_place("sync", node.path, changes); !sound) {
            outcome = sound;
            continue;
        }
        if (!disk_.fails(disk_.faults_.sync_error_chance)) {
            if (!disk_.lies_about(at->node))
                node.file.sync();
            disk_.report(node, disk_change::synced, node.file.size());
            continue;
        }
        const bool forget = disk_.draws_.chance(1, 2);
        disk_.used_pages_ -= node.file.page_count();
        node.file.fail_sync(forget);
        disk_.used_pages_ += node.file.page_count();
        disk_.report(node, disk_change::sync_failed, node.file.size());
        outcome = refuse(errc::storage_error, "sync", node.path, "input/output error");
    }
    return outcome;
}

// ---- names

result<void> memory_file_system::sync_directory(const std::string& path) {
    if (auto begun = disk_.begin("sync directory", path, changes); !begun)
        return begun;
    ++disk_.syncs_;
    const auto node = disk_.find(path);
    if (node == nullptr || !node->is_directory)
        return refuse(errc::not_found, "sync directory", path, "no such directory");
    if (auto left = disk_.descriptor_left("sync directory", path); !left)
        return left;
    if (auto room = disk_.room_for_name("sync directory", path); !room)
        return room;
    if (disk_.fails(disk_.faults_.sync_error_chance))
        return refuse(errc::storage_error, "sync directory", path, "input/output error");
    if (!disk_.lies_about(node))
        disk_.make_names_durable(*node);
    disk_.report(*node, disk_change::names_synced);
    return {};
}

result<std::vector<directory_entry>> memory_file_system::list(const std::string& path) {
    if (auto begun = disk_.begin("list", path); !begun)
        return begun.failure();
    const auto node = disk_.find(path);
    if (node == nullptr || !node->is_directory)
        return refuse(errc::not_found, "list", path, "no such directory");
    std::vector<directory_entry> entries;
    for (const auto& [name, child] : node->names)
        entries.push_back({name, child->is_directory});
    for (std::size_t left = entries.size(); left > 1; --left)
        std::swap(entries[left - 1], entries[disk_.draws_.below(left)]);
    return entries;
}

result<bool> memory_file_system::exists(const std::string& path) {
    if (auto begun = disk_.begin("look for", path); !begun)
        return begun.failure();
    return disk_.find(path) != nullptr;
}

result<void> memory_file_system::create_directory(const std::string& path) {
    for (std::size_t end = 0; end < path.size();) {
        end = std::min(path.find('/', end + 1), path.size());
        const auto part = path.substr(0, end);
        const auto at = disk_.locate(part);
        const bool last = end == path.size();
        if (at.node != nullptr && !at.node->is_directory)
            return refuse(errc::already_exists, "create directory", part, "a file has this name");
        if ((at.node != nullptr || at.name.empty()) && !last)
            continue;
        if (auto begun = disk_.begin("create directory", part, changes); !begun)
            return begun;
        if (at.node != nullptr || at.name.empty())
            continue;
        if (auto fits = check_name(at.name, "create directory", part); !fits)
            return fits;
        if (auto room = disk_.room_for_name("create directory", part); !room)
            return room;
        if (auto left = disk_.place_for_file("create directory", part); !left)
            return left;
        auto made = disk_.make_inode(true);
        disk_.add_name(at.directory, at.name, made);
        disk_.changes_.push_back({nullptr, {}, at.directory, at.name, made});
        disk_.report(*made, disk_change::created, at.directory->number);
    }
    return {};
}

result<void> memory_file_system::rename(const std::string& source, const std::string& target) {
    if (auto begun = disk_.begin("rename", source, changes); !begun)
        return begun;
    const auto from = disk_.locate(source);
    const auto to = disk_.locate(target);
    if (from.node == nullptr)
        return refuse(errc::not_found, "rename", source, "no such file or directory");
    if (to.directory == nullptr)
        return refuse(errc::not_found, "rename", target, "its directory does not exist");
    if (auto fits = check_name(to.name, "rename", target); !fits)
        return fits;
    if (auto room = disk_.room_for_name("rename", source); !room)
        return room;
    if (from.node == to.node)
        return {};
    if (target.starts_with(source + "/"))
        return refuse(errc::storage_error, "rename", source, "a directory cannot move into itself");
    if (to.node != nullptr && to.node->is_directory && (!from.node->is_directory || !to.node->names.empty()))
        return refuse(errc::already_exists, "rename", target, "a directory has this name");
    if (to.node != nullptr && !to.node->is_directory && from.node->is_directory)
        return refuse(errc::already_exists, "rename", target, "a file has this name");
    const auto node = from.node;
    disk_.add_name(to.directory, to.name, node);
    disk_.remove_name(from.directory, from.name);
    node->path = target;
    disk_.changes_.push_back({from.directory, from.name, to.directory, to.name, node});
    disk_.report(*node, disk_change::renamed, to.directory->number);
    return {};
}

result<void> memory_file_system::unlink(const memory_disk::place& at, const std::string& path) {
    if (auto begun = disk_.begin("remove", path, changes); !begun)
        return begun;
    if (at.node == nullptr)
        return refuse(errc::not_found, "remove", path, "no such file or directory");
    disk_.changes_.push_back({at.directory, at.name, nullptr, {}, at.node});
    disk_.remove_name(at.directory, at.name);
    disk_.report(*at.node, disk_change::removed, at.directory->number);
    return {};
}

result<void> memory_file_system::remove(const std::string& path) {
    const auto at = disk_.locate(path);
    if (at.node != nullptr && at.node->is_directory)
        return refuse(errc::storage_error, "remove", path, "it is a directory");
    return unlink(at, path);
}

result<void> memory_file_system::empty_directory(const memory_disk::inode_ptr& directory,
                                                 const std::string& path) {
    while (!directory->names.empty()) {
        // In any order, as a real recursive removal: a crash in between may leave any part of it.
        auto chosen = directory->names.begin();
        std::advance(chosen, static_cast<std::ptrdiff_t>(disk_.draws_.below(directory->names.size())));
        const memory_disk::place at{directory, chosen->first, chosen->second};
        const auto inner = path + "/" + at.name;
        if (at.node->is_directory) {
            if (auto emptied = empty_directory(at.node, inner); !emptied)
                return emptied;
        }
        if (auto removed = unlink(at, inner); !removed)
            return removed;
    }
    return {};
}

result<void> memory_file_system::remove_directory(const std::string& path) {
    const auto at = disk_.locate(path);
    if (at.node != nullptr && !at.node->is_directory)
        return refuse(errc::storage_error, "remove directory", path, "it is a file");
    if (at.node != nullptr) {
        if (auto emptied = empty_directory(at.node, path); !emptied)
            return emptied;
    }
    return unlink(at, path);
}

result<file_id> memory_file_system::lock(const std::string& path) {
    if (auto begun = disk_.begin("lock", path, changes); !begun)
        return begun.failure();
    const auto at = disk_.locate(path);
    auto node = at.node;
    if (node == nullptr) {
        auto made = create_file(at, path);
        if (!made)
            return made.failure();
        node = *made;
    }
    if (std::exchange(node->locked, true))
        return refuse(errc::locked, "lock", path, "another process holds it");
    auto id = open_node(node, true);
    opened(*id)->holds_lock = true;
    return id;
}

result<runtime::disk_room> memory_file_system::room(const std::string& path) {
    if (auto begun = disk_.begin("free bytes", path); !begun)
        return begun.failure();
    const auto used = disk_.used_pages_ * memory_file::page_size;
    return runtime::disk_room{disk_.capacity_ - std::min(disk_.capacity_, used), disk_.capacity_};
}

} // namespace barnabas::sim
