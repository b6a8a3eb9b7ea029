#include "sim/checkers/checkers.hpp"

namespace barnabas::sim {

namespace {

class acks_keep_their_promise final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "acks_keep_their_promise"; }

    void on_append_answered(const append_answered& event) override {
        if (!event.ok)
            return;
        const auto& log = sent().log_of(event.where);
        constexpr std::int16_t acks_all = -1;
        const bool stable = event.acks == acks_all && !log.write_caching();
        const auto reached = stable ? event.now.stable_offset : event.now.written_offset;
        const auto what = [&] {
            return "an append to " + to_string(event.where) + " that ends at " +
                   std::to_string(event.next_offset.get()) +
                   " was acknowledged (acks=" + std::to_string(event.acks) + ")";
        };
        if (event.next_offset > reached)
            violated(what() + " when the log was " + (stable ? "on stable storage" : "written") +
                     " only below " + std::to_string(reached.get()));
        if (event.base_offset.get() < 0 || event.base_offset < log.known_from())
            return;
        const auto* batch = log.batch_at(event.base_offset);
        if (batch == nullptr || batch->last_offset >= event.next_offset)
            violated(what() + " at offset " + std::to_string(event.base_offset.get()) +
                     ", where the log has no such batch");
    }
};

} // namespace

std::unique_ptr<checker> make_acks_keep_their_promise(const history& of) {
    return std::make_unique<acks_keep_their_promise>(of);
}

} // namespace barnabas::sim
