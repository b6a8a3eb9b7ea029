// What the clients of a run hear, on its way to the history.

#include "protocol/batch/message_reader.hpp"
#include "protocol/kafka/record_formats.hpp"
#include "runtime/disk/directory_gate.hpp"
#include "sim/workloads/broker_config.hpp"
#include "sim/workloads/produce_consume.hpp"
#include "sim/workloads/record_content.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace barnabas::sim {

void produce_consume::on_outcome(load& of, const client::produce_outcome& outcome) {
    --of.unfinished;
    world_.record(of.host->host().number(), trace_kind::note, outcome.token,
                  static_cast<std::uint64_t>(outcome.what),
                  static_cast<std::uint64_t>(outcome.base_offset.get()));
    outcome_.acked += outcome.what == client::delivery::acked;
    outcome_.unknown += outcome.what == client::delivery::unknown;
    outcome_.failed += outcome.what == client::delivery::failed;
    if (tell_)
        tell_outcome(of, outcome);
    if (outcome.what == client::delivery::acked)
        faults_->on_acked();
    history_.on_result({outcome.token, outcome.what, outcome.base_offset, world_.now()});
    look_at_invariants();
}

void produce_consume::tell_outcome(const load& of, const client::produce_outcome& outcome) const {
    const auto& batch = history_.batches()[outcome.token];
    const auto what = "batch " + std::to_string(outcome.token) + " of producer " + std::to_string(of.number) +
                      " for " + to_string(batch.where);
    switch (outcome.what) {
    case client::delivery::acked:
        return tell(what + " acknowledged at " + std::to_string(outcome.base_offset.get()) + ", " +
                    std::to_string(batch.contents.size()) + " records");
    case client::delivery::failed: return tell(what + " failed: " + outcome.detail);
    case client::delivery::unknown: return tell(what + " may be lost: " + outcome.detail);
    }
}

void produce_consume::on_consumed(std::uint32_t reader, std::uint32_t topic, bool audit,
                                  const client::consumed& got) {
    const auto where = place_of(topic, got.topic, got.partition);
    history_.on_watermark({reader, where, got.high_watermark, got.log_start_offset, world_.now()});
    // Not as the answer has it: a client that is to get timestamps must not do without.
    const bool stamped = audit || options_.readers[reader].fetch_version_max >= kafka::fetch_with_timestamps;
    const auto visit = [&](const batch::record_view& record) -> result<void> {
        if (record.offset >= got.from)
            on_record({reader, audit, where, record.offset, number_seen(record),
                       stamped ? content_of(record) : content_seen_without_stamp(record), world_.now()});
        return {};
    };
    const auto readable = [&](const result<void>& done) {
        if (!done)
            fail("nothing_invented",
                 "records that passed their checks cannot be read: " + to_string(done.failure()));
    };
    for (const auto& batch : got.batches)
        readable(batch::for_each_record(batch, visit, &workspace_));
    batch::message_reading how;
    how.workspace = &workspace_;
    for (const auto& message : got.messages)
        readable(batch::for_each_record(message, visit, how));
    if (audit)
        note_audited(where, got);
    look_at_invariants();
}

void produce_consume::on_record(const read_record& read) {
    ++outcome_.records_read;
    world_.record(read.reader, trace_kind::note, static_cast<std::uint64_t>(read.offset.get()),
                  read.record.value_or(UINT64_MAX), read.content);
    history_.on_read(read);
}

/// A tombstone has no value to say which it is.
std::optional<std::uint64_t> produce_consume::number_seen(const batch::record_view& record) const {
    if (!is_tombstone(record))
        return number_of(record);
    const auto found = tombstones_.find(content_of(record));
    return found == tombstones_.end() ? std::nullopt : std::optional(found->second);
}

/// A record of which everything but the timestamp is as it was sent is taken for the whole.
std::uint64_t produce_consume::content_seen_without_stamp(const batch::record_view& record) const {
    const auto seen = content_without_stamp(record);
    const auto number = number_of(record);
    const bool same = number && *number < contents_.size() && contents_[*number].without_stamp == seen;
    return same ? contents_[*number].whole : seen;
}

void produce_consume::note_audited(const place& where, const client::consumed& got) {
    auto& position = audited_to_[where];
    position = std::max(position, got.next_offset());
    if (position >= got.high_watermark)
        facts_.audit_ends[where] = position;
}

void produce_consume::on_problem(std::uint32_t reader, std::uint32_t topic,
                                 const client::consumer_problem& problem) {
    const auto what = "reader " + std::to_string(reader) + ", topic " + std::to_string(topic) +
                      ", partition " + std::to_string(problem.partition) + ", offset " +
                      std::to_string(problem.position.get()) + ": ";
    switch (problem.what) {
    case client::consumer_problem::kind::corrupt:
        return fail("nothing_invented", what + "corrupt records were served: " + problem.detail);
    case client::consumer_problem::kind::out_of_range:
        tell(what + "out of range, " + problem.detail);
        return on_out_of_range({reader, place_of(topic, problem.topic, problem.partition), problem.position,
                                problem.log_start_offset, problem.high_watermark});
    case client::consumer_problem::kind::refused:
        // An answer may still be on its way when the disk is whole again.
        if (options_.faults.lossy || (options_.faults.any && options_.faults.disk_fails()))
            return tell(what + "refused with " + problem.detail);
        return fail("node", what + "refused with " + problem.detail);
    }
}

void produce_consume::on_out_of_range(const out_of_range& told) {
    history_.on_out_of_range(told);
    history_.on_watermark(
        {told.reader, told.where, told.high_watermark, told.log_start_offset, world_.now()});
    look_at_invariants();
}

/// Adds what lies elsewhere.
void produce_consume::on_hang(directory_hang hang) {
    for (const auto& path : broker_.log_dirs())
        if (path != hang.directory)
            hang.others.insert(path);
    for (const auto& where : places()) {
        const auto name = "/t" + std::to_string(where.topic) + "-" + std::to_string(where.partition);
        for (const auto& path : hang.others)
            if (broker_.host().disk().content(path + name + "/partition.metadata"))
                hang.elsewhere.push_back(where);
    }
    fail_unless_without(hang_stays_local, felt_elsewhere(hang, history_));
}

void produce_consume::on_foreign_disk(const foreign_disk& disk) {
    fail_unless_without(foreign_disk_refused, badly_treated(disk));
}

void produce_consume::add_disk_checkers() {
    add_room_checkers();
    const auto& without = options_.without_checkers;
    auto made = make_taken_directory_goes_offline(history_);
    if (options_.faults.lossy || std::find(without.begin(), without.end(), made->name()) != without.end())
        return;
    taken_checker_ = made.get();
    history_.add(std::move(made));
}

/// By the names of their directories; what is on its way to another place has an ending behind its number.
void produce_consume::on_directory_taken(const std::string& directory) {
    if (taken_checker_ == nullptr)
        return;
    std::set<std::pair<std::uint32_t, std::int32_t>> partitions;
    const auto& all = broker_.log_dirs();
    for (const auto& where : places()) {
        const auto name = "/t" + std::to_string(where.topic) + "-" + std::to_string(where.partition);
        const auto holds = [&](const std::string& path) {
            return broker_.host().disk().content(path + name + "/partition.metadata").has_value();
        };
        // Of two with one name, one is of an earlier life of the topic.
        if (holds(directory) && std::count_if(all.begin(), all.end(), holds) == 1)
            partitions.emplace(where.topic, where.partition);
    }
    taken_checker_->on_taken(directory, partitions);
}

void produce_consume::look_at_disk() {
    tell_room();
    // From then on nothing may be believed that is written there.
    if (const auto refused = broker_.host().disk().take_refusal(); !refused.empty() && broker_.started())
        on_directory_taken(refused);
    if (taken_checker_ != nullptr)
        taken_checker_->on_calm(faults_->calm_since(), world_.now());
}

/// Where something else is wrong with the disk, nobody can tell why a partition waits.
void produce_consume::add_room_checkers() {
    if (!options_.faults.only_room_is_short())
        return;
    const auto& without = options_.without_checkers;
    for (auto& made : all_room_checkers(history_)) {
        if (std::find(without.begin(), without.end(), made->name()) != without.end())
            continue;
        room_checkers_.push_back(made.get());
        history_.add(std::move(made));
    }
    const auto config = broker_config_of(broker_.host().name(), options_.broker_config);
    reserve_bytes_ = static_cast<std::uint64_t>(config.log_dir_reserve_bytes);
}

/// All data directories lie on one disk.
void produce_consume::tell_room() {
    if (room_checkers_.empty())
        return;
    const auto& disk = broker_.host().disk();
    room_reading room{world_.now(), broker_.started(), std::nullopt, reserve_bytes_, 0};
    if (disk.capacity() != memory_disk::unlimited)
        room.free = disk.capacity() - std::min(disk.capacity(), disk.used_bytes());
    if (room.free && *room.free < room.reserve)
        room.kept = least_kept_room();
    if (const auto places = disk.places_left(); places != memory_disk::unlimited) {
        room.places = places;
        room.kept_names = fewest_kept_names();
    }
    for (auto* each : room_checkers_)
        each->on_room(room);
}

/// In the directory that has least of it. Looking at a file copies it, so only when something has changed.
std::uint64_t produce_consume::least_kept_room() {
    const auto& disk = broker_.host().disk();
    if (kept_room_.used == disk.used_bytes() && world_.now() - kept_room_.at < second)
        return kept_room_.bytes;
    kept_room_ = {disk.used_bytes(), world_.now(), UINT64_MAX};
    for (const auto& path : broker_.log_dirs()) {
        const auto kept = disk.content(path + "/" + runtime::kept_room_name);
        kept_room_.bytes = std::min<std::uint64_t>(kept_room_.bytes, kept ? kept->size() : 0);
    }
    return kept_room_.bytes;
}

std::uint64_t produce_consume::fewest_kept_names() {
    constexpr int numbers = 16;
    auto fewest = UINT64_MAX;
    for (const auto& path : broker_.log_dirs()) {
        std::uint64_t found = 0;
        for (int number = 0; number < numbers; ++number) {
            const auto name = path + "/" + runtime::kept_name_prefix + std::to_string(number);
            found += broker_.host().disk().content(name) ? 1 : 0;
        }
        fewest = std::min(fewest, found);
    }
    return fewest;
}

/// Of what the history does not hear.
void produce_consume::fail_unless_without(const char* checker, const std::string& why) {
    const auto& without = options_.without_checkers;
    if (!why.empty() && std::find(without.begin(), without.end(), checker) == without.end())
        fail(checker, why);
}

} // namespace barnabas::sim
