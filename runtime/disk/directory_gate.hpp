#pragma once

#include "runtime/disk/disk.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace barnabas::runtime {

/// Whether a call that changes files and ended like this means that nothing written there may be believed any
/// more. Not so: what says something about names only, a lack of room or of descriptors, a limit for one file
/// (the call may be tried again), and the end of a simulated process.
constexpr bool ends_directory(errc code) noexcept {
    switch (code) {
    case errc::ok:
    case errc::not_found:
    case errc::already_exists:
    case errc::malformed:
    case errc::would_block:
    case errc::locked:
    case errc::disk_full:
    case errc::file_too_large:
    case errc::too_many_open_files:
    case errc::closed: return false;
    default: return true;
    }
}

/// Bytes that must be free before a directory that was short of room takes records again: a little more than
/// the reserve, so that it does not change with every write.
std::uint64_t room_to_resume(std::uint64_t reserve_bytes) noexcept;

/// What everybody who works in one data directory knows of it: whether it failed, and whether it has room.
/// The first failed write or sync shuts the gate for good: what comes behind it, from whomever, does not
/// reach the disk (cards STO-01, STO-07). Room is known from the last look at the disk less what was written
/// through gates since. Owned by the broker, shared with jobs; may be used from several threads.
class directory_gate {
public:
    /// `on_shut` is called once, before anybody sees the gate shut, and `on_short` each time room falls below
    /// the reserve; both inside a job, on any thread, and they must only send a message.
    struct listeners {
        std::function<void(const error&)> on_shut;
        std::function<void(std::uint64_t free_bytes)> on_short;
    };

    /// `proof` is a file in the directory that is there as long as the directory is (`shut_if_gone`); without
    /// one nobody looks.
    directory_gate(std::string path, std::uint64_t reserve_bytes, listeners told, std::string proof = {});

    const std::string& path() const noexcept { return path_; }
    std::uint64_t reserve_bytes() const noexcept { return reserve_; }
    /// Why nothing reaches the disk any more; absent while all is well.
    std::optional<error> failure() const;
    bool is_shut() const noexcept { return shut_.load(std::memory_order_acquire); }
    /// Keeps the first reason.
    void shut(const error& why);
    /// A disk that is unmounted or taken away does not fail: what is written goes into an empty mount point,
    /// or into files without names, and is gone with the next start. True if it is shut.
    bool shut_if_gone(file_system& files);

    /// Less than the reserve is left: clients' records are refused, everything else goes on.
    bool is_short() const noexcept { return short_.load(std::memory_order_relaxed); }
    /// While it is short: what the broker itself must write down so that clients go on (records of group
    /// coordinators) may use the first half of the reserve. Not when something else than room is short.
    bool may_use_reserve() const noexcept;
    /// Counts by how much the write made the file longer: what is written again needs no more room.
    void note_written(file_id file, file_position position, std::uint64_t bytes);
    void note_truncated(file_id file, std::uint64_t size);
    void note_closed(file_id file);
    /// A call found no room. Where the last look saw enough, it is something else that is short (a quota,
    /// inodes), which looks do not show: then only a write that succeeds ends it, or a pause, longer each
    /// time, after which one is tried.
    void note_refused();
    /// A look at the disk.
    void note_free(std::uint64_t bytes);
    /// One look at a time: false while another one is under way. A look that hangs is joined by no more.
    bool begin_look() noexcept { return !looking_.exchange(true, std::memory_order_acq_rel); }
    void end_look() noexcept { looking_.store(false, std::memory_order_release); }
    /// Nothing before the first look.
    std::optional<std::uint64_t> free_bytes() const;

    /// Others may fill the disk to the last byte, and what makes room again (DeleteRecords, DeleteTopics) has
    /// to be written down first. So a file takes some room, and gives it back when such a write finds none.
    /// The file is made when there is room to spare; does nothing where it is there, or nothing is kept back.
    result<void> keep_room(file_system& files);
    /// Gives back a part, since others may take it at once; false when nothing is left.
    bool give_room(file_system& files);
    std::uint64_t kept_bytes() const noexcept;
    /// A disk may also have no place for one more file (inode), and plenty of bytes: so `keep_room` keeps a
    /// few empty files, too. Removes one of them; false when none is left.
    bool give_name(file_system& files);
    /// A planted bug: no name is given from now on.
    void withhold_names() noexcept { withholds_names_ = true; }
    /// A look at the disk, now: it has bytes for some more names.
    bool has_bytes_for_names(file_system& files) const;

private:
    void become_short(std::int64_t left);
    std::uint64_t growth(file_id file, std::uint64_t end, std::uint64_t bytes);
    bool is_held_short();
    void find_kept_room(file_system& files);
    std::string kept_name(unsigned number) const;
    void keep_names(file_system& files, bool may_make);
    void find_kept_names(file_system& files);

    const std::string path_;
    const std::uint64_t reserve_;
    const listeners told_;
    const std::string proof_;
    std::atomic<bool> shut_{false};
    std::atomic<bool> short_{false};
    std::atomic<std::int64_t> free_{-1};
    std::atomic<bool> looking_{false};
    /// Something else than free room is short.
    std::atomic<bool> unseen_{false};
    /// Bytes of the file of the kept room; an earlier life may have left one.
    std::atomic<std::uint64_t> kept_{0};
    std::once_flag kept_found_;
    /// What an earlier life left of it.
    std::atomic<std::uint64_t> found_bytes_{0};
    /// One bit for each of the empty files.
    std::atomic<std::uint32_t> names_{0};
    std::once_flag names_found_;
    bool withholds_names_ = false;
    /// A file grew since the last look or refusal.
    std::atomic<bool> grown_{false};
    mutable std::mutex mutex_;
    std::optional<error> failure_;
    /// Looks that do not end the shortage, now and after the next refusal without a visible reason.
    int looks_held_ = 0;
    int pause_ = 0;
    std::mutex ends_mutex_;
    /// How far open files reach, as far as that was seen here.
    std::map<file_id, std::uint64_t> ends_;
};

/// Who may have the room that is kept in a file: what clients append must not, or nothing would be left for
/// what makes room.
enum class kept_room : std::uint8_t { for_others, may_be_used };

/// The file of that room, in the data directory.
inline constexpr const char* kept_room_name = "kept-room.barnabas";
/// The empty files beside it have a number behind this.
inline constexpr const char* kept_name_prefix = "kept-name.barnabas.";

/// The file system as a job in a guarded directory sees it. Looks at every outcome, and refuses everything
/// with storage_error when the gate is shut, but for closing files.
class gated_files final : public file_system {
public:
    gated_files(file_system& files, directory_gate& gate, kept_room room = kept_room::for_others)
        : files_(files), gate_(gate), room_(room) {}

    result<file_id> open(const std::string& path, open_mode mode) override;
    void close(file_id file) override;
    result<std::uint64_t> size(file_id file) override;
    timestamp_ms modified(file_id file) override;
    result<std::size_t> read(file_id file, file_position position, std::span<std::byte> into) override;
    result<void> write(file_id file, file_position position, std::span<const slice> parts) override;
    result<void> truncate(file_id file, std::uint64_t size) override;
    result<void> sync(std::span<const file_id> files) override;
    result<void> sync_directory(const std::string& path) override;
    result<std::vector<directory_entry>> list(const std::string& path) override;
    result<bool> exists(const std::string& path) override;
    result<void> create_directory(const std::string& path) override;
    result<void> rename(const std::string& source, const std::string& target) override;
    result<void> remove(const std::string& path) override;
    result<void> remove_directory(const std::string& path) override;
    result<file_id> lock(const std::string& path) override;
    result<disk_room> room(const std::string& path) override;

private:
    template <class Call>
    auto change(const Call& call) -> decltype(call());
    template <class Call>
    auto grow(const Call& call) -> decltype(call());
    template <class Call>
    auto make_name(const Call& call) -> decltype(call());
    template <class Call>
    auto look(const Call& call) -> decltype(call());
    error refusal() const;

    file_system& files_;
    directory_gate& gate_;
    kept_room room_;
};

} // namespace barnabas::runtime
