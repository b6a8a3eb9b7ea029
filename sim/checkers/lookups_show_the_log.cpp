#include "sim/checkers/checkers.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace barnabas::sim {

namespace {

constexpr timestamp_ms latest{-1};
constexpr timestamp_ms earliest{-2};
constexpr timestamp_ms largest{-3};

/// What was acknowledged under acks=all before a question is what the answer must take into account; records
/// below the highest log start of any life may be gone. Under write caching nothing of this is promised.
class lookups_show_the_log final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "lookups_show_the_log"; }

    void on_result(const batch_result& result) override {
        const auto& batch = sent().batches()[result.token];
        if (result.what != client::delivery::acked || result.base_offset.get() < 0 || batch.acks != -1)
            return;
        auto& of = places_[batch.where];
        of.acked.push_back({result.base_offset, result.token});
        of.promised = std::max(of.promised, result.base_offset + std::ssize(batch.contents));
        for (std::size_t i = 0; i < batch.contents.size(); ++i)
            note(of, result.base_offset + static_cast<std::int64_t>(i), batch.first_record + i);
    }
    void on_read(const read_record& read) override {
        if (read.record)
            note(places_[read.where], read.offset, *read.record);
    }
    /// Below such a start nothing need be read. ListOffsets goes by name: of a topic that is gone it may tell
    /// the start of the next one.
    void on_watermark(const seen_watermark& seen) override {
        const auto start = places_[seen.where].start;
        if (seen.log_start_offset > start && !sent().is_gone(seen.where))
            violated("reader " + std::to_string(seen.reader) + " was told that " + to_string(seen.where) +
                     " starts at " + std::to_string(seen.log_start_offset.get()) + ", but it is not above " +
                     std::to_string(start.get()));
    }
    void on_log_opened(const log_opened& event) override {
        auto& of = places_[event.where];
        of.start = std::max(of.start, event.now.log_start_offset);
        of.serves = false;
        of.missing.clear();
    }
    void on_log_closed(const log_closed& event) override {
        places_[event.where].serves = false;
        places_[event.where].missing.clear();
    }
    void on_log_moved(const log_moved& event) override {
        auto& of = places_[event.where];
        of.start = std::max(of.start, event.now.log_start_offset);
    }
    void on_append_answered(const append_answered& event) override { places_[event.where].serves = true; }
    void on_read_answered(const read_answered& event) override { places_[event.where].serves = true; }
    /// A partition that is about to close takes no batches.
    void on_log_appended(const log_appended& event) override {
        if (const auto& missing = places_[event.where].missing; !missing.empty())
            violated(missing);
    }

    void on_lookup_begun() override {
        places_.for_each([this](const place& where, const facts&) {
            auto& of = places_[where];
            of.acked_before = of.acked.size();
            of.promised_before = of.promised;
            of.shown_before = sent().log_of(where).shown_to();
            of.served_before = of.serves;
        });
    }
    void on_offset_told(const offset_told& told) override;
    void on_epoch_end_told(const epoch_end_told& told) override;
    void on_log_dirs_told(const log_dirs_told& told) override;

private:
    struct acked_batch {
        log_offset base;
        std::uint64_t token = 0;
    };
    struct facts {
        std::vector<acked_batch> acked;
        /// By offset, as read or acknowledged.
        std::vector<std::optional<std::uint64_t>> records;
        log_offset promised{0};
        /// The highest log start of any life.
        log_offset start{0};
        /// Clients were answered in the broker's present life.
        bool serves = false;
        /// What an answer left out, until it is clear that the partition was not just about to close.
        std::string missing;

        // When the question was asked.
        std::size_t acked_before = 0;
        log_offset promised_before{0};
        log_offset shown_before{0};
        bool served_before = false;
    };

    static void note(facts& of, log_offset offset, std::uint64_t record) {
        at_grown(of.records, static_cast<std::size_t>(offset.get()), {}) = record;
    }
    std::optional<timestamp_ms> stamp_at(const facts& of, log_offset offset) const;
    template <class Visit>
    void for_each_certain(const facts& of, Visit visit) const;
    void check_end(const offset_told& told, const facts& of);
    void check_found(const offset_told& told, const facts& of);
    void check_not_missed(const offset_told& told, const facts& of);
    void complain(const place& where, const std::string& asked, const std::string& what) {
        violated("asked for " + asked + " of " + to_string(where) + ", the broker " + what);
    }

    by_place<facts> places_;
};

std::string text_of(timestamp_ms asked) {
    return asked == latest     ? std::string("the end")
           : asked == earliest ? std::string("the start")
           : asked == largest  ? std::string("the largest time")
                               : "time " + std::to_string(asked.get());
}

/// Of a record that is known to stand there, and was sent with a timestamp.
std::optional<timestamp_ms> lookups_show_the_log::stamp_at(const facts& of, log_offset offset) const {
    const auto index = static_cast<std::size_t>(offset.get());
    if (index >= of.records.size() || !of.records[index])
        return {};
    const auto* batch = sent().batch_of(*of.records[index]);
    if (batch == nullptr || batch->stamps.empty())
        return {};
    return batch->stamps[*of.records[index] - batch->first_record];
}

/// Offset and timestamp of each record that was there when the question came, and is there still.
template <class Visit>
void lookups_show_the_log::for_each_certain(const facts& of, Visit visit) const {
    for (std::size_t i = 0; i < of.acked_before; ++i) {
        const auto& batch = sent().batches()[of.acked[i].token];
        // Of those that share their keys compaction leaves some.
        if (!batch.keys.empty())
            continue;
        for (std::size_t record = 0; record < batch.stamps.size(); ++record) {
            const auto offset = of.acked[i].base + static_cast<std::int64_t>(record);
            if (offset >= of.start)
                visit(offset, batch.stamps[record]);
        }
    }
}

void lookups_show_the_log::on_offset_told(const offset_told& told) {
    const auto& of = places_[told.where];
    if (sent().log_of(told.where).write_caching())
        return;
    if (told.asked == latest)
        return check_end(told, of);
    if (told.asked == earliest) {
        if (told.offset < log_offset(0) || told.offset > of.start)
            complain(told.where, text_of(told.asked),
                     "answered " + std::to_string(told.offset.get()) + ", but it is not above " +
                         std::to_string(of.start.get()));
        return;
    }
    check_found(told, of);
    check_not_missed(told, of);
}

void lookups_show_the_log::check_end(const offset_told& told, const facts& of) {
    const auto shown = sent().log_of(told.where).shown_to();
    if (told.offset < of.promised_before || told.offset > shown)
        complain(told.where, text_of(told.asked),
                 "answered " + std::to_string(told.offset.get()) + ", but it lies between " +
                     std::to_string(of.promised_before.get()) + " and " + std::to_string(shown.get()));
}

/// What was found stands there, and has the timestamp that was told.
void lookups_show_the_log::check_found(const offset_told& told, const facts& of) {
    if (told.offset.get() < 0)
        return;
    const auto answer = "answered offset " + std::to_string(told.offset.get()) + " with timestamp " +
                        std::to_string(told.timestamp.get());
    if (told.asked >= timestamp_ms(0) && told.timestamp < told.asked)
        complain(told.where, text_of(told.asked), answer + ", which is earlier");
    if (told.offset >= sent().log_of(told.where).shown_to())
        complain(told.where, text_of(told.asked), answer + ", which nobody may see yet");
    const auto stamp = stamp_at(of, told.offset);
    if (stamp && *stamp != told.timestamp)
        complain(told.where, text_of(told.asked),
                 answer + ", but the record there has timestamp " + std::to_string(stamp->get()));
}

/// No acknowledged record would have been a better answer.
void lookups_show_the_log::check_not_missed(const offset_told& told, const facts& of) {
    const bool none = told.offset.get() < 0;
    for_each_certain(of, [&](log_offset offset, timestamp_ms stamp) {
        const bool better = told.asked == largest ? none ? stamp >= timestamp_ms(0) : stamp > told.timestamp
                                                  : stamp >= told.asked && (none || offset < told.offset);
        if (better)
            complain(told.where, text_of(told.asked),
                     "answered offset " + std::to_string(told.offset.get()) + " with timestamp " +
                         std::to_string(told.timestamp.get()) + ", though the record at " +
                         std::to_string(offset.get()) + " has timestamp " + std::to_string(stamp.get()));
    });
}

void lookups_show_the_log::on_epoch_end_told(const epoch_end_told& told) {
    const auto& of = places_[told.where];
    const auto& log = sent().log_of(told.where);
    if (log.write_caching())
        return;
    const auto asked = "the end of epoch " + std::to_string(told.asked.get());
    const auto answer = "answered " + std::to_string(told.end.get());
    if (told.epoch > told.asked)
        complain(told.where, asked, "told that of epoch " + std::to_string(told.epoch.get()));
    if (told.end > log.shown_to())
        complain(told.where, asked, answer + ", which nobody may see yet");
    for (const auto& batch : log.batches()) {
        if (batch.base_offset < of.start)
            continue;
        const auto there = ", but offset " + std::to_string(batch.base_offset.get()) + " is of epoch " +
                           std::to_string(batch.leader_epoch.get());
        const bool shown = batch.last_offset < of.shown_before;
        if (told.end.get() < 0             ? shown && batch.leader_epoch >= told.asked
            : batch.base_offset < told.end ? batch.leader_epoch > told.asked
                                           : shown && batch.leader_epoch <= told.asked)
            return complain(told.where, asked, answer + there);
    }
}

void lookups_show_the_log::on_log_dirs_told(const log_dirs_told& told) {
    std::set<place> listed;
    std::set<place> copied;
    for (const auto& directory : told.directories) {
        // Beside a look at the disk that is under way only the free room is known, from the look before.
        const bool known = directory.total_bytes >= 0;
        if (!directory.path.starts_with('/') ||
            (known && (directory.usable_bytes < 0 || directory.usable_bytes > directory.total_bytes)))
            violated("the broker described directory " + directory.path + " with " +
                     std::to_string(directory.usable_bytes) + " of " + std::to_string(directory.total_bytes) +
                     " bytes free");
        for (const auto& [where, bytes, is_future] : directory.replicas) {
            if (bytes < 0 || !(is_future ? copied : listed).insert(where).second)
                violated("the broker described " + to_string(where) + " in " + directory.path + " with " +
                         std::to_string(bytes) + " bytes, or twice");
            if (is_future)
                continue;
            const auto& of = places_[where];
            bool holds = false;
            if (of.served_before && of.serves && !sent().log_of(where).write_caching())
                for_each_certain(of, [&](log_offset, timestamp_ms) { holds = true; });
            if (holds && bytes == 0)
                violated("the broker described " + to_string(where) +
                         " as empty, though it has acknowledged records");
        }
    }
    if (!told.complete)
        return;
    places_.for_each([&](const place& where, const facts& of) {
        if (of.served_before && of.serves && !listed.contains(where))
            places_[where].missing = "the broker described its directories without " + to_string(where);
    });
}

} // namespace

std::unique_ptr<checker> make_lookups_show_the_log(const history& of) {
    return std::make_unique<lookups_show_the_log>(of);
}

} // namespace barnabas::sim
