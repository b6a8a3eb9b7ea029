#include "sim/checkers/checkers.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

namespace barnabas::sim {

namespace {

/// Two ways to see that members are apart: no two get a partition in one generation (or epoch); and from what
/// each one said, and was taken for alive with, the coordinator took no two for a partition's owner at any
/// moment. What counts is what members were told; a generation that nobody got an assignment of may be
/// forgotten when the coordinator dies, and its number given again. A group without members and offsets is
/// forgotten as a whole.
class group_members_apart final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "group_members_apart"; }

    void on_group(const group_event& event) override {
        if (const auto* joined = std::get_if<group_joined>(&event))
            on_joined(*joined);
        else if (const auto* assigned = std::get_if<group_assigned>(&event))
            on_assigned(*assigned);
        else if (const auto* alive = std::get_if<group_alive>(&event))
            on_alive(*alive);
        else if (const auto* epochs = std::get_if<group_has_epochs>(&event))
            groups_[epochs->group].both_protocols = epochs->both_protocols;
    }

private:
    struct owner {
        std::string id;
        std::uint64_t instance = 0;
    };
    /// For so long, at least, the coordinator took a partition for this member's: from when somebody knew it
    /// until the member asked the last time with it in hand, and was taken for alive.
    struct holding {
        std::string id;
        virtual_time from;
        virtual_time to;
        bool is_open = true;
    };
    using holdings = std::vector<holding>;
    struct group {
        bool both_protocols = false;
        /// The newest generation of which somebody had an assignment, by when that was.
        std::map<virtual_time, std::int32_t> newest;
        std::map<std::pair<std::int32_t, std::int32_t>, owner> owners;
        /// By member: what it was told last, and when.
        std::map<std::string, std::pair<virtual_time, std::int32_t>> own;
        std::map<std::int32_t, holdings> held;
    };

    static holding* open_of(holdings& all, const std::string& id) {
        const auto found = std::find_if(all.begin(), all.end(),
                                        [&](const auto& one) { return one.is_open && one.id == id; });
        return found == all.end() ? nullptr : &*found;
    }

    void on_alive(const group_alive& told) {
        if (!told.owned)
            return;
        auto& of = groups_[told.group];
        for (auto& [partition, all] : of.held)
            if (auto* open = open_of(all, told.id); open != nullptr && !has(*told.owned, partition))
                open->is_open = false;
        for (const auto partition : *told.owned) {
            auto& all = of.held[partition];
            auto* open = open_of(all, told.id);
            if (open == nullptr) {
                all.push_back({told.id, told.at, told.at});
                continue;
            }
            open->to = std::max(open->to, told.asked);
            check_alone(told, partition, *open, all);
        }
    }

    static bool has(const std::vector<std::int32_t>& all, std::int32_t one) {
        return std::find(all.begin(), all.end(), one) != all.end();
    }

    void check_alone(const group_alive& told, std::int32_t partition, const holding& mine,
                     const holdings& all) {
        // An answer may be old when it is heard: only a later word of the member makes it certain.
        const auto certain = [](const holding& one) { return one.from < one.to; };
        for (const auto& other : all)
            if (certain(mine) && certain(other) && other.id != mine.id && other.from < mine.to &&
                mine.from < other.to)
                violated("partition " + std::to_string(partition) + " of group " +
                         std::to_string(told.group) + " was held by " + other.id + " and by " + mine.id +
                         " at the same time");
    }

    /// It was given to the member, which need not use it yet.
    void begin_holding(const group_assigned& told) {
        auto& of = groups_[told.group];
        for (const auto partition : told.partitions)
            if (auto& all = of.held[partition]; open_of(all, told.id) == nullptr)
                all.push_back({told.id, told.at, told.at});
    }

    void on_joined(const group_joined& told) {
        auto& of = groups_[told.group];
        // Whoever joins lets go of everything.
        for (auto& [partition, all] : of.held)
            if (auto* open = open_of(all, told.id); open != nullptr)
                open->is_open = false;
        const auto& newest = of.newest;
        const auto behind = newest.upper_bound(told.asked);
        if (behind == newest.begin())
            return;
        const auto known = std::prev(behind)->second;
        const bool is_behind = told.generation < known && (told.as_new || !of.both_protocols);
        if (is_behind || (told.as_new && told.generation == known))
            violated("member " + std::to_string(told.member) + " of group " + std::to_string(told.group) +
                     " was told generation " + std::to_string(told.generation) + ", though generation " +
                     std::to_string(known) + " had been assigned before it asked");
    }

    void on_assigned(const group_assigned& told) {
        if (told.made_for >= 0 && told.made_for != told.generation)
            violated("member " + std::to_string(told.member) + " of group " + std::to_string(told.group) +
                     " got in generation " + std::to_string(told.generation) +
                     " what was assigned for generation " + std::to_string(told.made_for));
        begin_holding(told);
        if (!told.lasting)
            return;
        auto& of = groups_[told.group];
        const auto before = of.own.find(told.id);
        if (before != of.own.end() && before->second.first < told.asked &&
            told.generation < before->second.second)
            violated(told.id + " of group " + std::to_string(told.group) + " was told generation " +
                     std::to_string(told.generation) + " behind " + std::to_string(before->second.second));
        of.own[told.id] = {told.at, told.generation};
        const auto newest = of.newest.empty() ? -1 : of.newest.rbegin()->second;
        if (told.generation > newest)
            of.newest[told.at] = told.generation;
        for (const auto partition : told.partitions) {
            const auto [at, made] =
                of.owners.try_emplace({told.generation, partition}, owner{told.id, told.instance});
            const bool same_static = told.instance != 0 && told.instance == at->second.instance;
            if (!made && at->second.id != told.id && !same_static)
                violated("partition " + std::to_string(partition) + " of group " +
                         std::to_string(told.group) + " was given to " + at->second.id + " and to " +
                         told.id + " in generation " + std::to_string(told.generation));
        }
    }

    std::map<std::uint64_t, group> groups_;
};

} // namespace

std::unique_ptr<checker> make_group_members_apart(const history& of) {
    return std::make_unique<group_members_apart>(of);
}

} // namespace barnabas::sim
