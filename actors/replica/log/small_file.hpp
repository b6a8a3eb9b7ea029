#pragma once

#include "actors/replica/log/epoch_cache.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"
#include "protocol/model/slice.hpp"
#include "runtime/disk/disk.hpp"

#include <optional>
#include <string>
#include <string_view>

/// The small files of a partition's directory, written as a whole and replaced at once; for jobs.
namespace barnabas::replica {

inline constexpr std::string_view epoch_checkpoint_name = "leader-epoch-checkpoint";
inline constexpr std::string_view metadata_name = "partition.metadata";
/// An operator makes this empty file to let recovery cut what was stable; see docs/log-format.md.
inline constexpr std::string_view cut_allowed_name = "cut-allowed";
/// While a small file is written it has this suffix; left-overs are removed at the next start.
inline constexpr std::string_view temporary_suffix = ".tmp";

/// A file closed at the end of the scope.
class scoped_file {
public:
    scoped_file(runtime::file_system& files, runtime::file_id id) : files_(&files), id_(id) {}
    scoped_file(scoped_file&& other) noexcept
        : files_(std::exchange(other.files_, nullptr)), id_(other.id_) {}
    scoped_file& operator=(scoped_file&&) = delete;
    ~scoped_file() {
        if (files_ != nullptr)
            files_->close(id_);
    }
    runtime::file_id id() const { return id_; }
    /// Stays open.
    runtime::file_id keep() {
        files_ = nullptr;
        return id_;
    }

private:
    runtime::file_system* files_;
    runtime::file_id id_;
};

result<scoped_file> open_scoped(runtime::file_system& files, const std::string& path,
                                runtime::open_mode mode);

/// More than any checkpoint or snapshot has.
inline constexpr std::uint64_t small_file_bytes_max = 64 << 20;

/// The whole file; malformed when it is longer than `bytes_max`.
result<slice> read_small_file(runtime::file_system& files, const std::string& path, std::uint64_t bytes_max);

/// Content and name are on stable storage when it returns; a crash leaves the old file or the new one. Only a
/// planted bug asks for it without `synced`.
result<void> replace_small_file(runtime::file_system& files, const std::string& directory,
                                std::string_view name, const slice& content, bool synced = true);

/// An absent file is fine.
result<void> remove_if_present(runtime::file_system& files, const std::string& path);

/// Kafka's text: version 0, the count, then "epoch start" per line.
std::string encode_epoch_checkpoint(const epoch_cache& epochs);
result<epoch_cache> decode_epoch_checkpoint(std::string_view text);

/// Kafka's text: "version: 0" and "topic_id: " with 22 characters.
std::string encode_partition_metadata(const topic_id& id);
result<topic_id> decode_partition_metadata(std::string_view text);

} // namespace barnabas::replica
