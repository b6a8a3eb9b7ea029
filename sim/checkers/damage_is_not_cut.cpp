#include "sim/checkers/checkers.hpp"

namespace barnabas::sim {

namespace {

class damage_is_not_cut final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "damage_is_not_cut"; }

    void on_log_opened(const log_opened& event) override {
        if (event.stable_records_lost)
            violated("the log of " + to_string(event.where) +
                     " was opened though records are gone that had been on stable storage");
    }
};

} // namespace

std::unique_ptr<checker> make_damage_is_not_cut(const history& of) {
    return std::make_unique<damage_is_not_cut>(of);
}

} // namespace barnabas::sim
