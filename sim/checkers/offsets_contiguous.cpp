#include "sim/checkers/checkers.hpp"

#include <map>
#include <utility>

namespace barnabas::sim {

namespace {

class offsets_contiguous final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "offsets_contiguous"; }

    void on_read(const read_record& read) override {
        const auto where = to_string(read.where);
        const auto reader = "reader " + std::to_string(read.reader);
        const auto [next, first] = next_.try_emplace({read.reader, read.where}, log_offset(0));
        if (read.offset != next->second)
            violated(reader + " got offset " + std::to_string(read.offset.get()) + " of " + where +
                     " where " + std::to_string(next->second.get()) + " was due");
        next->second = read.offset + 1;
        const auto seen = std::pair(read.record.value_or(UINT64_MAX), read.content);
        const auto [known, fresh] = content_.try_emplace({read.where, read.offset}, seen);
        if (!fresh && known->second != seen)
            violated(reader + " found record " + std::to_string(seen.first) + " at offset " +
                     std::to_string(read.offset.get()) + " of " + where + ", where record " +
                     std::to_string(known->second.first) + " was read before");
    }

    /// Two acknowledgements of one offset: it was given out twice.
    void on_result(const batch_result& result) override {
        if (result.what != client::delivery::acked || result.base_offset.get() < 0)
            return;
        const auto& batch = sent().batches()[result.token];
        if (batch.acks != -1)
            return;
        for (std::size_t i = 0; i < batch.contents.size(); ++i) {
            const auto offset = result.base_offset + static_cast<std::int64_t>(i);
            const auto [known, fresh] = acked_.try_emplace({batch.where, offset}, batch.first_record + i);
            if (!fresh)
                violated("offset " + std::to_string(offset.get()) + " of " + to_string(batch.where) +
                         " was acknowledged for record " + std::to_string(known->second) +
                         " and for record " + std::to_string(batch.first_record + i));
        }
    }

private:
    std::map<std::pair<std::uint32_t, place>, log_offset> next_;
    std::map<std::pair<place, log_offset>, std::pair<std::uint64_t, std::uint64_t>> content_;
    std::map<std::pair<place, log_offset>, std::uint64_t> acked_;
};

} // namespace

std::unique_ptr<checker> make_offsets_contiguous(const history& of) {
    return std::make_unique<offsets_contiguous>(of);
}

} // namespace barnabas::sim
