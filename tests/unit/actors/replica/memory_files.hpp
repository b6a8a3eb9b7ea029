#pragma once

#include "runtime/disk/disk.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace barnabas::replica {

/// A small disk in memory for the tests of the log. A power cut keeps or drops every page that was not
/// synced and every name that was not synced, one by one. One operation can be made to fail, after which a
/// write is half done, and pages of a failed sync are never written unless they are written to again.
class memory_files : public runtime::file_system {
public:
    static constexpr std::size_t page_size = 64;

    /// Operation number `n` from now on (0 = the next) fails once with `code`.
    void fail_after(std::uint64_t n, errc code = errc::storage_error) {
        fail_at_ = operations_ + n;
        fail_code_ = code;
    }
    /// From operation number `n` on nothing works: the power is gone. `crash` then brings it back.
    void cut_power_after(std::uint64_t n) { power_gone_at_ = operations_ + n; }
    void never_fail() {
        fail_at_ = never;
        power_gone_at_ = never;
    }
    /// Read number `n` from now on (0 = the next) comes wrong by one bit in its middle, or by those of `mask`
    /// in one of its bytes.
    void rot_read_after(std::uint64_t n, std::optional<std::size_t> byte = {},
                        std::byte mask = std::byte{1}) {
        rots_at_ = reads_ + n;
        rots_byte_ = byte;
        rots_mask_ = mask;
    }
    std::uint64_t reads() const { return reads_; }
    bool power_is_gone() const { return operations_ > power_gone_at_; }
    bool has_failed() const { return operations_ > fail_at_; }
    std::uint64_t operations() const { return operations_; }
    /// Bytes read since `reset_bytes_read` from files whose names end so.
    std::uint64_t bytes_read(const std::string& suffix) const;
    void reset_bytes_read() { bytes_read_.clear(); }
    std::size_t open_count() const { return open_.size(); }

    /// What a power cut leaves.
    void crash(std::mt19937_64& random);
    /// What a kill of the process leaves: everything written, nothing open.
    void kill() { open_.clear(); }

    /// For tests that look at files, or damage them; what they write is stable.
    std::vector<std::byte> content(const std::string& path) const;
    void put(const std::string& path, std::span<const std::byte> bytes);
    bool has(const std::string& path) const { return names_.contains(path); }
    std::vector<std::string> names() const;
    /// What the clock of the system shows: the time of changes from now on.
    timestamp_ms now = no_timestamp;
    void set_modified(const std::string& path, timestamp_ms time) { names_.at(path)->modified = time; }
    void add_directory(const std::string& path) { directories_.insert(path); }

    result<runtime::file_id> open(const std::string& path, runtime::open_mode mode) override;
    void close(runtime::file_id file) override;
    result<std::uint64_t> size(runtime::file_id file) override;
    timestamp_ms modified(runtime::file_id file) override { return open_.at(file)->modified; }
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
    result<runtime::file_id> lock(const std::string& path) override {
        return open(path, runtime::open_mode::create);
    }
    result<runtime::disk_room> room(const std::string&) override {
        return runtime::disk_room{std::uint64_t{1} << 40, std::uint64_t{1} << 41};
    }

private:
    static constexpr std::uint64_t never = ~std::uint64_t{0};

    struct stored_file {
        std::vector<std::byte> now;
        std::vector<std::byte> stable;
        std::set<std::size_t> dirty_pages;
        timestamp_ms modified = no_timestamp;
        timestamp_ms modified_stable = no_timestamp;
    };
    using file_ptr = std::shared_ptr<stored_file>;

    result<void> step(const std::string& what);
    result<file_ptr> find(runtime::file_id file, const std::string& what);
    static void store(stored_file& file, std::uint64_t position, std::span<const std::byte> bytes);
    /// What a sync of one file does.
    static void keep(stored_file& file);
    static void crash_content(stored_file& file, std::mt19937_64& random);

    std::map<std::string, file_ptr> names_;
    std::map<std::string, file_ptr> stable_names_;
    std::set<std::string> directories_;
    std::map<runtime::file_id, file_ptr> open_;
    /// By what the file was when it was read.
    std::map<file_ptr, std::uint64_t> bytes_read_;
    std::uint64_t next_id_ = 1;
    std::uint64_t operations_ = 0;
    std::uint64_t fail_at_ = never;
    std::uint64_t power_gone_at_ = never;
    std::uint64_t reads_ = 0;
    std::uint64_t rots_at_ = never;
    std::optional<std::size_t> rots_byte_;
    std::byte rots_mask_{1};
    errc fail_code_ = errc::storage_error;
};

} // namespace barnabas::replica
