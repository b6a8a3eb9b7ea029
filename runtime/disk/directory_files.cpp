#include "runtime/disk/directory_files.hpp"

#include "protocol/model/assert.hpp"
#include "runtime/disk/directory_lane.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace barnabas::runtime {

namespace {

/// A file's number begins with that of its directory.
constexpr unsigned files_per_part_bits = 48;

} // namespace

struct directory_files::part {
    part(std::string where, file_system& below, std::size_t open_max, std::uint64_t number)
        : path(std::move(where)), files(below, open_max, file_id((number << files_per_part_bits) + 1)) {}

    /// A call that has not returned.
    struct call {
        const char* what = nullptr;
        std::int64_t begun = 0;
    };
    std::size_t enter(const char* what, std::int64_t now) {
        std::lock_guard guard(mutex);
        const auto free = std::find_if(calls.begin(), calls.end(), [](const call& one) { return !one.what; });
        const auto at = static_cast<std::size_t>(free - calls.begin());
        if (free == calls.end())
            calls.emplace_back();
        calls[at] = {what, now};
        return at;
    }
    void leave(std::size_t at) {
        std::lock_guard guard(mutex);
        calls[at].what = nullptr;
    }

    const std::string path;
    bounded_files files;
    mutable std::mutex mutex;
    /// As many as were ever under way at a time, which is at most the threads that come here.
    std::vector<call> calls;
};

directory_files::directory_files(file_system& below, std::size_t open_max,
                                 const std::vector<std::string>& directories, time_source now)
    : now_(now) {
    const auto share = std::max<std::size_t>(1, open_max / std::max<std::size_t>(1, directories.size()));
    parts_.push_back(std::make_unique<part>("", below, share, 0));
    for (const auto& directory : directories) {
        const auto number = parts_.size();
        parts_.push_back(std::make_unique<part>(std::string(plain_path(directory)), below, share, number));
    }
}

directory_files::~directory_files() = default;

directory_files::part& directory_files::part_at(std::string_view path) const {
    const part* found = parts_.front().get();
    for (const auto& one : parts_)
        if (one->path.size() > found->path.size() && lies_in(path, one->path))
            found = one.get();
    return const_cast<part&>(*found);
}

directory_files::part& directory_files::part_of(file_id file) const {
    const auto number = file.get() >> files_per_part_bits;
    return *parts_[number < parts_.size() ? number : 0];
}

template <class Call>
auto directory_files::timed(part& in, const char* what, const Call& call) const -> decltype(call()) {
    if (now_ == nullptr)
        return call();
    const auto at = in.enter(what, now_());
    struct leaving {
        part& in;
        std::size_t at;
        ~leaving() { in.leave(at); }
    } leave{in, at};
    return call();
}

result<file_id> directory_files::open(const std::string& path, open_mode mode) {
    auto& in = part_at(path);
    return timed(in, "open", [&] { return in.files.open(path, mode); });
}

void directory_files::close(file_id file) {
    auto& in = part_of(file);
    timed(in, "close", [&] { in.files.close(file); });
}

result<std::uint64_t> directory_files::size(file_id file) {
    auto& in = part_of(file);
    return timed(in, "look at the size", [&] { return in.files.size(file); });
}

timestamp_ms directory_files::modified(file_id file) {
    auto& in = part_of(file);
    return timed(in, "look at the time", [&] { return in.files.modified(file); });
}

result<std::size_t> directory_files::read(file_id file, file_position position, std::span<std::byte> into) {
    auto& in = part_of(file);
    return timed(in, "read", [&] { return in.files.read(file, position, into); });
}

result<std::size_t> directory_files::read_if_held(file_id file, const bounded_files::held_read& read) {
    return part_of(file).files.read_if_held(file, read);
}

result<void> directory_files::write(file_id file, file_position position, std::span<const slice> parts) {
    auto& in = part_of(file);
    return timed(in, "write", [&] { return in.files.write(file, position, parts); });
}

result<void> directory_files::truncate(file_id file, std::uint64_t size) {
    auto& in = part_of(file);
    return timed(in, "truncate", [&] { return in.files.truncate(file, size); });
}

result<void> directory_files::sync(std::span<const file_id> files) {
    bool together = true;
    for (const auto file : files)
        together &= &part_of(file) == &part_of(files.front());
    if (together && !files.empty()) {
        auto& in = part_of(files.front());
        return timed(in, "sync", [&] { return in.files.sync(files); });
    }
    // Not by the addresses of the parts: their order would differ from run to run.
    for (const auto& in : parts_) {
        std::vector<file_id> own;
        std::copy_if(files.begin(), files.end(), std::back_inserter(own),
                     [&](file_id file) { return &part_of(file) == in.get(); });
        if (own.empty())
            continue;
        if (auto synced = timed(*in, "sync", [&] { return in->files.sync(own); }); !synced)
            return synced;
    }
    return {};
}

result<void> directory_files::sync_directory(const std::string& path) {
    auto& in = part_at(path);
    return timed(in, "sync the directory", [&] { return in.files.sync_directory(path); });
}

result<std::vector<directory_entry>> directory_files::list(const std::string& path) {
    auto& in = part_at(path);
    return timed(in, "list", [&] { return in.files.list(path); });
}

result<bool> directory_files::exists(const std::string& path) {
    auto& in = part_at(path);
    return timed(in, "look for", [&] { return in.files.exists(path); });
}

result<void> directory_files::create_directory(const std::string& path) {
    auto& in = part_at(path);
    return timed(in, "make a directory", [&] { return in.files.create_directory(path); });
}

result<void> directory_files::rename(const std::string& source, const std::string& target) {
    auto& in = part_at(source);
    BARNABAS_ASSERT(&in == &part_at(target));
    return timed(in, "rename", [&] { return in.files.rename(source, target); });
}

result<void> directory_files::remove(const std::string& path) {
    auto& in = part_at(path);
    return timed(in, "remove", [&] { return in.files.remove(path); });
}

result<void> directory_files::remove_directory(const std::string& path) {
    auto& in = part_at(path);
    return timed(in, "remove a directory", [&] { return in.files.remove_directory(path); });
}

result<file_id> directory_files::lock(const std::string& path) {
    auto& in = part_at(path);
    return timed(in, "lock", [&] { return in.files.lock(path); });
}

result<disk_room> directory_files::room(const std::string& path) {
    auto& in = part_at(path);
    return timed(in, "look for room", [&] { return in.files.room(path); });
}

bounded_files::reading directory_files::now() const {
    bounded_files::reading all;
    for (const auto& one : parts_) {
        const auto some = one->files.now();
        all.files += some.files;
        all.descriptors += some.descriptors;
        all.pinned += some.pinned;
        all.reopened += some.reopened;
        all.given_up += some.given_up;
        all.synced_for_it += some.synced_for_it;
    }
    return all;
}

bool directory_files::within_bounds() const {
    return std::all_of(parts_.begin(), parts_.end(), [](const auto& one) {
        const auto open = one->files.now();
        return open.descriptors <= std::max(one->files.open_max(), open.pinned + 1);
    });
}

std::optional<call_under_way> directory_files::oldest_call(std::string_view directory) const {
    if (now_ == nullptr)
        return std::nullopt;
    const auto& in = part_at(plain_path(directory));
    part::call oldest;
    {
        std::lock_guard guard(in.mutex);
        for (const auto& one : in.calls)
            if (one.what != nullptr && (oldest.what == nullptr || one.begun < oldest.begun))
                oldest = one;
    }
    if (oldest.what == nullptr)
        return std::nullopt;
    return call_under_way{oldest.what,
                          std::chrono::nanoseconds(std::max<std::int64_t>(0, now_() - oldest.begun))};
}

} // namespace barnabas::runtime
