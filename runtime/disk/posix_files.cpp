#include "runtime/disk/posix_files.hpp"

#include "runtime/disk/parallel_sync.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <mutex>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

namespace barnabas::runtime {

namespace {

errc code_of(int number) {
    switch (number) {
    // Something else is in the place: that tells of names only, and not of a disk that fails.
    case ENOTDIR:
    case ENOENT: return errc::not_found;
    case EISDIR:
    case ENOTEMPTY:
    case EEXIST: return errc::already_exists;
    case ENAMETOOLONG: return errc::malformed;
    case ENOSPC:
    case EDQUOT: return errc::disk_full;
    // The process, or the file system, has a limit for one file: others may still grow.
    case EFBIG: return errc::file_too_large;
    case EROFS: return errc::read_only;
    case EACCES:
    case EPERM: return errc::access_denied;
    case EWOULDBLOCK: return errc::would_block;
    case EMFILE:
    case ENFILE: return errc::too_many_open_files;
    default: return errc::storage_error;
    }
}

error failed(int number, const char* operation, const std::string& path) {
    return {code_of(number),
            std::string("cannot ") + operation + " " + path + ": " + std::generic_category().message(number)};
}

error not_open(file_id file) {
    return {errc::storage_error, "file " + std::to_string(file.get()) + " is not open"};
}

/// Most parts that one system call takes.
constexpr std::size_t parts_per_call = 512;
/// So many need no memory of their own; an append seldom has more.
constexpr std::size_t few_parts = 8;

/// Each pass that fails has met somebody else's change, and those are few.
constexpr int removal_passes_max = 1000;

/// Skips `done` bytes at the front of what is left to write.
void advance(std::span<iovec>& left, std::size_t done) {
    while (done > 0) {
        auto& front = left.front();
        const std::size_t taken = std::min(done, front.iov_len);
        front.iov_base = static_cast<char*>(front.iov_base) + taken;
        front.iov_len -= taken;
        done -= taken;
        if (front.iov_len == 0)
            left = left.subspan(1);
    }
}

/// Those of `parts` that have bytes, in `room`, which has as many places.
std::span<iovec> filled_parts(std::span<const slice> parts, std::span<iovec> room) {
    std::size_t count = 0;
    for (const auto& part : parts)
        if (!part.empty())
            room[count++] = {const_cast<std::byte*>(part.data()), part.size()};
    return room.first(count);
}

} // namespace

struct posix_files::opened {
    opened(int number, std::string name) : descriptor(number), path(std::move(name)) {}
    opened(const opened&) = delete;
    opened& operator=(const opened&) = delete;
    ~opened() { ::close(descriptor); }

    int descriptor;
    std::string path;
};

posix_files::posix_files() = default;
posix_files::~posix_files() = default;

std::shared_ptr<posix_files::opened> posix_files::find(file_id file) const {
    std::shared_lock guard(mutex_);
    auto found = files_.find(file);
    return found == files_.end() ? nullptr : found->second;
}

result<file_id> posix_files::keep(int descriptor, const std::string& path) {
    std::unique_lock guard(mutex_);
    const file_id file(next_++);
    files_.emplace(file, std::make_shared<opened>(descriptor, path));
    return file;
}

result<file_id> posix_files::open(const std::string& path, open_mode mode) {
    int flags = O_CLOEXEC;
    flags |= mode == open_mode::read_only ? O_RDONLY : O_RDWR;
    flags |= mode == open_mode::create ? O_CREAT : 0;
    constexpr mode_t rights = 0644;
    const int descriptor = ::open(path.c_str(), flags, rights);
    if (descriptor < 0)
        return failed(errno, "open", path);
    return keep(descriptor, path);
}

void posix_files::close(file_id file) {
    std::unique_lock guard(mutex_);
    const auto last = files_.extract(file);
    // The system may take its time to close it, and others need not wait for that.
    guard.unlock();
}

result<std::uint64_t> posix_files::size(file_id file) {
    auto one = find(file);
    if (one == nullptr)
        return not_open(file);
    struct stat facts {};
    if (::fstat(one->descriptor, &facts) != 0)
        return failed(errno, "look at", one->path);
    return static_cast<std::uint64_t>(facts.st_size);
}

timestamp_ms posix_files::modified(file_id file) {
    auto one = find(file);
    struct stat facts {};
    if (one == nullptr || ::fstat(one->descriptor, &facts) != 0)
        return no_timestamp;
    return timestamp_ms(std::int64_t{facts.st_mtim.tv_sec} * 1000 + facts.st_mtim.tv_nsec / 1'000'000);
}

result<std::size_t> posix_files::read(file_id file, file_position position, std::span<std::byte> into) {
    return read_with(file, position, into, 0);
}

result<std::size_t> posix_files::read_now(file_id file, file_position position, std::span<std::byte> into) {
    if (!nowait_works_.load(std::memory_order_relaxed))
        return error{errc::would_block, "reads that never wait are not known here"};
    return read_with(file, position, into, RWF_NOWAIT);
}

result<std::size_t> posix_files::read_with(file_id file, file_position position, std::span<std::byte> into,
                                           int flags) {
    auto one = find(file);
    if (one == nullptr)
        return not_open(file);
    std::size_t done = 0;
    while (done < into.size()) {
        iovec part{into.data() + done, into.size() - done};
        const auto at = static_cast<off_t>(position.get() + done);
        const ssize_t count = ::preadv2(one->descriptor, &part, 1, at, flags);
        if (count == 0)
            break;
        if (count > 0) {
            done += static_cast<std::size_t>(count);
            continue;
        }
        if (errno == EINTR)
            continue;
        if (flags != 0 && (errno == EOPNOTSUPP || errno == EINVAL || errno == ENOSYS)) {
            nowait_works_.store(false, std::memory_order_relaxed);
            return error{errc::would_block, "reads that never wait are not known here"};
        }
        return failed(errno, "read", one->path);
    }
    return done;
}

result<void> posix_files::write(file_id file, file_position position, std::span<const slice> parts) {
    auto one = find(file);
    if (one == nullptr)
        return not_open(file);
    std::array<iovec, few_parts> few;
    std::vector<iovec> many(parts.size() > few.size() ? parts.size() : 0);
    auto left = filled_parts(parts, many.empty() ? std::span<iovec>(few) : std::span(many));
    auto at = static_cast<off_t>(position.get());
    while (!left.empty()) {
        const auto count = static_cast<int>(std::min(parts_per_call, left.size()));
        const ssize_t written = ::pwritev(one->descriptor, left.data(), count, at);
        if (written < 0) {
            if (errno == EINTR)
                continue;
            return failed(errno, "write", one->path);
        }
        at += written;
        advance(left, static_cast<std::size_t>(written));
    }
    return {};
}

result<void> posix_files::truncate(file_id file, std::uint64_t size) {
    auto one = find(file);
    if (one == nullptr)
        return not_open(file);
    if (::ftruncate(one->descriptor, static_cast<off_t>(size)) != 0)
        return failed(errno, "truncate", one->path);
    return {};
}

result<void> posix_files::sync(std::span<const file_id> files) {
    std::vector<std::shared_ptr<opened>> all;
    std::vector<int> descriptors;
    for (auto file : files) {
        all.push_back(find(file));
        if (all.back() == nullptr)
            return not_open(file);
        descriptors.push_back(all.back()->descriptor);
    }
    if (all.size() > 1)
        if (const auto done = parallel_sync::run(descriptors))
            return *done ? result<void>(failed((*done)->number, "sync", all[(*done)->place]->path))
                         : result<void>();
    for (const auto& one : all)
        if (::fdatasync(one->descriptor) != 0)
            return failed(errno, "sync", one->path);
    return {};
}

result<void> posix_files::sync_directory(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return failed(errno, "open", path);
    const int outcome = ::fsync(descriptor);
    const int number = errno;
    ::close(descriptor);
    return outcome == 0 ? result<void>() : result<void>(failed(number, "sync", path));
}

result<std::vector<directory_entry>> posix_files::list(const std::string& path) {
    DIR* directory = ::opendir(path.c_str());
    if (directory == nullptr)
        return failed(errno, "list", path);
    std::vector<directory_entry> entries;
    for (;;) {
        // Only the error number tells the end of the directory from a failure.
        errno = 0;
        const dirent* one = ::readdir(directory);
        if (one == nullptr)
            break;
        const std::string name = one->d_name;
        if (name == "." || name == "..")
            continue;
        bool is_directory = one->d_type == DT_DIR;
        if (one->d_type == DT_UNKNOWN || one->d_type == DT_LNK) {
            struct stat facts {};
            is_directory = ::stat((path + "/" + name).c_str(), &facts) == 0 && S_ISDIR(facts.st_mode);
        }
        entries.push_back({name, is_directory});
    }
    const int number = errno;
    ::closedir(directory);
    if (number != 0)
        return failed(number, "list", path);
    // The system's order means nothing; a fixed one makes logs comparable.
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return entries;
}

result<bool> posix_files::exists(const std::string& path) {
    struct stat facts {};
    if (::stat(path.c_str(), &facts) == 0)
        return true;
    if (errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG)
        return false;
    return failed(errno, "look at", path);
}

result<void> posix_files::create_directory(const std::string& path) {
    std::error_code code;
    std::filesystem::create_directories(path, code);
    if (code)
        return failed(code.value(), "make directory", path);
    return {};
}

result<void> posix_files::rename(const std::string& source, const std::string& target) {
    if (::rename(source.c_str(), target.c_str()) != 0)
        return failed(errno, "rename", source + " to " + target);
    return {};
}

result<void> posix_files::remove(const std::string& path) {
    if (::unlink(path.c_str()) != 0)
        return failed(errno, "remove", path);
    return {};
}

/// What others remove or rename inside meanwhile makes a pass fail, and is no reason to leave the rest.
result<void> posix_files::remove_directory(const std::string& path) {
    std::error_code code;
    for (int pass = 0; pass < removal_passes_max; ++pass) {
        code.clear();
        std::filesystem::remove_all(path, code);
        if (code != std::errc::no_such_file_or_directory && code != std::errc::directory_not_empty)
            break;
    }
    if (code)
        return failed(code.value(), "remove directory", path);
    return {};
}

result<file_id> posix_files::lock(const std::string& path) {
    constexpr mode_t rights = 0644;
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, rights);
    if (descriptor < 0)
        return failed(errno, "open", path);
    // Programs in Java, a Kafka for one, lock as fcntl does, of which flock knows nothing.
    struct flock whole {};
    whole.l_type = F_WRLCK;
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0 || ::fcntl(descriptor, F_OFD_SETLK, &whole) != 0) {
        const int number = errno;
        ::close(descriptor);
        if (number == EWOULDBLOCK || number == EACCES)
            return error{errc::locked, path + " is locked by another process"};
        return failed(number, "lock", path);
    }
    return keep(descriptor, path);
}

result<disk_room> posix_files::room(const std::string& path) {
    struct statvfs facts {};
    if (::statvfs(path.c_str(), &facts) != 0)
        return failed(errno, "look at the file system of", path);
    const std::uint64_t block = facts.f_frsize;
    return disk_room{facts.f_bavail * block, facts.f_blocks * block};
}

result<std::size_t> posix_nowait_files::read(file_id file, file_position position,
                                             std::span<std::byte> into) {
    auto outcome =
        files_.read_if_held(file, [&](file_id below) { return below_.read_now(below, position, into); });
    blocked_ = blocked_ || outcome.code() == errc::would_block;
    return outcome;
}

} // namespace barnabas::runtime
