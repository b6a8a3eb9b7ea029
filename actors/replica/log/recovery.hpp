#pragma once

#include "actors/replica/jobs.hpp"
#include "actors/replica/log/batch_walk.hpp"
#include "actors/replica/log/segment_recovery.hpp"

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace barnabas::replica {

/// Opens the log of a directory.
///
/// 1. Left-overs of interrupted renames go; `partition.metadata` is compared.
/// 2. The newest valid producer snapshot, at N, is the recovery point: it was written after all below N was
/// synced.
///    What the commit journal holds of later batches is written into the segments (again).
/// 3. Segments wholly below N are only looked at. The others are scanned from N on, batch by batch.
/// 4. At the first bad byte behind N the log ends: later segments go first, then the bytes are cut. Bad bytes
/// below N, below the end of what the journal holds of this log, or below our own recovery point of the
/// checkpoint, are no unfinished write but damage: nothing is cut, and the log does not open
/// (corrupt_message), until an operator allows it (`cut-allowed`).
/// 5. What was found sound is written again and synced, so that it is stable before it is served, and a new
///    snapshot says so.
/// A snapshot of Kafka's proves less, so that its directories are recovered by its rules: what is bad is cut,
/// also below N. What is lost of the stable part is reported, and the log goes on behind it in a new segment,
/// so that no offset is given out twice and the journal's entries are below the new snapshot.
class recovery {
public:
    /// Messages of magic 0 and 1 are made batches where a segment begins with one, or the epochs leave room
    /// for them, and the newest snapshot that can be read does not say that Barnabas wrote here last; with
    /// `convert`, wherever they are.
    recovery(open_job& job, runtime::file_system& files, runtime::work_share& progress, bool convert = false)
        : job_(job), options_(job.options), create_(job.create), convert_(convert), files_(files),
          progress_(progress) {}
    ~recovery();
    recovery(const recovery&) = delete;
    recovery& operator=(const recovery&) = delete;

    /// unsupported_for_message_format: there are old messages where it did not look for them; or, if it has
    /// looked for them, some cannot be made batches.
    result<recovered_log> run();
    bool has_looked_for_old_messages() const { return convert_; }

private:
    /// What a `.txnindex` says; all of it, if it is whole.
    struct found_transactions {
        std::vector<aborted_transaction> entries;
        bool whole = true;
    };

    /// What the log says that a `.txnindex` holds.
    struct rebuilt_transactions {
        std::vector<aborted_transaction> entries;
        /// Not all of the log can be read, so that entries may be missing.
        std::optional<error> damage;
        /// Up to here it could.
        log_offset sound_upto{0};
    };
    struct earlier_producers {
        producer_state producers;
        std::optional<error> damage;
    };

    /// What is known of the abort marker of this producer at this last offset.
    using known_entry = std::function<std::optional<aborted_transaction>(const aborted_transaction& marker)>;

    using header_visitor = std::function<void(const batch::batch_header&)>;
    /// Of `batch_walk`.
    using header_step = result<std::optional<located_batch>> (batch_walk::*)();

    result<void> prepare_directory();
    result<void> check_metadata();
    result<void> check_unclaimed();
    result<void> list_files();
    result<void> remove_index_without_log(const std::string& name);
    result<void> read_epochs();
    result<void> find_snapshot();
    result<bool> read_snapshot(log_offset offset);
    result<bool> look_at_snapshot(log_offset offset);
    result<void> convert_old_messages();
    bool has_records_without_epoch() const;
    result<void> convert_segments(const std::vector<log_offset>& order);
    result<void> expect_conversion(const std::vector<log_offset>& order);
    result<std::vector<log_offset>> segments_that_begin_old() const;
    result<void> check_unjournaled() const;
    bool gives_up_old_messages() const { return convert_ ? cut_allowed_ : sound_from_.has_value(); }
    result<void> note_no_epochs();
    result<void> choose_scan_start();
    result<void> check_epochs();
    bool contradicts_epochs(const batch::batch_header& header) const;
    bool knows_epoch(leader_epoch epoch) const;
    result<void> ask_batches_for_epochs();
    result<bool> walk_headers(log_offset from, log_offset upto, header_step next,
                              const header_visitor& visit);
    result<void> replay_journal();
    bool is_settled(const journal::journal_entry& entry) const;
    result<void> replay(const journal::journal_entry& entry);
    result<void> look_at_segments();
    result<void> inspect_segment(std::size_t index);
    result<bool> scan_segment(std::size_t index);
    result<void> end_log(std::size_t index, const std::string& why);
    bool was_compacted() const;
    bool may_have_gaps() const;
    bool is_vouched(log_offset segment_base) const;
    bool may_have_gap_before(log_offset segment_base) const;
    void note_gap(const batch::batch_header& header);
    result<bool> may_follow(log_offset segment_base);
    result<bool> may_follow_hole(log_offset segment_base);
    result<bool> begins_with_batch(log_offset segment_base);
    result<void> check_gap_behind(std::size_t index, log_offset end);
    void pass_gap(log_offset from, log_offset upto);
    /// An error when a cut at `offset` would take away what was stable for certain.
    result<void> check_may_cut(log_offset offset, const std::string& file, const std::string& why) const;
    error damaged(log_offset offset, const std::string& file, const std::string& why,
                  const std::string& way_on) const;
    /// Our own recovery point in the checkpoint of the data directory.
    log_offset checkpointed_upto() const;
    /// All below was on stable storage.
    log_offset stable_upto() const;
    result<void> note_damage(std::size_t index, const recovered_segment& segment);
    void count_batch(const batch::batch_view& batch);
    result<void> complete_transactions(recovered_segment& segment);
    result<void> replace_unknown_transactions();
    const segment_facts* told_facts(log_offset base) const;
    bool had_transactions(log_offset base, log_offset behind) const;
    bool lacks_transactions(const segment_facts* told, std::span<const aborted_transaction> entries) const;
    result<found_transactions> known_transactions(log_offset base);
    result<void> inspect_transactions(recovered_segment& segment, log_offset behind);
    result<rebuilt_transactions> rebuild_transactions(const recovered_segment& segment,
                                                      const found_transactions& known);
    result<rebuilt_transactions> rebuild_from_markers(const recovered_segment& segment,
                                                      const found_transactions& known);
    result<rebuilt_transactions> aborted_in(const recovered_segment& segment, producer_state producers,
                                            const known_entry& known);
    result<earlier_producers> producers_before(log_offset base);
    result<void> replace_transactions(recovered_segment& segment,
                                      const std::vector<aborted_transaction>& entries);
    segment_recovery look_at(bool gaps_allowed, bool old_messages_given_up);
    result<void> complete_segments();
    void settle_times();
    result<void> create_segment(log_offset base);
    result<void> make_stable();
    result<void> write_snapshot();
    result<void> end_permission();
    void plant_bug(recovered_log& log) const;

    open_job& job_;
    const log_options& options_;
    bool create_;
    bool convert_;
    runtime::file_system& files_;
    runtime::work_share& progress_;

    std::vector<log_offset> bases_;
    std::set<log_offset> snapshots_;
    /// What the newest snapshot says of segments.
    std::vector<segment_facts> told_;
    /// An index of one of them was made anew, so that they may be others now.
    bool facts_moved_ = false;
    /// Segments that have a `.txnindex`.
    std::set<log_offset> with_transactions_;
    /// Of them those that are synced in the end.
    std::vector<log_offset> transactions_to_sync_;
    /// Found in the segment that is scanned.
    std::vector<aborted_transaction> aborted_;
    /// What is left of indexes of which nobody knows what they held.
    std::vector<std::pair<log_offset, std::vector<aborted_transaction>>> unknown_;
    std::set<log_offset> damaged_snapshots_;
    /// The newest snapshot that there is, whether it can be read or not.
    log_offset newest_named_{-1};
    bool has_checkpoint_ = false;
    std::string checkpoint_text_;
    /// Offset of the newest snapshot: all below was once stable.
    log_offset proven_{-1};
    /// End of what the commit journal holds of this log. All below was stable, in its own files or in the
    /// journal: a round takes up where the log was stable before.
    log_offset journaled_upto_{-1};
    /// The operator gives up what is damaged, and what lies behind it.
    bool cut_allowed_ = false;
    /// The sync mark of that snapshot: what lies between is certain to have been stable.
    std::optional<log_offset> sound_from_;
    /// Below it nothing is scanned; `proven_`, or 0 when the epochs of what lies below are not known.
    log_offset scan_from_{0};
    log_offset next_offset_{0};
    log_offset last_batch_base_{-1};
    /// Behind the last batch; a gap between two batches of one segment was met.
    log_offset scanned_to_{-1};
    bool gap_seen_ = false;
    /// Behind the last gap between segments that was accepted, and behind the last damage that was given up:
    /// no sync mark vouches for what lies below.
    log_offset given_up_to_{0};

    recovered_log log_;
    /// Files of scanned segments, in the order of `log_.segments`' tail; closed at the end but for the last.
    std::vector<segment_files> opened_;
};

} // namespace barnabas::replica
