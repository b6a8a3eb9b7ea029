#include "sim/checkers/checkers.hpp"

#include <limits>
#include <map>

namespace barnabas::sim {

namespace {

class producer_sequences final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "producer_sequences"; }

    void on_log_opened(const log_opened& event) override { cut(event.where, event.now.log_end_offset); }
    void on_log_moved(const log_moved& event) override {
        if (event.now.log_end_offset < sent().log_of(event.where).end())
            cut(event.where, event.now.log_end_offset);
    }

    void on_log_appended(const log_appended& event) override {
        const auto& batch = event.batch;
        if (!has_sequence(batch))
            return;
        auto& producers = newest_[event.where];
        const auto known = producers.find(batch.producer_id);
        if (known != producers.end()) {
            const auto& before = known->second;
            const auto what = [&] {
                return " batch of producer id " + std::to_string(batch.producer_id.get()) + " at offset " +
                       std::to_string(batch.base_offset.get()) + " of " + to_string(event.where);
            };
            if (batch.producer_epoch < before.producer_epoch)
                violated("the" + what() + " has an older epoch than the one before it");
            else if (batch.producer_epoch > before.producer_epoch && batch.base_sequence != 0)
                violated("the first" + what() + " in a new epoch has sequence " +
                         std::to_string(batch.base_sequence));
            else if (batch.producer_epoch == before.producer_epoch &&
                     batch.base_sequence != sequence_after(before))
                violated("the" + what() + " has sequence " + std::to_string(batch.base_sequence) + " where " +
                         std::to_string(sequence_after(before)) + " was due");
        }
        producers[batch.producer_id] = batch;
    }

private:
    static bool has_sequence(const logged_batch& batch) {
        return batch.producer_id.get() >= 0 && batch.base_sequence >= 0;
    }
    static std::int32_t sequence_after(const logged_batch& batch) {
        const auto records = batch.last_offset - batch.base_offset + 1;
        constexpr std::int64_t sequences = std::int64_t{std::numeric_limits<std::int32_t>::max()} + 1;
        return static_cast<std::int32_t>((batch.base_sequence + records) % sequences);
    }
    void cut(const place& where, log_offset end) {
        auto& producers = newest_[where];
        producers.clear();
        for (const auto& batch : sent().log_of(where).batches()) {
            if (batch.last_offset < end && has_sequence(batch))
                producers[batch.producer_id] = batch;
        }
    }

    by_place<std::map<producer_id, logged_batch>> newest_;
};

} // namespace

std::unique_ptr<checker> make_producer_sequences(const history& of) {
    return std::make_unique<producer_sequences>(of);
}

} // namespace barnabas::sim
