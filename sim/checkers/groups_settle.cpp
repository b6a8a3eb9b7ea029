#include "sim/checkers/checkers.hpp"

#include <map>
#include <optional>

namespace barnabas::sim {

namespace {

class groups_settle final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "groups_settle"; }

    void on_group(const group_event& event) override {
        if (const auto* joined = std::get_if<group_joined>(&event))
            last_alive_.try_emplace(joined->member, virtual_time(-1));
        else if (const auto* alive = std::get_if<group_alive>(&event))
            last_alive_[alive->member] = alive->at;
    }
    void on_healed(virtual_time at) override { healed_ = at; }
    void on_progress_due(virtual_time at, std::uint32_t, std::uint32_t) override {
        for (const auto& [member, alive] : last_alive_)
            if (healed_ && alive < *healed_)
                violated("member " + std::to_string(member) +
                         " of a group was not heard by its coordinator for " +
                         std::to_string((at - *healed_) / second) + " s after all faults had ended");
    }

private:
    std::map<std::uint32_t, virtual_time> last_alive_;
    std::optional<virtual_time> healed_;
};

} // namespace

std::unique_ptr<checker> make_groups_settle(const history& of) {
    return std::make_unique<groups_settle>(of);
}

} // namespace barnabas::sim
