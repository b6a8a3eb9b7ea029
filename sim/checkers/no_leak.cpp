#include "sim/checkers/checkers.hpp"

namespace barnabas::sim {

namespace {

class no_leak final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "no_leak"; }

    void on_log_closed(const log_closed& event) override {
        if (event.waiting_appends != 0 || event.waiting_reads != 0)
            violated("the log of " + to_string(event.where) + " was closed while " +
                     std::to_string(event.waiting_appends) + " appends and " +
                     std::to_string(event.waiting_reads) + " reads waited");
    }

    void on_end(const end_facts& facts) override {
        if (facts.replies_dropped != 0)
            violated(std::to_string(facts.replies_dropped) + " replies were dropped inside the broker");
        if (facts.leaked_actors != 0)
            violated(std::to_string(facts.leaked_actors) + " actors outlived their node");
        if (facts.open_connections != 0)
            violated(std::to_string(facts.open_connections) + " connections were open in the end");
        if (facts.open_files != 0)
            violated(std::to_string(facts.open_files) + " files of the broker were open in the end");
        for (const auto& batch : sent().batches()) {
            if (sent().result_of(batch.token) == nullptr)
                violated("batch " + std::to_string(batch.token) + " of producer " +
                         std::to_string(batch.producer) + " never had a result");
        }
    }
};

} // namespace

std::unique_ptr<checker> make_no_leak(const history& of) {
    return std::make_unique<no_leak>(of);
}

} // namespace barnabas::sim
