#include "sim/checkers/checkers.hpp"

#include <algorithm>

namespace barnabas::sim {

namespace {

/// The broker's answers in the order in which it gave them, over all its lives.
class ends_never_back final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "ends_never_back"; }

    void on_log_opened(const log_opened& event) override {
        if (sent().disks_lie())
            promised_[event.where] = log_offset(0);
    }
    void on_append_answered(const append_answered& event) override {
        constexpr std::int16_t acks_all = -1;
        if (event.ok && event.acks == acks_all && !sent().log_of(event.where).write_caching())
            promised_[event.where] = std::max(promised_[event.where], event.next_offset);
    }
    void on_read_answered(const read_answered& event) override {
        told(event.where, event.now.high_watermark);
    }
    void on_end_told(const end_told& event) override { told(event.where, event.end); }

private:
    void told(const place& where, log_offset end) {
        auto& promised = promised_[where];
        if (end < promised)
            violated("a client was told that " + to_string(where) + " ends at " + std::to_string(end.get()) +
                     ", after one had learned that it has offsets up to " + std::to_string(promised.get()));
        if (!sent().log_of(where).write_caching())
            promised = std::max(promised, end);
    }

    by_place<log_offset> promised_;
};

} // namespace

std::unique_ptr<checker> make_ends_never_back(const history& of) {
    return std::make_unique<ends_never_back>(of);
}

} // namespace barnabas::sim
