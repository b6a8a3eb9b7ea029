#include "sim/checkers/checkers.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

namespace barnabas::sim {

namespace {

class liveness_after_healing final : public checker {
public:
    liveness_after_healing(const history& of, const liveness_limits& limits) : checker(of), limits_(limits) {}
    const char* name() const override { return "liveness_after_healing"; }

    void on_sent(const sent_batch& batch) override {
        if (batch.acks == 0) {
            if (healed_ && !first_unanswered_.contains(batch.producer))
                first_unanswered_[batch.producer] = batch.at;
            return;
        }
        ++unanswered_[batch.producer];
        if (healed_)
            asked_.insert(batch.producer);
    }

    void on_result(const batch_result& result) override {
        const auto& batch = sent().batches()[result.token];
        if (batch.acks != 0)
            --unanswered_[batch.producer];
        const auto took = result.at - batch.at;
        if (took > limits_.result_after_ns)
            violated("batch " + std::to_string(result.token) + " of producer " +
                     std::to_string(batch.producer) + " had its result only after " +
                     std::to_string(took / millisecond) + " ms");
        if (result.what != client::delivery::acked)
            return;
        if (healed_ && batch.at >= healed_at_)
            served_.insert(batch.producer);
        if (result.base_offset.get() >= 0 && batch.acks == -1)
            acked_.emplace_back(result.at, batch.where,
                                result.base_offset + static_cast<std::int64_t>(batch.contents.size()));
    }

    void on_read(const read_record& read) override {
        auto& end = at_grown(read_end_, read.reader)[read.where];
        end = std::max(end, read.offset + 1);
        const auto* batch = healed_ && read.record ? sent().batch_of(*read.record) : nullptr;
        if (batch != nullptr && batch->acks == 0 && batch->at >= healed_at_)
            arrived_.insert(batch->producer);
    }

    /// What retention took need not be read.
    void on_watermark(const seen_watermark& seen) override {
        auto& end = at_grown(read_end_, seen.reader)[seen.where];
        end = std::max(end, seen.log_start_offset);
    }

    void on_healed(virtual_time at) override {
        healed_ = true;
        healed_at_ = at;
    }

    void on_progress_due(virtual_time at, std::uint32_t producers, std::uint32_t readers) override {
        const auto since =
            " in the " + std::to_string((at - healed_at_) / millisecond) + " ms after the last fault";
        for (std::uint32_t producer = 0; producer < producers; ++producer) {
            // A schedule that was made smaller may ask nothing of a producer by now.
            const auto asks = asked_.contains(producer) || unanswered_[producer] > 0;
            if (asks && !served_.contains(producer))
                violated("producer " + std::to_string(producer) + " sent a batch and got no acknowledgement" +
                         since);
        }
        // Under acks=0 nobody is told; some of what such a producer sends must arrive.
        for (const auto& [producer, first] : first_unanswered_) {
            if (readers > 0 && at - first >= limits_.read_after_ns && !arrived_.contains(producer))
                violated("nothing that producer " + std::to_string(producer) + " sent under acks=0 was read" +
                         since);
        }
        for (const auto& [acked_at, where, end] : acked_) {
            if (at - acked_at < limits_.read_after_ns || sent().is_gone(where))
                continue;
            for (std::uint32_t reader = 0; reader < readers; ++reader) {
                if (at_grown(read_end_, reader)[where] < end)
                    violated("reader " + std::to_string(reader) + " has not read " + to_string(where) +
                             " up to offset " + std::to_string(end.get()) + since);
            }
        }
    }

    /// The end waited for them as long as they may take.
    void on_end(const end_facts&) override {
        for (const auto& [producer, count] : unanswered_)
            if (count > 0)
                violated(std::to_string(count) + " batches of producer " + std::to_string(producer) +
                         " never had a result");
    }

private:
    struct acked_end {
        acked_end(virtual_time when, place which, log_offset upto) : at(when), where(which), end(upto) {}
        virtual_time at;
        place where;
        log_offset end;
    };

    liveness_limits limits_;
    bool healed_ = false;
    virtual_time healed_at_;
    std::map<std::uint32_t, std::uint64_t> unanswered_;
    std::set<std::uint32_t> asked_;
    std::set<std::uint32_t> served_;
    /// Of producers with acks=0, after healing: their first batch, and those of whom something was read.
    std::map<std::uint32_t, virtual_time> first_unanswered_;
    std::set<std::uint32_t> arrived_;
    std::vector<acked_end> acked_;
    /// By reader.
    std::vector<by_place<log_offset>> read_end_;
};

} // namespace

std::unique_ptr<checker> make_liveness_after_healing(const history& of, const liveness_limits& limits) {
    return std::make_unique<liveness_after_healing>(of, limits);
}

} // namespace barnabas::sim
