// Disks that are exchanged, and what they held at some time.

#include "protocol/model/assert.hpp"
#include "sim/disk/memory_disk.hpp"
#include "sim/disk/memory_inode.hpp"
#include "sim/world/trace.hpp"

#include <span>
#include <utility>

namespace barnabas::sim {

struct memory_disk::image {
    inode_ptr root;
};

/// One copy of what hangs together, however many names lead to it.
class memory_disk::tree_copy {
public:
    /// With numbers of its own, if it is told the next one.
    explicit tree_copy(std::uint64_t* next_inode = nullptr) : next_inode_(next_inode) {}

    inode_ptr of(const inode_ptr& node) {
        if (node == nullptr)
            return nullptr;
        const auto known = made_.find(node->number);
        if (known != made_.end())
            return known->second;
        auto made = std::make_shared<inode>();
        made_.emplace(node->number, made);
        made->number = next_inode_ != nullptr ? (*next_inode_)++ : node->number;
        made->is_directory = node->is_directory;
        made->path = node->path;
        made->links = node->links;
        made->file = node->file.copy();
        for (const auto& [name, child] : node->names)
            made->names.emplace(name, of(child));
        for (const auto& [name, child] : node->durable_names)
            made->durable_names.emplace(name, of(child));
        return made;
    }
    name_change of(const name_change& change) {
        return {of(change.source), change.source_name, of(change.target), change.target_name,
                of(change.subject)};
    }

private:
    std::uint64_t* next_inode_;
    std::map<std::uint64_t, inode_ptr> made_;
};

memory_disk::image_ptr memory_disk::take_image(runtime::random& draws, const power_cut_faults& losses) {
    tree_copy copy;
    auto root = copy.of(root_);
    std::vector<name_change> changes;
    for (const auto& change : changes_)
        changes.push_back(copy.of(change));
    // The copy loses its power for a moment in the place of what is there.
    const auto used = used_pages_;
    std::swap(root_, root);
    std::swap(changes_, changes);
    std::set<std::uint64_t> seen;
    power_cut_names(draws, losses);
    restore(*root_, seen, draws, losses);
    std::swap(root_, root);
    changes_ = std::move(changes);
    used_pages_ = used;
    return std::make_shared<const image>(image{std::move(root)});
}

void memory_disk::exchange(const std::string& place, const image_ptr& with) {
    BARNABAS_ASSERT(changes_.empty() && open_.empty());
    const auto other = tree_copy(&next_inode_).of(with != nullptr ? with->root : make_inode(true));
    if (place.empty()) {
        root_ = other;
        has_misdirected_ = false;
    } else {
        const auto at = locate(place);
        BARNABAS_ASSERT(at.directory != nullptr);
        const auto here = std::exchange(root_, other);
        auto found = find(place);
        root_ = here;
        // Who mounts another disk makes the directory for it.
        if (found == nullptr)
            found = make_inode(true);
        at.directory->names[at.name] = found;
        at.directory->durable_names[at.name] = found;
    }
    std::set<std::uint64_t> seen;
    runtime::random nothing_to_draw(0);
    used_pages_ = 0;
    restore(*root_, seen, nothing_to_draw, power_cut_faults::keep_all());
    root_->links = 1;
    report(*root_, disk_change::exchanged, used_pages_);
}

void memory_disk::take_away(const std::string& place) {
    const auto at = locate(place);
    BARNABAS_ASSERT(taken_ == nullptr && at.node != nullptr && at.node->is_directory);
    taken_ = at.node;
    taken_place_ = place;
    // Whatever happened to its name before is over.
    std::erase_if(changes_, [&](const name_change& change) { return change.subject == taken_; });
    const auto bare = make_inode(true);
    bare->links = 1;
    at.directory->names[at.name] = bare;
    at.directory->durable_names[at.name] = bare;
    report(*taken_, disk_change::exchanged, used_pages_);
}

void memory_disk::put_back() {
    BARNABAS_ASSERT(taken_ != nullptr && open_.empty());
    const auto at = locate(std::exchange(taken_place_, {}));
    BARNABAS_ASSERT(at.directory != nullptr);
    if (at.node != nullptr)
        drop(*at.node);
    at.directory->names[at.name] = taken_;
    at.directory->durable_names[at.name] = taken_;
    report(*taken_, disk_change::exchanged, used_pages_);
    taken_ = nullptr;
}

/// Nothing leads to it any more.
void memory_disk::drop(inode& node) {
    for (const auto& [name, child] : std::exchange(node.names, {}))
        drop(*child);
    --node.links;
    release_if_unused(node);
}

bool memory_disk::rewrite(const std::string& path, std::optional<std::string_view> text) {
    const auto node = find(path);
    if (node == nullptr || node->is_directory)
        return false;
    if (!text) {
        const auto at = locate(path);
        std::erase_if(changes_, [&](const name_change& change) { return change.subject == node; });
        at.directory->durable_names.erase(at.name);
        remove_name(at.directory, at.name);
        return true;
    }
    used_pages_ -= node->file.page_count();
    node->file.truncate(0);
    node->file.write(0, std::as_bytes(std::span(*text)));
    node->file.sync();
    used_pages_ += node->file.page_count();
    return true;
}

std::map<std::string, std::uint64_t> memory_disk::checksums(const std::string& place) const {
    std::map<std::string, std::uint64_t> sums;
    const auto node = find(place);
    if (node == nullptr)
        return sums;
    if (!node->is_directory)
        sums[place] = trace_checksum(*content(place), 0);
    for (const auto& [name, child] : node->names)
        sums.merge(checksums(place + "/" + name));
    return sums;
}

std::map<std::string, std::size_t> memory_disk::directories_in(const std::string& place) const {
    std::map<std::string, std::size_t> found;
    const auto node = find(place);
    if (node == nullptr)
        return found;
    for (const auto& [name, child] : node->names)
        if (child->is_directory)
            found[name] = child->names.size();
    return found;
}

} // namespace barnabas::sim
