#include "sim/checkers/checkers.hpp"

#include <map>

namespace barnabas::sim {

namespace {

class acked_records_survive final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "acked_records_survive"; }

    void on_read(const read_record& read) override {
        if (!read.audit || !read.record || sent().batch_of(*read.record) == nullptr)
            return;
        const auto [at, first] = found_.try_emplace(*read.record, read.offset);
        if (!first)
            violated("record " + std::to_string(*read.record) + " stands at offset " +
                     std::to_string(at->second.get()) + " and again at " + std::to_string(read.offset.get()) +
                     " of " + to_string(read.where));
    }

    void on_end(const end_facts& facts) override {
        for (const auto& batch : sent().batches()) {
            const auto* result = sent().result_of(batch.token);
            const bool promised = batch.acks == -1 || (batch.acks == 1 && !facts.power_was_cut);
            if (result == nullptr || result->what != client::delivery::acked || !promised)
                continue;
            for (std::size_t i = 0; i < batch.contents.size(); ++i)
                look_for(batch, *result, i);
        }
    }

private:
    void look_for(const sent_batch& batch, const batch_result& result, std::size_t index) {
        const auto record = batch.first_record + index;
        const auto found = found_.find(record);
        const auto what = "record " + std::to_string(record) + " of producer " +
                          std::to_string(batch.producer) + " in " + to_string(batch.where) +
                          ", acknowledged (acks=" + std::to_string(batch.acks) + ") at offset " +
                          std::to_string(result.base_offset.get() + static_cast<std::int64_t>(index));
        if (found == found_.end())
            violated(what + ", is gone");
        else if (result.base_offset.get() >= 0 &&
                 found->second != result.base_offset + static_cast<std::int64_t>(index))
            violated(what + ", stands at " + std::to_string(found->second.get()));
    }

    std::map<std::uint64_t, log_offset> found_;
};

} // namespace

std::unique_ptr<checker> make_acked_records_survive(const history& of) {
    return std::make_unique<acked_records_survive>(of);
}

} // namespace barnabas::sim
