#include "sim/mutants/mutants.hpp"

#include <algorithm>

namespace barnabas::sim {

namespace {

// The checkers of sim/checkers. "node" is the broker's or a checked client's own word: it logged an error.
constexpr const char* survive = "acked_records_survive";
constexpr const char* contiguous = "offsets_contiguous";
constexpr const char* invented = "nothing_invented";
constexpr const char* policy = "retention_keeps_its_policy";
constexpr const char* deleted = "deleted_records_stay_deleted";
constexpr const char* uncut = "damage_is_not_cut";
constexpr const char* inconsistent = "inconsistent_offsets";
constexpr const char* order = "producer_order";
constexpr const char* watermark = "high_watermark_never_back";
constexpr const char* liveness = "liveness_after_healing";
constexpr const char* local = "hang_stays_local";
constexpr const char* foreign = "foreign_disk_refused";
constexpr const char* node = "node";
constexpr const char* monotonic = "sends_monotonic";
/// Said by the parent of a run that died.
constexpr const char* process = "process";
constexpr const char* correlated = "answer_or_close";
constexpr const char* synced = "synced_data_survives";
constexpr const char* promise = "acks_keep_their_promise";
constexpr const char* reads = "reads_show_the_log";
constexpr const char* marks = "log_marks_in_order";
constexpr const char* sequences = "producer_sequences";
constexpr const char* answered = "requests_answered";
constexpr const char* clean = "clean_mark_is_honest";
constexpr const char* shown = "shown_prefix_stays";
constexpr const char* once = "no_duplicates";
constexpr const char* twice = "determinism";
constexpr const char* newest = "newest_of_key_survives";
constexpr const char* lookups = "lookups_show_the_log";
constexpr const char* below = "cleaning_stays_below";
constexpr const char* tails = "cleaning_keeps_producers";
constexpr const char* configs = "altered_configs_stay";
constexpr const char* progress = "cleaning_gets_on";

constexpr const char* apart = "group_members_apart";
constexpr const char* fenced = "zombies_fenced";
constexpr const char* offsets = "committed_offsets_stay";
constexpr const char* settle = "groups_settle";

/// The property test of the log against its model (tests/unit/actors/replica/log_model).
constexpr const char* model = "log_model";
/// Fail-nth tests of the checkpoint files (tests/unit/actors/broker).
constexpr const char* checkpoint_tests = "checkpoint_tests";
/// Unit tests of recovery (tests/unit/actors/replica).
constexpr const char* recovery_tests = "recovery_tests";
/// Unit tests of groups (tests/unit/actors/group).
constexpr const char* group_tests = "group_tests";

using bugs = planted_bugs;

const mutant table[] = {
    {"sync_covers_later_writes",
     "a sync vouches for what was written while it ran",
     {synced, survive, contiguous, watermark, shown},
     &bugs::sync_covers_later_writes},
    {"roll_forgets_sync",
     "a sync leaves out segments that are not the newest any more",
     {synced, survive, node, contiguous, watermark},
     &bugs::roll_forgets_sync},
    {"directory_name_not_synced",
     "the name of a new partition's directory is not synced",
     {synced, survive, liveness, contiguous, watermark, shown},
     &bugs::directory_name_not_synced},
    {"recovery_point_ahead",
     "the recovery point is written before the sync that it vouches for",
     {clean, node, contiguous},
     &bugs::recovery_point_ahead},
    {"read_skips_a_batch",
     "the place known for a recent batch is that of the next one",
     {reads, contiguous},
     &bugs::read_skips_a_batch},
    {"journal_not_synced",
     "a round of the commit journal is answered when it is written",
     {synced, survive, contiguous, watermark, shown},
     &bugs::journal_not_synced},
    {"journal_reused_unsettled",
     "the commit journal writes over what the logs do not have in their own files yet",
     {synced, survive, contiguous, watermark, shown, node},
     &bugs::journal_reused_unsettled},
    {"journal_not_replayed",
     "recovery does not look into the commit journal",
     {synced, survive, contiguous, watermark, shown},
     &bugs::journal_not_replayed},
    {"tombstone_dropped_early",
     "a tombstone goes with the first cleaning",
     {newest},
     &bugs::tombstone_dropped_early},
    {"compacts_above_high_watermark",
     "compaction goes by the newest record, whether it is stable or not",
     {below, newest, node, synced},
     &bugs::compacts_above_high_watermark},
    {"swap_renamed_in_wrong_order",
     "old segments go before the compacted one is certain to take their place",
     {newest, survive, node, uncut, synced},
     &bugs::swap_renamed_in_wrong_order},
    {"time_names_the_batch",
     "ListOffsets by time names the first record of the batch in which it found one",
     {lookups},
     &bugs::time_names_the_batch},
    {"last_of_producer_dropped",
     "compaction drops the last batch of a producer with its records (KAFKA-8335)",
     {tails},
     &bugs::last_of_producer_dropped},
    {"cleaning_forgets_its_end",
     "a pass of compaction does not remember how far it came (KAFKA-8764)",
     {progress},
     &bugs::cleaning_forgets_its_end},
    {"failed_write_taken", "a write that failed counts as done", {model}, &bugs::failed_write_taken},
    {"failed_append_remembered",
     "a producer whose append failed is remembered as if it had not",
     {model},
     &bugs::failed_append_remembered},
    {"failed_sync_taken",
     "a sync that failed counts as done (the fsync of PostgreSQL, 2018)",
     {model},
     &bugs::failed_sync_taken},
    {"roll_name_not_synced",
     "the names of a new segment's files are not synced",
     {model},
     &bugs::roll_name_not_synced},
    {"offset_index_one_off",
     "an index entry names the offset before the one that it leads to",
     {model},
     &bugs::offset_index_one_off},
    {"time_index_one_off", "a time entry is one millisecond too old", {model}, &bugs::time_index_one_off},
    {"time_entry_trusted", "a lookup by time believes the index", {lookups}, &bugs::time_entry_trusted},
    {"closing_entry_forgotten",
     "a segment is closed without the time entry of its newest record",
     {model},
     &bugs::closing_entry_forgotten},
    {"index_not_synced",
     "a snapshot vouches for indexes that were not synced",
     {model},
     &bugs::index_not_synced},
    {"transaction_index_not_synced",
     "a snapshot vouches for entries of aborted transactions that were not synced",
     {model},
     &bugs::transaction_index_not_synced},
    {"transactions_not_recovered",
     "entries of aborted transactions behind the newest snapshot are not made again",
     {model},
     &bugs::transactions_not_recovered},
    {"epochs_not_written",
     "the epoch checkpoint does not follow a new epoch",
     {model},
     &bugs::epochs_not_written},
    {"deleted_producers_forgotten",
     "segments are deleted before a snapshot remembers their producers",
     {model},
     &bugs::deleted_producers_forgotten},
    {"log_start_not_synced",
     "DeleteRecords is answered before the new log start offset is on stable storage",
     {deleted},
     &bugs::log_start_not_synced},
    {"checkpoint_renamed_unsynced",
     "a checkpoint gets its name before its bytes are synced",
     {checkpoint_tests},
     &bugs::checkpoint_renamed_unsynced},
    {"retention_believes_any_time",
     "retention counts the age of a segment from timestamps that are no times",
     {policy},
     &bugs::retention_believes_any_time},
    {"retention_below_size",
     "retention by size takes one segment more than it may",
     {policy},
     &bugs::retention_below_size},
    {"crash_makes_segments_young",
     "a crash forgets when segments were closed",
     {policy},
     &bugs::crash_makes_segments_young},
    {"clean_stop_kept",
     "a start leaves what vouches for the logs of a clean stop, while they change",
     {survive, contiguous, synced, watermark, shown, node},
     &bugs::clean_stop_kept},
    {"skip_torn_tail_check",
     "recovery believes the file's length, whatever its tail holds",
     {survive, contiguous, synced, shown},
     &bugs::skip_torn_tail_check},
    {"cuts_what_was_stable",
     "recovery cuts damage in what was stable like an unfinished write",
     {uncut},
     &bugs::cuts_what_was_stable},
    {"reuse_offset_after_restart",
     "the log ends one batch too early after a restart",
     {synced, contiguous, watermark, survive, shown},
     &bugs::reuse_offset_after_restart},
    {"recovery_does_not_sync",
     "what a killed process had written is taken for stable",
     {synced, survive, node, contiguous, watermark},
     &bugs::recovery_does_not_sync},
    {"recovery_vouches_first",
     "recovery writes the new recovery point before it syncs what this vouches for",
     {model},
     &bugs::recovery_vouches_first},
    {"index_kept_after_cut",
     "index entries of what was cut stay in the file",
     {model},
     &bugs::index_kept_after_cut},
    {"snapshot_crc_ignored",
     "a snapshot is trusted without its checksum",
     {recovery_tests},
     &bugs::snapshot_crc_ignored},
    {"snapshot_renamed_unsynced",
     "a snapshot gets its name before its bytes are synced",
     {model},
     &bugs::snapshot_renamed_unsynced},
    {"forget_producers_after_restart",
     "a restart forgets all producers, so a repetition is appended again",
     {sequences, once, order, survive},
     &bugs::forget_producers_after_restart},
    {"accept_repeated_sequence",
     "a repeated batch is appended once more",
     {sequences, once, order, survive},
     &bugs::accept_repeated_sequence},
    {"accept_sequence_gap",
     "a batch is appended though one before it is missing",
     {sequences, order},
     &bugs::accept_sequence_gap},
    {"ack_before_sync",
     "acks=all is answered when written",
     {promise, survive, contiguous, watermark},
     &bugs::ack_before_sync},
    {"repeat_acked_before_sync",
     "a repetition is acknowledged though the first copy is not stable yet",
     {promise, survive, contiguous, watermark},
     &bugs::repeat_acked_before_sync},
    {"show_before_sync",
     "readers see what a power cut can take back",
     {marks, shown, watermark, contiguous},
     &bugs::show_before_sync},
    {"serve_beyond_high_watermark",
     "reads go on to the end of what is written",
     {reads, watermark, contiguous},
     &bugs::serve_beyond_high_watermark},
    {"epoch_ends_unstable",
     "epochs end where the log does, which a power cut can take back",
     {lookups},
     &bugs::epoch_ends_unstable},
    {"wake_one_reader", "of several waiting readers one is woken", {liveness}, &bugs::wake_one_reader},
    {"reader_at_end_forgotten",
     "a reader that has come to the end of the log is not noted among those who wait there",
     {liveness},
     &bugs::reader_at_end_forgotten},
    {"answers_in_order_of_arrival",
     "the partitions of one Produce are answered in the order in which they are stored",
     {survive, contiguous},
     &bugs::answers_in_order_of_arrival},
    {"answers_overtake",
     "an answer leaves before those of earlier requests",
     {node, correlated},
     &bugs::answers_overtake},
    {"deadline_not_armed",
     "no timer is armed for a request's deadline",
     {answered, liveness},
     &bugs::deadline_not_armed},
    {"full_answer_taken_for_end",
     "a partition whose batch did not fit is taken for empty",
     {liveness},
     &bugs::full_answer_taken_for_end},
    {"converts_to_oldest",
     "message sets for consumers of Kafka 0.10 are made without timestamps",
     {invented, inconsistent},
     &bugs::converts_to_oldest},
    {"session_forgets_records",
     "an incremental fetch leaves out records when the watermarks did not move",
     {liveness},
     &bugs::session_forgets_records},
    {"foreign_disk_taken",
     "directories of another broker are taken for this one's",
     {foreign},
     &bugs::foreign_disk_taken},
    {"misnamed_log_set_aside",
     "a log that was made here and names another topic is set aside like what is left of one",
     {survive, contiguous, synced, watermark, shown, liveness},
     &bugs::misnamed_log_set_aside},
    {"fresh_replica_elsewhere",
     "a partition whose directory is offline gets an empty one elsewhere",
     {survive, contiguous, synced, watermark, shown, inconsistent, order},
     &bugs::fresh_replica_elsewhere},
    {"moved_copy_not_synced",
     "a log that moved to another directory lies there without having been synced",
     {node, survive, contiguous, synced, shown, watermark},
     &bugs::moved_copy_not_synced},
    {"moved_log_start_forgotten",
     "a log that moved to another directory begins there where its first segment does, after a restart",
     {deleted},
     &bugs::moved_log_start_forgotten},
    {"hang_spoils_the_stop",
     "beside a directory that hangs no other one gets the marker of a clean stop",
     {local},
     &bugs::hang_spoils_the_stop},
    {"moved_onto_stale_marks",
     "what the checkpoints of its new directory say of a deleted topic of its name counts for a moved log",
     {node, survive, contiguous, synced, shown, watermark, deleted, marks, uncut},
     &bugs::moved_onto_stale_marks},
    {"moved_discarded_before_named",
     "the directory that a moved log has left goes before the name of its copy is on stable storage",
     {node, survive, contiguous, synced, shown, watermark},
     &bugs::moved_discarded_before_named},
    {"handover_overtaken",
     "clients ask the new actor of a moved partition while questions still wait with the old one",
     {order, monotonic, node},
     &bugs::handover_overtaken},
    {"full_disk_stays_refused",
     "a directory that was short of room takes no records any more when there is room again",
     {liveness},
     &bugs::full_disk_stays_refused},
    {"metadata_not_synced",
     "the metadata log is written but never synced",
     {survive, liveness, node},
     &bugs::metadata_not_synced},
    {"group_answered_early",
     "a group coordinator answers before the log has what it decided",
     {offsets, apart, fenced},
     &bugs::group_answered_early},
    {"commit_not_written",
     "offsets that a coordinator takes never come to the log",
     {offsets},
     &bugs::commit_not_written},
    {"group_served_while_loading",
     "a coordinator answers from the part of its state that is loaded",
     {offsets, apart, fenced},
     &bugs::group_served_while_loading},
    {"offsets_of_namesake_kept",
     "committed offsets of a deleted topic stay where no tombstone was written before a crash",
     {offsets},
     &bugs::offsets_of_namesake_kept},
    {"commit_generation_ignored",
     "a commit of an older generation is taken",
     {fenced, offsets},
     &bugs::commit_generation_ignored},
    {"static_zombie_commits",
     "a commit of a static member's older self is taken",
     {fenced, offsets},
     &bugs::static_zombie_commits},
    {"generation_not_raised",
     "a rebalance does not raise the generation",
     {apart},
     &bugs::generation_not_raised},
    {"generation_not_loaded",
     "a loaded group counts its generations from 0 again",
     {apart},
     &bugs::generation_not_loaded},
    {"stale_sync_answered",
     "an older generation gets the assignment of the present one",
     {apart},
     &bugs::stale_sync_answered},
    {"rebalance_not_limited",
     "one member that is gone holds up a rebalance for ever",
     {group_tests},
     &bugs::rebalance_not_limited},
    {"older_join_forgotten",
     "a JoinGroup that comes again leaves the one before without an answer",
     {group_tests},
     &bugs::older_join_forgotten},
    {"heartbeat_generation_ignored",
     "a heartbeat of an older generation is taken",
     {fenced, apart},
     &bugs::heartbeat_generation_ignored},
    {"static_zombie_lives",
     "a static member's older self is told that it lives",
     {fenced, apart},
     &bugs::static_zombie_lives},
    {"partition_given_unreleased",
     "a partition is given to its next owner before the last one has let go of it",
     {apart},
     &bugs::partition_given_unreleased},
    {"member_epoch_ignored",
     "heartbeats and commits under an older member epoch are taken",
     {fenced, offsets},
     &bugs::member_epoch_ignored},
    {"group_epoch_not_recorded",
     "the epoch of a group goes back when its log is loaded",
     {apart, settle},
     &bugs::group_epoch_not_recorded},
    {"producer_ids_given_again",
     "a restarted controller hands out the newest block of producer ids once more",
     {survive, order},
     &bugs::producer_ids_given_again},
    {"config_told_before_sync",
     "an altered config is shown and confirmed before its record is on stable storage",
     {configs},
     &bugs::config_told_before_sync},
    {"config_removal_forgotten",
     "a restart passes over records that take a config back to its default",
     {configs},
     &bugs::config_removal_forgotten},
    {"config_not_followed",
     "partitions that run do not hear of altered configs",
     {policy, configs},
     &bugs::config_not_followed},
};

const mutant canary{"canary", "the checker of this name rejects every tenth seed", {"canary"}, &bugs::canary};
const mutant deadly{"deadly_canary", "the process of every tenth seed dies", {process}, &bugs::deadly_canary};
const mutant address{"wait_by_address", "pauses depend on an address", {twice}, &bugs::wait_by_address};

} // namespace

std::span<const mutant> all_mutants() {
    return table;
}

const mutant* find_mutant(std::string_view name) {
    for (const auto* own : {&canary, &deadly, &address}) {
        if (name == own->name)
            return own;
    }
    const auto all = all_mutants();
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const mutant& one) { return one.name == name; });
    return found == all.end() ? nullptr : &*found;
}

} // namespace barnabas::sim
