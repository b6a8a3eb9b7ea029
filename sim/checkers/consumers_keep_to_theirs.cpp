#include "sim/checkers/consumer_checkers.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <utility>

namespace barnabas::sim {

namespace {

/// Records of a partition are given only to a consumer that was told that it has the partition, until it was
/// told that it has it no more.
class consumers_keep_to_theirs final : public consumer_checker {
public:
    using consumer_checker::consumer_checker;
    const char* name() const override { return "consumers_keep_to_theirs"; }

    void on_consumer(const consumer_event& event) override {
        if (const auto* assigned = std::get_if<consumer_assigned>(&event)) {
            if (!held_.insert({assigned->consumer, assigned->where}).second)
                violated("consumer " + std::to_string(assigned->consumer) + " was assigned " +
                         to_string(assigned->where) + ", which it has");
        } else if (const auto* gone = std::get_if<consumer_given_up>(&event)) {
            if (held_.erase({gone->consumer, gone->where}) == 0)
                violated("consumer " + std::to_string(gone->consumer) + " was told to give up " +
                         to_string(gone->where) + ", which it does not have");
        } else if (const auto* delivered = std::get_if<consumer_delivered>(&event)) {
            if (!held_.contains({delivered->consumer, delivered->where}))
                violated("consumer " + std::to_string(delivered->consumer) + " was given offset " +
                         std::to_string(delivered->offset.get()) + " of " + to_string(delivered->where) +
                         ", which it does not have");
        }
    }

private:
    std::set<std::pair<std::uint64_t, place>> held_;
};

} // namespace

std::unique_ptr<consumer_checker> make_consumers_keep_to_theirs(const history& of) {
    return std::make_unique<consumers_keep_to_theirs>(of);
}

} // namespace barnabas::sim
