#pragma once

#include "actors/journal/journal_jobs.hpp"
#include "runtime/random/random.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace barnabas::journal {

/// How a commit ended for the log that asked.
enum class commit_end {
    stable,
    /// The journal has no room or no file now; nothing was promised: the log syncs its own files.
    not_taken,
    /// A write or sync of the journal failed, so nothing that was not yet stable can be believed.
    failed,
};

/// What the journal's machine may do to the world, in the order of the calls. Replies are numbered by the
/// shell.
class journal_port {
public:
    virtual ~journal_port() = default;
    virtual void submit(prepare_job job) = 0;
    virtual void submit(round_job job) = 0;
    virtual void answer(std::uint64_t reply, commit_end end, const std::string& why) = 0;
    /// Asks a log to make its own files stable up to there; it answers with `on_settled` or `on_gone`. False:
    /// it is not there.
    virtual bool ask_to_settle(const journal_log& log, log_offset upto) = 0;
    virtual void report(std::string_view event, const std::string& message) = 0;
};

struct journal_options {
    std::string directory;
    std::uint64_t file_bytes = 32 << 20;
    /// Files that wait for logs to settle, beyond which commits are not taken.
    std::size_t files_max = 4;
    /// Of the salts.
    std::uint64_t seed = 0;
    bool planted_no_sync = false;
    bool planted_reuse_unsettled = false;
};

/// The commit journal of one data directory (group commit over many files, as ARIES' log or a database's
/// doublewrite): what many logs appended is written once more, one behind the other, into one file, which one
/// sync makes stable. The logs' own files are written at the same time and become stable later; until then
/// the journal's file is kept, and recovery brings back from it what a crash took.
///
/// Guarantees: a commit is answered `stable` only when its round was written and synced; a file is used again
/// only when every log whose bytes it holds has settled, that is, made them stable in its own files.
/// One round is in flight at a time, and takes all that waited for it.
class journal {
public:
    journal(journal_options options, const found_journal& found, journal_port& port);

    /// `upto`: the end of what the entries hold.
    void on_commit(journal_part part, log_offset upto, std::uint64_t reply);
    void on_round_done(const round_job& job);
    void on_prepared(const prepare_job& job);
    /// Everything of this log below `upto` is stable in its own files.
    void on_settled(const journal_log& log, log_offset upto);
    /// It cannot settle: what the journal holds of it stays for the next start.
    void on_gone(const journal_log& log);

    /// The last call, when `idle`: nothing that is out comes back any more.
    close_files_job close();

    std::uint64_t rounds() const { return rounds_; }
    std::uint64_t commits() const { return commits_; }
    std::uint64_t bytes() const { return bytes_; }
    std::size_t unsettled_files() const { return files_.size() + found_.size(); }
    bool idle() const { return in_round_.empty() && waiting_.empty() && !preparing_; }

private:
    struct request {
        journal_part part;
        log_offset upto;
        std::uint64_t reply = 0;
    };
    struct file_state {
        std::uint32_t slot = 0;
        std::uint32_t header_place = 0;
        journal_life life;
        runtime::file_id file;
        file_position end = first_round_position;
        std::int64_t next_round = 0;
        std::map<journal_log, log_offset> unsettled;
    };

    void begin_round();
    std::vector<journal_part> take_round();
    bool make_room(std::uint64_t bytes);
    void prepare();
    void refuse(std::vector<request>& requests, commit_end end, const std::string& why);
    void ask_to_settle();
    void free_settled();

    journal_options options_;
    journal_port& port_;
    runtime::random salts_;
    std::int64_t next_number_ = 1;
    std::uint32_t next_slot_ = 0;
    /// Oldest first; the last one is written to.
    std::deque<file_state> files_;
    /// Prepared, and not yet used.
    std::optional<file_state> spare_;
    bool preparing_ = false;
    /// Settled; to be used again.
    struct free_file {
        std::uint32_t slot = 0;
        std::uint32_t header_place = 0;
        std::optional<runtime::file_id> file;
    };
    std::vector<free_file> free_;
    /// Left by former lives; their logs settle when they open.
    std::vector<found_file> found_;
    std::vector<request> waiting_;
    std::vector<request> in_round_;
    std::uint64_t round_bytes_ = 0;
    std::set<journal_log> asked_;
    /// Logs that hold up a file, and cannot be asked.
    std::set<journal_log> gone_;
    /// Commits that must go by without a file before one is made again.
    std::uint64_t pause_ = 0;
    std::optional<std::string> failure_;
    std::uint64_t rounds_ = 0;
    std::uint64_t commits_ = 0;
    std::uint64_t bytes_ = 0;
};

} // namespace barnabas::journal
