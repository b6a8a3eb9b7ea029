#include "sim/checkers/checkers.hpp"

namespace barnabas::sim {

namespace {

class log_marks_in_order final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "log_marks_in_order"; }

    void on_log_opened(const log_opened& event) override {
        look(event.where, event.now);
        const auto& log = sent().log_of(event.where);
        // What retention took in the last life may still have been on its way out, but not what that life did
        // not find.
        if (log.known())
            not_back(event.where, "log start", log.opened_start(), event.now.log_start_offset);
    }

    void on_log_moved(const log_moved& event) override {
        look(event.where, event.now);
        const auto& before = sent().log_of(event.where).marks();
        not_back(event.where, "log start", before.log_start_offset, event.now.log_start_offset);
        not_back(event.where, "recovery point", before.stable_offset, event.now.stable_offset);
        not_back(event.where, "written offset", before.written_offset, event.now.written_offset);
        not_back(event.where, "high watermark", before.high_watermark, event.now.high_watermark);
    }

private:
    void look(const place& where, const log_marks& now) {
        at_most(where, "log start", now.log_start_offset, "recovery point", now.stable_offset);
        at_most(where, "recovery point", now.stable_offset, "written offset", now.written_offset);
        at_most(where, "written offset", now.written_offset, "log end", now.log_end_offset);
        at_most(where, "log start", now.log_start_offset, "high watermark", now.high_watermark);
        at_most(where, "high watermark", now.high_watermark, "written offset", now.written_offset);
        if (!sent().log_of(where).write_caching() && sent().log_of(where).known())
            at_most(where, "high watermark", now.high_watermark, "recovery point", now.stable_offset);
    }
    void at_most(const place& where, const char* low_name, log_offset low, const char* high_name,
                 log_offset high) {
        if (low > high)
            violated(std::string("the ") + low_name + " " + std::to_string(low.get()) + " of " +
                     to_string(where) + " lies above its " + high_name + " " + std::to_string(high.get()));
    }
    void not_back(const place& where, const char* mark, log_offset before, log_offset now) {
        if (now < before)
            violated(std::string("the ") + mark + " of " + to_string(where) + " went back from " +
                     std::to_string(before.get()) + " to " + std::to_string(now.get()));
    }
};

} // namespace

std::unique_ptr<checker> make_log_marks_in_order(const history& of) {
    return std::make_unique<log_marks_in_order>(of);
}

} // namespace barnabas::sim
