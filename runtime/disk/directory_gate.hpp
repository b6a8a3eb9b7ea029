#pragma once

#include "runtime/disk/disk.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

namespace barnabas::runtime {

/// Whether a call that changes files and ended like this means that nothing written there may be believed any
/// more. Not so: what says something about names only, a lack of room or of descriptors (the call may be
/// tried again), and the end of a simulated process.
bool ends_directory(errc code) noexcept;

/// Bytes that must be free before a directory that was short of room takes records again: a little more than
/// the reserve, so that it does not change with every write.
std::uint64_t room_to_resume(std::uint64_t reserve_bytes) noexcept;

/// What everybody who works in one data directory knows of it: whether it failed, and whether it has room.
/// The first failed write or sync shuts the gate for good: what comes behind it, from whomever, does not
/// reach the disk (cards STO-01, STO-07). Room is known from the last look at the disk less what was written
/// through gates since. Owned by the broker, shared with jobs; may be used from several threads.
class directory_gate {
public:
    /// `on_shut` is called once, `on_short` each time room falls below the reserve; both inside a job, on any
    /// thread, and they must only send a message.
    struct listeners {
        std::function<void(const error&)> on_shut;
        std::function<void(std::uint64_t free_bytes)> on_short;
    };

    directory_gate(std::string path, std::uint64_t reserve_bytes, listeners told);

    const std::string& path() const noexcept { return path_; }
    std::uint64_t reserve_bytes() const noexcept { return reserve_; }
    /// Why nothing reaches the disk any more; absent while all is well.
    std::optional<error> failure() const;
    bool is_shut() const noexcept { return shut_.load(std::memory_order_acquire); }
    /// Keeps the first reason.
    void shut(const error& why);

    /// Less than the reserve is left: clients' records are refused, everything else goes on.
    bool is_short() const noexcept { return short_.load(std::memory_order_relaxed); }
    void note_written(std::uint64_t bytes);
    /// A look at the disk, or a write that found no room (zero).
    void note_free(std::uint64_t bytes);
    /// Nothing before the first look.
    std::optional<std::uint64_t> free_bytes() const;

private:
    void judge_room(std::int64_t left);

    const std::string path_;
    const std::uint64_t reserve_;
    const listeners told_;
    std::atomic<bool> shut_{false};
    std::atomic<bool> short_{false};
    std::atomic<std::int64_t> free_{-1};
    mutable std::mutex mutex_;
    std::optional<error> failure_;
};

/// The file system as a job in a guarded directory sees it. Looks at every outcome, and refuses everything
/// with storage_error when the gate is shut, but for closing files.
class gated_files final : public file_system {
public:
    gated_files(file_system& files, directory_gate& gate) : files_(files), gate_(gate) {}

    result<file_id> open(const std::string& path, open_mode mode) override;
    void close(file_id file) override { files_.close(file); }
    result<std::uint64_t> size(file_id file) override;
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
    auto look(const Call& call) -> decltype(call());
    error refusal() const;

    file_system& files_;
    directory_gate& gate_;
};

} // namespace barnabas::runtime
