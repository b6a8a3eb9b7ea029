#include "sim/checkers/checkers.hpp"

#include <algorithm>

namespace barnabas::sim {

namespace {

class offsets_contiguous final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "offsets_contiguous"; }

    void on_watermark(const seen_watermark& seen) override {
        auto& of = at_grown(readers_, seen.reader)[seen.where];
        // What retention took need not be read any more; an answer that was read before may still bring it.
        of.log_start = std::max(of.log_start, seen.log_start_offset);
    }

    void on_read(const read_record& read) override {
        auto& of = at_grown(readers_, read.reader)[read.where];
        const bool may_skip = sent().is_compacted(read.where);
        if (read.offset < of.next || (!may_skip && read.offset > std::max(of.next, of.log_start)))
            violated("reader " + std::to_string(read.reader) + " got offset " +
                     std::to_string(read.offset.get()) + " of " + to_string(read.where) + " where " +
                     std::to_string(of.next.get()) + " was due: " + kind_of(read.offset, of.next));
        of.next = read.offset + 1;
    }

private:
    struct position {
        log_offset next{0};
        log_offset log_start{0};
    };

    static const char* kind_of(log_offset got, log_offset due) {
        if (got > due)
            return "poll-skip";
        return got == log_offset(0) ? "spurious zero offset" : "nonmonotonic-poll";
    }

    /// By reader.
    std::vector<by_place<position>> readers_;
};

} // namespace

std::unique_ptr<checker> make_offsets_contiguous(const history& of) {
    return std::make_unique<offsets_contiguous>(of);
}

} // namespace barnabas::sim
