#pragma once

#include "actors/replica/log/small_file.hpp"
#include "protocol/model/error.hpp"
#include "runtime/disk/disk.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace barnabas::replica::dump {

/// A file that is only read, through a small window that moves along.
class log_file {
public:
    static constexpr std::size_t window_bytes = 64 * 1024;

    static result<log_file> open(runtime::file_system& files, const std::string& path);

    const std::string& path() const { return path_; }
    /// When it was opened: a broker may append to it.
    std::uint64_t size() const { return size_; }

    /// Bytes [position, position + count), which lie in the file; count <= window_bytes. Valid until the next
    /// call. storage_error when the file has become shorter.
    result<std::span<const std::byte>> at(std::uint64_t position, std::size_t count);
    /// The same for any count, in memory of its own.
    result<slice> copy(std::uint64_t position, std::size_t count);

private:
    log_file(runtime::file_system& files, scoped_file file, std::string path, std::uint64_t size)
        : files_(&files), file_(std::move(file)), path_(std::move(path)), size_(size) {}
    error shorter(std::uint64_t position) const;

    runtime::file_system* files_;
    scoped_file file_;
    std::string path_;
    std::uint64_t size_;
    std::vector<std::byte> window_;
    std::uint64_t window_at_ = 0;
};

/// The offset in front of a segment file's first point; malformed when there is none.
result<log_offset> base_offset_of(const std::string& path);
/// The path with another ending behind the first point of its name: of the log that an index is for.
std::string beside(const std::string& path, std::string_view suffix);
/// "path at byte position: why".
error at_byte(const std::string& path, std::uint64_t position, const error& why);

} // namespace barnabas::replica::dump
