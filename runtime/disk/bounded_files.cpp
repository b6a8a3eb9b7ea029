#include "runtime/disk/bounded_files.hpp"

#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace barnabas::runtime {

namespace {

constexpr int tries_without_descriptors = 8;

error not_open(file_id file) {
    return {errc::storage_error, "file " + std::to_string(file.get()) + " is not open"};
}

/// Ends the use of files when a call is over.
template <class Release>
class at_end {
public:
    explicit at_end(Release release) : release_(std::move(release)) {}
    at_end(const at_end&) = delete;
    at_end& operator=(const at_end&) = delete;
    ~at_end() { release_(); }

private:
    Release release_;
};

} // namespace

bounded_files::bounded_files(file_system& below, std::size_t open_max, file_id first)
    : below_(below), open_max_(open_max), next_(first.get()) {
    BARNABAS_ASSERT(open_max > 0);
}

bounded_files::~bounded_files() {
    for (auto& [id, one] : files_)
        if (one.state == hold_state::held)
            below_.close(one.below);
}

// ---- opening and closing

result<file_id> bounded_files::open(const std::string& path, open_mode mode) {
    if (mode == open_mode::later)
        return keep(path, open_mode::read_write, file_id(0), hold_state::closed);
    std::shared_lock stable(names_change_);
    {
        guard held(mutex_);
        make_room(held);
        ++descriptors_;
    }
    auto opened = open_scarce(path, mode);
    if (!opened) {
        guard held(mutex_);
        --descriptors_;
        return opened.failure();
    }
    // A file that was made is there when it is opened again.
    return keep(path, mode == open_mode::create ? open_mode::read_write : mode, *opened, hold_state::held);
}

result<file_id> bounded_files::open_scarce(const std::string& path, open_mode mode) {
    auto opened = below_.open(path, mode);
    // Others of this process, or of the machine, took what was left: some of ours must do. They may be
    // quicker again.
    for (int tries = 0; tries < tries_without_descriptors && opened.code() == errc::too_many_open_files;
         ++tries) {
        guard held(mutex_);
        const auto oldest = to_give_up();
        if (!oldest)
            break;
        give_up(held, *oldest);
        held.unlock();
        opened = below_.open(path, mode);
    }
    return opened;
}

result<file_id> bounded_files::lock(const std::string& path) {
    std::shared_lock stable(names_change_);
    auto opened = below_.lock(path);
    if (!opened)
        return opened;
    {
        guard held(mutex_);
        ++descriptors_;
        ++counts_.pinned;
    }
    const auto file = keep(path, open_mode::read_write, *opened, hold_state::held);
    guard held(mutex_);
    files_.at(file).pinned = true;
    return file;
}

file_id bounded_files::keep(const std::string& path, open_mode mode, file_id below, hold_state state) {
    guard held(mutex_);
    const file_id file(next_++);
    auto& one = files_[file];
    put_name(file, one, path);
    one.mode = mode;
    one.below = below;
    one.state = state;
    if (state == hold_state::held)
        take_place(file, one);
    return file;
}

std::map<file_id, bounded_files::entry>::iterator bounded_files::when_settled(guard& held, file_id file) {
    changed_.wait(held, [&] {
        const auto found = files_.find(file);
        return found == files_.end() || found->second.state != hold_state::changing;
    });
    return files_.find(file);
}

void bounded_files::close(file_id file) {
    guard held(mutex_);
    const auto found = when_settled(held, file);
    if (found == files_.end())
        return;
    if (found->second.users > 0)
        found->second.ended = true;
    else
        forget(held, file);
}

void bounded_files::forget(guard& held, file_id file) {
    const auto found = files_.find(file);
    auto& one = found->second;
    take_name(file, one);
    counts_.pinned -= one.pinned ? 1 : 0;
    const auto below = one.below;
    const bool open = one.state == hold_state::held;
    if (open) {
        (one.dirty ? dirty_ : clean_).erase(one.place);
        --descriptors_;
    }
    files_.erase(found);
    if (!open)
        return;
    held.unlock();
    below_.close(below);
    held.lock();
}

// ---- using

result<bounded_files::entry*> bounded_files::use(file_id file) {
    const auto settled = [&](guard& held) -> entry* {
        const auto found = when_settled(held, file);
        return found == files_.end() || found->second.ended ? nullptr : &found->second;
    };
    {
        guard held(mutex_);
        auto* one = settled(held);
        if (one == nullptr)
            return not_open(file);
        if (one->state == hold_state::held) {
            ++one->users;
            auto& list = one->dirty ? dirty_ : clean_;
            list.splice(list.end(), list, one->place);
            return one;
        }
    }
    // By its name, which must not change meanwhile.
    std::shared_lock stable(names_change_);
    guard held(mutex_);
    auto* one = settled(held);
    if (one == nullptr)
        return not_open(file);
    if (one->state == hold_state::closed)
        if (auto opened = open_below(held, file, *one); !opened)
            return opened.failure();
    ++one->users;
    return one;
}

result<void> bounded_files::open_below(guard& held, file_id file, entry& one) {
    one.state = hold_state::changing;
    make_room(held);
    ++descriptors_;
    ++counts_.reopened;
    const auto path = path_of(one);
    const auto mode = one.mode;
    held.unlock();
    auto opened = open_scarce(path, mode);
    held.lock();
    one.state = opened ? hold_state::held : hold_state::closed;
    if (opened) {
        one.below = *opened;
        take_place(file, one);
    } else {
        --descriptors_;
    }
    changed_.notify_all();
    return opened ? result<void>() : result<void>(opened.failure());
}

void bounded_files::end_use(guard& held, file_id file) {
    auto& one = files_.at(file);
    BARNABAS_ASSERT(one.users > 0);
    if (--one.users == 0 && one.ended)
        forget(held, file);
}

void bounded_files::release(file_id file) {
    guard held(mutex_);
    end_use(held, file);
    // A call may have needed more at once than the bound.
    while (descriptors_ > open_max_) {
        const auto oldest = to_give_up();
        if (!oldest)
            return;
        give_up(held, *oldest);
    }
}

void bounded_files::take_place(file_id file, entry& one) {
    auto& list = one.dirty ? dirty_ : clean_;
    one.place = list.insert(list.end(), file);
}

void bounded_files::mark_dirty(entry& one, bool dirty) {
    if (one.dirty == dirty)
        return;
    auto& from = one.dirty ? dirty_ : clean_;
    auto& to = dirty ? dirty_ : clean_;
    to.splice(to.end(), from, one.place);
    one.dirty = dirty;
}

result<std::uint64_t> bounded_files::size(file_id file) {
    auto one = use(file);
    if (!one)
        return one.failure();
    at_end end([&] { release(file); });
    return below_.size((*one)->below);
}

timestamp_ms bounded_files::modified(file_id file) {
    auto one = use(file);
    if (!one)
        return no_timestamp;
    at_end end([&] { release(file); });
    return below_.modified((*one)->below);
}

result<std::size_t> bounded_files::read(file_id file, file_position position, std::span<std::byte> into) {
    auto one = use(file);
    if (!one)
        return one.failure();
    at_end end([&] { release(file); });
    return below_.read((*one)->below, position, into);
}

result<std::size_t> bounded_files::read_if_held(file_id file, const held_read& read) {
    file_id below(0);
    {
        guard held(mutex_);
        const auto found = files_.find(file);
        if (found == files_.end() || found->second.ended)
            return not_open(file);
        auto& one = found->second;
        if (one.state != hold_state::held)
            return error{errc::would_block, "the file must be opened first"};
        ++one.users;
        auto& list = one.dirty ? dirty_ : clean_;
        list.splice(list.end(), list, one.place);
        below = one.below;
    }
    // Whoever cannot wait makes no room, either: that may sync a file. The next ordinary call does.
    at_end end([&] {
        guard held(mutex_);
        end_use(held, file);
    });
    return read(below);
}

template <class Call>
result<void> bounded_files::change(file_id file, const Call& call) {
    auto one = use(file);
    if (!one)
        return one.failure();
    at_end end([&] { release(file); });
    {
        guard held(mutex_);
        if ((*one)->failure)
            return *(*one)->failure;
        mark_dirty(**one, true);
    }
    return call((*one)->below);
}

result<void> bounded_files::write(file_id file, file_position position, std::span<const slice> parts) {
    return change(file, [&](file_id below) { return below_.write(below, position, parts); });
}

result<void> bounded_files::truncate(file_id file, std::uint64_t size) {
    return change(file, [&](file_id below) { return below_.truncate(below, size); });
}

result<void> bounded_files::sync(std::span<const file_id> files) {
    std::vector<file_id> used;
    std::vector<file_id> below;
    at_end end([&] {
        for (const auto file : used)
            release(file);
    });
    std::vector<entry*> entries;
    for (const auto file : files) {
        // It would need a descriptor for nothing, and there may be none.
        if (BARNABAS_MARK_IF(needs_no_sync(file), synced_file_not_opened))
            continue;
        auto one = use(file);
        if (!one)
            return one.failure();
        used.push_back(file);
        entries.push_back(*one);
        below.push_back((*one)->below);
    }
    {
        guard held(mutex_);
        for (auto* one : entries)
            if (one->failure)
                return *one->failure;
        // What is written from now on may not be covered.
        for (auto* one : entries)
            mark_dirty(*one, false);
    }
    if (below.empty())
        return {};
    auto synced = below_.sync(below);
    guard held(mutex_);
    for (auto* one : entries) {
        one->synced |= synced.has_value();
        if (!synced)
            mark_dirty(*one, true);
    }
    return synced;
}

/// Closed below, and all of it was synced by this process: what an earlier one left unsynced may lie in the
/// memory of the system only.
bool bounded_files::needs_no_sync(file_id file) {
    guard held(mutex_);
    const auto found = when_settled(held, file);
    return found != files_.end() && !found->second.ended && found->second.state == hold_state::closed &&
           found->second.synced && !found->second.failure;
}

// ---- room

void bounded_files::make_room(guard& held) {
    while (descriptors_ >= open_max_) {
        const auto oldest = to_give_up();
        if (BARNABAS_MARK_IF(!oldest, more_files_in_use_than_the_bound))
            return;
        give_up(held, *oldest);
    }
}

/// One without unsynced bytes costs least.
std::optional<file_id> bounded_files::to_give_up() const {
    for (const auto* list : {&clean_, &dirty_})
        for (const auto file : *list) {
            const auto& one = files_.at(file);
            if (one.users == 0 && !one.pinned && one.state == hold_state::held)
                return file;
        }
    return std::nullopt;
}

void bounded_files::give_up(guard& held, file_id file) {
    BARNABAS_MARK(descriptor_given_up);
    auto& one = files_.at(file);
    one.state = hold_state::changing;
    const bool dirty = one.dirty;
    (dirty ? dirty_ : clean_).erase(one.place);
    ++counts_.given_up;
    counts_.synced_for_it += dirty ? 1 : 0;
    const auto below = one.below;
    held.unlock();
    auto synced = dirty ? below_.sync(std::span(&below, 1)) : result<void>();
    below_.close(below);
    held.lock();
    if (BARNABAS_MARK_IF(!synced, sync_for_room_failed))
        one.failure = std::make_unique<const error>(synced.failure());
    one.synced |= dirty && synced;
    one.dirty = false;
    one.state = hold_state::closed;
    --descriptors_;
    changed_.notify_all();
}

bounded_files::reading bounded_files::now() const {
    guard held(mutex_);
    auto what = counts_;
    what.files = files_.size();
    what.descriptors = descriptors_;
    return what;
}

// ---- names

std::string bounded_files::path_of(const entry& one) const {
    return one.directory->first + one.name;
}

void bounded_files::put_name(file_id file, entry& one, const std::string& path) {
    const auto at = path.rfind('/') + 1; // 0 without one
    one.directory = names_.try_emplace(path.substr(0, at)).first;
    one.directory->second.push_back(file);
    one.name = path.substr(at);
}

void bounded_files::take_name(file_id file, entry& one) {
    std::erase(one.directory->second, file);
    if (one.directory->second.empty())
        names_.erase(one.directory);
}

std::vector<file_id> bounded_files::found_at(const std::string& path, bool beneath) const {
    std::vector<file_id> found;
    const auto at = path.rfind('/') + 1;
    if (const auto directory = names_.find(path.substr(0, at)); directory != names_.end())
        for (const auto file : directory->second)
            if (files_.at(file).name == path.substr(at))
                found.push_back(file);
    const auto prefix = path + "/";
    if (beneath)
        for (auto in = names_.lower_bound(prefix); in != names_.end() && in->first.starts_with(prefix); ++in)
            found.insert(found.end(), in->second.begin(), in->second.end());
    return found;
}

/// With `names_change_` held alone, so that nothing is being opened or given up.
result<void> bounded_files::pin(const std::string& path, bool beneath) {
    guard held(mutex_);
    for (const auto file : found_at(path, beneath)) {
        auto& one = files_.at(file);
        if (one.pinned)
            continue;
        if (one.state == hold_state::closed) {
            auto opened = open_below(held, file, one);
            if (opened.code() == errc::not_found)
                continue;
            if (!opened)
                return opened;
        }
        one.pinned = true;
        ++counts_.pinned;
    }
    return {};
}

void bounded_files::rename_entries(const std::string& source, const std::string& target) {
    guard held(mutex_);
    for (const auto file : found_at(source, true)) {
        auto& one = files_.at(file);
        // One that was renamed over has lost this name before.
        if (one.pinned)
            continue;
        const auto path = target + path_of(one).substr(source.size());
        take_name(file, one);
        put_name(file, one, path);
    }
}

result<void> bounded_files::rename(const std::string& source, const std::string& target) {
    std::unique_lock alone(names_change_);
    if (auto pinned = pin(target, false); !pinned)
        return pinned;
    auto renamed = below_.rename(source, target);
    if (renamed)
        rename_entries(source, target);
    return renamed;
}

result<void> bounded_files::remove(const std::string& path) {
    std::unique_lock alone(names_change_);
    if (auto pinned = pin(path, false); !pinned)
        return pinned;
    return below_.remove(path);
}

result<void> bounded_files::remove_directory(const std::string& path) {
    std::unique_lock alone(names_change_);
    if (auto pinned = pin(path, true); !pinned)
        return pinned;
    return below_.remove_directory(path);
}

} // namespace barnabas::runtime
