#include "sim/checkers/checkers.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace barnabas::sim {

namespace {

/// The longest that a member may be silent in a group that is well: a rebalance may begin behind its last
/// heartbeat, wait for a session that ends, and then for the largest rebalance timeout.
constexpr std::int64_t silence_most_ns = 10 * second;

class groups_settle final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "groups_settle"; }

    void on_group(const group_event& event) override {
        if (const auto* started = std::get_if<group_member_started>(&event))
            members_[started->member] = {started->may_stay_out, started->at, virtual_time(-1)};
        else if (const auto* alive = std::get_if<group_alive>(&event))
            members_[alive->member].alive = alive->at;
    }
    void on_healed(virtual_time at) override { healed_ = at; }
    void on_progress_due(virtual_time at, std::uint32_t, std::uint32_t) override {
        if (!healed_)
            return;
        const auto least = std::max(*healed_, at - silence_most_ns);
        for (const auto& [number, one] : members_)
            if (!one.may_stay_out && one.started <= *healed_ && one.alive < least)
                violated("member " + std::to_string(number) +
                         " of a group was not heard by its coordinator for " +
                         std::to_string((at - std::max(one.alive, *healed_)) / second) +
                         " s after all faults had ended");
    }

private:
    struct judged {
        bool may_stay_out = false;
        virtual_time started{0};
        virtual_time alive{-1};
    };
    std::map<std::uint32_t, judged> members_;
    std::optional<virtual_time> healed_;
};

} // namespace

std::unique_ptr<checker> make_groups_settle(const history& of) {
    return std::make_unique<groups_settle>(of);
}

} // namespace barnabas::sim
