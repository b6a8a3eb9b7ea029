#include "sim/checkers/checkers.hpp"

#include <algorithm>
#include <set>

namespace barnabas::sim {

namespace {

class memory_bounded final : public checker {
public:
    memory_bounded(const history& of, const node_limits& limits) : checker(of), limits_(limits) {}
    const char* name() const override { return "memory_bounded"; }

    void on_reading(const node_reading& reading) override {
        for (const auto& each : reading.reserves) {
            if (each.in_use > each.capacity + each.overdraft)
                violated("the memory reserve " + each.name + " holds " + std::to_string(each.in_use) +
                         " bytes of " + std::to_string(each.capacity) + ", and one holder may overdraw by " +
                         std::to_string(each.overdraft));
        }
    }

    void on_connection_opened(const connection_id& event) override {
        open_.insert(event);
        if (open_.size() > limits_.connections_max)
            violated("the broker holds " + std::to_string(open_.size()) + " connections");
    }
    void on_connection_closed(const connection_id& event) override { open_.erase(event); }
    void on_life_ended(std::uint64_t) override { open_.clear(); }

private:
    node_limits limits_;
    std::set<connection_id> open_;
};

} // namespace

std::unique_ptr<checker> make_memory_bounded(const history& of, const node_limits& limits) {
    return std::make_unique<memory_bounded>(of, limits);
}

} // namespace barnabas::sim
