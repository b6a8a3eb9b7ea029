#include "sim/checkers/checkers.hpp"

#include <algorithm>

namespace barnabas::sim {

namespace {

class nothing_unseen final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "nothing_unseen"; }

    void on_read(const read_record& read) override {
        auto& highest = highest_[read.where];
        highest = std::max(highest, read.offset);
        if (read.record && sent().batch_of(*read.record) != nullptr)
            at_grown<std::uint8_t>(seen_, *read.record) = 1;
    }
    void on_watermark(const seen_watermark& seen) override {
        auto& start = start_[seen.where];
        start = std::max(start, seen.log_start_offset);
    }

    void on_end(const end_facts&) override {
        for (const auto& batch : sent().batches()) {
            const auto* result = sent().result_of(batch.token);
            const bool acked = result != nullptr && result->what == client::delivery::acked;
            // Its key may have got a newer record before anybody looked, or its topic was deleted.
            const bool may_go = sent().may_be_compacted(batch) || sent().is_gone(batch.where);
            if (batch.acks != -1 || !acked || may_go)
                continue;
            for (std::size_t i = 0; i < batch.contents.size(); ++i)
                look_for(batch, *result, i);
        }
    }

private:
    void look_for(const sent_batch& batch, const batch_result& result, std::size_t index) {
        const auto record = batch.first_record + index;
        const auto offset = result.base_offset + static_cast<std::int64_t>(index);
        const bool placed = result.base_offset.get() >= 0;
        if (at_grown<std::uint8_t>(seen_, record) != 0 || (placed && offset < start_[batch.where]))
            return;
        const bool overtaken = placed && offset < highest_[batch.where];
        violated(std::string(overtaken ? "lost-write: " : "unseen: ") + "record " + std::to_string(record) +
                 ", acknowledged in " + to_string(batch.where) + " at offset " +
                 std::to_string(offset.get()) + ", was read by nobody" +
                 (overtaken ? ", though later ones were" : ""));
    }

    /// By record.
    std::vector<std::uint8_t> seen_;
    by_place<log_offset> highest_;
    by_place<log_offset> start_;
};

} // namespace

std::unique_ptr<checker> make_nothing_unseen(const history& of) {
    return std::make_unique<nothing_unseen>(of);
}

} // namespace barnabas::sim
