#include "sim/checkers/checkers.hpp"

namespace barnabas::sim {

namespace {

class cleaning_stays_below final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "cleaning_stays_below"; }

    void on_cleaning_begun(const cleaning_begun& event) override {
        const auto& pass = event.pass;
        const auto look = [&](log_offset bound, const char* what) {
            if (pass.upto > bound)
                violated("compaction of " + to_string(event.where) + " began up to offset " +
                         std::to_string(pass.upto.get()) + ", above " + what + " " +
                         std::to_string(bound.get()));
        };
        const auto& known = sent().log_of(event.where);
        look(known.marks().high_watermark, "the high watermark");
        look(known.marks().stable_offset, "what is on stable storage,");
        look(pass.first_unstable_offset, "the open transaction at");
        look(pass.active_segment, "the active segment");
    }
};

} // namespace

std::unique_ptr<checker> make_cleaning_stays_below(const history& of) {
    return std::make_unique<cleaning_stays_below>(of);
}

} // namespace barnabas::sim
