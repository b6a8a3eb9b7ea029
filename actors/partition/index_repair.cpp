#include "actors/partition/index_repair.hpp"

#include "actors/partition/limits.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace barnabas {

void index_repair::on_astray(std::span<const log_offset> segments) {
    for (const auto segment : segments)
        want({segment, false});
}

bool index_repair::work::wants(const wanted_index& index) const {
    return std::find(wanted.begin(), wanted.end(), index) != wanted.end();
}

/// Whether it is on its way.
bool index_repair::want(const wanted_index& index) {
    if (!work_)
        work_ = std::make_unique<work>();
    if (work_->wants(index))
        return true;
    auto& wanted = work_->wanted;
    if (!may_begin(index) || wanted.size() >= partition_limits::reindexed_at_once_max)
        return false;
    // Somebody waits for one of transactions.
    wanted.insert(index.of_transactions && work_->run ? wanted.begin() + 1 : wanted.end(), index);
    go_on();
    return work_->wants(index);
}

/// Files of the newest segments are still written to.
bool index_repair::may_begin(const wanted_index& index) const {
    const auto rests = work_->rests.find(index);
    const bool rested = rests == work_->rests.end() || rests->second <= port_->monotonic_now();
    return rested && !closed_ && !log_->offline() &&
           index.segment < log_->clean_bounds_now().first_open_segment;
}

/// The next step of what is under way, or of the next that is wanted.
void index_repair::go_on() {
    auto& [wanted, run, rests] = *work_;
    if (in_flight_ || log_->swap_in_flight())
        return;
    if (closed_ || log_->offline()) {
        run.reset();
        wanted.clear();
        return;
    }
    if (BARNABAS_MARK_IF(run && is_outdated(run->task()), reindex_begun_again))
        run.reset();
    while (!run && !wanted.empty() && !begin(wanted.front()))
        wanted.erase(wanted.begin());
    if (!run)
        return;
    in_flight_ = true;
    port_->submit(replica::reindex_job{run, replica::reindex_step_bytes(run->task().segment)});
}

bool index_repair::begin(const wanted_index& index) {
    const auto& segments = log_->segments();
    replica::reindex_task task;
    std::size_t at = segments.size();
    for (std::size_t i = 0; i < segments.size(); ++i) {
        task.bases.push_back(segments[i].base_offset);
        if (segments[i].base_offset == index.segment)
            at = i;
    }
    if (!may_begin(index) || at + 1 >= segments.size())
        return false;
    task.options = log_->options();
    task.segment = segments[at];
    task.next_base = segments[at + 1].base_offset;
    task.of_transactions = index.of_transactions;
    task.layout = log_->layout();
    work_->run = std::make_shared<replica::reindex_run>(std::move(task));
    return true;
}

/// Files that it has read, or will read, are others now, or have gone away.
bool index_repair::is_outdated(const replica::reindex_task& task) const {
    return task.layout != log_->layout() || task.bases.front() != log_->segments().front().base_offset;
}

void index_repair::on_reindexed(const replica::reindex_job& job) {
    BARNABAS_ASSERT(in_flight_ && work_ && work_->run == job.run_of);
    in_flight_ = false;
    const auto run = work_->run;
    const auto& task = run->task();
    if (run->made() ? task.layout == log_->layout() : !job.outcome && !is_outdated(task))
        end(*run, job.outcome);
    go_on();
}

void index_repair::end(const replica::reindex_run& run, const result<void>& outcome) {
    const auto index = work_->wanted.front();
    work_->wanted.erase(work_->wanted.begin());
    work_->run.reset();
    std::erase_if(work_->rests, [this](const auto& one) { return one.second <= port_->monotonic_now(); });
    const bool refused = !outcome && is_scarce(outcome.code());
    const std::chrono::nanoseconds rest =
        refused ? partition_limits::repair_interval : partition_limits::reindex_rest;
    work_->rests[index] = port_->monotonic_now() + rest.count();
    const auto name = replica::segment_file_name(index.segment, replica::log_suffix);
    if (const auto& made = run.made()) {
        log_->on_reindexed(made->segment, run.task().layout);
        if (BARNABAS_MARK_IF(!made->were_right, indexes_rebuilt_while_open))
            port_->report("indexes_rebuilt", "an index of " + name +
                                                 " did not say what the log says, and was made anew from it");
    } else if (BARNABAS_MARK_IF(outcome.code() != errc::offset_out_of_range, indexes_not_rebuilt)) {
        port_->report("indexes_not_rebuilt", "an index of " + name +
                                                 " does not say what the log says, and stays as it is: " +
                                                 to_string(outcome.failure()));
    }
}

void index_repair::on_swapped() {
    if (work_)
        go_on();
}

bool index_repair::lacks_transactions(const replica::read_job& job) {
    return !job.records && std::any_of(job.transactions.begin(), job.transactions.end(),
                                       [](const auto& source) { return source.is_wrong; });
}

std::optional<log_offset> index_repair::awaited_by(const replica::read_job& job) {
    const auto wrong = std::find_if(job.transactions.begin(), job.transactions.end(),
                                    [](const auto& source) { return source.is_wrong; });
    if (wrong == job.transactions.end() || !want({wrong->segment, true}))
        return std::nullopt;
    return wrong->segment;
}

void index_repair::on_close() {
    closed_ = true;
    if (work_)
        work_->wanted.resize(in_flight_ ? 1 : 0);
}

} // namespace barnabas
