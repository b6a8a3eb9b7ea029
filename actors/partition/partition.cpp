#include "actors/partition/partition.hpp"

#include "actors/partition/limits.hpp"
#include "actors/replica/timestamp_rule.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <utility>

namespace barnabas {

namespace limits = partition_limits;

namespace {

append_response failed(const error& why) {
    append_response answer;
    answer.code = why.code;
    answer.detail = why.detail;
    return answer;
}

/// What is wrong with the log is no fault of a batch: CORRUPT_MESSAGE would blame the client's.
error of_storage(error why) {
    if (why.code == errc::corrupt_message || why.code == errc::not_found || why.code == errc::malformed)
        why.code = errc::storage_error;
    return why;
}

} // namespace

partition::partition(partition_settings settings, replica::replica_log log, partition_port& port)
    : settings_(settings), log_(std::move(log)), port_(port), cleaning_(log_, port_, settings_.tap),
      index_repair_(log_, port_), high_watermark_(log_.stable_offset()), kept_start_(log_.log_start_offset()),
      oldest_segment_(log_.segments().front().base_offset) {}

log_marks partition::marks() const {
    return {log_.log_start_offset(), log_.stable_offset(), log_.written_offset(), log_.log_end_offset(),
            high_watermark_};
}

// ---- appending: append -> written (acks=1 answered) -> synced (acks=all answered, high watermark moves)

void partition::on_append(const append_request& request, std::uint64_t reply) {
    if (auto may = check_append(request.current_leader_epoch); !may) {
        if (reply != 0)
            port_.answer(reply, failed(may.failure()));
        return;
    }
    std::vector<replica::write_job> jobs;
    std::uint64_t bytes = 0;
    for (const auto& one : request.batches)
        bytes += one.bytes.size();
    const auto now = port_.wall_now();
    auto appended = log_.append(
        request.batches, {settings_.led.epoch, now, port_.monotonic_now(), true, request.earliest}, jobs);
    if (!appended) {
        if (reply != 0)
            port_.answer(reply, refused(request, now, appended.failure()));
        return;
    }
    unsynced_bytes_ += bytes;
    for (auto& job : jobs) {
        if (settings_.tap != nullptr)
            settings_.tap->appended(job.batches, marks());
        port_.submit(std::move(job));
    }
    if (reply == 0)
        return;
    constexpr std::int16_t acks_all = -1;
    bool stable = request.acks == acks_all && !settings_.write_caching;
    if (log_.options().planted.ack_before_sync ||
        (log_.options().planted.repeat_acked_before_sync && appended->duplicate))
        stable = false;
    append_response answer;
    answer.base_offset = appended->base_offset;
    answer.log_append_time = appended->log_append_time;
    if (BARNABAS_MARK_IF(appended->duplicate && appended->base_offset.get() < 0,
                         append_duplicate_without_offset))
        answer.code = errc::duplicate_sequence;
    answer.log_start_offset = log_.log_start_offset();
    appends_.add(stable ? append_promise::stable : append_promise::written,
                 {appended->next_offset, reply, answer, request.acks});
    // A repeated batch may have reached its promise long ago.
    if (appended->duplicate)
        advance();
}

append_response partition::refused(const append_request& request, timestamp_ms now, const error& why) const {
    auto answer = failed(log_.failure() ? of_storage(*log_.failure()) : why);
    if (answer.code == errc::invalid_timestamp && request.batches.size() == 1)
        answer.refused = replica::refused_by_time(request.batches.front(), log_.options(), now);
    return answer;
}

result<void> partition::check_append(leader_epoch of_writer) const {
    if (BARNABAS_MARK_IF(closing_, append_while_closing))
        return error{errc::not_leader_or_follower, "the partition is closing"};
    if (auto led = check_leadership(of_writer); !led)
        return led;
    if (BARNABAS_MARK_IF(lost_.has_value(), append_to_lost_directory))
        return *lost_;
    auto room = port_.room();
    BARNABAS_MARK_IF(!room, append_without_room);
    return room;
}

void partition::on_written(replica::write_job& job) {
    if (job.outcome && !log_.failure())
        port_.keep_tail(job.batches);
    if (auto failure = log_.on_written(job))
        fail_appends(*failure);
    note_offline();
    tell_marks();
    repair_if_wanted();
    sync_if_wanted();
    advance();
    close_if_idle();
}

void partition::sync_if_wanted() {
    const bool cached = settings_.write_caching && !appends_.wants_stable();
    if (cached && unsynced_bytes_ < limits::cached_bytes_max && !closing_)
        return;
    sync_if_possible();
}

/// True when one has begun.
bool partition::sync_if_possible() {
    const bool by_journal = log_.may_commit() && port_.journal_pays();
    if (sync_waits_ || (!by_journal && !log_.wants_sync()))
        return false;
    begin_sync(by_journal);
    return true;
}

void partition::begin_sync(bool by_journal) {
    unsynced_bytes_ = 0;
    if (by_journal) {
        auto job = log_.commit();
        if (settings_.tap != nullptr)
            settings_.tap->sync_begun(job.target);
        return port_.submit(std::move(job));
    }
    auto job = log_.sync();
    if (settings_.tap != nullptr)
        settings_.tap->sync_begun(job.target);
    port_.submit(std::move(job));
}

void partition::on_synced(const replica::sync_job& job) {
    if (BARNABAS_MARK_IF(!job.names_outcome, sync_waits_for_descriptors))
        wait_for_descriptors();
    left_files_ |= !job.small_files_outcome;
    after_sync(log_.on_synced(job));
}

void partition::on_committed(const replica::journal_commit& job) {
    const auto failure = log_.on_committed(job);
    if (!job.taken && log_.wants_sync())
        begin_sync(false);
    after_sync(failure);
}

void partition::after_sync(const std::optional<replica::append_failure>& failure) {
    if (failure) {
        port_.drop_tail();
        note_offline();
    }
    tell_marks();
    repair_if_wanted();
    sync_if_wanted();
    advance();
    settle_if_asked();
    go_on_deleting();
    close_if_idle();
}

/// Answers and shows what the log's marks have reached.
void partition::advance() {
    for (auto& one : appends_.reached(log_.written_offset(), log_.stable_offset())) {
        if (settings_.tap != nullptr)
            settings_.tap->answered_append({one.acks, one.end, one.answer}, marks());
        port_.answer(one.reply, one.answer);
    }
    const bool shows_written = settings_.write_caching || log_.options().planted.show_before_sync;
    const log_offset reached = shows_written ? log_.written_offset() : log_.stable_offset();
    if (reached <= high_watermark_)
        return;
    high_watermark_ = reached;
    log_.forget_decided(high_watermark_);
    tell_marks();
    wake_readers();
}

void partition::fail_appends(const replica::append_failure& failure) {
    port_.report("append_failed", to_string(failure.error));
    for (auto& one : appends_.failed_from(failure.from)) {
        BARNABAS_MARK(waiting_append_failed);
        port_.answer(one.reply, failed(of_storage(failure.error)));
    }
}

/// Whatever took the log offline: nothing that is not yet stable will be, so nobody waits for it any more.
void partition::note_offline() {
    if (!log_.offline() || lost_ || std::exchange(offline_noted_, true))
        return;
    const auto& why = *log_.failure();
    port_.report("partition_offline",
                 "the partition refuses records until the broker is restarted: " + to_string(why));
    for (auto& one : appends_.failed_from(log_.stable_offset()))
        port_.answer(one.reply, failed(of_storage(why)));
    answer_deletions(log_.log_end_offset(), why);
    port_.went_offline(why);
}

void partition::repair_if_wanted() {
    if (repair_waits_ || !log_.wants_repair())
        return;
    port_.submit(log_.repair());
}

void partition::on_repaired(const replica::repair_job& job) {
    log_.on_repaired(job);
    note_offline();
    if (settings_.tap != nullptr && job.outcome)
        settings_.tap->repaired();
    if (BARNABAS_MARK_IF(log_.wants_repair(), repair_waits_for_disk)) {
        // The disk is still full or failing: appends are refused meanwhile, reads go on.
        repair_waits_ = true;
        port_.retry_repair(limits::repair_interval);
    }
    sync_if_wanted();
    settle_if_asked();
    close_if_idle();
}

void partition::on_repair_due() {
    repair_waits_ = false;
    sync_waits_ = false;
    repair_if_wanted();
    sync_if_wanted();
    settle_if_asked();
}

// ---- reading

void partition::on_read(const read_request& request, std::uint64_t asker, std::uint64_t reply) {
    if (BARNABAS_MARK_IF(closing_, read_while_closing))
        return answer_read(reply, error{errc::not_leader_or_follower, "the partition is closing"});
    if (lost_)
        return answer_read(reply, *lost_);
    if (auto known = check_leadership(request.current_leader_epoch); !known)
        return answer_read(reply, known.failure());
    const log_offset from = request.fetch_offset;
    if (BARNABAS_MARK_IF(from < log_.log_start_offset() || from > log_.log_end_offset(), read_out_of_range))
        return answer_read(reply, error{errc::offset_out_of_range,
                                        "offset " + std::to_string(from.get()) +
                                            " is outside of the log, which has " +
                                            std::to_string(log_.log_start_offset().get()) + " to " +
                                            std::to_string(log_.log_end_offset().get())});
    const auto end = readable_end(request.committed_only);
    if (from >= end) {
        if (request.notify)
            readers(request.committed_only).add({asker, request.token}, from);
        return answer_read(reply, slice());
    }
    // The answer is full, and the reader only wants the watermarks.
    if (request.max_bytes == 0 && !request.at_least_one_batch)
        return answer_read(reply, slice());
    if (answer_from_tail(request, asker, reply))
        return;
    const auto upto = log_.options().planted.serve_beyond_high_watermark ? log_.written_offset() : end;
    auto job = log_.read(from, request.max_bytes, upto, request.at_least_one_batch, request.committed_only);
    if (!job)
        return answer_read(reply, job.failure());
    if (request.notify)
        running_reads_.push_back({reply, {asker, request.token}, request.committed_only});
    port_.submit(std::move(*job), reply);
}

void partition::on_read_done(const replica::read_job& job, std::uint64_t reply) {
    log_.on_read(job);
    if (keeps_for_swap(job, reply))
        return make_kept_lookups_again();
    // An index of other files leads astray, too.
    if (!log_.layout_changed(job.layout))
        index_repair_.on_astray(job.astray);
    if (keeps_for_index(job, reply))
        return;
    if (BARNABAS_MARK_IF(!job.records, read_failed))
        port_.report("read_failed", to_string(job.records.failure()));
    // Below the log's start a segment has gone as it should. Anywhere else a client that heard that the
    // offset is out of range would go to an end of the log, past records that are there.
    const bool is_lost =
        job.records.code() == errc::offset_out_of_range || index_repair::lacks_transactions(job);
    const bool is_missing =
        job.records.code() == errc::not_found || (is_lost && job.from >= log_.log_start_offset());
    if (lost_ && !job.records)
        answer_read(reply, *lost_, &job);
    else if (BARNABAS_MARK_IF(closing_ && index_repair::lacks_transactions(job), close_ends_wait_for_index))
        answer_read(reply, error{errc::not_leader_or_follower, "the partition is closing"}, &job);
    else if (BARNABAS_MARK_IF(is_missing, read_of_missing_segment))
        answer_read(reply, error{errc::storage_error, job.records.failure().detail}, &job);
    else
        answer_read(reply, job.records, &job);
    close_if_idle();
}

/// A reader that has come to the end waits there from now on. -1: it has not, or does not care.
log_offset partition::wait_behind(const replica::read_job& job, std::uint64_t reply) {
    const auto found = std::find_if(running_reads_.begin(), running_reads_.end(),
                                    [&](const running_read& one) { return one.reply == reply; });
    if (found == running_reads_.end())
        return log_offset(-1);
    const auto [number, who, committed_only] = *found;
    running_reads_.erase(found);
    const bool may_wait = job.records && !job.records->empty() && !closing_ && !lost_ && settings_.led.here;
    return may_wait ? wait_at(who, job.end, committed_only) : log_offset(-1);
}

log_offset partition::wait_at(const waiting_reads::reader& who, log_offset end, bool committed_only) {
    if (end < readable_end(committed_only))
        return log_offset(-1);
    if (!log_.options().planted.reader_at_end_forgotten)
        readers(committed_only).add(who, end);
    return end;
}

/// Records near the end of the log that are still in memory need no job. Of aborted transactions only files
/// tell.
bool partition::answer_from_tail(const read_request& request, std::uint64_t asker, std::uint64_t reply) {
    if (request.committed_only && log_.has_aborted())
        return false;
    const auto tail = port_.read_tail(request, readable_end(request.committed_only));
    if (tail.records.empty())
        return false;
    BARNABAS_MARK(read_from_memory);
    const auto waits_at =
        request.notify ? wait_at({asker, request.token}, tail.end, request.committed_only) : log_offset(-1);
    auto answer = marks_for_reader();
    answer.waits_at = waits_at;
    answer.records = tail.records;
    if (settings_.tap != nullptr)
        settings_.tap->answered_read(request.fetch_offset, tail.records, marks());
    port_.answer(reply, std::move(answer));
    return true;
}

read_response partition::marks_for_reader() const {
    read_response answer;
    answer.log_end_offset = log_.log_end_offset();
    answer.high_watermark = high_watermark_;
    answer.last_stable_offset = last_stable_offset();
    answer.log_start_offset = log_.log_start_offset();
    return answer;
}

/// `job` read the records, if one did; an error of it may be told in other words.
void partition::answer_read(std::uint64_t reply, const result<slice>& records, const replica::read_job* job) {
    auto answer = marks_for_reader();
    kept_.on_answered(reply);
    if (job != nullptr) {
        answer.waits_at = wait_behind(*job, reply);
        if (job->aborted && records)
            for (const auto& one : *job->aborted)
                answer.aborted.push_back({one.producer, one.first_offset});
    }
    if (records) {
        if (settings_.tap != nullptr)
            settings_.tap->answered_read(job == nullptr ? log_offset(-1) : job->from, *records, marks());
        answer.records = *records;
    } else {
        answer.code = records.code();
        answer.detail = records.failure().detail;
    }
    port_.answer(reply, std::move(answer));
}

// ---- retention and the end

void partition::on_check_retention() {
    if (closing_ || lost_)
        return;
    if (settings_.tap != nullptr && !log_.offline())
        settings_.tap->retention_begun(port_.wall_now());
    if (auto job = log_.retention(port_.wall_now(), port_.monotonic_now(), high_watermark_)) {
        ++retires_in_flight_;
        port_.submit(std::move(*job));
    }
    if (auto job = log_.roll_expired(port_.wall_now(), high_watermark_))
        port_.submit(std::move(*job));
    tell_marks();
    // Under write caching this is the longest that bytes stay unsynced.
    if (BARNABAS_MARK_IF(log_.wants_sync(), cached_bytes_synced_late))
        begin_sync(false);
}

void partition::on_note_recovery_point() {
    if (closing_ || lost_)
        return;
    log_.want_snapshot();
    if (log_.wants_sync() && !sync_waits_)
        begin_sync(false);
}

void partition::on_retired(const replica::retire_job& job) {
    BARNABAS_ASSERT(retires_in_flight_ > 0);
    --retires_in_flight_;
    left_files_ |= !job.outcome;
    if (BARNABAS_MARK_IF(!job.outcome, retention_failed))
        port_.report("retention_failed", to_string(job.outcome.failure()));
    else
        oldest_segment_ = std::max(oldest_segment_, job.keep_from);
    if (!job.removal.paths.empty())
        port_.submit_later(job.removal, std::chrono::milliseconds(log_.options().file_delete_delay_ms));
    close_if_idle();
}

void partition::on_directory_failed(const error& why) {
    if (closing_ || lost_)
        return;
    lost_ = error{errc::storage_error, why.detail};
    log_.fail(*lost_);
    port_.drop_tail();
    for (auto& one : appends_.failed_from(log_offset(-1)))
        port_.answer(one.reply, failed(*lost_));
    answer_deletions(log_.log_end_offset(), *lost_);
    for (const auto& reader : all_readers())
        port_.notify(reader);
    cleaning_.on_close();
    index_repair_.on_close();
    close_if_idle();
}

void partition::on_close() {
    closing_ = true;
    if (close_outcome_)
        return port_.closed(*close_outcome_);
    for (const auto& reader : all_readers())
        port_.notify(reader);
    cleaning_.on_close();
    index_repair_.on_close();
    answer_deletions(log_.log_end_offset(), error{errc::not_leader_or_follower, "the partition is closing"});
    sync_if_wanted();
    close_if_idle();
}

void partition::close_if_idle() {
    const bool idle = log_.idle() && cleaning_.idle() && index_repair_.idle() && retires_in_flight_ == 0;
    if ((!closing_ && !lost_) || close_submitted_ || !idle)
        return;
    close_submitted_ = true;
    for (auto& one : appends_.failed_from(log_offset(-1)))
        port_.answer(one.reply,
                     failed({errc::not_leader_or_follower, "the partition closed before it was stored"}));
    port_.submit(log_.close());
}

void partition::on_closed(const replica::close_job& job) {
    port_.drop_tail();
    log_.on_closed(job);
    if (settings_.tap != nullptr)
        settings_.tap->closed(job.outcome, appends_.size(), waiting_reads_count());
    close_outcome_ = job.outcome;
    if (closing_)
        port_.closed(job.outcome);
}

slice partition::clean_state() const {
    if (left_files_ || retires_in_flight_ != 0 || cleaning_.left_files())
        return {};
    return log_.clean_state().value_or(slice());
}

} // namespace barnabas
