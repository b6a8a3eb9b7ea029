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
        log_offset next(-1);
        for (const auto& batch : event.batches) {
            const auto what = [&] {
                return "a read of " + to_string(event.where) + " was answered with the batch at offset " +
                       std::to_string(batch.base_offset.get());
            };
            if (batch.last_offset >= event.now.high_watermark)
                violated(what() + ", which ends above the high watermark " +
                         std::to_string(event.now.high_watermark.get()));
            if (next.get() >= 0 && batch.base_offset != next)
                violated(what() + " where " + std::to_string(next.get()) + " was due");
            next = batch.last_offset + 1;
            if (batch.base_offset < log.known_from())
                continue;
            const auto* known = log.batch_at(batch.base_offset);
            if (known == nullptr)
                violated(what() + ", which nobody appended there");
            else if (*known != batch)
                violated(what() + ", which is not what was appended there");
        }
    }
};

} // namespace

std::unique_ptr<checker> make_reads_show_the_log(const history& of) {
    return std::make_unique<reads_show_the_log>(of);
}

} // namespace barnabas::sim
