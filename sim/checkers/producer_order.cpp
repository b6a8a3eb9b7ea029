#include "sim/checkers/checkers.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace barnabas::sim {

namespace {

class producer_order final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "producer_order"; }

    /// Records are numbered in the order of sending, so one producer's must ascend within a partition.
    void on_read(const read_record& read) override {
        const auto* batch = read.record ? sent().batch_of(*read.record) : nullptr;
        if (batch == nullptr || !batch->idempotent)
            return;
        if (!batch->next_epoch && was_given_up(batch->token))
            return;
        auto& last = at_grown(at_grown(last_, read.reader), batch->producer)[read.where];
        if (last != 0 && *read.record + 1 <= last)
            violated("producer " + std::to_string(batch->producer) + " sent record " +
                     std::to_string(*read.record) + " before record " + std::to_string(last - 1) +
                     ", but it stands behind it, at offset " + std::to_string(read.offset.get()) + " of " +
                     to_string(read.where));
        last = *read.record + 1;
    }

    void on_sent(const sent_batch& batch) override {
        if (promised(batch))
            lines_[{batch.producer, batch.where}].unfinished.insert(batch.token);
    }

    void on_result(const batch_result& result) override {
        const auto& batch = sent().batches()[result.token];
        if (!promised(batch))
            return;
        auto& line = lines_[{batch.producer, batch.where}];
        line.unfinished.erase(result.token);
        if (result.what != client::delivery::acked)
            line.holes.push_back({result.token, sent().batches().size()});
    }

    /// What was under way when an earlier batch failed comes behind the hole that this left in the sequences;
    /// what is sent later goes under another id or
    /// epoch. Behind acknowledged batches alone no sequence may be refused.
    void on_sequence_lost(std::uint32_t producer, std::int16_t acks, const place& where) override {
        if (acks == -1 && !lines_[{producer, where}].begins_behind_a_hole())
            violated("the broker refused the next sequence of producer " + std::to_string(producer) + " in " +
                     to_string(where) + ", though everything before it was acknowledged under acks=all");
    }

private:
    /// A batch without acknowledgement; when that was known, all tokens below `sent_below` had been given
    /// out.
    struct hole {
        std::uint64_t token = 0;
        std::uint64_t sent_below = 0;
    };
    /// The batches of one producer for one partition.
    struct line {
        std::set<std::uint64_t> unfinished;
        std::vector<hole> holes;

        bool begins_behind_a_hole() const {
            return !unfinished.empty() && std::any_of(holes.begin(), holes.end(), [&](const hole& each) {
                return each.token < *unfinished.begin() && *unfinished.begin() < each.sent_below;
            });
        }
    };

    bool was_given_up(std::uint64_t token) const {
        const auto* result = sent().result_of(token);
        return result != nullptr && result->what != client::delivery::acked;
    }

    static bool promised(const sent_batch& batch) { return batch.idempotent && batch.acks == -1; }

    std::map<std::pair<std::uint32_t, place>, line> lines_;
    /// One more than the last record read, so that 0 means none; by reader and producer.
    std::vector<std::vector<by_place<std::uint64_t>>> last_;
};

} // namespace

std::unique_ptr<checker> make_producer_order(const history& of) {
    return std::make_unique<producer_order>(of);
}

} // namespace barnabas::sim
