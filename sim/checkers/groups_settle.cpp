#include "sim/checkers/checkers.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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
            members_[started->member] = {started->group, started->excuse, started->at, virtual_time(-1)};
        else if (const auto* alive = std::get_if<group_alive>(&event))
            members_[alive->member].alive = alive->at;
        else if (const auto* wanted = std::get_if<group_wanted>(&event))
            groups_[wanted->group].wanted[wanted->member] = wanted->partitions;
        else if (const auto* owned = std::get_if<group_owned>(&event))
            groups_[owned->group].owned[owned->member] = owned->partitions;
        else if (const auto* epochs = std::get_if<group_has_epochs>(&event))
            groups_[epochs->group].has_epochs = true;
    }
    void on_healed(virtual_time at) override { healed_ = at; }
    void on_progress_due(virtual_time at, std::uint32_t, std::uint32_t) override {
        if (!healed_)
            return;
        const auto least = std::max(*healed_, at - silence_most_ns);
        for (const auto& [number, one] : members_)
            if (!one.excuse.may_be() && one.started <= *healed_ && one.alive < least)
                violated("member " + std::to_string(number) +
                         " of a group was not heard by its coordinator for " +
                         std::to_string((at - std::max(one.alive, *healed_)) / second) +
                         " s after all faults had ended");
        judge_excused();
        for (const auto& [number, group] : groups_)
            if (group.has_epochs)
                judge(number, group);
    }

private:
    using by_member = std::map<std::uint32_t, std::vector<std::int32_t>>;
    struct group {
        bool has_epochs = false;
        by_member wanted;
        by_member owned;
    };

    /// Not all of those can stay out of whom one keeps out another: bearers of one name, and members of a
    /// group that may be full. But each may have to wait for the other again and again.
    void judge_excused() {
        std::map<std::pair<std::uint64_t, std::uint64_t>, bool> heard;
        for (const auto& [number, one] : members_)
            if (one.excuse.may_be() && !one.excuse.by_itself && one.started <= *healed_) {
                auto& any = heard[{one.group, one.excuse.of_full_group ? 0 : one.excuse.shared_name}];
                any = any || one.alive >= *healed_;
            }
        for (const auto& [which, any] : heard)
            if (!any)
                violated("no member of group " + std::to_string(which.first) +
                         (which.second == 0 ? "" : " with the name " + std::to_string(which.second)) +
                         " was heard by its coordinator after all faults had ended");
    }

    static std::map<std::int32_t, std::uint32_t> counted(const by_member& all) {
        std::map<std::int32_t, std::uint32_t> counts;
        for (const auto& [member, partitions] : all)
            for (const auto partition : partitions)
                ++counts[partition];
        return counts;
    }
    /// Whatever somebody wants is one member's. One whose name others bear uses what it had until it hears
    /// that it was replaced, and namesakes replace each other for ever: each time partitions are on their way
    /// from one member to another.
    void judge(std::uint64_t number, const group& of) {
        for (const auto& [partition, wishes] : counted(of.wanted)) {
            const auto users = users_of(partition, of);
            const auto certain = std::count_if(users.begin(), users.end(), [this](std::uint32_t member) {
                return members_[member].excuse.shared_name == 0;
            });
            const bool one_certain = users.size() == 1 || (users.size() > 1 && certain <= 1) ||
                                     (users.empty() && has_namesakes(number));
            if (!one_certain)
                violated("partition " + std::to_string(partition) + " of group " + std::to_string(number) +
                         " is used by " + std::to_string(users.size()) + " members" + listed(users) +
                         ", though all faults had ended long ago");
        }
    }
    /// Two that bear one name are heard by the coordinator.
    bool has_namesakes(std::uint64_t number) const {
        std::map<std::uint64_t, int> heard;
        for (const auto& [member, one] : members_)
            if (one.group == number && one.excuse.shared_name != 0 && one.alive >= *healed_)
                ++heard[one.excuse.shared_name];
        return std::any_of(heard.begin(), heard.end(), [](const auto& entry) { return entry.second > 1; });
    }
    static std::vector<std::uint32_t> users_of(std::int32_t partition, const group& of) {
        std::vector<std::uint32_t> users;
        for (const auto& [member, partitions] : of.owned)
            if (std::find(partitions.begin(), partitions.end(), partition) != partitions.end())
                users.push_back(member);
        return users;
    }
    static std::string listed(const std::vector<std::uint32_t>& members) {
        std::string text;
        for (const auto member : members)
            text += (text.empty() ? " (" : ", ") + std::to_string(member);
        return text.empty() ? text : text + ")";
    }

    struct judged {
        std::uint64_t group = 0;
        staying_out excuse;
        virtual_time started{0};
        virtual_time alive{-1};
    };
    std::map<std::uint32_t, judged> members_;
    std::map<std::uint64_t, group> groups_;
    std::optional<virtual_time> healed_;
};

} // namespace

std::unique_ptr<checker> make_groups_settle(const history& of) {
    return std::make_unique<groups_settle>(of);
}

} // namespace barnabas::sim
