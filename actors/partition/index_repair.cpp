#include "actors/partition/index_repair.hpp"

#include "actors/partition/limits.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
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
    wanted.insert(index.of_transactions && in_flight_ ? wanted.begin() + 1 : wanted.end(), index);
    if (!in_flight_)
        begin_next();
    return work_->wants(index);
}

/// Files of the newest segments are still written to.
bool index_repair::may_begin(const wanted_index& index) const {
    const auto rests = work_->rests.find(index);
    const bool rested = rests == work_->rests.end() || rests->second <= port_->monotonic_now();
    return rested && !closed_ && !log_->offline() && !log_->swap_in_flight() &&
           index.segment < log_->clean_bounds_now().first_open_segment;
}

void index_repair::begin_next() {
    auto& wanted = work_->wanted;
    while (!wanted.empty() && !begin(wanted.front()))
        wanted.erase(wanted.begin());
}

bool index_repair::begin(const wanted_index& index) {
    const auto& segments = log_->segments();
    replica::reindex_job job;
    std::size_t at = segments.size();
    for (std::size_t i = 0; i < segments.size(); ++i) {
        job.bases.push_back(segments[i].base_offset);
        if (segments[i].base_offset == index.segment)
            at = i;
    }
    if (!may_begin(index) || at + 1 >= segments.size())
        return false;
    job.options = log_->options();
    job.segment = segments[at];
    job.next_base = segments[at + 1].base_offset;
    job.of_transactions = index.of_transactions;
    job.layout = log_->layout();
    in_flight_ = true;
    port_->submit(std::move(job));
    return true;
}

void index_repair::on_reindexed(const replica::reindex_job& job) {
    BARNABAS_ASSERT(in_flight_ && !work_->wanted.empty());
    in_flight_ = false;
    const auto index = work_->wanted.front();
    work_->wanted.erase(work_->wanted.begin());
    std::erase_if(work_->rests, [this](const auto& one) { return one.second <= port_->monotonic_now(); });
    const bool refused = !job.outcome && is_scarce(job.outcome.code());
    const std::chrono::nanoseconds rest =
        refused ? partition_limits::repair_interval : partition_limits::reindex_rest;
    work_->rests[index] = port_->monotonic_now() + rest.count();
    const auto name = replica::segment_file_name(job.segment.base_offset, replica::log_suffix);
    if (job.outcome) {
        log_->on_reindexed(job.outcome->segment, job.layout);
        if (BARNABAS_MARK_IF(!job.outcome->were_right, indexes_rebuilt_while_open))
            port_->report("indexes_rebuilt", "an index of " + name +
                                                 " did not say what the log says, and was made anew from it");
    } else if (BARNABAS_MARK_IF(job.outcome.code() != errc::offset_out_of_range, indexes_not_rebuilt)) {
        port_->report("indexes_not_rebuilt", "an index of " + name +
                                                 " does not say what the log says, and stays as it is: " +
                                                 to_string(job.outcome.failure()));
    }
    begin_next();
}

bool index_repair::lacks_transactions(const replica::read_job& job) {
    return !job.records && std::any_of(job.transactions.begin(), job.transactions.end(),
                                       [](const auto& source) { return source.is_wrong; });
}

bool index_repair::keeps(const replica::read_job& job, std::uint64_t reply) {
    if (work_ && work_->made_again.erase(reply) > 0)
        return false;
    const auto wrong = std::find_if(job.transactions.begin(), job.transactions.end(),
                                    [](const auto& source) { return source.is_wrong; });
    if (wrong == job.transactions.end() || !want({wrong->segment, true}))
        return false;
    BARNABAS_MARK(read_waits_for_index);
    work_->reads.push_back({job, reply, wrong->segment});
    return true;
}

std::vector<index_repair::kept_read> index_repair::take_reads() {
    auto& reads = work_->reads;
    const auto behind = std::stable_partition(reads.begin(), reads.end(), [this](const kept_read& read) {
        return work_->wants({read.waits_for, true});
    });
    std::vector<kept_read> taken(std::make_move_iterator(behind), std::make_move_iterator(reads.end()));
    reads.erase(behind, reads.end());
    for (const auto& read : taken)
        work_->made_again.insert(read.reply);
    return taken;
}

void index_repair::on_close() {
    closed_ = true;
    if (work_)
        work_->wanted.resize(in_flight_ ? 1 : 0);
}

} // namespace barnabas
