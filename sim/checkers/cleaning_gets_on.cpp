#include "sim/checkers/checkers.hpp"

namespace barnabas::sim {

namespace {

class cleaning_gets_on final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "cleaning_gets_on"; }

    void on_log_opened(const log_opened& event) override { logs_[event.where] = {}; }

    void on_cleaning_begun(const cleaning_begun& event) override {
        auto& of = logs_[event.where];
        of.dirty_from = event.pass.dirty_from;
        of.upto = event.pass.upto;
        if (of.dirty_from < of.cleaned_upto)
            violated("compaction of " + to_string(event.where) + " began at offset " +
                     std::to_string(of.dirty_from.get()) + ", though an earlier pass had come to " +
                     std::to_string(of.cleaned_upto.get()));
        if (of.upto <= of.dirty_from)
            violated("compaction of " + to_string(event.where) + " began at offset " +
                     std::to_string(of.dirty_from.get()) + " with nothing to do");
    }

    void on_cleaning_ended(const cleaning_ended& event) override {
        if (!event.ok)
            return;
        auto& of = logs_[event.where];
        if (event.cleaned_upto <= of.dirty_from || event.cleaned_upto > of.upto)
            violated("compaction of " + to_string(event.where) + " from offset " +
                     std::to_string(of.dirty_from.get()) + " to " + std::to_string(of.upto.get()) +
                     " ended and calls the log clean up to " + std::to_string(event.cleaned_upto.get()));
        of.cleaned_upto = event.cleaned_upto;
    }

private:
    /// In this life of the broker.
    struct progress {
        log_offset dirty_from{0};
        log_offset upto{0};
        log_offset cleaned_upto{-1};
    };
    by_place<progress> logs_;
};

} // namespace

std::unique_ptr<checker> make_cleaning_gets_on(const history& of) {
    return std::make_unique<cleaning_gets_on>(of);
}

} // namespace barnabas::sim
