#include "sim/checkers/checkers.hpp"

namespace barnabas::sim {

namespace {

class shown_prefix_stays final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "shown_prefix_stays"; }

    void on_log_opened(const log_opened& event) override {
        // Under write caching a power cut may take what was shown; a kill may not, but nobody tells them
        // apart here.
        if (!sent().log_of(event.where).write_caching())
            look(event.where, event.now.log_end_offset, "was opened with end ");
    }
    void on_log_moved(const log_moved& event) override {
        look(event.where, event.now.log_end_offset, "was cut back to ");
    }
    void on_log_appended(const log_appended& event) override {
        look(event.where, event.batch.base_offset, "got a new batch at ");
    }

private:
    void look(const place& where, log_offset at, const char* what) {
        const auto shown = sent().log_of(where).shown_to();
        if (at < shown)
            violated("the log of " + to_string(where) + " " + what + std::to_string(at.get()) +
                     ", but offsets below " + std::to_string(shown.get()) + " had been shown to readers");
    }
};

} // namespace

std::unique_ptr<checker> make_shown_prefix_stays(const history& of) {
    return std::make_unique<shown_prefix_stays>(of);
}

} // namespace barnabas::sim
