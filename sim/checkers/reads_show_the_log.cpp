#include "sim/checkers/checkers.hpp"

namespace barnabas::sim {

namespace {

class reads_show_the_log final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "reads_show_the_log"; }

    void on_read_answered(const read_answered& event) override {
        const auto& log = sent().log_of(event.where);
        if (event.torn)
            violated("a read of " + to_string(event.where) + " was answered with bytes that are no batches");
        auto next = event.from;
        for (const auto& batch : event.batches) {
            const auto what = [&] {
                return "a read of " + to_string(event.where) + " was answered with the batch at offset " +
                       std::to_string(batch.base_offset.get());
            };
            if (batch.last_offset >= event.now.high_watermark)
                violated(what() + ", which ends above the high watermark " +
                         std::to_string(event.now.high_watermark.get()));
            const bool first = next == event.from;
            const bool holds = first && batch.base_offset <= next && batch.last_offset >= next;
            // A disk that lies loses the middle of a log, or hides it under another write.
            const bool must_follow = next.get() >= 0 && !sent().disks_lie();
            if (must_follow && batch.base_offset != next && !holds && !may_skip(log, next, batch))
                violated(what() + " where " + std::to_string(next.get()) + " was due");
            next = batch.last_offset + 1;
            if (batch.base_offset < log.known_from())
                continue;
            const auto* known = log.batch_at(batch.base_offset);
            if (known == nullptr)
                violated(what() + ", which nobody appended there");
            else if (!as_appended(log, *known, batch))
                violated(what() + ", which is not what was appended there");
        }
    }

private:
    /// Compaction drops batches below the end of a pass.
    static bool may_skip(const ghost_log& log, log_offset due, const logged_batch& next) {
        return next.base_offset > due && next.base_offset <= log.cleaned_below();
    }
    /// ... and takes records out of others, which are counted and summed up anew.
    static bool as_appended(const ghost_log& log, logged_batch appended, const logged_batch& read) {
        if (read.base_offset < log.cleaned_below())
            appended.crc = read.crc;
        return appended == read;
    }
};

} // namespace

std::unique_ptr<checker> make_reads_show_the_log(const history& of) {
    return std::make_unique<reads_show_the_log>(of);
}

} // namespace barnabas::sim
