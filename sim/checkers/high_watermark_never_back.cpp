#include "sim/checkers/checkers.hpp"

#include <algorithm>
#include <vector>

namespace barnabas::sim {

namespace {

class high_watermark_never_back final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "high_watermark_never_back"; }

    void on_watermark(const seen_watermark& seen) override {
        if (seen.high_watermark.get() < 0)
            return;
        auto& highest = at_grown(highest_, seen.reader)[seen.where];
        if (seen.high_watermark < highest)
            violated("reader " + std::to_string(seen.reader) + " saw the high watermark of " +
                     to_string(seen.where) + " at " + std::to_string(highest.get()) + " and then at " +
                     std::to_string(seen.high_watermark.get()));
        if (seen.log_start_offset > seen.high_watermark)
            violated("the start " + std::to_string(seen.log_start_offset.get()) + " of " +
                     to_string(seen.where) + " lies above its high watermark " +
                     std::to_string(seen.high_watermark.get()));
        highest = std::max(highest, seen.high_watermark);
    }

    void on_read(const read_record& read) override {
        auto& end = read_end_[read.where];
        end = std::max(end, read.offset + 1);
        // The watermark of an answer is told before its records.
        if (read.offset >= at_grown(highest_, read.reader)[read.where])
            violated("reader " + std::to_string(read.reader) + " was given offset " +
                     std::to_string(read.offset.get()) + " of " + to_string(read.where) +
                     ", which lies above the high watermark");
    }

    /// Retention may overtake a reader, nothing else.
    void on_out_of_range(const out_of_range& told) override {
        const auto what = "reader " + std::to_string(told.reader) + " was told that offset " +
                          std::to_string(told.position.get()) + " of " + to_string(told.where);
        if (told.position > told.high_watermark)
            violated(what + " lies behind the end, at " + std::to_string(told.high_watermark.get()));
        // Before version 5 Fetch does not tell the start; who was wrongly sent back reads offsets twice then.
        else if (told.log_start_offset.get() >= 0 && told.position >= told.log_start_offset)
            violated(what + " is out of range, but the log has " +
                     std::to_string(told.log_start_offset.get()) + " to " +
                     std::to_string(told.high_watermark.get()));
    }

    void on_end(const end_facts& facts) override {
        for (const auto& [where, end] : facts.audit_ends) {
            const auto read = read_end_[where];
            if (end < read)
                violated("records of " + to_string(where) + " were read up to offset " +
                         std::to_string(read.get()) + ", but in the end it has only " +
                         std::to_string(end.get()));
        }
    }

private:
    /// By reader.
    std::vector<by_place<log_offset>> highest_;
    by_place<log_offset> read_end_;
};

} // namespace

std::unique_ptr<checker> make_high_watermark_never_back(const history& of) {
    return std::make_unique<high_watermark_never_back>(of);
}

} // namespace barnabas::sim
