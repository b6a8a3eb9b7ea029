#pragma once

#include "runtime/disk/disk.hpp"
#include "sim/disk/memory_disk.hpp"

namespace barnabas::sim {

/// The calls of the current process on a `memory_disk`; the contract of faults is there.
class memory_file_system final : public runtime::file_system {
public:
    explicit memory_file_system(memory_disk& disk) : disk_(disk) {}

    result<runtime::file_id> open(const std::string& path, runtime::open_mode mode) override;
    void close(runtime::file_id file) override;
    result<std::uint64_t> size(runtime::file_id file) override;
    timestamp_ms modified(runtime::file_id file) override;
    result<std::size_t> read(runtime::file_id file, file_position position,
                             std::span<std::byte> into) override;
    result<void> write(runtime::file_id file, file_position position, std::span<const slice> parts) override;
    result<void> truncate(runtime::file_id file, std::uint64_t size) override;
    result<void> sync(std::span<const runtime::file_id> files) override;

    result<void> sync_directory(const std::string& path) override;
    result<std::vector<runtime::directory_entry>> list(const std::string& path) override;
    result<bool> exists(const std::string& path) override;
    result<void> create_directory(const std::string& path) override;
    result<void> rename(const std::string& source, const std::string& target) override;
    result<void> remove(const std::string& path) override;
    result<void> remove_directory(const std::string& path) override;
    result<runtime::file_id> lock(const std::string& path) override;
    result<runtime::disk_room> room(const std::string& path) override;

private:
    memory_disk::open_file* opened(runtime::file_id file);
    result<runtime::file_id> open_node(const memory_disk::inode_ptr& node, bool writable);
    result<memory_disk::inode_ptr> create_file(const memory_disk::place& at, const std::string& path);
    result<void> write_parts(memory_disk::inode& node, file_position position, std::span<const slice> parts);
    result<void> write_astray(memory_disk::inode& node, file_position position, std::span<const slice> parts,
                              const memory_disk::file_place& elsewhere);
    result<void> write_part(memory_disk::inode& node, std::uint64_t position,
                            std::span<const std::byte> bytes);
    result<void> empty_directory(const memory_disk::inode_ptr& directory, const std::string& path);
    result<void> unlink(const memory_disk::place& at, const std::string& path);

    memory_disk& disk_;
};

} // namespace barnabas::sim
