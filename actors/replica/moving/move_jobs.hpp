#pragma once

#include "actors/replica/moving/log_copy.hpp"
#include "actors/replica/read_jobs.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace barnabas::replica {

/// What a job of a move does.
enum class move_step {
    begin,    ///< makes the future directory
    copy,     ///< copies some of the log while it is served
    finish,   ///< copies what is left of the closed log
    exchange, ///< the copy takes the log's place
    drop,     ///< removes the future directory
    close,    ///< leaves it for the next start
    discard,  ///< removes the directory that the log has left
};

/// One step of a move, one after another in one lane. Each directory has a unique id in the middle of its
/// name, `<topic>-<partition>.<id>-future` and `-delete`, the same one in both. How the copy takes the log's
/// place:
///   1. The copy is on stable storage, and the checkpoints of its data directory know of it.
///   2. The log's directory is renamed to `-delete`, and its data directory synced. From now on the copy is
///   the log: where both names with the same id are found, a start completes the exchange.
///   3. The copy gets the log's name, and its data directory is synced. Then it may be opened.
/// A crash in between never leaves two directories of the same name, nor a copy that counts and is not whole.
struct move_job {
    move_step step = move_step::begin;
    std::shared_ptr<log_copy> copy;
    /// Of `copy`: stable below.
    log_offset upto{0};
    std::uint64_t bytes = 0;
    /// Of `exchange` and `discard`.
    std::string discarded_directory;
    std::string new_directory;

    /// Of `exchange`: how many of its operations are done; it goes on behind these.
    int exchanged = 0;

    result<void> outcome = not_run_yet();
    copy_progress progress;
    /// Of `exchange`: the log's own directory has lost its name for certain.
    bool decided = false;
    /// Of `exchange`: nothing is wrong but that room or descriptors lack; it may be tried again.
    bool lacks_room = false;
    /// A failure left nobody knows what there: nothing in that data directory may be used any more.
    bool source_unclear = false;
    bool target_unclear = false;

    static constexpr runtime::disk_job_kind kind = runtime::disk_job_kind::blocking;
    /// Copies nothing where the target is short of room; code: disk_full.
    void run(const copy_ends& ends);

private:
    result<void> exchange(const copy_ends& ends);
    result<void> exchange_step(const copy_ends& ends) const;
    result<void> discard(runtime::file_system& source) const;
};

} // namespace barnabas::replica
