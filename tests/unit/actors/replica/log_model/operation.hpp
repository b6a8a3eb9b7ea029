#pragma once

#include <cstdint>
#include <ostream>
#include <vector>

namespace barnabas::replica::model {

/// What a sequence is made of. `a` and `b` of an operation decide the rest; any values will do.
enum class op : std::uint8_t {
    append,             ///< a: records and sizes; b: timestamp
    send,               ///< ... by an idempotent producer, with its next sequence
    repeat,             ///< a: producer; b: which of its batches is sent again
    skip_sequence,      ///< a: producer; must be refused
    older_epoch,        ///< a: producer; must be refused
    new_producer_epoch, ///< a: producer
    new_leader_epoch,
    send_in_transaction, ///< as send; the first one begins the transaction
    end_transaction,     ///< a: producer; b: commit or abort, and whether the coordinator raises the epoch
    write,               ///< one queued append; repairs after a failure
    write_all,
    sync,
    failing_sync,   ///< the disk drops what was not synced: the log must be opened again
    read,           ///< a: from where; b: how many bytes
    read_committed, ///< a: from where; b: how many bytes
    find,           ///< a: timestamp
    find_largest,
    retain, ///< a: whether the renamed files are removed, too
    roll_expired,
    want_snapshot,  ///< the next sync brings the recovery point to the end
    commit,         ///< by the journal; b: whether it takes it, and what happens meanwhile
    settle,         ///< a: whether the journal forgets what is settled
    delete_records, ///< a: up to where; b: whether the process dies between the promise and the deletion
    compact,        ///< one pass; a: how much later than the last one; b: how many keys it can remember
    close,
    kill,             ///< of the process: what was written survives
    power_cut,        ///< a: what survives of what was not synced
    cut_later,        ///< power goes at the a-th operation from now; b: what survives
    kill_later,       ///< the process dies there
    fail_later,       ///< the a-th operation fails; b: how
    rot_later,        ///< the a-th read of a log or snapshot comes wrong by one bit, once
    cut_in_recovery,  ///< the process dies, and in the a-th operation of the next one power goes; b: what
                      ///< survives
    fail_in_recovery, ///< the process dies, and the a-th operation of the next one fails; b: how
    rot_in_recovery,  ///< ... the a-th read of a log or snapshot comes wrong by one bit, once
    harm_index,       ///< the process ends, and an index is gone, emptied, cut short or rotten; a: which one,
                      ///< and how; b: whether the log was closed, or power went
};

const char* name_of(op what) noexcept;

struct operation {
    op what = op::append;
    std::uint32_t a = 0;
    std::uint32_t b = 0;
};

/// As it is written in a regression test.
inline void showValue(const operation& one, std::ostream& to) {
    to << "{op::" << name_of(one.what) << ", " << one.a << ", " << one.b << "}";
}

/// One sequence; `options` decides sizes, intervals and retention of the log.
struct sequence {
    std::uint32_t options = 0;
    std::vector<operation> operations;
};

inline void showValue(const sequence& all, std::ostream& to) {
    to << "EXPECT_EQ(problem_of({" << all.options << ", {";
    for (const auto& one : all.operations) {
        to << (&one == &all.operations.front() ? "" : ", ");
        showValue(one, to);
    }
    to << "}}), \"\");";
}

} // namespace barnabas::replica::model
