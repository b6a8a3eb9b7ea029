#include "sim/checkers/checkers.hpp"

#include <map>
#include <utility>

namespace barnabas::sim {

namespace {

class sends_monotonic final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "sends_monotonic"; }

    void on_result(const batch_result& result) override {
        const auto& batch = sent().batches()[result.token];
        // Offsets of acks=1 may be given out again after a power cut.
        if (result.what != client::delivery::acked || result.base_offset.get() < 0 || batch.acks != -1)
            return;
        auto& before = newest_[{batch.producer, batch.where}];
        // Without idempotence only what was sent after the other's result must stand behind it.
        const bool ordered = before.known && batch.token > before.token &&
                             (batch.idempotent || batch.at >= before.answered_at);
        if (ordered && result.base_offset <= before.last_offset)
            violated("producer " + std::to_string(batch.producer) + " sent batch " +
                     std::to_string(batch.token) + " to " + to_string(batch.where) + " after batch " +
                     std::to_string(before.token) + ", but it stands at offset " +
                     std::to_string(result.base_offset.get()) + ", at or before " +
                     std::to_string(before.last_offset.get()));
        const auto last = result.base_offset + (static_cast<std::int64_t>(batch.contents.size()) - 1);
        if (!before.known || batch.token > before.token)
            before = {true, batch.token, last, result.at};
    }

private:
    struct answered_send {
        bool known = false;
        std::uint64_t token = 0;
        log_offset last_offset{-1};
        virtual_time answered_at;
    };

    std::map<std::pair<std::uint32_t, place>, answered_send> newest_;
};

} // namespace

std::unique_ptr<checker> make_sends_monotonic(const history& of) {
    return std::make_unique<sends_monotonic>(of);
}

} // namespace barnabas::sim
