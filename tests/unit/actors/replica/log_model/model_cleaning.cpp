// What happens to the log from outside: the commit journal, DeleteRecords, compaction.

#include "tests/unit/actors/replica/log_model/log_model.hpp"

#include <algorithm>

namespace barnabas::replica::model {

void log_model::commit(const operation& one) {
    if (!host_.log->may_commit())
        return;
    auto job = host_.log->commit();
    const bool no_room = one.b % 8 == 0;
    const bool dies = one.b % 8 == 1;
    const bool fails = one.b % 8 == 2;
    job.taken = !no_room;
    // Of a round that was not answered nobody knows whether it is there.
    const bool stays = !no_room && !((dies || fails) && one.a % 2 == 0);
    if (stays)
        journaled_.entries.insert(journaled_.entries.end(), job.entries.begin(), job.entries.end());
    if (dies)
        return die(one.a % 4 < 2 ? std::nullopt : std::optional(one.a));
    job.outcome = fails ? result<void>(error{errc::storage_error, "the journal fails"}) : result<void>{};
    if (host_.log->on_committed(job))
        return die(std::nullopt); // Offline: whoever owns the log opens it again.
    expected_.stable = std::max(expected_.stable, host_.log->stable_offset());
}

void log_model::settle(const operation& one) {
    auto job = host_.log->settle();
    if (!job)
        return;
    job->run(disk_.files());
    const auto failure = host_.log->on_settled(*job);
    if (disk_.cut_off())
        return;
    if (failure)
        return die(std::nullopt);
    const auto settled = host_.log->settled_offset();
    if (one.a % 2 == 0)
        std::erase_if(journaled_.entries,
                      [settled](const auto& entry) { return entry.next_offset <= settled; });
}

void log_model::delete_records(const operation& one) {
    const auto start = host_.log->log_start_offset();
    const auto many = host_.log->stable_offset() - start;
    if (many <= 0)
        return;
    checkpointed_.log_start = start + 1 + static_cast<std::int64_t>(one.a) % many;
    expected_.highest_start = std::max(expected_.highest_start, checkpointed_.log_start);
    if (one.b % 4 == 0)
        return die(one.b % 8 == 0 ? std::nullopt : std::optional(one.b));
    host_.log->delete_below(checkpointed_.log_start);
    if (host_.log->log_start_offset() != checkpointed_.log_start)
        wrong("deleted records are still there");
}

void log_model::compact(const operation& one) {
    compactor machine(host_.log->cleaned_upto());
    clean_settings settings;
    settings.map_bytes = one.b % 3 == 0 ? 24 * 4 : 1 << 14;
    settings.window_bytes = 4096;
    cleaning_now_ = cleaning_now_ + static_cast<std::int64_t>(one.a % 1500);
    auto first = machine.begin(*host_.log, settings, cleaning_now_, host_.log->stable_offset());
    if (!first)
        return;
    const auto dirty_from = machine.task().dirty_from;
    note_pass(machine.task());
    run_pass(machine, std::move(*first));
    if (disk_.cut_off())
        return;
    if (host_.log->offline())
        return die(std::nullopt);
    const auto outcome = machine.take_outcome();
    if (!outcome)
        return wrong("compaction ended without an outcome");
    if (!outcome->outcome && !excused(outcome->outcome.failure()))
        return wrong("compaction failed: " + to_string(outcome->outcome.failure()));
    if (outcome->outcome && machine.cleaned_upto() <= dirty_from)
        return wrong("compaction came to its end and no further than it was");
    host_.log->set_cleaned_upto(machine.cleaned_upto());
    if (one.b % 2 == 0)
        checkpointed_.cleaned_upto = machine.cleaned_upto();
    auto found = read_whole();
    if (problem_.empty() && !disk_.cut_off())
        compare_cleaned(found);
}

void log_model::run_pass(compactor& machine, compactor::job first) {
    std::optional<compactor::job> job = std::move(first);
    while (job && !disk_.cut_off()) {
        if (auto* step = std::get_if<clean_job>(&*job)) {
            step->run(disk_.files());
            job = machine.on_cleaned(*step, *host_.log);
            continue;
        }
        auto& swap = std::get<swap_job>(*job);
        swap.run(disk_.files());
        host_.log->on_swapped(swap);
        removals_.push_back(swap.removal);
        job = machine.on_swapped(swap, *host_.log);
    }
}

void log_model::note_pass(const clean_task& task) {
    const auto& batches = expected_.batches;
    expected_.passes.push_back({task.rules.now, task.upto});
    if (task.upto > expected_.cleaned_below) {
        for (auto one = batches.lower_bound(expected_.cleaned_below); one != batches.lower_bound(task.upto);
             ++one)
            expected_.cleaned.insert(*one);
        expected_.cleaned_below = task.upto;
    }
    std::map<producer_id, log_offset> last;
    std::map<producer_id, producer_epoch> epochs;
    for (const auto& [base, batch] : batches) {
        const auto& header = batch.header;
        if (!header.has_producer_id())
            continue;
        // A marker of a newer epoch says all that is to be known of its producer.
        if (!header.is_control() || header.producer_epoch != epochs[header.producer_id])
            last[header.producer_id] = base;
        epochs[header.producer_id] = header.producer_epoch;
    }
    expected_.tails.clear();
    for (const auto& [id, base] : last)
        expected_.tails.insert(base);
}

} // namespace barnabas::replica::model
