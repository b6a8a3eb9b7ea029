#pragma once

#include "actors/journal/journal_format.hpp"
#include "runtime/disk/disk.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// What the commit journal does with files: jobs of its lane, run in the order the machine yields them, and
/// what the broker does before its partitions open and after they are closed.
namespace barnabas::journal {

/// Gives a file of the journal a new life, makes it first if it is not there, and leaves it open. All its
/// bytes are there from the beginning: making a round stable then changes no metadata of the file.
struct prepare_job {
    std::string directory;
    std::uint32_t slot = 0;
    journal_life life;
    /// Not that of the file's last life.
    std::uint32_t header_place = 0;
    std::uint64_t bytes = 0;
    /// Open since an earlier life.
    std::optional<runtime::file_id> file;

    result<runtime::file_id> outcome = error{errc::internal, "the job has not run"};
    static constexpr runtime::disk_job_kind kind = runtime::disk_job_kind::blocking;
    void run(runtime::file_system& files);

private:
    result<runtime::file_id> make(runtime::file_system& files) const;
    result<void> fill(runtime::file_system& files, runtime::file_id file) const;
};

/// Writes a round and makes it stable: one write, one sync. The checksum over all of it is the job's work,
/// too.
struct round_job {
    runtime::file_id file;
    file_position position;
    round_id id;
    std::vector<journal_part> journaled;
    /// Of tests only.
    bool planted_no_sync = false;

    result<void> outcome = error{errc::internal, "the job has not run"};
    static constexpr runtime::disk_job_kind kind = runtime::disk_job_kind::blocking;
    void run(runtime::file_system& files);
};

/// The last job of the lane.
struct close_files_job {
    std::vector<runtime::file_id> files;

    static constexpr runtime::disk_job_kind kind = runtime::disk_job_kind::blocking;
    void run(runtime::file_system& system) const {
        for (const auto file : files)
            system.close(file);
    }
};

/// A file of the journal that a former life of the process left.
struct found_file {
    std::uint32_t slot = 0;
    std::uint32_t header_place = 0;
    std::int64_t number = 0; ///< of its life
    /// Whose bytes it holds, and up to where.
    std::map<journal_log, log_offset> logs;
    /// It is kept as it is: what it has lost must not look like an unfinished write at the next start either.
    bool is_damaged = false;
};

/// What a data directory's journal held when the broker started.
struct found_journal {
    /// By the number of their lives.
    std::vector<found_file> files;
    /// By the partition's directory name; entries in the order in which they were written.
    std::map<std::string, std::vector<journal_part>> parts;
    /// Bytes of the journal that had been stable are gone: no log may take what it lacks for an unfinished
    /// write. Says where.
    std::optional<std::string> damage;
};

/// Codes: unsupported_version, and those of the disk.
result<found_journal> read_journal(runtime::file_system& files, const std::string& directory);

/// After a stop in good order, when every log is stable in its own files: a later writer of these files need
/// not know of the journal.
result<void> remove_journal(runtime::file_system& files, const std::string& directory);

} // namespace barnabas::journal
