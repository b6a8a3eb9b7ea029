#pragma once

#include "runtime/clock/clock.hpp"
#include "runtime/disk/disk.hpp"
#include "runtime/random/random.hpp"
#include "sim/disk/disk_observer.hpp"
#include "sim/disk/memory_file.hpp"
#include "sim/faults/disk_faults.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace barnabas::sim {

/// A disk in memory that can lose what was not synced. It belongs to a host and survives its processes.
///
/// The fault contract
///   While it runs: reads, writes and syncs fail with `storage_error` by chance (`disk_faults`), or the n-th
///   operation fails on request (`fail_nth`). No name has more than 255 bytes. By chance the process has no
///   descriptor left for opening, and a full disk no room for one more name; it may have no place for one
///   more file, too (`set_places_left`). A failed sync drops the dirty pages of its file: either reads show
///   the old content at once, or the cache keeps the new content but no later sync makes it durable (only
///   writing it again does). A full disk takes what fits of a write and then says `disk_full`. Listings come
///   in a new order each time. What is read has a wrong bit, this time or from now on (`disk_faults`, which
///   tells files with a checksum of their own from indexes and texts). One write in the life of a disk lands
///   at another page of a file of its directory that is open for writing: once they are synced, its own
///   sectors show what was there before, and those that it hit show it. What is stored stays apart from both,
///   so that `lift_harm` brings it back. A sync that lies, of a file or a directory, comes true later
///   (`disk_faults::sync_lie_high`). A place can be broken or read-only (`break_place`), or calls on it never
///   return (`hang_place`). Death of the process (`kill`): all completed operations survive; open files and
///   locks are gone. Power cut (`power_cut`): per file, each page of 4 KiB written since the last sync is
///   kept, dropped (old content; without tearing that is a disk with sectors of 4 KiB) or torn by sectors of
///   512 bytes (the rest old, or garbage except for synced bytes that nobody wrote over), each page by
///   itself; the length is the new one, the synced one, or one in between; where length survives and content
///   does not there are zeros; it was changed last, by its time, before the last sync. A truncation that was
///   not synced happened or did not, as a whole. Operations on names since the last `sync_directory` of their
///   directory survive or not, one by one: a name may lead to nothing even though its file was synced; a
///   rename shows the old or the new state, never both and never neither; what depends on a lost operation is
///   lost too. Directories made by `create_directory` are names in their parents like any other. At a chosen
///   point (`crash_after_operations`): after the n-th operation from now every call fails with `closed` and
///   has no effect, until `kill` or `power_cut` makes the disk usable by a new process. Making a directory
///   with its parents and removing one with its content count one operation per name.
///
/// Usable without a world: `files()` is the file system of the current process. One thread.
class memory_disk {
public:
    static constexpr std::uint64_t unlimited = UINT64_MAX / 2;

    explicit memory_disk(std::uint64_t seed, std::uint64_t capacity = unlimited);
    ~memory_disk();
    memory_disk(const memory_disk&) = delete;
    memory_disk& operator=(const memory_disk&) = delete;

    runtime::file_system& files();

    /// The process dies; what it completed survives.
    void kill();
    /// The power fails. `draws` decides the fate of what was not synced.
    void power_cut(runtime::random& draws, const power_cut_faults& faults);

    /// Data directories of its processes, whose files they keep apart.
    void set_directories(std::vector<std::string> directories) { directories_ = std::move(directories); }
    const std::vector<std::string>& directories() const noexcept { return directories_; }
    void set_faults(const disk_faults& faults) { faults_ = faults; }
    /// Whose wall clock its files have their times from; without one they have none.
    void set_clock(const runtime::clock* clock) noexcept { clock_ = clock; }
    const disk_faults& faults() const noexcept { return faults_; }
    /// Files and directories at or below this path: every call on them ends in `code`; with `read_only` only
    /// those that would change something. An empty path ends it.
    void break_place(const std::string& path, errc code = errc::storage_error);
    /// The place that refused a change as read-only since this was asked last; mostly none.
    std::string take_refusal() { return std::exchange(refused_place_, {}); }
    /// No call on what lies at or below this path returns any more: it has no effect, and neither has any
    /// later one of the same job (`took_hang`). What hangs does so until the process ends. An empty path ends
    /// it for the next process.
    void hang_place(const std::string& path) { hung_place_ = path; }
    /// A call hung since this was asked last.
    bool took_hang() noexcept { return std::exchange(hangs_, false); }
    const std::string& hung_place() const noexcept { return hung_place_; }
    /// What lies on it, or was there at some time, as if the power had been cut then.
    struct image;
    using image_ptr = std::shared_ptr<const image>;
    image_ptr take_image(runtime::random& draws, const power_cut_faults& losses);
    /// After a power cut: this place (empty: all of it) has what another disk had there, or nothing.
    void exchange(const std::string& place, const image_ptr& with);
    /// A directory is unmounted or moved away under the process: an empty one is in its place, and whoever
    /// has files of it open goes on with them. One at a time. It is put back when the process is gone; what
    /// was made in the empty one goes with that. No exchange in between.
    void take_away(const std::string& place);
    void put_back();
    /// Somebody else wrote the file meanwhile, or removed it, durably; false if there is none.
    bool rewrite(const std::string& path, std::optional<std::string_view> text);
    /// A checksum of each file at or below this place; for checkers.
    std::map<std::string, std::uint64_t> checksums(const std::string& place) const;
    /// The directories right below this place, and how many names each holds; for checkers.
    std::map<std::string, std::size_t> directories_in(const std::string& place) const;
    void set_capacity(std::uint64_t bytes) { capacity_ = bytes; }
    /// So many more files and directories find a place (an inode), whatever bytes are free.
    void set_places_left(std::uint64_t count);
    std::uint64_t places_left() const;
    std::uint64_t capacity() const noexcept { return capacity_; }
    std::uint64_t used_bytes() const noexcept { return used_pages_ * memory_file::page_size; }

    /// Calls of `file_system` so far (including failed ones), and of these, syncs of files and directories.
    std::uint64_t operations() const noexcept { return operations_; }
    std::uint64_t syncs() const noexcept { return syncs_; }
    /// The n-th operation from now (1 is the next) fails with `code` and has no effect. Zero: none.
    void fail_nth(std::uint64_t n, errc code);
    /// After n more operations the disk is cut off, as described above. `when` is called once, as the last of
    /// them begins; it must only schedule what follows.
    void crash_after_operations(std::uint64_t n, std::function<void()> when = {});
    bool cut_off() const noexcept { return cut_off_ || (cut_at_ != 0 && operations_ >= cut_at_); }
    void cut() noexcept { cut_off_ = true; }

    /// The n-th read from now on answers `would_block`, and all after it, until this is called with zero.
    /// Answers whether a read was refused since the last call.
    bool refuse_reads_after(std::uint64_t n);
    /// The n-th read from now of bytes that can rot comes wrong by one bit, once. Zero: none.
    void rot_nth_read(std::uint64_t n) noexcept { reads_until_rot_ = n; }

    /// Flips one bit of what is stored (bit rot). False if there is no such byte.
    bool flip_bit(const std::string& path, std::uint64_t position, unsigned bit);
    /// Reads show a wrong bit from now on; false if there is no such byte.
    bool rot(const std::string& path, std::uint64_t position, unsigned bit);
    /// All that rotted or went astray is read as it was written.
    void lift_harm();
    /// Tells true time in ns, by which lies of syncs come true; without one they never do.
    void set_true_time(std::function<std::int64_t()> now) { now_ = std::move(now); }
    /// The bytes of a file, or nothing; for checkers. Costs no operation.
    std::optional<std::vector<std::byte>> content(const std::string& path) const;

    /// Files that the process has open; for checkers.
    std::size_t open_files() const noexcept { return open_.size(); }
    void watch(disk_observer* observer) noexcept { observer_ = observer; }

    /// Whether a call needs more of a place than that it can be read.
    enum class call { reads, changes };

private:
    friend class memory_file_system;

    struct inode;
    using inode_ptr = std::shared_ptr<inode>;

    /// One operation on names that no `sync_directory` covered yet, in the order done. `source` loses a name
    /// (remove, rename), `target` gets one (create, rename).
    struct name_change {
        inode_ptr source;
        std::string source_name;
        inode_ptr target;
        std::string target_name;
        inode_ptr subject;
    };
    struct open_file {
        inode_ptr node;
        bool writable = false;
        bool holds_lock = false;
    };
    struct place {
        inode_ptr directory;
        std::string name;
        inode_ptr node;
    };

    timestamp_ms now() const { return clock_ == nullptr ? no_timestamp : clock_->wall_now(); }
    inode_ptr make_inode(bool is_directory);
    inode_ptr find(std::string_view path) const;
    /// The directory that holds the last part of the path, which may not exist; null: no such place.
    place locate(std::string_view path) const;

    class tree_copy;
    using file_place = std::pair<inode_ptr, std::uint64_t>;
    struct lie;

    result<void> begin(const char* what, const std::string& path, call kind = call::reads);
    /// Why calls on this path fail now, if they do.
    result<void> check_place(const char* what, const std::string& path, call kind) const;
    void rot_by_chance(inode& node, std::uint64_t position, std::span<std::byte> read);
    /// The file and place that a write goes to by mistake, if that happens now.
    std::optional<file_place> diverted(const inode& from);
    /// Whether a sync of this does nothing for now.
    bool lies_about(const inode_ptr& node);
    void make_lies_true();
    bool fails(std::uint32_t chance);
    /// Whether the process gets one more descriptor, and a full disk one more name.
    result<void> descriptor_left(const char* what, const std::string& path);
    result<void> room_for_name(const char* what, const std::string& path);
    std::uint64_t used_places() const;
    result<void> place_for_file(const char* what, const std::string& path) const;

    void add_name(const inode_ptr& directory, const std::string& name, const inode_ptr& node);
    void remove_name(const inode_ptr& directory, const std::string& name);
    void report(const inode& node, disk_change what, std::uint64_t detail = 0);
    static void apply_durably(const name_change& change, bool forced);
    void make_names_durable(const inode& directory);
    void release_if_unused(inode& node);
    void power_cut_names(runtime::random& draws, const power_cut_faults& faults);
    void restore(inode& node, std::set<std::uint64_t>& seen, runtime::random& draws,
                 const power_cut_faults& faults);
    void forget_process();
    void drop(inode& node);

    runtime::random draws_;
    disk_faults faults_;
    const runtime::clock* clock_ = nullptr;
    std::uint64_t capacity_;
    std::uint64_t places_ = unlimited;
    std::uint64_t used_pages_ = 0;
    std::uint64_t next_inode_ = 1;
    std::uint64_t next_file_ = 1;
    inode_ptr root_;
    /// What was taken away, and from where.
    inode_ptr taken_;
    std::string taken_place_;
    std::vector<name_change> changes_;
    std::map<std::uint64_t, open_file> open_;
    std::unique_ptr<runtime::file_system> files_;
    disk_observer* observer_ = nullptr;
    std::uint64_t operations_ = 0;
    std::uint64_t syncs_ = 0;
    std::uint64_t fail_at_ = 0;
    errc fail_code_ = errc::storage_error;
    std::uint64_t cut_at_ = 0;
    std::function<void()> when_cut_;
    bool cut_off_ = false;
    bool has_misdirected_ = false;
    std::vector<lie> lies_;
    std::function<std::int64_t()> now_;
    std::vector<std::string> directories_;
    std::string hung_place_;
    /// Mutable, since it is no state of what is stored.
    mutable bool hangs_ = false;
    mutable std::string refused_place_;
    std::string broken_place_;
    errc broken_code_ = errc::ok;
    std::uint64_t reads_until_refusal_ = 0;
    bool read_refused_ = false;
    std::uint64_t reads_until_rot_ = 0;
};

} // namespace barnabas::sim
