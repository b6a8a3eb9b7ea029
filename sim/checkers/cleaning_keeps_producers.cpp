#include "sim/checkers/checkers.hpp"

#include <algorithm>

namespace barnabas::sim {

namespace {

class cleaning_keeps_producers final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "cleaning_keeps_producers"; }

    /// A tail of the newest pass was the last of its producer, or not there yet, in all passes before.
    void on_read_answered(const read_answered& event) override {
        const auto& tails = sent().log_of(event.where).kept_tails();
        if (tails.empty() || event.batches.empty() || event.torn)
            return;
        const auto from = event.from.get() >= 0 ? event.from : event.batches.front().base_offset;
        const auto end = event.batches.back().last_offset;
        for (const auto& tail : tails) {
            const auto at = tail.last_data_offset;
            if (at < std::max(from, event.now.log_start_offset) || at > end)
                continue;
            const bool there =
                std::any_of(event.batches.begin(), event.batches.end(), [&](const logged_batch& batch) {
                    return batch.last_offset == at && batch.producer_id == tail.id;
                });
            if (!there)
                violated("the last batch of producer id " + std::to_string(tail.id.get()) + " in " +
                         to_string(event.where) + ", which ended at offset " + std::to_string(at.get()) +
                         ", is gone from a compacted log");
        }
    }
};

} // namespace

std::unique_ptr<checker> make_cleaning_keeps_producers(const history& of) {
    return std::make_unique<cleaning_keeps_producers>(of);
}

} // namespace barnabas::sim
