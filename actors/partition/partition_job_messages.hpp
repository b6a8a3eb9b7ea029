#pragma once

#include "actors/replica/commit_jobs.hpp"
#include "actors/replica/jobs.hpp"
#include "actors/replica/log_removal.hpp"
#include "actors/replica/reindex_job.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <memory>
#include <string>

/// What the partition's shell tells itself: a job has come back from the disk, a timer has fired.
namespace barnabas {

struct partition_open_done {
    std::shared_ptr<replica::open_job> job;
};
struct write_done {
    std::shared_ptr<replica::write_job> job;
};
struct sync_done {
    std::shared_ptr<replica::sync_job> job;
};
struct settle_done {
    std::shared_ptr<replica::settle_job> job;
};
struct repair_done {
    std::shared_ptr<replica::repair_job> job;
};
struct repair_due {};
struct read_done {
    std::shared_ptr<replica::read_job> job;
    std::uint64_t reply = 0;
};
struct find_done {
    std::shared_ptr<replica::find_job> job;
    std::uint64_t reply = 0;
};
struct reindex_done {
    std::shared_ptr<replica::reindex_job> job;
};
struct retire_done {
    std::shared_ptr<replica::retire_job> job;
};
struct remove_due {
    std::shared_ptr<replica::remove_job> job;
};
struct remove_done {
    std::shared_ptr<replica::remove_job> job;
};
struct close_done {
    std::shared_ptr<replica::close_job> job;
};
/// Removes the partition's directory for good.
struct directory_removal {
    std::string directory;
    result<void> outcome = replica::not_run_yet();

    static constexpr runtime::disk_job_kind kind = runtime::disk_job_kind::blocking;
    void run(runtime::file_system& files) { outcome = replica::remove_log_directory(files, directory); }
};
struct files_removed {
    std::shared_ptr<directory_removal> job;
};
struct fetch_memory_available {};

} // namespace barnabas

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::partition_open_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::write_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::sync_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::settle_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::repair_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::repair_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::read_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::find_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::reindex_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::retire_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::remove_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::remove_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::close_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::files_removed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::fetch_memory_available)
