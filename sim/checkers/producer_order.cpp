#include "sim/checkers/checkers.hpp"

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
        auto& last = at_grown(at_grown(last_, read.reader), batch->producer)[read.where];
        if (last != 0 && *read.record + 1 <= last)
            violated("producer " + std::to_string(batch->producer) + " sent record " +
                     std::to_string(*read.record) + " before record " + std::to_string(last - 1) +
                     ", but it stands behind it, at offset " + std::to_string(read.offset.get()) + " of " +
                     to_string(read.where));
        last = *read.record + 1;
    }

    void on_sequence_lost(std::uint32_t producer, std::int16_t acks, const place& where) override {
        if (acks == -1)
            violated("the broker refused the next sequence of producer " + std::to_string(producer) + " in " +
                     to_string(where) + ", though everything before it was acknowledged under acks=all");
    }

private:
    /// One more than the last record read, so that 0 means none; by reader and producer.
    std::vector<std::vector<by_place<std::uint64_t>>> last_;
};

} // namespace

std::unique_ptr<checker> make_producer_order(const history& of) {
    return std::make_unique<producer_order>(of);
}

} // namespace barnabas::sim
