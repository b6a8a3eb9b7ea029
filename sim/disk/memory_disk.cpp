#include "sim/disk/memory_disk.hpp"

#include "protocol/model/assert.hpp"
#include "sim/disk/memory_file_system.hpp"
#include "sim/disk/memory_inode.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::sim {

memory_disk::memory_disk(std::uint64_t seed, std::uint64_t capacity)
    : draws_(runtime::random(seed).split("disk")), capacity_(capacity), root_(make_inode(true)),
      files_(std::make_unique<memory_file_system>(*this)) {
    root_->links = 1;
}

memory_disk::~memory_disk() = default;

runtime::file_system& memory_disk::files() {
    return *files_;
}

memory_disk::inode_ptr memory_disk::make_inode(bool is_directory) {
    auto made = std::make_shared<inode>();
    made->number = next_inode_++;
    made->is_directory = is_directory;
    return made;
}

// ---- names

memory_disk::inode_ptr memory_disk::find(std::string_view path) const {
    auto at = root_;
    while (at != nullptr && !path.empty()) {
        const auto end = std::min(path.find('/'), path.size());
        const auto part = path.substr(0, end);
        path.remove_prefix(std::min(end + 1, path.size()));
        if (part.empty() || part == ".")
            continue;
        const auto found = at->names.find(part);
        at = found == at->names.end() ? nullptr : found->second;
    }
    return at;
}

memory_disk::place memory_disk::locate(std::string_view path) const {
    while (!path.empty() && path.back() == '/')
        path.remove_suffix(1);
    const auto slash = path.rfind('/');
    const auto name = slash == std::string_view::npos ? path : path.substr(slash + 1);
    place found;
    if (name.empty() || name == ".")
        return found;
    found.directory = slash == std::string_view::npos ? root_ : find(path.substr(0, slash));
    found.name = name;
    if (found.directory == nullptr || !found.directory->is_directory) {
        found.directory = nullptr;
        return found;
    }
    const auto entry = found.directory->names.find(name);
    if (entry != found.directory->names.end())
        found.node = entry->second;
    return found;
}

void memory_disk::add_name(const inode_ptr& directory, const std::string& name, const inode_ptr& node) {
    remove_name(directory, name);
    directory->names[name] = node;
    ++node->links;
}

void memory_disk::remove_name(const inode_ptr& directory, const std::string& name) {
    const auto found = directory->names.find(name);
    if (found == directory->names.end())
        return;
    const auto node = found->second;
    directory->names.erase(found);
    --node->links;
    release_if_unused(*node);
}

void memory_disk::release_if_unused(inode& node) {
    if (node.links == 0 && node.opened == 0)
        used_pages_ -= node.file.page_count();
}

void memory_disk::apply_durably(const name_change& change, bool forced) {
    if (change.source != nullptr) {
        auto& names = change.source->durable_names;
        const auto found = names.find(change.source_name);
        const bool there = found != names.end() && found->second == change.subject;
        if (there)
            names.erase(found);
        else if (!forced)
            return;
    }
    if (change.target != nullptr)
        change.target->durable_names[change.target_name] = change.subject;
}

void memory_disk::make_names_durable(const inode& directory) {
    // A rename between two directories takes along what happened to its file in the other one before.
    std::vector<bool> chosen(changes_.size(), false);
    for (std::size_t index = changes_.size(); index-- > 0;) {
        const auto& change = changes_[index];
        if (!chosen[index])
            chosen[index] = change.source.get() == &directory || change.target.get() == &directory;
        const bool across =
            change.source != nullptr && change.target != nullptr && change.source != change.target;
        if (!chosen[index] || !across)
            continue;
        for (std::size_t earlier = 0; earlier < index; ++earlier) {
            if (changes_[earlier].subject == change.subject)
                chosen[earlier] = true;
        }
    }
    std::vector<name_change> left;
    for (std::size_t index = 0; index < changes_.size(); ++index) {
        if (chosen[index])
            apply_durably(changes_[index], true);
        else
            left.push_back(std::move(changes_[index]));
    }
    changes_ = std::move(left);
}

// ---- each operation

result<void> memory_disk::begin(const char* what, const std::string& path, call kind) {
    if (cut_off())
        return error{errc::closed, std::string(what) + " " + path + ": the process is gone"};
    make_lies_true();
    ++operations_;
    if (operations_ == cut_at_ && when_cut_)
        std::exchange(when_cut_, nullptr)();
    if (operations_ == fail_at_)
        return error{fail_code_, std::string(what) + " " + path + ": fails as planned"};
    return check_place(what, path, kind);
}

bool memory_disk::fails(std::uint32_t chance) {
    return chance != 0 && draws_.chance(chance, per_million);
}

void memory_disk::report(const inode& node, disk_change what, std::uint64_t detail) {
    if (observer_ != nullptr)
        observer_->on_change(node.number, what, detail);
}

void memory_disk::fail_nth(std::uint64_t n, errc code) {
    fail_at_ = n == 0 ? 0 : operations_ + n;
    fail_code_ = code;
}

void memory_disk::crash_after_operations(std::uint64_t n, std::function<void()> when) {
    if (n == 0) {
        cut_off_ = true;
        if (when)
            when();
        return;
    }
    cut_at_ = operations_ + n;
    when_cut_ = std::move(when);
}

bool memory_disk::refuse_reads_after(std::uint64_t n) {
    reads_until_refusal_ = n;
    return std::exchange(read_refused_, false);
}

// ---- death and power

void memory_disk::forget_process() {
    refused_place_.clear();
    for (auto& [id, each] : open_) {
        auto& node = *each.node;
        node.locked = false;
        --node.opened;
        release_if_unused(node);
    }
    open_.clear();
    cut_off_ = false;
    cut_at_ = 0;
    when_cut_ = nullptr;
    fail_at_ = 0;
    reads_until_refusal_ = 0;
    reads_until_rot_ = 0;
    hangs_ = false;
}

void memory_disk::kill() {
    forget_process();
    report(*root_, disk_change::killed);
}

void memory_disk::power_cut(runtime::random& draws, const power_cut_faults& faults) {
    forget_process();
    make_lies_true();
    lies_.clear();
    power_cut_names(draws, faults);
    used_pages_ = 0;
    std::set<std::uint64_t> seen;
    restore(*root_, seen, draws, faults);
    root_->links = 1;
    if (taken_ != nullptr)
        restore(*taken_, seen, draws, faults);
    report(*root_, disk_change::power_cut, used_pages_);
}

void memory_disk::power_cut_names(runtime::random& draws, const power_cut_faults& faults) {
    for (const auto& change : std::exchange(changes_, {})) {
        if (draws.chance(faults.name_kept, per_million))
            apply_durably(change, false);
    }
}

/// Makes what is on the platter what is there. What no name leads to is gone.
void memory_disk::restore(inode& node, std::set<std::uint64_t>& seen, runtime::random& draws,
                          const power_cut_faults& faults) {
    const bool first = seen.insert(node.number).second;
    node.links = first ? 1 : node.links + 1;
    if (!first)
        return;
    if (!node.is_directory) {
        node.file.power_cut(draws, faults);
        used_pages_ += node.file.page_count();
        return;
    }
    node.names = node.durable_names;
    for (auto& [name, child] : node.names)
        restore(*child, seen, draws, faults);
}

bool memory_disk::flip_bit(const std::string& path, std::uint64_t position, unsigned bit) {
    const auto node = find(path);
    if (node == nullptr || node->is_directory || position >= node->file.size())
        return false;
    node->file.flip_bit(position, bit);
    return true;
}

std::optional<std::vector<std::byte>> memory_disk::content(const std::string& path) const {
    const auto node = find(path);
    if (node == nullptr || node->is_directory)
        return std::nullopt;
    std::vector<std::byte> bytes(node->file.size());
    node->file.read(0, bytes);
    return bytes;
}

} // namespace barnabas::sim
