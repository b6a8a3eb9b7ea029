#include "sim/checkers/checkers.hpp"

namespace barnabas::sim {

namespace {

class clean_mark_is_honest final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "clean_mark_is_honest"; }

    void on_log_opened(const log_opened& event) override {
        const auto& log = sent().log_of(event.where);
        if (!event.clean || !log.known())
            return;
        const auto end = event.now.log_end_offset;
        if (log.closed() && end != log.end())
            violated("the log of " + to_string(event.where) + " was closed in order with end " +
                     std::to_string(log.end().get()) + " and opened as clean with end " +
                     std::to_string(end.get()));
        // A life that ended before it told of the log may have recovered and synced it.
        const bool all_lives_known = event.life == log.life() + 1;
        // A snapshot vouches for what lies below it, so it may only follow a sync.
        if (!log.closed() && all_lives_known && end > log.sync_begun_to())
            violated("the log of " + to_string(event.where) + " was opened as clean with end " +
                     std::to_string(end.get()) + ", though nothing above " +
                     std::to_string(log.sync_begun_to().get()) + " was ever synced");
    }
};

} // namespace

std::unique_ptr<checker> make_clean_mark_is_honest(const history& of) {
    return std::make_unique<clean_mark_is_honest>(of);
}

} // namespace barnabas::sim
