#pragma once

#include "protocol/model/planted_client_bugs.hpp"

namespace barnabas {

/// Bugs planted on purpose, to show that the simulator's checkers find them. All are off wherever a real
/// broker runs; only `sim/mutants` and tests turn one on. Each is a switch of at most five lines where it
/// sits (tests/lint/mutants.py), and sim/mutants/mutants.cpp says who must find it. Most are bugs that Kafka
/// or its kin have had.
struct planted_bugs : planted_client_bugs {
    // Log: what a sync covers.
    /// A sync vouches for what was written while it ran, too.
    bool sync_covers_later_writes = false;
    /// A sync leaves out segments that are not the newest any more.
    bool roll_forgets_sync = false;
    /// The name of a new partition's directory is not synced.
    bool directory_name_not_synced = false;
    /// The producer snapshot, which is the recovery point, is written before the sync that it vouches for.
    bool recovery_point_ahead = false;
    /// What is known of the newest batches' places leads one batch too far.
    bool read_skips_a_batch = false;
    /// ListOffsets by time names the first record of the batch in which it found one.
    bool time_names_the_batch = false;
    /// A write that failed counts as done.
    bool failed_write_taken = false;
    /// A producer whose append failed is remembered as if it had not.
    bool failed_append_remembered = false;
    /// A sync that failed counts as done (the fsync of PostgreSQL, 2018).
    bool failed_sync_taken = false;
    /// The names of a new segment's files are not synced.
    bool roll_name_not_synced = false;
    /// An index entry names the offset before the one that it leads to.
    bool offset_index_one_off = false;
    /// A time entry is one millisecond too old.
    bool time_index_one_off = false;
    /// A segment is closed without the time entry of its newest record.
    bool closing_entry_forgotten = false;
    /// A snapshot vouches for indexes that were not synced.
    bool index_not_synced = false;
    /// A snapshot vouches for entries of aborted transactions that were not synced.
    bool transaction_index_not_synced = false;
    /// The epoch checkpoint does not follow a new epoch.
    bool epochs_not_written = false;
    /// Segments are deleted before a snapshot remembers their producers.
    bool deleted_producers_forgotten = false;
    /// DeleteRecords is answered before the new log start offset is on stable storage.
    bool log_start_not_synced = false;
    /// Checkpoints get their names before their bytes are synced.
    bool checkpoint_renamed_unsynced = false;
    /// Segments that are missing between two others are passed over.
    bool missing_segments_passed = false;
    /// Records of the coordinators do not use the room that is kept back.
    bool coordinators_without_reserve = false;
    /// A directory that is taken away is served on, from the bare mount point.
    bool bare_mount_point_served = false;
    /// Deletions do not use the room that is kept for them; nor the names.
    bool kept_room_not_given = false;
    bool kept_name_not_given = false;
    /// An index of aborted transactions is believed, however little it holds.
    bool transaction_index_believed = false;

    // Retention.
    /// The age of a segment counts from its newest timestamp, whatever that is (KAFKA-14991).
    bool retention_believes_any_time = false;
    /// Retention by size ends when the log is smaller than it may be, not as small as it may be.
    bool retention_below_size = false;
    /// A crash forgets when segments were closed: what has no sane timestamp is young again after each.
    bool crash_makes_segments_young = false;

    /// A start leaves the marker of a clean stop, and what it says of the logs, while these change.
    bool clean_stop_kept = false;

    // Commit journal.
    /// A round is answered when it is written, not when it is stable.
    bool journal_not_synced = false;
    /// A file of the journal is used again before the logs have what it holds in their own files.
    bool journal_reused_unsettled = false;
    /// Recovery passes over what the journal holds.
    bool journal_not_replayed = false;
    // Compaction.
    /// A tombstone goes with the first cleaning.
    bool tombstone_dropped_early = false;
    /// The high watermark does not stop compaction.
    bool compacts_above_high_watermark = false;
    /// Old segments go before the new one is certain to take their place.
    bool swap_renamed_in_wrong_order = false;
    /// The last batch of a producer goes when its records do (KAFKA-8335).
    bool last_of_producer_dropped = false;
    /// A pass does not remember how far it came, so the next one does the same again (KAFKA-8764).
    bool cleaning_forgets_its_end = false;

    // Recovery.
    /// Recovery believes the length of the file, whatever its tail holds.
    bool skip_torn_tail_check = false;
    /// Damage in what was stable is cut like an unfinished write.
    bool cuts_what_was_stable = false;
    /// After a restart the log ends one batch below what was recovered.
    bool reuse_offset_after_restart = false;
    /// What a killed process had written is taken for stable without a sync.
    bool recovery_does_not_sync = false;
    /// Recovery writes the new recovery point before it syncs what this vouches for.
    bool recovery_vouches_first = false;
    /// Index entries of what was cut stay in the file.
    bool index_kept_after_cut = false;
    /// Entries of aborted transactions behind the newest snapshot are not made again.
    bool transactions_not_recovered = false;
    /// A snapshot is trusted without its checksum.
    bool snapshot_crc_ignored = false;
    /// A snapshot gets its name before its bytes are synced.
    bool snapshot_renamed_unsynced = false;

    // Producer state.
    /// A restart forgets all producers.
    bool forget_producers_after_restart = false;
    /// A repeated batch is appended once more.
    bool accept_repeated_sequence = false;
    /// A batch is appended though one before it is missing.
    bool accept_sequence_gap = false;

    // Partition.
    /// acks=all is answered when written.
    bool ack_before_sync = false;
    /// A repeated batch is acknowledged though the first one is not stable yet.
    bool repeat_acked_before_sync = false;
    /// The high watermark follows what is written, so readers see what a power cut takes back.
    bool show_before_sync = false;
    /// Reads go to the end of what is written, not to the high watermark.
    bool serve_beyond_high_watermark = false;
    /// Epochs end where the log does, not at the high watermark.
    bool epoch_ends_unstable = false;
    /// Of several readers that wait for a batch one is woken.
    bool wake_one_reader = false;
    /// A reader that has come to the end is told that it waits there, and is not noted.
    bool reader_at_end_forgotten = false;

    // Connection and fetch.
    /// The partitions of one Produce are answered in the order in which they are stored.
    bool answers_in_order_of_arrival = false;
    /// An answer leaves when it is ready, before those of earlier requests.
    bool answers_overtake = false;
    /// A request's deadline is noted, but no timer is armed.
    bool deadline_not_armed = false;
    /// Nothing came because it did not fit: the partition is taken for empty until it tells otherwise.
    bool full_answer_taken_for_end = false;
    /// Message sets of magic 1 are made as if for the oldest consumers, without timestamps.
    bool converts_to_oldest = false;
    /// An incremental fetch answer leaves out partitions whose marks did not move, records or not.
    bool session_forgets_records = false;

    /// An empty group of consumers that a classic member asks to join forgets since when it has been empty.
    bool empty_since_forgotten = false;

    // Data directories.
    /// A partition whose directory is offline gets an empty one elsewhere (KAFKA-16234).
    bool fresh_replica_elsewhere = false;
    /// Beside a directory that hangs no other one gets the marker of a clean stop.
    bool hang_spoils_the_stop = false;
    /// A directory that was short of room stays closed to records when there is room again.
    bool full_disk_stays_refused = false;
    /// What was copied to another directory takes the log's place without having been synced.
    bool moved_copy_not_synced = false;
    /// The checkpoints of the directory that a log moves to do not hear where the log begins.
    bool moved_log_start_forgotten = false;
    /// What the checkpoints of the directory that a log moves to say of a deleted topic of its name stays.
    bool moved_onto_stale_marks = false;
    /// The directory that a log has left goes before the name of its copy is on stable storage.
    bool moved_discarded_before_named = false;
    /// Clients ask the new actor of a moved partition while questions still wait with the old one.
    bool handover_overtaken = false;
    /// A start does not look for directories of topics that were deleted.
    bool removed_directories_stay = false;
    /// Directories of another broker are taken for this one's.
    bool foreign_disk_taken = false;
    /// A partition that was made here and names another topic is set aside like what is left of one.
    bool misnamed_log_set_aside = false;
    /// A lookup by time believes its index.
    bool time_entry_trusted = false;

    // Controller.
    /// The metadata log is written but never synced.
    bool metadata_not_synced = false;
    /// A restarted controller hands out the newest block of producer ids once more.
    bool producer_ids_given_again = false;
    /// An altered config is shown and confirmed before its record is on stable storage.
    bool config_told_before_sync = false;
    /// A restart passes over records that take a config back to its default.
    bool config_removal_forgotten = false;
    /// Partitions that run do not hear of altered configs; new ones do not of cordoned directories.
    bool config_not_followed = false;
    bool cordon_not_followed = false;

    // Groups.
    /// A coordinator answers when it has decided, before the log has it.
    bool group_answered_early = false;
    /// Offsets that a coordinator takes never come to the log.
    bool commit_not_written = false;
    /// The records of one decision of a coordinator come to the log one by one.
    bool decisions_are_torn = false;
    /// While a coordinator loads, it answers from what it has so far.
    bool group_served_while_loading = false;
    /// Committed offsets of a deleted topic stay where no tombstone was written before a crash.
    bool offsets_of_namesake_kept = false;
    /// A commit of an older generation is taken.
    bool commit_generation_ignored = false;
    /// A commit of a static member's older self is taken.
    bool static_zombie_commits = false;
    /// A rebalance does not raise the generation.
    bool generation_not_raised = false;
    /// A loaded group counts its generations from 0 again.
    bool generation_not_loaded = false;
    /// An older generation gets the assignment of the present one.
    bool stale_sync_answered = false;
    /// A rebalance has no time limit: one member that is gone holds up all.
    bool rebalance_not_limited = false;
    /// A JoinGroup that comes again leaves the one before without an answer.
    bool older_join_forgotten = false;
    /// A heartbeat of an older generation is taken.
    bool heartbeat_generation_ignored = false;
    /// A static member's older self is told that it lives.
    bool static_zombie_lives = false;

    // Groups of the consumer protocol.
    /// A partition is given to its next owner before the last one has let go of it.
    bool partition_given_unreleased = false;
    /// Heartbeats and commits under an older epoch of the member are taken.
    bool member_epoch_ignored = false;
    /// A classic group that becomes one of consumers counts from 0 again.
    bool conversion_restarts_epoch = false;
    /// An all-classic group of the consumer protocol does not hear that its topics grew.
    bool classic_members_not_told = false;
    /// Only the first epoch of a group comes to the log, so it goes back when the log is loaded.
    bool group_epoch_not_recorded = false;
    /// A coordinator that is deposed goes on writing under its old epoch.
    bool deposed_coordinator_writes = false;
    /// A group keeps the options that it had when it began.
    bool group_options_not_followed = false;

    /// Not a bug of the broker: the checker of this name rejects every tenth seed, which shows that what a
    /// checker finds is reported.
    bool canary = false;
    /// Not a bug of the broker: the process of every tenth seed dies of an assertion, which shows that the
    /// death of a run is reported.
    bool deadly_canary = false;
    /// Not a bug of the broker: the load's pauses depend on where it lies in memory, so a seed gives another
    /// run in every process. Only running it twice can find that.
    bool wait_by_address = false;
};

} // namespace barnabas
