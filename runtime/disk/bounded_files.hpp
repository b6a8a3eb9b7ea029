#pragma once

#include "runtime/disk/disk.hpp"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

namespace barnabas::runtime {

/// Files that may be many more than the descriptors behind them: a file is opened below when it is first
/// used (`open_mode::later`) and closed there, the longest unused first, when more than `open_max` are open.
/// Its users do not see it. Guarantees: what was written to a file was synced before its descriptor is
/// closed, since the system tells of failed write-backs only whoever had the file open; if that sync fails,
/// every later write and sync of the file fails with the same error. A file that was renamed is found under
/// its new name, also when a directory above it was; one whose name is gone keeps its descriptor. Locks are
/// never given up. The bound is kept unless more files than that are in use at the same moment, or have no
/// name. Assumes: nobody else renames or replaces files that are open here. Safe to use from several threads.
class bounded_files final : public file_system {
public:
    /// Its files are numbered from `first` on.
    bounded_files(file_system& below, std::size_t open_max, file_id first = file_id(1));
    ~bounded_files() override;

    result<file_id> open(const std::string& path, open_mode mode) override;
    void close(file_id file) override;
    result<std::uint64_t> size(file_id file) override;
    timestamp_ms modified(file_id file) override;
    result<std::size_t> read(file_id file, file_position position, std::span<std::byte> into) override;
    result<void> write(file_id file, file_position position, std::span<const slice> parts) override;
    result<void> truncate(file_id file, std::uint64_t size) override;
    result<void> sync(std::span<const file_id> files) override;
    result<void> sync_directory(const std::string& path) override { return below_.sync_directory(path); }
    result<std::vector<directory_entry>> list(const std::string& path) override { return below_.list(path); }
    result<bool> exists(const std::string& path) override { return below_.exists(path); }
    result<void> create_directory(const std::string& path) override { return below_.create_directory(path); }
    result<void> rename(const std::string& source, const std::string& target) override;
    result<void> remove(const std::string& path) override;
    result<void> remove_directory(const std::string& path) override;
    result<file_id> lock(const std::string& path) override;
    result<disk_room> room(const std::string& path) override { return below_.room(path); }

    /// As `read`, by a call on the file below; would_block when it must be opened first. Waits for no other
    /// call below, so that it may be used where nobody may wait.
    using held_read = std::function<result<std::size_t>(file_id below)>;
    result<std::size_t> read_if_held(file_id file, const held_read& read);

    struct reading {
        std::size_t files = 0;       ///< open for callers
        std::size_t descriptors = 0; ///< open below
        std::size_t pinned = 0;      ///< of these, those that are never closed for others
        std::uint64_t reopened = 0;  ///< opened below after a close for others, or first used late
        std::uint64_t given_up = 0;  ///< closed below for others
        std::uint64_t synced_for_it = 0;
    };
    reading now() const;
    std::size_t open_max() const noexcept { return open_max_; }

private:
    enum class hold_state : std::uint8_t { closed, changing, held };
    /// What is open in each directory: many files share its name.
    using names = std::map<std::string, std::vector<file_id>>;
    using recency = std::list<file_id>;
    struct entry {
        names::iterator directory;
        std::string name;
        open_mode mode = open_mode::read_only;
        hold_state state = hold_state::closed;
        bool dirty = false;
        /// All that it holds was synced here; only what is dirty is newer.
        bool synced = false;
        /// Its name is gone, or it is a lock.
        bool pinned = false;
        /// Closed by its owner while others still use it.
        bool ended = false;
        std::uint32_t users = 0;
        file_id below{0};
        /// In `clean_` or `dirty_`, oldest first, while it is held.
        recency::iterator place;
        /// A sync for room failed.
        std::unique_ptr<const error> failure;
    };
    using guard = std::unique_lock<std::mutex>;

    file_id keep(const std::string& path, open_mode mode, file_id below, hold_state state);
    /// When it is neither being opened nor closed below.
    std::map<file_id, entry>::iterator when_settled(guard& held, file_id file);
    /// Opens it below if need be; whoever called ends its use by `release`.
    result<entry*> use(file_id file);
    void end_use(guard& held, file_id file);
    /// And closes others while more are open than may be.
    void release(file_id file);
    /// Uses it for a call that changes it, which gets its number below.
    template <class Call>
    result<void> change(file_id file, const Call& call);
    result<void> open_below(guard& held, file_id file, entry& one);
    /// Opens below; where no descriptor is left, closes some of its own for it.
    result<file_id> open_scarce(const std::string& path, open_mode mode);
    bool needs_no_sync(file_id file);
    void mark_dirty(entry& one, bool dirty);
    void take_place(file_id file, entry& one);
    /// Closes files until one more may be opened, as far as that is possible.
    void make_room(guard& held);
    std::optional<file_id> to_give_up() const;
    void give_up(guard& held, file_id file);
    void forget(guard& held, file_id file);
    /// Files whose name is about to go, at or beneath the path, keep their descriptors.
    result<void> pin(const std::string& path, bool beneath);
    std::string path_of(const entry& one) const;
    void put_name(file_id file, entry& one, const std::string& path);
    void take_name(file_id file, entry& one);
    void rename_entries(const std::string& source, const std::string& target);
    std::vector<file_id> found_at(const std::string& path, bool beneath) const;

    file_system& below_;
    const std::size_t open_max_;
    /// Held shared while a file is opened by its name, alone while names change. Taken before `mutex_`.
    std::shared_mutex names_change_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::map<file_id, entry> files_;
    names names_;
    recency clean_;
    recency dirty_;
    std::uint64_t next_;
    /// Descriptors that are open or being opened.
    std::size_t descriptors_ = 0;
    reading counts_;
};

} // namespace barnabas::runtime
