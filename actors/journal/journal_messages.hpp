#pragma once

#include "actors/journal/journal.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <limits>
#include <memory>
#include <string>

/// Messages of the journal role.
namespace barnabas::journal {

/// Makes what the part holds stable. Answered by `commit_response`. The asker takes `settle_log` from now on.
struct commit_request {
    std::uint64_t token = 0;
    /// Whoever handles the request takes what it points to.
    std::shared_ptr<journal_part> part;
    /// The end of what the entries hold.
    log_offset upto;
};

struct commit_response {
    std::uint64_t token = 0;
    commit_end end = commit_end::not_taken;
    std::string why;

    static commit_response dropped(std::uint64_t token) {
        return {token, commit_end::not_taken, "the commit journal has ended"};
    }
};

/// To a log: make your own files stable up to there. Answered by `log_settled`.
struct settle_log {
    log_offset upto;
};

/// Above all of a log: it is closed, or its files are gone.
inline constexpr log_offset every_offset{std::numeric_limits<std::int64_t>::max()};

/// To the journal: everything of this log below `upto` is stable in its own files. With `every_offset` it is
/// not asked any more.
struct log_settled {
    journal_log log;
    log_offset upto;
};

/// To the journal: this log cannot settle, and is not asked any more.
struct log_gone {
    journal_log log;
};

/// The last message to a journal. Answered by `journal_closed` when its files are closed; then it ends.
struct close_journal {};
struct journal_closed {};

struct prepare_done {
    std::shared_ptr<prepare_job> job;
};
struct round_done {
    std::shared_ptr<round_job> job;
};
struct files_closed {
    std::shared_ptr<close_files_job> job;
};

} // namespace barnabas::journal

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::journal::commit_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::journal::commit_response)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::journal::settle_log)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::journal::log_settled)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::journal::log_gone)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::journal::close_journal)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::journal::journal_closed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::journal::prepare_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::journal::round_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::journal::files_closed)
