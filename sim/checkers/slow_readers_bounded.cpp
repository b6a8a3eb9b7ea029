#include "sim/checkers/checkers.hpp"

#include <algorithm>

namespace barnabas::sim {

namespace {

class slow_readers_bounded final : public checker {
public:
    slow_readers_bounded(const history& of, const node_limits& limits) : checker(of), limits_(limits) {}
    const char* name() const override { return "slow_readers_bounded"; }

    /// Produce alone may begin behind others, whose small answers then still come.
    void on_request_begun(const request_begun& event) override {
        if (event.key != kafka::api_key::produce && event.unsent_bytes > limits_.unsent_before_max)
            violated("a request (api " + std::to_string(static_cast<int>(event.key)) + ") of connection " +
                     std::to_string(event.on.number) + " was begun while " +
                     std::to_string(event.unsent_bytes) + " bytes waited for its reader");
    }
    void on_request_answered(const request_answered& event) override {
        const auto before = event.unsent_bytes - std::min(event.unsent_bytes, event.answer_bytes);
        if (before > limits_.unsent_before_max + limits_.unsent_small_answers_max)
            violated("an answer of " + std::to_string(event.answer_bytes) +
                     " bytes was added for connection " + std::to_string(event.on.number) + ", for which " +
                     std::to_string(before) + " bytes waited");
    }

private:
    node_limits limits_;
};

} // namespace

std::unique_ptr<checker> make_slow_readers_bounded(const history& of, const node_limits& limits) {
    return std::make_unique<slow_readers_bounded>(of, limits);
}

} // namespace barnabas::sim
