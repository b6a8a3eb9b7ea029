#include "actors/journal/journal.hpp"

#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::journal {
namespace {

/// Logs that settle at the same time: enough to keep a disk busy, few enough to leave it to the commits.
constexpr std::size_t settling_max = 4;
/// A file that could not be made is not tried again at once: filling it takes a full disk's last room.
constexpr std::uint64_t commits_between_attempts = 1000;

} // namespace

journal::journal(journal_options options, const found_journal& found, journal_port& port)
    : options_(std::move(options)), port_(port),
      salts_(runtime::random(options_.seed).split("commit journal")) {
    BARNABAS_ASSERT(options_.file_bytes % journal_alignment == 0);
    for (const auto& file : found.files) {
        next_number_ = std::max(next_number_, file.number + 1);
        next_slot_ = std::max(next_slot_, file.slot + 1);
        if (BARNABAS_MARK_IF(file.is_damaged, damaged_journal_kept))
            continue;
        if (file.logs.empty())
            free_.push_back({file.slot, file.header_place, std::nullopt});
        else
            found_.push_back(file);
    }
}

void journal::on_commit(journal_part part, log_offset upto, std::uint64_t reply) {
    waiting_.push_back({std::move(part), upto, reply});
    begin_round();
}

void journal::begin_round() {
    if (!in_round_.empty() || waiting_.empty())
        return;
    if (failure_)
        return refuse(waiting_, commit_end::failed, *failure_);
    auto parts = take_round();
    if (BARNABAS_MARK_IF(!make_room(round_bytes_), journal_without_room)) {
        refuse(in_round_, commit_end::not_taken, "the commit journal has no file with room");
        return refuse(waiting_, commit_end::not_taken, "the commit journal has no file with room");
    }
    auto& file = files_.back();
    round_job job;
    job.file = file.file;
    job.position = file.end;
    job.id = {file.life, file.next_round};
    job.journaled = std::move(parts);
    job.planted_no_sync = options_.planted_no_sync;
    port_.submit(std::move(job));
}

/// Those that waited longest, as many as fit into one file.
std::vector<journal_part> journal::take_round() {
    const auto most = options_.file_bytes - first_round_position.get();
    std::vector<journal_part> parts;
    std::size_t taken = 0;
    round_bytes_ = 0;
    for (; taken < waiting_.size(); ++taken) {
        parts.push_back(std::move(waiting_[taken].part));
        const auto size = round_size(std::span(&parts.back(), 1));
        if (taken > 0 && round_bytes_ + size > most) {
            waiting_[taken].part = std::move(parts.back());
            parts.pop_back();
            break;
        }
        round_bytes_ += size;
    }
    for (std::size_t i = 0; i < taken; ++i) {
        waiting_[i].part.log = parts[i].log;
        in_round_.push_back(std::move(waiting_[i]));
    }
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(taken));
    round_bytes_ = round_size(parts);
    return parts;
}

/// The last file has room for so much. When it has not, the spare one takes its place.
bool journal::make_room(std::uint64_t bytes) {
    if (bytes > options_.file_bytes - first_round_position.get())
        return false;
    if (!files_.empty() && files_.back().end.get() + bytes <= options_.file_bytes)
        return true;
    if (!spare_) {
        prepare();
        return false;
    }
    files_.push_back(std::move(*spare_));
    spare_.reset();
    BARNABAS_MARK_IF(files_.size() > 1, journal_changes_file);
    free_settled();
    prepare();
    ask_to_settle();
    return true;
}

void journal::prepare() {
    if (preparing_ || spare_ || (pause_ > 0 && --pause_ > 0))
        return;
    if (BARNABAS_MARK_IF(files_.size() >= options_.files_max, journal_waits_for_settling))
        return ask_to_settle();
    preparing_ = true;
    prepare_job job;
    job.directory = options_.directory;
    job.life = {next_number_++, salts_.next()};
    job.bytes = options_.file_bytes;
    if (free_.empty()) {
        job.slot = next_slot_++;
    } else {
        job.slot = free_.back().slot;
        job.header_place = 1 - free_.back().header_place;
        job.file = free_.back().file;
        free_.pop_back();
    }
    port_.submit(std::move(job));
}

void journal::on_prepared(const prepare_job& job) {
    BARNABAS_ASSERT(preparing_);
    preparing_ = false;
    if (!job.outcome) {
        pause_ = commits_between_attempts;
        port_.report("journal_not_prepared",
                     "the commit journal goes without a new file, and logs sync their own files: " +
                         to_string(job.outcome.failure()));
        return;
    }
    spare_ = file_state{job.slot, job.header_place, job.life, *job.outcome, first_round_position, 0, {}};
    begin_round();
}

void journal::on_round_done(const round_job& job) {
    BARNABAS_ASSERT(!in_round_.empty());
    auto& file = files_.back();
    if (BARNABAS_MARK_IF(is_scarce(job.outcome.code()), journal_disk_full)) {
        // Nothing was promised, and the next round is written over what came of this one.
        refuse(in_round_, commit_end::not_taken, to_string(job.outcome.failure()));
        return begin_round();
    }
    if (BARNABAS_MARK_IF(!job.outcome, journal_failed)) {
        failure_ = "the commit journal cannot be written: " + to_string(job.outcome.failure());
        port_.report("journal_failed", *failure_);
        refuse(in_round_, commit_end::failed, *failure_);
        return refuse(waiting_, commit_end::failed, *failure_);
    }
    ++rounds_;
    commits_ += in_round_.size();
    bytes_ += round_bytes_;
    file.end = file_position(file.end.get() + round_bytes_);
    ++file.next_round;
    for (const auto& one : in_round_) {
        auto& upto = file.unsettled[one.part.log];
        upto = std::max(upto, one.upto);
    }
    for (const auto& one : std::exchange(in_round_, {}))
        port_.answer(one.reply, commit_end::stable, "");
    begin_round();
}

void journal::refuse(std::vector<request>& requests, commit_end end, const std::string& why) {
    for (const auto& one : std::exchange(requests, {}))
        port_.answer(one.reply, end, why);
}

void journal::on_settled(const journal_log& log, log_offset upto) {
    asked_.erase(log);
    // It may be here again, when it found no room at first.
    gone_.erase(log);
    const auto settle = [&](std::map<journal_log, log_offset>& logs) {
        const auto found = logs.find(log);
        if (found != logs.end() && found->second <= upto)
            logs.erase(found);
    };
    for (auto& file : files_)
        settle(file.unsettled);
    for (auto& file : found_)
        settle(file.logs);
    free_settled();
    ask_to_settle();
}

void journal::on_gone(const journal_log& log) {
    asked_.erase(log);
    const bool holds_up = std::any_of(files_.begin(), files_.end(),
                                      [&](const file_state& file) { return file.unsettled.contains(log); });
    if (holds_up)
        gone_.insert(log);
    ask_to_settle();
}

close_files_job journal::close() {
    BARNABAS_ASSERT(idle());
    close_files_job job;
    for (const auto& file : files_)
        job.files.push_back(file.file);
    for (const auto& file : free_)
        if (file.file)
            job.files.push_back(*file.file);
    if (spare_)
        job.files.push_back(spare_->file);
    files_.clear();
    free_.clear();
    spare_.reset();
    return job;
}

void journal::free_settled() {
    for (std::size_t i = found_.size(); i-- > 0;)
        if (found_[i].logs.empty()) {
            free_.push_back({found_[i].slot, found_[i].header_place, std::nullopt});
            found_.erase(found_.begin() + static_cast<std::ptrdiff_t>(i));
        }
    // The last one is written to. One that waits for ever holds up nobody but itself.
    for (std::size_t i = 0; i + 1 < files_.size();) {
        auto& file = files_[i];
        if (!file.unsettled.empty() && !options_.planted_reuse_unsettled) {
            ++i;
            continue;
        }
        BARNABAS_MARK(journal_file_settled);
        free_.push_back({file.slot, file.header_place, file.file});
        files_.erase(files_.begin() + static_cast<std::ptrdiff_t>(i));
    }
}

void journal::ask_to_settle() {
    for (std::size_t i = 0; i + 1 < files_.size(); ++i)
        for (const auto& [log, upto] : files_[i].unsettled) {
            if (asked_.size() >= settling_max)
                return;
            if (gone_.contains(log) || asked_.contains(log))
                continue;
            const bool asked = port_.ask_to_settle(log, upto);
            (asked ? asked_ : gone_).insert(log);
        }
}

} // namespace barnabas::journal
