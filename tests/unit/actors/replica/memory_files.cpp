#include "tests/unit/actors/replica/memory_files.hpp"

#include "protocol/model/assert.hpp"

#include <algorithm>

namespace barnabas::replica {
namespace {

std::string parent_of(const std::string& path) {
    return path.substr(0, path.find_last_of('/'));
}

} // namespace

result<void> memory_files::step(const std::string& what) {
    const auto number = operations_++;
    if (number >= power_gone_at_)
        return error{errc::storage_error, what + ": the power is gone"};
    if (number == fail_at_)
        return error{fail_code_, what + ": made to fail"};
    return {};
}

result<memory_files::file_ptr> memory_files::find(runtime::file_id file, const std::string& what) {
    const auto found = open_.find(file);
    // Using a closed file is a bug of the log, never bad luck.
    BARNABAS_ASSERT(found != open_.end());
    if (auto allowed = step(what); !allowed)
        return allowed.failure();
    return found->second;
}

void memory_files::store(stored_file& file, std::uint64_t position, std::span<const std::byte> bytes) {
    if (bytes.empty())
        return;
    const auto old_size = file.now.size();
    if (file.now.size() < position + bytes.size())
        file.now.resize(position + bytes.size());
    std::copy(bytes.begin(), bytes.end(), file.now.begin() + static_cast<std::ptrdiff_t>(position));
    const auto first = std::min<std::uint64_t>(position, old_size) / page_size;
    for (auto page = first; page <= (position + bytes.size() - 1) / page_size; ++page)
        file.dirty_pages.insert(page);
}

void memory_files::crash_content(stored_file& file, std::mt19937_64& random) {
    auto left = file.stable;
    // Everything, nothing, or a third of the pages.
    const auto policy = random() % 3;
    const auto draw = [&] { return policy == 0 || (policy == 2 && random() % 3 == 0); };
    const auto shorter = std::min(file.now.size(), file.stable.size());
    const auto longer = std::max(file.now.size(), file.stable.size());
    std::size_t size = file.stable.size();
    if (draw())
        size = random() % 2 == 0 ? file.now.size() : shorter + random() % (longer - shorter + 1);
    left.resize(size);
    for (const auto page : file.dirty_pages) {
        if (!draw())
            continue;
        const auto begin = page * page_size;
        const auto end = std::min({begin + page_size, file.now.size(), size});
        for (auto at = begin; at < end; ++at)
            left[at] = file.now[at];
    }
    file.now = left;
    file.stable = std::move(left);
    file.modified = file.modified_stable;
    file.dirty_pages.clear();
}

void memory_files::crash(std::mt19937_64& random) {
    open_.clear();
    never_fail();
    auto left = stable_names_;
    const auto policy = random() % 3;
    const auto draw = [&] { return policy == 0 || (policy == 2 && random() % 2 == 0); };
    std::set<std::string> all;
    for (const auto& [name, file] : names_)
        all.insert(name);
    for (const auto& [name, file] : stable_names_)
        all.insert(name);
    for (const auto& name : all) {
        const auto now = names_.find(name);
        const auto before = stable_names_.find(name);
        const bool same =
            now != names_.end() && before != stable_names_.end() && now->second == before->second;
        if (same || !draw())
            continue;
        if (now == names_.end())
            left.erase(name);
        else
            left[name] = now->second;
    }
    std::set<file_ptr> done;
    for (const auto& name : all)
        if (const auto found = left.find(name); found != left.end() && done.insert(found->second).second)
            crash_content(*found->second, random);
    names_ = left;
    stable_names_ = std::move(left);
}

std::vector<std::byte> memory_files::content(const std::string& path) const {
    const auto found = names_.find(path);
    return found == names_.end() ? std::vector<std::byte>{} : found->second->now;
}

void memory_files::put(const std::string& path, std::span<const std::byte> bytes) {
    auto& file = names_[path];
    if (!file)
        file = std::make_shared<stored_file>();
    file->now.assign(bytes.begin(), bytes.end());
    file->stable = file->now;
    file->dirty_pages.clear();
    stable_names_[path] = file;
    directories_.insert(parent_of(path));
}

std::vector<std::string> memory_files::names() const {
    std::vector<std::string> all;
    for (const auto& [name, file] : names_)
        all.push_back(name);
    return all;
}

result<runtime::file_id> memory_files::open(const std::string& path, runtime::open_mode mode) {
    if (auto allowed = step("open " + path); !allowed)
        return allowed.failure();
    auto found = names_.find(path);
    if (found == names_.end() && mode != runtime::open_mode::create)
        return error{errc::not_found, "open " + path};
    if (found == names_.end())
        found = names_.emplace(path, std::make_shared<stored_file>()).first;
    const runtime::file_id id(next_id_++);
    open_[id] = found->second;
    return id;
}

void memory_files::close(runtime::file_id file) {
    BARNABAS_ASSERT(open_.erase(file) == 1 || power_is_gone());
}

result<std::uint64_t> memory_files::size(runtime::file_id file) {
    auto found = find(file, "size");
    if (!found)
        return found.failure();
    return std::uint64_t{(*found)->now.size()};
}

result<std::size_t> memory_files::read(runtime::file_id file, file_position position,
                                       std::span<std::byte> into) {
    auto found = find(file, "read");
    if (!found)
        return found.failure();
    const auto& bytes = (*found)->now;
    if (position.get() >= bytes.size())
        return std::size_t{0};
    const auto count = std::min<std::size_t>(into.size(), bytes.size() - position.get());
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(position.get()), count, into.begin());
    bytes_read_[*found] += count;
    const auto rots = rots_byte_.value_or(count / 2);
    if (reads_++ == rots_at_ && rots < count)
        into[rots] ^= rots_mask_;
    return count;
}

std::uint64_t memory_files::bytes_read(const std::string& suffix) const {
    std::uint64_t total = 0;
    for (const auto& [name, file] : names_)
        if (const auto read = bytes_read_.find(file); name.ends_with(suffix) && read != bytes_read_.end())
            total += read->second;
    return total;
}

result<void> memory_files::write(runtime::file_id file, file_position position,
                                 std::span<const slice> parts) {
    BARNABAS_ASSERT(open_.contains(file));
    const auto target = open_.at(file);
    const auto whole = join(parts);
    const bool gone = operations_ > power_gone_at_;
    auto allowed = step("write");
    // The half that a failing write did may be any part of it.
    const auto count = allowed ? whole.size() : gone ? 0 : whole.size() / 2;
    store(*target, position.get(), whole.bytes().first(count));
    target->modified = now;
    return allowed;
}

result<void> memory_files::truncate(runtime::file_id file, std::uint64_t size) {
    auto found = find(file, "truncate");
    if (!found)
        return found.failure();
    (*found)->now.resize(size);
    (*found)->modified = now;
    std::erase_if((*found)->dirty_pages, [&](std::size_t page) { return page * page_size >= size; });
    return {};
}

void memory_files::keep(stored_file& file) {
    file.stable.resize(file.now.size());
    file.modified_stable = file.modified;
    for (const auto page : file.dirty_pages) {
        const auto end = std::min((page + 1) * page_size, file.now.size());
        for (auto at = page * page_size; at < end; ++at)
            file.stable[at] = file.now[at];
    }
}

result<void> memory_files::sync(std::span<const runtime::file_id> files) {
    for (const auto id : files)
        BARNABAS_ASSERT(open_.contains(id));
    const bool gone = operations_ >= power_gone_at_;
    auto allowed = step("sync");
    // Without a descriptor no file is reached; else a sync that fails loses what it was to keep.
    if (gone || allowed.code() == errc::too_many_open_files)
        return allowed;
    for (const auto id : files) {
        auto& file = *open_.at(id);
        if (allowed)
            keep(file);
        file.dirty_pages.clear();
    }
    return allowed;
}

result<void> memory_files::sync_directory(const std::string& path) {
    if (auto allowed = step("sync_directory " + path); !allowed)
        return allowed;
    std::erase_if(stable_names_, [&](const auto& entry) { return parent_of(entry.first) == path; });
    for (const auto& [name, file] : names_)
        if (parent_of(name) == path)
            stable_names_[name] = file;
    return {};
}

result<std::vector<runtime::directory_entry>> memory_files::list(const std::string& path) {
    if (auto allowed = step("list " + path); !allowed)
        return allowed.failure();
    std::vector<runtime::directory_entry> entries;
    for (const auto& [name, file] : names_)
        if (parent_of(name) == path)
            entries.push_back({name.substr(path.size() + 1), false});
    return entries;
}

result<bool> memory_files::exists(const std::string& path) {
    if (auto allowed = step("exists " + path); !allowed)
        return allowed.failure();
    return names_.contains(path) || directories_.contains(path);
}

result<void> memory_files::create_directory(const std::string& path) {
    if (auto allowed = step("create_directory " + path); !allowed)
        return allowed;
    directories_.insert(path);
    return {};
}

result<void> memory_files::rename(const std::string& source, const std::string& target) {
    if (auto allowed = step("rename " + source); !allowed)
        return allowed;
    const auto found = names_.find(source);
    if (found == names_.end())
        return error{errc::not_found, "rename " + source};
    const auto file = found->second;
    names_.erase(found);
    names_[target] = file;
    return {};
}

result<void> memory_files::remove(const std::string& path) {
    if (auto allowed = step("remove " + path); !allowed)
        return allowed;
    if (names_.erase(path) == 0)
        return error{errc::not_found, "remove " + path};
    return {};
}

result<void> memory_files::remove_directory(const std::string& path) {
    if (auto allowed = step("remove_directory " + path); !allowed)
        return allowed;
    std::erase_if(names_, [&](const auto& entry) { return parent_of(entry.first) == path; });
    directories_.erase(path);
    return {};
}

} // namespace barnabas::replica
