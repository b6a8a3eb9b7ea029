#pragma once

#include "sim/checkers/history.hpp"

#include <memory>

/// The table of checkers. Letters refer to the invariants of the fault model (docs/simulation.md), words like
/// "lost-write" to the anomalies that Jepsen names. First those that see what clients see.
namespace barnabas::sim {

/// D1, lost-write: every record acknowledged under acks=all is readable exactly once, at its acknowledged
/// offset. Those under acks=1 as well, as long as no power was cut.
std::unique_ptr<checker> make_acked_records_survive(const history& of);
/// unseen, lost-write: in the end everything acknowledged under acks=all was read by somebody.
std::unique_ptr<checker> make_nothing_unseen(const history& of);
/// D5, G1a: only records that were sent are ever read, with equal content, in their partition; none that was
/// refused.
std::unique_ptr<checker> make_nothing_invented(const history& of);
/// poll-skip, nonmonotonic-poll, spurious zero: each reader gets offset after offset.
std::unique_ptr<checker> make_offsets_contiguous(const history& of);
/// inconsistent-offsets: what anybody saw or was promised at an offset never changes.
std::unique_ptr<checker> make_inconsistent_offsets(const history& of);
/// D3, duplicate: an idempotent producer's record stands at one offset.
std::unique_ptr<checker> make_no_duplicates(const history& of);
/// D2: an idempotent producer's records stand in the order of sending, each once, and the broker never
/// forgets acknowledged sequences.
std::unique_ptr<checker> make_producer_order(const history& of);
/// nonmonotonic-send: what a producer sends later is acknowledged at a higher offset.
std::unique_ptr<checker> make_sends_monotonic(const history& of);
/// L6: no client ever sees the high watermark go back, nor records beyond it, nor an end below what somebody
/// has read.
std::unique_ptr<checker> make_high_watermark_never_back(const history& of);
/// K1: of each key the newest acknowledged record is there in the end (a tombstone until a pass of compaction
/// behind its delete horizon; and none older comes back), and nobody reads offsets backwards.
std::unique_ptr<checker> make_newest_of_key_survives(const history& of);
/// wrong-lookup: what clients are told about offsets, times, epochs and directories fits what was
/// acknowledged before they asked.
std::unique_ptr<checker> make_lookups_show_the_log(const history& of);

/// lost-alteration: what DescribeConfigs tells of a topic is what was confirmed last, or what was asked
/// since; and compaction follows it.
std::unique_ptr<checker> make_altered_configs_stay(const history& of);

// ---- those that hear members of consumer groups

/// G1, G6: in a generation no two members get the same partition, generations that were assigned never come
/// again, and an assignment belongs to its generation.
std::unique_ptr<checker> make_group_members_apart(const history& of);
/// G1, G5: no commit and no heartbeat of an older generation, or of a static member's older self, is taken.
std::unique_ptr<checker> make_zombies_fenced(const history& of);
/// G2, G7, spurious zero: a committed offset that was acknowledged or seen never goes back, and none is
/// invented.
std::unique_ptr<checker> make_committed_offsets_stay(const history& of);
/// G4: when all is whole again, every member comes to live in its group, and goes on to.
std::unique_ptr<checker> make_groups_settle(const history& of);

// ---- those that hear the broker's taps

/// L1: batches follow one upon another, in a life and over lives.
std::unique_ptr<checker> make_log_appends_contiguous(const history& of);
/// L3: what lay below a high watermark stays.
std::unique_ptr<checker> make_shown_prefix_stays(const history& of);
/// L6, L12: log start <= recovery point <= written <= end, log start <= high watermark <= written; none goes
/// back.
std::unique_ptr<checker> make_log_marks_in_order(const history& of);
/// L8: acks=all is answered only below the recovery point, acks=1 only below the written offset.
std::unique_ptr<checker> make_acks_keep_their_promise(const history& of);
/// L9, D5: a read gives batches below the high watermark, as they were appended to this partition.
std::unique_ptr<checker> make_reads_show_the_log(const history& of);
/// stale-end: no answer tells an end below what an earlier one told or promised, to anybody, in any life.
std::unique_ptr<checker> make_ends_never_back(const history& of);
/// D1, D6: nothing that a sync covered is gone after a restart.
std::unique_ptr<checker> make_synced_data_survives(const history& of);
/// D4: a log that is opened without a scan was closed in order, or all of it had been synced.
std::unique_ptr<checker> make_clean_mark_is_honest(const history& of);
std::unique_ptr<checker> make_damage_is_not_cut(const history& of);
/// What DeleteRecords acknowledged stays deleted over lives, and nothing at or above its offset goes with it.
std::unique_ptr<checker> make_deleted_records_stay_deleted(const history& of);
/// D2, D3: in the log an idempotent producer's sequences follow one upon another.
std::unique_ptr<checker> make_producer_sequences(const history& of);

/// R1, R2: retention takes no more than the topic's policy lets it, by time and by size, and takes in time
/// what it must.
std::unique_ptr<checker> make_retention_keeps_its_policy(const history& of);
/// K2: compaction goes no further than the high watermark, an open transaction and the active segment.
std::unique_ptr<checker> make_cleaning_stays_below(const history& of);
/// K3: the last batch of each producer stays in a compacted log, if need be without records.
std::unique_ptr<checker> make_cleaning_keeps_producers(const history& of);
/// K5: a pass that ends well has come further than the one before.
std::unique_ptr<checker> make_cleaning_gets_on(const history& of);

// ---- liveness and bounds

struct liveness_limits {
    /// V2: from `send` to the result, at most.
    std::int64_t result_after_ns = 0;
    /// Records acknowledged so long before progress is due must have been read by everybody.
    std::int64_t read_after_ns = 0;
};
/// V1: after healing every producer gets acknowledgements and every consumer reads what was acknowledged.
/// V2: every batch gets its result in time.
std::unique_ptr<checker> make_liveness_after_healing(const history& of, const liveness_limits& limits);

struct node_limits {
    /// V2: an answer may come so long after the request's own timeout, both in time that the broker could
    /// work. The tenth of a second more is for loops that are busy.
    std::int64_t answer_grace_ns = second + 100 * millisecond;
    /// Taken for the timeout of requests that have none: the broker's request.timeout.ms.
    std::int64_t request_without_timeout_ns = 30 * second;
    /// M3: the connection's own bound on what waits for a slow reader (connection_limits::unsent_bytes_high).
    std::size_t unsent_before_max = 4 << 20;
    /// Answers of pipelined Produce requests that may still come: 128 of a few kilobytes.
    std::size_t unsent_small_answers_max = 1 << 20;
    /// M1: a run has some dozen clients; hostile ones may come in storms of a thousand, and the broker may
    /// learn late that old connections are dead. After a pause it gets a whole backlog
    /// (network_fabric::listen_backlog) at once.
    std::size_t connections_max = 8'192;
    /// M1: a partition may get 128 appends and some reads from each of some dozen connections.
    std::size_t mailbox_max = 2'048;
    /// A listener may get a whole backlog at once after a pause, and hear of the end of each of these
    /// connections before it has looked at the last one; beside them come as many as above.
    std::size_t listener_mailbox_max = 2 * 4'097 + 2'048;
};
/// V2: every request is answered within its own timeout and a second, or its connection is closed.
std::unique_ptr<checker> make_requests_answered(const history& of, const node_limits& limits);
/// X1: any bytes get an answer, in order, or a close.
std::unique_ptr<checker> make_answer_or_close(const history& of);
/// M1: memory reserves keep their capacity, connections a bound.
std::unique_ptr<checker> make_memory_bounded(const history& of, const node_limits& limits);
/// M1: no mailbox of the broker grows without bound.
std::unique_ptr<checker> make_mailboxes_bounded(const history& of, const node_limits& limits);
/// M3: what waits for a reader that does not read is bounded.
std::unique_ptr<checker> make_slow_readers_bounded(const history& of, const node_limits& limits);
/// M2: no reply was dropped, no actor outlived its node, every batch has a result; a partition that closes
/// leaves nobody waiting; connections and files are closed in the end.
std::unique_ptr<checker> make_no_leak(const history& of);

/// All of them. A `lossy` run goes beyond what the promise of durability covers (a disk that lies): those
/// that compare what clients saw over the broker's lives are left out, and those that hear its taps judge
/// each life by itself.
void add_all_checkers(history& to, const liveness_limits& limits, const node_limits& node = {},
                      bool lossy = false);
std::vector<std::string> checker_names();

} // namespace barnabas::sim
