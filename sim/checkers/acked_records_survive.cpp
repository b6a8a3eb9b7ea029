#include "sim/checkers/checkers.hpp"

#include <algorithm>

namespace barnabas::sim {

namespace {

class acked_records_survive final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "acked_records_survive"; }

    void on_read(const read_record& read) override {
        if (!read.audit || !read.record || sent().batch_of(*read.record) == nullptr)
            return;
        auto& found = at_grown(found_, *read.record, nowhere);
        if (found != nowhere)
            violated("record " + std::to_string(*read.record) + " stands at offset " +
                     std::to_string(found.get()) + " and again at " + std::to_string(read.offset.get()) +
                     " of " + to_string(read.where));
        else
            found = read.offset;
    }
    void on_watermark(const seen_watermark& seen) override {
        auto& start = start_[seen.where];
        start = std::max(start, seen.log_start_offset);
    }

    void on_end(const end_facts& facts) override {
        for (const auto& batch : sent().batches()) {
            // newest_of_key_survives judges what is compacted, and nothing outlives its topic.
            if (sent().may_be_compacted(batch) || sent().is_gone(batch.where))
                continue;
            const auto* result = sent().result_of(batch.token);
            if (batch.acks == 0)
                look_for_unanswered(batch, facts);
            const bool promised = batch.acks == -1 || (batch.acks == 1 && !facts.written_may_be_lost);
            if (result == nullptr || result->what != client::delivery::acked || !promised)
                continue;
            for (std::size_t i = 0; i < batch.contents.size(); ++i)
                look_for(batch, *result, i);
        }
    }

private:
    /// Nobody acknowledges under acks=0, but what reached the broker must be there.
    void look_for_unanswered(const sent_batch& batch, const end_facts& facts) {
        const auto heard = facts.heard_until.find(batch.producer);
        if (heard == facts.heard_until.end() || batch.at >= heard->second)
            return;
        // Where it stood is not known, so retention may have taken it wherever it took anything.
        if (start_[batch.where] > log_offset(0))
            return;
        for (std::size_t i = 0; i < batch.contents.size(); ++i) {
            if (at_grown(found_, batch.first_record + i, nowhere) == nowhere)
                violated("record " + std::to_string(batch.first_record + i) + " of producer " +
                         std::to_string(batch.producer) + " in " + to_string(batch.where) +
                         ", sent under acks=0 over a connection that held, is not there");
        }
    }
    void look_for(const sent_batch& batch, const batch_result& result, std::size_t index) {
        const auto record = batch.first_record + index;
        const auto due = result.base_offset + static_cast<std::int64_t>(index);
        const bool placed = result.base_offset.get() >= 0;
        const auto found = at_grown(found_, record, nowhere);
        // Retention may have taken it.
        if ((found == due && placed) || (placed && due < start_[batch.where]))
            return;
        const auto what = "record " + std::to_string(record) + " of producer " +
                          std::to_string(batch.producer) + " in " + to_string(batch.where) +
                          ", acknowledged (acks=" + std::to_string(batch.acks) + ") at offset " +
                          std::to_string(due.get());
        if (found == nowhere)
            violated(what + ", is gone");
        else if (placed)
            violated(what + ", stands at " + std::to_string(found.get()));
    }

    static constexpr log_offset nowhere{-1};
    /// By record: where the last reader found it.
    std::vector<log_offset> found_;
    by_place<log_offset> start_;
};

} // namespace

std::unique_ptr<checker> make_acked_records_survive(const history& of) {
    return std::make_unique<acked_records_survive>(of);
}

} // namespace barnabas::sim
