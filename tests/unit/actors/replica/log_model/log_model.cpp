#include "tests/unit/actors/replica/log_model/log_model.hpp"

#include <algorithm>
#include <array>

namespace barnabas::replica::model {

namespace {

constexpr std::uint32_t producers_max = 3;
constexpr std::array names{"append",
                           "send",
                           "repeat",
                           "skip_sequence",
                           "older_epoch",
                           "new_producer_epoch",
                           "new_leader_epoch",
                           "send_in_transaction",
                           "end_transaction",
                           "write",
                           "write_all",
                           "sync",
                           "failing_sync",
                           "read",
                           "read_committed",
                           "find",
                           "find_largest",
                           "retain",
                           "roll_expired",
                           "want_snapshot",
                           "commit",
                           "settle",
                           "delete_records",
                           "compact",
                           "close",
                           "kill",
                           "power_cut",
                           "cut_later",
                           "kill_later",
                           "fail_later",
                           "rot_later",
                           "cut_in_recovery",
                           "fail_in_recovery",
                           "rot_in_recovery",
                           "harm_index"};

log_options options_of(std::uint32_t choice, const planted_bugs& planted) {
    auto options = log_host::small_options();
    options.segment_bytes = 600 + static_cast<std::int64_t>(choice % 5) * 600;
    options.index_interval_bytes = static_cast<std::int64_t>(choice / 5 % 3) * 150;
    options.snapshot_interval_bytes = 300 + static_cast<std::int64_t>(choice / 15 % 4) * 900;
    options.segment_index_bytes = choice / 60 % 3 == 0 ? 40 : 4096;
    options.segment_ms = choice / 180 % 3 == 0 ? 300 : -1;
    options.retention_bytes = choice / 540 % 2 == 0 ? 3000 : -1;
    options.retention_ms = choice / 1080 % 2 == 0 ? 3600 : -1;
    options.compact_policy = choice >= plain_options;
    options.delete_policy = !options.compact_policy || choice % 2 == 0;
    options.min_cleanable_dirty_ratio = 0;
    options.delete_retention_ms = 1000;
    options.keeps_for_journal = true;
    options.planted = planted;
    return options;
}

sim::power_cut_faults losses_of(std::uint32_t choice) {
    if (choice % 3 == 0)
        return sim::power_cut_faults::lose_all();
    runtime::random draws(choice);
    return sim::power_cut_faults::drawn(draws);
}

std::int64_t id_of(std::uint32_t number) {
    return 100 + static_cast<std::int64_t>(number);
}

} // namespace

batch_shape shape_of(const operation& one, std::uint64_t keys) {
    return {.records = static_cast<int>(1 + one.a % 3),
            .value_size = 10 + one.a / 3 % 130,
            .timestamp = 1000 + static_cast<std::int64_t>(one.b % 600),
            .keys = keys};
}

namespace {

errc code_of(std::uint32_t choice) {
    constexpr std::array codes{errc::storage_error, errc::disk_full, errc::read_only};
    return codes[choice % codes.size()];
}

} // namespace

const char* name_of(op what) noexcept {
    static_assert(names.size() == static_cast<std::size_t>(op::harm_index) + 1);
    return names[static_cast<std::size_t>(what)];
}

std::string problem_of(const sequence& all, const planted_bugs& planted) {
    log_model model(all.options, planted);
    for (std::size_t at = 0; at < all.operations.size() && model.problem().empty(); ++at)
        model.run(all.operations[at]);
    if (model.problem().empty())
        model.finish();
    return model.problem();
}

log_model::log_model(std::uint32_t options, const planted_bugs& planted)
    : disk_(options), options_(options_of(options, planted)), host_(disk_.files(), options_),
      keys_(options_.compact_policy ? 2 + options % 11 : 1) {
    if (!disk_.files().create_directory("/data") || !disk_.files().sync_directory("/"))
        wrong("no /data");
    open();
}

void log_model::run(const operation& one) {
    switch (one.what) {
    case op::cut_later: return die_at(1 + one.a % 100, one.b);
    case op::kill_later: return die_at(1 + one.a % 100, std::nullopt);
    case op::fail_later: return disk_.fail_nth(1 + one.a % 60, code_of(one.b));
    case op::rot_later: return disk_.rot_nth_read(1 + one.a % 30);
    case op::kill: die(std::nullopt); break;
    case op::power_cut: die(one.a); break;
    case op::cut_in_recovery:
        end_process(one.b + 1);
        die_at(1 + one.a % 60, one.b);
        open();
        break;
    case op::fail_in_recovery:
        end_process(one.b);
        disk_.fail_nth(1 + one.a % 60, code_of(one.b));
        open();
        break;
    case op::rot_in_recovery:
        end_process(one.b);
        disk_.rot_nth_read(1 + one.a % 20);
        open();
        break;
    case op::harm_index: end_and_harm_index(one); break;
    default: run_living(one);
    }
    note_power();
}

void log_model::die_at(std::uint64_t n, std::optional<std::uint32_t> losses) {
    planned_losses_ = losses;
    disk_.crash_after_operations(n);
}

void log_model::run_living(const operation& one) {
    switch (one.what) {
    case op::append: return append(shape_of(one, keys_));
    case op::send: return send(one.b % producers_max, one);
    case op::repeat: return repeat(one);
    case op::skip_sequence:
    case op::older_epoch: return refuse(one);
    case op::new_producer_epoch: {
        auto& who = producers_[one.a % producers_max];
        who = {static_cast<std::int16_t>(who.epoch + 1), 0};
        return;
    }
    case op::new_leader_epoch: ++leader_epoch_; return;
    case op::send_in_transaction: return send_in_transaction(one);
    case op::end_transaction: return end_transaction(one);
    case op::write: return write();
    case op::write_all: return write_all();
    case op::sync: return sync();
    case op::failing_sync: return failing_sync();
    case op::read: return read(one);
    case op::read_committed: return read_committed(one);
    case op::find: return find(timestamp_ms(900 + one.a % 800));
    case op::find_largest: return find(std::nullopt);
    case op::retain: return retain(one.a % 2 == 0);
    case op::roll_expired: return roll_expired();
    case op::want_snapshot: return host_.log->want_snapshot();
    case op::commit: return commit(one);
    case op::settle: return settle(one);
    case op::delete_records: return delete_records(one);
    case op::compact: return compact(one);
    case op::close: return close(one.a % 2 == 1);
    default: return;
    }
}

/// When the planned moment has come, the process is gone, and a new one starts.
void log_model::note_power() {
    while (problem_.empty() && disk_.cut_off()) {
        const auto losses = std::exchange(planned_losses_, std::nullopt);
        die(losses);
    }
}

void log_model::append(const batch_shape& shape) {
    const auto before = host_.writes.size();
    const auto end = host_.log->log_end_offset();
    const auto appended = host_.queue(shape, ++label_, leader_epoch_);
    if (!appended) {
        if (!host_.log->failure())
            wrong("an append was refused: " + to_string(appended.failure()));
        return;
    }
    note_appended(*appended, before, end);
    if (shape.producer >= 0 && !shape.transactional)
        producers_[static_cast<std::uint32_t>(shape.producer - 100)].next_sequence =
            shape.sequence + shape.records;
}

void log_model::note_appended(const append_result& appended, std::size_t writes_before, log_offset end) {
    if (host_.writes.size() != writes_before + 1 || appended.base_offset != end || appended.duplicate)
        return wrong("an append got offset " + std::to_string(appended.base_offset.get()) + " at the end " +
                     std::to_string(end.get()));
    if (appended.base_offset < expected_.stable)
        return wrong("offset " + std::to_string(end.get()) + " was stable and is given again");
    const auto& bytes = host_.writes.back().batches.front();
    expected_.batches[end] = {bytes, *batch::parse_header(bytes.bytes())};
    expected_.ever[end].push_back(bytes);
}

void log_model::send(std::uint32_t number, const operation& one) {
    const auto& who = producers_[number];
    auto shape = shape_of(one, keys_);
    shape.producer = id_of(number);
    shape.epoch = who.epoch;
    shape.sequence = who.next_sequence;
    append(shape);
}

/// Of the batches of one producer's epoch the newest five are known by their offsets.
void log_model::repeat(const operation& one) {
    const auto number = one.a % producers_max;
    auto all = batches_of(producer_id(id_of(number)));
    std::erase_if(all, [&](const known_batch& each) {
        return each.header.producer_epoch.get() != producers_[number].epoch;
    });
    if (all.empty() || host_.log->failure())
        return;
    const auto back = std::min<std::size_t>(one.b % producer_batches_max, all.size() - 1);
    const auto& header = all[all.size() - 1 - back].header;
    const batch_shape shape{.records = header.record_count,
                            .producer = id_of(number),
                            .epoch = header.producer_epoch.get(),
                            .sequence = header.base_sequence};
    const auto before = host_.writes.size();
    const auto answer = host_.queue(shape, 0, leader_epoch_);
    if (!answer)
        return wrong("a repeated batch was refused: " + to_string(answer.failure()));
    if (!answer->duplicate || host_.writes.size() != before || answer->base_offset != header.base_offset)
        wrong("a repetition of the batch at " + std::to_string(header.base_offset.get()) + " got offset " +
              std::to_string(answer->base_offset.get()));
}

void log_model::refuse(const operation& one) {
    const auto number = one.a % producers_max;
    const auto all = batches_of(producer_id(id_of(number)));
    const auto& who = producers_[number];
    if (all.empty() || host_.log->failure() || all.back().header.producer_epoch.get() != who.epoch)
        return;
    const bool skips = one.what == op::skip_sequence;
    if (!skips && who.epoch == 0)
        return;
    const batch_shape shape{.producer = id_of(number),
                            .epoch = static_cast<std::int16_t>(skips ? who.epoch : who.epoch - 1),
                            .sequence = who.next_sequence + (skips ? 1 : 0)};
    const auto answer = host_.queue(shape, 0, leader_epoch_);
    const auto due = skips ? errc::out_of_order_sequence : errc::invalid_producer_epoch;
    if (answer || answer.code() != due)
        wrong(std::string(name_of(one.what)) + " was not refused as it must be");
}

void log_model::forget_from(log_offset from) {
    if (from < expected_.stable)
        return wrong("appends from " + std::to_string(from.get()) + " on failed, but all below " +
                     std::to_string(expected_.stable.get()) + " was stable");
    auto& batches = expected_.batches;
    batches.erase(batches.lower_bound(from), batches.end());
    for (auto& [number, who] : producers_) {
        const auto all = batches_of(producer_id(id_of(number)));
        const bool goes_on = !all.empty() && all.back().header.producer_epoch.get() == who.epoch;
        who.next_sequence = goes_on ? all.back().header.last_sequence() + 1 : 0;
    }
}

void log_model::write() {
    if (!host_.writes.empty())
        if (const auto failure = host_.write_one())
            forget_from(failure->from);
    if (host_.log->wants_repair())
        host_.repair();
}

void log_model::write_all() {
    while (!host_.writes.empty())
        write();
}

void log_model::sync() {
    if (!host_.log->wants_sync())
        return;
    const auto failure = host_.sync();
    if (disk_.cut_off())
        return;
    if (failure)
        return die(std::nullopt); // Offline: whoever owns the log opens it again.
    expected_.stable = std::max(expected_.stable, host_.log->stable_offset());
}

void log_model::failing_sync() {
    if (!host_.log->wants_sync())
        return;
    disk_.set_faults({.sync_error_chance = 1'000'000});
    const auto failure = host_.sync();
    disk_.set_faults({});
    if (disk_.cut_off())
        return;
    // With nothing to sync but names or small files there may be none.
    if (failure)
        return die(std::nullopt);
    expected_.stable = std::max(expected_.stable, host_.log->stable_offset());
}

void log_model::retain(bool removes) {
    auto job = host_.log->retention(timestamp_ms(5000), host_.monotonic, host_.log->stable_offset());
    expected_.highest_start = std::max(expected_.highest_start, host_.log->log_start_offset());
    if (expected_.highest_start > expected_.stable)
        wrong("retention deleted what was not stable");
    if (!job)
        return;
    job->run(disk_.files());
    removals_.push_back(std::move(job->removal));
    if (removes)
        for (auto& removal : std::exchange(removals_, {}))
            removal.run(disk_.files());
}

void log_model::roll_expired() {
    if (auto job = host_.log->roll_expired(timestamp_ms(5000), host_.log->stable_offset()))
        host_.writes.push_back(std::move(*job));
}

void log_model::close(bool believed) {
    for (int attempt = 0; attempt < 3 && (!host_.writes.empty() || host_.log->wants_repair()); ++attempt) {
        write_all();
        write();
    }
    if (disk_.cut_off())
        return;
    const bool failed = host_.log->failure().has_value();
    const auto end = host_.log->log_end_offset();
    const bool closed = host_.close().has_value();
    if (disk_.cut_off())
        return;
    if (closed && !failed)
        expected_.stable = end;
    if (disk_.open_files() != 0)
        return wrong("files stay open behind a close");
    disk_.kill();
    // What deletions left behind is cleared by whoever looks at the directory.
    host_.believes_close = believed && removals_.empty();
    removals_.clear();
    open();
}

void log_model::die(std::optional<std::uint32_t> losses) {
    end_process(losses);
    open();
}

void log_model::end_process(std::optional<std::uint32_t> losses) {
    host_.log.reset();
    host_.writes.clear();
    removals_.clear();
    disk_.set_faults({});
    if (losses) {
        runtime::random draws(*losses);
        disk_.power_cut(draws, losses_of(*losses));
    } else {
        disk_.kill();
    }
}

/// What was planned to fail fails once; then it must open.
void log_model::open() {
    std::string why;
    if (const auto act = std::exchange(before_open_, nullptr))
        act();
    host_.checkpoint(checkpointed_);
    host_.journaled.clear();
    if (!journaled_.entries.empty())
        host_.journaled.push_back(journaled_);
    for (int attempt = 0; attempt < 3; ++attempt) {
        const auto before = disk_.operations();
        const auto opened = host_.open(true);
        operations_of_open_ = disk_.operations() - before;
        if (opened)
            return look_at_all();
        if (disk_.cut_off())
            return; // `note_power` goes on.
        why = to_string(opened.failure());
    }
    wrong("the log does not open: " + why);
}

void log_model::finish() {
    for (const auto what : {op::close, op::power_cut})
        if (problem_.empty())
            run({what, 0, 0});
    note_power();
}

} // namespace barnabas::replica::model
