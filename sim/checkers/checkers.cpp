#include "sim/checkers/checkers.hpp"

#include "sim/checkers/consumer_checkers.hpp"
#include "sim/checkers/foreign_disk_refused.hpp"
#include "sim/checkers/group_options_followed.hpp"
#include "sim/checkers/hang_stays_local.hpp"
#include "sim/checkers/removed_topics_go.hpp"
#include "sim/checkers/room_checkers.hpp"
#include "sim/checkers/taken_directory.hpp"

namespace barnabas::sim {

namespace {

/// Wrong as long as disks keep what they synced, because they compare what clients saw over the broker's
/// lives.
void add_those_of_the_promise(history& to) {
    to.add(make_acked_records_survive(to));
    to.add(make_nothing_unseen(to));
    to.add(make_offsets_contiguous(to));
    to.add(make_inconsistent_offsets(to));
    to.add(make_no_duplicates(to));
    to.add(make_producer_order(to));
    to.add(make_sends_monotonic(to));
    to.add(make_high_watermark_never_back(to));
    to.add(make_newest_of_key_survives(to));
    to.add(make_lookups_show_the_log(to));
    to.add(make_group_members_apart(to));
    to.add(make_zombies_fenced(to));
    to.add(make_committed_offsets_stay(to));
    to.add(make_groups_settle(to));
    to.add(make_altered_configs_stay(to));
}

/// Wrong whatever happened to the disks: where they lie, the history gives each life a log of its own.
void add_those_of_every_run(history& to, const liveness_limits& limits, const node_limits& node) {
    to.add(make_shown_prefix_stays(to));
    to.add(make_ends_never_back(to));
    to.add(make_synced_data_survives(to));
    to.add(make_clean_mark_is_honest(to));
    to.add(make_damage_is_not_cut(to));
    to.add(make_deleted_records_stay_deleted(to));
    to.add(make_nothing_invented(to));
    to.add(make_log_appends_contiguous(to));
    to.add(make_log_marks_in_order(to));
    to.add(make_acks_keep_their_promise(to));
    to.add(make_reads_show_the_log(to));
    to.add(make_producer_sequences(to));
    to.add(make_retention_keeps_its_policy(to));
    to.add(make_cleaning_stays_below(to));
    to.add(make_cleaning_keeps_producers(to));
    to.add(make_cleaning_gets_on(to));
    to.add(make_liveness_after_healing(to, limits));
    to.add(make_requests_answered(to, node));
    to.add(make_answer_or_close(to));
    to.add(make_memory_bounded(to, node));
    to.add(make_mailboxes_bounded(to, node));
    to.add(make_slow_readers_bounded(to, node));
    to.add(make_no_leak(to));
}

} // namespace

void add_all_checkers(history& to, const liveness_limits& limits, const node_limits& node, bool lossy) {
    if (lossy)
        to.begin_lying_disks();
    else
        add_those_of_the_promise(to);
    add_those_of_every_run(to, limits, node);
}

std::vector<std::string> checker_names() {
    history all;
    add_all_checkers(all, {});
    auto names = all.checker_names();
    // Asked by the workload, which knows what lies where.
    names.emplace_back(hang_stays_local);
    names.emplace_back(foreign_disk_refused);
    names.emplace_back(removed_topics_go);
    names.emplace_back(group_options_followed);
    names.emplace_back(taken_directory_goes_offline);
    for (const auto& one : all_room_checkers(all))
        names.emplace_back(one->name());
    for (const auto& one : all_consumer_checkers(all))
        names.emplace_back(one->name());
    return names;
}

} // namespace barnabas::sim
