#pragma once

#include "runtime/disk/bounded_files.hpp"
#include "runtime/disk/call_watch.hpp"
#include "runtime/disk/disk.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace barnabas::runtime {

/// The files of a node, each data directory apart from the others: what waits for one, or is closed to make
/// room in one, is of that one. Guarantees: a call that never returns keeps no call on another directory
/// waiting. What lies in none of them is together. Assumes: nothing is renamed from one to another. Knows
/// which calls have not returned, if it is given a clock. Safe to use from several threads.
class directory_files final : public file_system {
public:
    /// Nanoseconds since whenever, never back.
    using time_source = std::int64_t (*)();
    /// `open_max` is divided among the directories. Without a clock `oldest_call` knows nothing.
    directory_files(file_system& below, std::size_t open_max, const std::vector<std::string>& directories,
                    time_source now);
    ~directory_files() override;

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

    /// See bounded_files.
    result<std::size_t> read_if_held(file_id file, const bounded_files::held_read& read);

    /// Of all together.
    bounded_files::reading now() const;
    /// No directory has more descriptors than its share, but for those that are never closed for others.
    bool within_bounds() const;
    std::optional<call_under_way> oldest_call(std::string_view directory) const;

private:
    struct part;
    part& part_at(std::string_view path) const;
    part& part_of(file_id file) const;
    template <class Call>
    auto timed(part& in, const char* what, const Call& call) const -> decltype(call());

    time_source now_;
    /// The first one has what lies in none of the directories.
    std::vector<std::unique_ptr<part>> parts_;
};

} // namespace barnabas::runtime
