#pragma once

#include "actors/partition/cleaning_messages.hpp"
#include "actors/partition/partition_messages.hpp"
#include "actors/partition/waiting_reads.hpp"
#include "actors/replica/commit_jobs.hpp"
#include "actors/replica/jobs.hpp"
#include "actors/replica/reindex_job.hpp"

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace barnabas {

/// Records from the memory of the node; none when it has not got them.
struct tail_records {
    slice records;
    /// Behind the last of them.
    log_offset end{-1};
};

/// What the partition machine may do to the world; the shell carries it out in the order of the calls, tests
/// record it. Replies are numbered by the shell.
class partition_port {
public:
    virtual ~partition_port() = default;

    // Jobs for the disk; each comes back by the machine's function of the same name.
    virtual void submit(replica::write_job job) = 0;
    virtual void submit(replica::sync_job job) = 0;
    virtual void submit(replica::journal_commit job) = 0;
    virtual void submit(replica::settle_job job) = 0;
    virtual void submit(replica::repair_job job) = 0;
    virtual void submit(replica::read_job job, std::uint64_t reply) = 0;
    virtual void submit(replica::find_job job, std::uint64_t reply) = 0;
    virtual void submit(replica::retire_job job) = 0;
    virtual void submit_later(replica::remove_job job, std::chrono::milliseconds delay) = 0;
    virtual void submit(replica::close_job job) = 0;
    virtual void submit(replica::clean_job job) = 0;
    virtual void submit(replica::swap_job job) = 0;
    /// On the lane of the jobs that exchange and retire segments.
    virtual void submit(replica::reindex_job job) = 0;

    /// Appended batches for the tail cache, in the order of the log.
    virtual void keep_tail(std::span<const slice>) {}
    virtual tail_records read_tail(const read_request&, log_offset /*upto*/) { return {}; }
    /// What it has of the log counts no more.
    virtual void drop_tail() {}

    /// To the broker's cleaner; the shell puts in which partition speaks.
    virtual void tell_cleaner(cleaning_state state) = 0;
    virtual void tell_cleaner(partition_cleaned outcome) = 0;
    /// Calls `partition::on_clean_step_due` once, that much later.
    virtual void resume_cleaning(std::chrono::milliseconds delay) = 0;

    virtual void answer(std::uint64_t reply, append_response response) = 0;
    virtual void answer(std::uint64_t reply, read_response response) = 0;
    virtual void answer(std::uint64_t reply, offset_query_response response) = 0;
    virtual void answer(std::uint64_t reply, delete_records_response response) = 0;
    virtual void answer(std::uint64_t reply, epoch_query_response response) = 0;
    virtual void notify(const waiting_reads::reader& who) = 0;

    /// So many logs sync now that the commit journal is the faster way.
    virtual bool journal_pays() const = 0;
    /// Everything below is stable in the log's own files; for the journal.
    virtual void settled(log_offset upto) = 0;
    /// Nothing more will be: the log is offline; for the journal.
    virtual void cannot_settle() = 0;

    /// A restart shall know that the log begins here; comes back by `partition::on_log_start_kept`.
    virtual void keep_log_start(log_offset start) = 0;
    /// Something that the data directory's checkpoints keep may have changed.
    virtual void marks_moved() = 0;
    /// Calls `partition::on_repair_due` once, that much later.
    virtual void retry_repair(std::chrono::milliseconds delay) = 0;
    /// Whether the data directory has room for clients' records; an error tells the client to try again.
    virtual result<void> room() const = 0;
    virtual timestamp_ms wall_now() const = 0;
    virtual monotonic_ns monotonic_now() const = 0;
    /// The log was closed (or could not be); the partition is over.
    virtual void closed(const result<void>& outcome) = 0;
    /// The log takes nothing any more before it is opened again; those who waited have their answers.
    virtual void went_offline(const error& why) = 0;
    /// For people: a failure of storage and what it means.
    virtual void report(std::string_view event, const std::string& message) = 0;
};

} // namespace barnabas
