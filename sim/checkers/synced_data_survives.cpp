#include "sim/checkers/checkers.hpp"

namespace barnabas::sim {

namespace {

class synced_data_survives final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "synced_data_survives"; }

    void on_log_opened(const log_opened& event) override {
        look(event.where, event.now.log_end_offset, "was opened in life " + std::to_string(event.life));
    }
    void on_log_moved(const log_moved& event) override {
        look(event.where, event.now.log_end_offset, "was cut back");
    }

private:
    void look(const place& where, log_offset end, const std::string& what) {
        const auto synced = sent().log_of(where).synced_to();
        if (end < synced)
            violated("the log of " + to_string(where) + " " + what + " with end " +
                     std::to_string(end.get()) + ", but everything below " + std::to_string(synced.get()) +
                     " was on stable storage");
    }
};

} // namespace

std::unique_ptr<checker> make_synced_data_survives(const history& of) {
    return std::make_unique<synced_data_survives>(of);
}

} // namespace barnabas::sim
