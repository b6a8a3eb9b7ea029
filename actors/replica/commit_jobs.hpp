#pragma once

#include "actors/journal/journal_format.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"
#include "runtime/disk/disk.hpp"

#include <vector>

/// The second way to stable storage, through the commit journal of the data directory (actors/journal). See
/// jobs.hpp for the first.
namespace barnabas::replica {

/// What was written since the log was last stable, for the journal.
struct journal_commit {
    log_offset target;
    std::vector<journal::journal_entry> entries;

    /// An error: what was not yet stable cannot be believed any more.
    result<void> outcome = error{errc::internal, "the commit was not carried out"};
    /// False: the journal had no room, nothing is promised, and the log must sync its own files.
    bool taken = false;
};

/// Makes stable in the log's own files what is stable in the journal only.
struct settle_job {
    log_offset target;
    std::vector<runtime::file_id> to_sync;

    result<void> outcome = error{errc::internal, "the job has not run"};
    static constexpr runtime::disk_job_kind kind = runtime::disk_job_kind::blocking;
    void run(runtime::file_system& files) { outcome = files.sync(to_sync); }
};

} // namespace barnabas::replica
