#pragma once

#include "runtime/disk/disk.hpp"

#include <algorithm>
#include <cstdint>

namespace barnabas::replica {

/// Passes every call on and counts what it asks for.
class watched_files final : public runtime::file_system {
public:
    explicit watched_files(runtime::file_system& files) : files_(files) {}

    std::uint64_t written = 0;
    std::uint64_t changes_of_names = 0;
    /// Bytes that one read asked for, and so had memory for.
    std::uint64_t largest_read = 0;

    result<runtime::file_id> open(const std::string& path, runtime::open_mode mode) override {
        return files_.open(path, mode);
    }
    void close(runtime::file_id file) override { files_.close(file); }
    result<std::uint64_t> size(runtime::file_id file) override { return files_.size(file); }
    timestamp_ms modified(runtime::file_id file) override { return files_.modified(file); }
    result<std::size_t> read(runtime::file_id file, file_position position,
                             std::span<std::byte> into) override {
        largest_read = std::max<std::uint64_t>(largest_read, into.size());
        return files_.read(file, position, into);
    }
    result<void> write(runtime::file_id file, file_position position, std::span<const slice> parts) override {
        for (const auto& part : parts)
            written += part.size();
        return files_.write(file, position, parts);
    }
    result<void> truncate(runtime::file_id file, std::uint64_t size) override {
        return files_.truncate(file, size);
    }
    result<void> sync(std::span<const runtime::file_id> files) override { return files_.sync(files); }
    result<void> sync_directory(const std::string& path) override { return files_.sync_directory(path); }
    result<std::vector<runtime::directory_entry>> list(const std::string& path) override {
        return files_.list(path);
    }
    result<bool> exists(const std::string& path) override { return files_.exists(path); }
    result<void> create_directory(const std::string& path) override { return files_.create_directory(path); }
    result<void> rename(const std::string& source, const std::string& target) override {
        ++changes_of_names;
        return files_.rename(source, target);
    }
    result<void> remove(const std::string& path) override {
        ++changes_of_names;
        return files_.remove(path);
    }
    result<void> remove_directory(const std::string& path) override { return files_.remove_directory(path); }
    result<runtime::file_id> lock(const std::string& path) override { return files_.lock(path); }
    result<runtime::disk_room> room(const std::string& path) override { return files_.room(path); }

private:
    runtime::file_system& files_;
};

} // namespace barnabas::replica
