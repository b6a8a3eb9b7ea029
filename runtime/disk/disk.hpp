#pragma once

#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"
#include "protocol/model/slice.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace barnabas::runtime {

/// An open file. Valid until closed; unique for the life of the file system, never reused.
using file_id = strong<struct file_id_tag, std::uint64_t>;
/// Jobs of one lane run one after another, in the order submitted; different lanes run side by side.
using disk_lane = strong<struct disk_lane_tag, std::uint64_t>;

/// Bytes of the disk that a path lies on.
struct disk_room {
    std::uint64_t free = 0; ///< for this process
    std::uint64_t total = 0;
};

enum class open_mode {
    read_only,
    read_write, ///< must exist
    create,     ///< read and write; made if absent, kept if present
    /// As read_write, but the file may be opened with its first use, whose error then tells of it.
    later,
};

struct directory_entry {
    std::string name;
    bool is_directory = false;
};

/// What a job may do with files. Calls wait for the disk, so only jobs see this interface, never actors.
/// Every error names the path and the operation. After a process crash all completed writes survive; after
/// a power cut only what `sync` (bytes and length) and `sync_directory` (names) covered is certain.
/// Codes: not_found, already_exists, malformed (a name longer than the system takes), access_denied,
/// read_only, disk_full, file_too_large, locked, too_many_open_files, storage_error;
/// would_block only from a `cached_read` job (see below).
class file_system {
public:
    virtual ~file_system() = default;

    virtual result<file_id> open(const std::string& path, open_mode mode) = 0;
    virtual void close(file_id file) = 0;
    virtual result<std::uint64_t> size(file_id file) = 0;
    /// When its content was last changed, by the system's wall clock, whatever that showed; after a power cut
    /// perhaps an earlier time. `no_timestamp`: that cannot be told.
    virtual timestamp_ms modified(file_id file) = 0;
    /// Fills as much of `into` as the file has from `position` on; a short count means end of file.
    virtual result<std::size_t> read(file_id file, file_position position, std::span<std::byte> into) = 0;
    /// Writes all parts one after another from `position` on, growing the file. One system call per batch.
    virtual result<void> write(file_id file, file_position position, std::span<const slice> parts) = 0;
    virtual result<void> truncate(file_id file, std::uint64_t size) = 0;
    /// Bytes and length of all these files are on stable storage when it returns. If it fails, what was
    /// not yet synced must be taken as lost (a later success proves nothing about it).
    virtual result<void> sync(std::span<const file_id> files) = 0;

    virtual result<void> sync_directory(const std::string& path) = 0;
    virtual result<std::vector<directory_entry>> list(const std::string& path) = 0;
    virtual result<bool> exists(const std::string& path) = 0;
    /// Makes the directory and its missing parents; present is fine.
    virtual result<void> create_directory(const std::string& path) = 0;
    /// Replaces `target` at once if it exists. Durable after `sync_directory` of the parent.
    virtual result<void> rename(const std::string& source, const std::string& target) = 0;
    virtual result<void> remove(const std::string& path) = 0;
    /// Removes a directory with everything in it.
    virtual result<void> remove_directory(const std::string& path) = 0;
    /// Exclusive until the process ends or the file is closed; `locked` when another process has it.
    virtual result<file_id> lock(const std::string& path) = 0;
    virtual result<disk_room> room(const std::string& path) = 0;
};

/// What a job mostly does, so that the production side can choose where to run it.
enum class disk_job_kind {
    /// Appends bytes that the system will buffer: may run at once on the submitting loop if its lane is idle.
    buffered_write,
    /// Reads that are probably in the page cache; must have no side effects: tried at once on the submitting
    /// loop, and run again from its beginning elsewhere if a read would have waited.
    cached_read,
    /// Anything else: syncs, recovery, deletions.
    blocking,
};

/// Runs jobs on files away from the event loops.
class disk {
public:
    virtual ~disk() = default;

    /// Runs `job` in its lane, then `done` once. `done` may run before `submit` returns or later, on any
    /// thread; it must only send a message. A lane's `done` calls happen in the order submitted.
    /// After a crash of the node neither is called.
    virtual void submit(disk_lane lane, disk_job_kind kind, std::function<void(file_system&)> job,
                        std::function<void()> done) = 0;
};

} // namespace barnabas::runtime
