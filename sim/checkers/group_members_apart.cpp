#include "sim/checkers/checkers.hpp"

#include <map>
#include <utility>

namespace barnabas::sim {

namespace {

/// What members were told; a generation that nobody got an assignment of may be forgotten when the
/// coordinator dies, and its number given again. A group without members and offsets is forgotten as a whole.
class group_members_apart final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "group_members_apart"; }

    void on_group(const group_event& event) override {
        if (const auto* joined = std::get_if<group_joined>(&event))
            on_joined(*joined);
        else if (const auto* assigned = std::get_if<group_assigned>(&event))
            on_assigned(*assigned);
    }

private:
    struct owner {
        std::string id;
        std::uint64_t instance = 0;
    };
    struct group {
        /// The newest generation of which somebody had an assignment, by when that was.
        std::map<virtual_time, std::int32_t> newest;
        std::map<std::pair<std::int32_t, std::int32_t>, owner> owners;
    };

    void on_joined(const group_joined& told) {
        const auto& newest = groups_[told.group].newest;
        const auto behind = newest.upper_bound(told.asked);
        if (behind == newest.begin())
            return;
        const auto known = std::prev(behind)->second;
        if (told.generation < known || (told.as_new && told.generation == known))
            violated("member " + std::to_string(told.member) + " of group " + std::to_string(told.group) +
                     " was told generation " + std::to_string(told.generation) + ", though generation " +
                     std::to_string(known) + " had been assigned before it asked");
    }

    void on_assigned(const group_assigned& told) {
        if (told.made_for >= 0 && told.made_for != told.generation)
            violated("member " + std::to_string(told.member) + " of group " + std::to_string(told.group) +
                     " got in generation " + std::to_string(told.generation) +
                     " what was assigned for generation " + std::to_string(told.made_for));
        if (!told.lasting)
            return;
        auto& of = groups_[told.group];
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
