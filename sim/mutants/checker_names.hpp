#pragma once

/// Who can be named for a planted bug, by short names.
namespace barnabas::sim::checker_names {

// The checkers of sim/checkers. "node" is the broker's or a checked client's own word: it logged an error.
inline constexpr const char* survive = "acked_records_survive";
inline constexpr const char* contiguous = "offsets_contiguous";
inline constexpr const char* invented = "nothing_invented";
inline constexpr const char* policy = "retention_keeps_its_policy";
inline constexpr const char* deleted = "deleted_records_stay_deleted";
inline constexpr const char* uncut = "damage_is_not_cut";
inline constexpr const char* inconsistent = "inconsistent_offsets";
inline constexpr const char* order = "producer_order";
inline constexpr const char* watermark = "high_watermark_never_back";
inline constexpr const char* liveness = "liveness_after_healing";
inline constexpr const char* local = "hang_stays_local";
inline constexpr const char* foreign = "foreign_disk_refused";
inline constexpr const char* removed = "removed_topics_go";
inline constexpr const char* offline = "taken_directory_goes_offline";
inline constexpr const char* node = "node";
inline constexpr const char* monotonic = "sends_monotonic";
/// Said by the parent of a run that died.
inline constexpr const char* process = "process";
inline constexpr const char* correlated = "answer_or_close";
inline constexpr const char* synced = "synced_data_survives";
inline constexpr const char* promise = "acks_keep_their_promise";
inline constexpr const char* reads = "reads_show_the_log";
inline constexpr const char* marks = "log_marks_in_order";
inline constexpr const char* sequences = "producer_sequences";
inline constexpr const char* answered = "requests_answered";
inline constexpr const char* clean = "clean_mark_is_honest";
inline constexpr const char* shown = "shown_prefix_stays";
inline constexpr const char* once = "no_duplicates";
inline constexpr const char* twice = "determinism";
inline constexpr const char* newest = "newest_of_key_survives";
inline constexpr const char* lookups = "lookups_show_the_log";
inline constexpr const char* below = "cleaning_stays_below";
inline constexpr const char* tails = "cleaning_keeps_producers";
inline constexpr const char* configs = "altered_configs_stay";
inline constexpr const char* progress = "cleaning_gets_on";

inline constexpr const char* apart = "group_members_apart";
inline constexpr const char* fenced = "zombies_fenced";
inline constexpr const char* frees = "full_disk_frees_itself";
inline constexpr const char* reserve = "groups_use_the_reserve";
inline constexpr const char* offsets = "committed_offsets_stay";
inline constexpr const char* settle = "groups_settle";
inline constexpr const char* follows = "group_options_followed";

inline constexpr const char* skips = "consumers_skip_nothing";
inline constexpr const char* theirs = "consumers_keep_to_theirs";
inline constexpr const char* follow = "commits_follow_delivery";

/// The property test of the log against its model (tests/unit/actors/replica/log_model).
inline constexpr const char* model = "log_model";
/// Fail-nth tests of the checkpoint files (tests/unit/actors/broker).
inline constexpr const char* checkpoint_tests = "checkpoint_tests";
/// Unit tests of recovery (tests/unit/actors/replica).
inline constexpr const char* recovery_tests = "recovery_tests";
/// Unit tests of groups (tests/unit/actors/group).
inline constexpr const char* group_tests = "group_tests";
inline constexpr const char* coordinator_tests = "coordinator_tests";
/// Unit tests of the client library's producer (tests/unit/actors/client/producer).
inline constexpr const char* producer_tests = "producer_tests";

} // namespace barnabas::sim::checker_names
