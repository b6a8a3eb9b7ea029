#include "sim/checkers/checkers.hpp"

namespace barnabas::sim {

namespace {

class log_appends_contiguous final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "log_appends_contiguous"; }

    void on_log_opened(const log_opened& event) override {
        const auto& log = sent().log_of(event.where);
        const auto end = event.now.log_end_offset;
        if (end > log.end() || (!log.known() && end != log.end()))
            violated("the log of " + to_string(event.where) + " was opened with end " +
                     std::to_string(end.get()) + ", but only offsets below " +
                     std::to_string(log.end().get()) + " were ever given out");
        if (!log.is_boundary(end))
            violated("the log of " + to_string(event.where) + " was opened with end " +
                     std::to_string(end.get()) + ", in the middle of a batch");
    }

    void on_log_appended(const log_appended& event) override {
        const auto& log = sent().log_of(event.where);
        const auto& batch = event.batch;
        if (batch.base_offset != log.end())
            violated("a batch of " + to_string(event.where) + " was given offset " +
                     std::to_string(batch.base_offset.get()) + " where " + std::to_string(log.end().get()) +
                     " was due");
        if (batch.last_offset < batch.base_offset)
            violated("the batch at offset " + std::to_string(batch.base_offset.get()) + " of " +
                     to_string(event.where) + " ends before it begins");
        if (!log.batches().empty() && batch.leader_epoch < log.batches().back().leader_epoch)
            violated("the batch at offset " + std::to_string(batch.base_offset.get()) + " of " +
                     to_string(event.where) + " has an older leader epoch than the one before it");
    }
};

} // namespace

std::unique_ptr<checker> make_log_appends_contiguous(const history& of) {
    return std::make_unique<log_appends_contiguous>(of);
}

} // namespace barnabas::sim
