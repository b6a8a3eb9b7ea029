#pragma once

#include "runtime/disk/directory_files.hpp"
#include "runtime/disk/disk.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <shared_mutex>

namespace barnabas::runtime {

/// The files of the operating system. Safe to use from several threads; each file's operations come from one
/// lane at a time. `would_block` reads are those of `posix_nowait_files`.
class posix_files : public file_system {
public:
    posix_files();
    ~posix_files() override;

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

    /// As `read`, but gives would_block instead of waiting for the device.
    result<std::size_t> read_now(file_id file, file_position position, std::span<std::byte> into);

private:
    struct opened;
    std::shared_ptr<opened> find(file_id file) const;
    result<file_id> keep(int descriptor, const std::string& path);
    result<std::size_t> read_with(file_id file, file_position position, std::span<std::byte> into, int flags);

    mutable std::shared_mutex mutex_;
    std::map<file_id, std::shared_ptr<opened>> files_;
    std::uint64_t next_ = 1;
    /// Cleared when the kernel or the file system does not know reads that never wait.
    std::atomic<bool> nowait_works_{true};
};

/// Reads only what is in memory; everything else is the other file system's. Remembers whether a read would
/// have waited, so that the job can be run again elsewhere.
class posix_nowait_files final : public file_system {
public:
    posix_nowait_files(directory_files& files, posix_files& below) : files_(files), below_(below) {}
    bool blocked() const noexcept { return blocked_; }

    result<std::size_t> read(file_id file, file_position position, std::span<std::byte> into) override;
    result<file_id> open(const std::string& path, open_mode mode) override { return files_.open(path, mode); }
    void close(file_id file) override { files_.close(file); }
    result<std::uint64_t> size(file_id file) override { return files_.size(file); }
    timestamp_ms modified(file_id file) override { return files_.modified(file); }
    result<void> write(file_id file, file_position position, std::span<const slice> parts) override {
        return files_.write(file, position, parts);
    }
    result<void> truncate(file_id file, std::uint64_t size) override { return files_.truncate(file, size); }
    result<void> sync(std::span<const file_id> files) override { return files_.sync(files); }
    result<void> sync_directory(const std::string& path) override { return files_.sync_directory(path); }
    result<std::vector<directory_entry>> list(const std::string& path) override { return files_.list(path); }
    result<bool> exists(const std::string& path) override { return files_.exists(path); }
    result<void> create_directory(const std::string& path) override { return files_.create_directory(path); }
    result<void> rename(const std::string& source, const std::string& target) override {
        return files_.rename(source, target);
    }
    result<void> remove(const std::string& path) override { return files_.remove(path); }
    result<void> remove_directory(const std::string& path) override { return files_.remove_directory(path); }
    result<file_id> lock(const std::string& path) override { return files_.lock(path); }
    result<disk_room> room(const std::string& path) override { return files_.room(path); }

private:
    directory_files& files_;
    posix_files& below_;
    bool blocked_ = false;
};

} // namespace barnabas::runtime
