#include "sim/checkers/checkers.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace barnabas::sim {

namespace {

/// Judges by what was known to somebody when a zombie asked. Assignments are what is known: the log has them,
/// so no crash takes them back. In a group with epochs a member is behind only itself: what it was told last
/// is what it has, or older than that.
class zombies_fenced final : public checker {
public:
    using checker::checker;
    const char* name() const override { return "zombies_fenced"; }

    void on_group(const group_event& event) override {
        if (const auto* assigned = std::get_if<group_assigned>(&event))
            on_assigned(*assigned);
        else if (const auto* commit = std::get_if<group_commit>(&event))
            on_commit(*commit);
        else if (const auto* result = std::get_if<group_commit_result>(&event))
            on_result(*result);
        else if (const auto* alive = std::get_if<group_alive>(&event))
            on_alive(*alive);
        else if (const auto* joined = std::get_if<group_joined>(&event))
            on_joined(*joined);
        else if (const auto* epochs = std::get_if<group_has_epochs>(&event))
            with_epochs_.insert(epochs->group);
    }

private:
    template <class Value>
    using by_time = std::map<virtual_time, Value>;

    /// Who bore a static name; empty where that is not certain.
    struct static_name {
        by_time<std::string> holders;
        /// When somebody was first told to be a member.
        std::map<std::string, virtual_time> first_assigned;
    };

    template <class Value>
    static const Value* known_at(const by_time<Value>& of, virtual_time at) {
        const auto behind = of.upper_bound(at);
        return behind == of.begin() ? nullptr : &std::prev(behind)->second;
    }

    /// Such a group begins anew when it was empty, and a member goes on in it under the id that it had.
    void on_joined(const group_joined& told) {
        if (with_epochs_.contains(told.group))
            own_[{told.group, told.id}][told.at] = told.generation;
    }
    void on_assigned(const group_assigned& told) {
        if (with_epochs_.contains(told.group))
            own_[{told.group, told.id}][told.at] = told.generation;
        if (!told.lasting)
            return;
        auto& newest = newest_[told.group];
        if (newest.empty() || newest.rbegin()->second < told.generation)
            newest[told.at] = told.generation;
        if (told.instance != 0)
            note_name(names_[{told.group, told.instance}], told);
    }

    /// Answers may come late, so of two processes of one name it is the newer one for certain only when it
    /// asked after the other had been told; else the name is nobody's until somebody is certain.
    static void note_name(static_name& of, const group_assigned& told) {
        const bool certain = of.holders.empty() || of.holders.rbegin()->second == told.id ||
                             told.asked > of.holders.rbegin()->first;
        of.holders[told.at] = certain ? told.id : std::string();
        of.first_assigned.try_emplace(told.id, told.at);
    }

    /// -1: none.
    template <class Event>
    std::int32_t newest_known(const Event& from, virtual_time asked) const {
        const std::int32_t* newest = nullptr;
        if (with_epochs_.contains(from.group)) {
            const auto of = own_.find({from.group, from.id});
            newest = of == own_.end() ? nullptr : known_at(of->second, asked);
        } else if (const auto of = newest_.find(from.group); of != newest_.end()) {
            newest = known_at(of->second, asked);
        }
        return newest == nullptr ? -1 : *newest;
    }

    /// Why this is a zombie, if it is one.
    template <class Event>
    std::optional<std::string> fault_of(const Event& from, virtual_time asked) const {
        if (from.generation < 0)
            return std::nullopt;
        if (const auto newest = newest_known(from, asked); from.generation < newest)
            return "generation " + std::to_string(newest) + " had been assigned";
        const auto found = names_.find({from.group, from.instance});
        if (from.instance == 0 || found == names_.end())
            return std::nullopt;
        const auto& [holders, first_assigned] = found->second;
        const auto* holder = known_at(holders, asked);
        // Whoever was not a member before may just have taken over.
        const auto self = first_assigned.find(from.id);
        const bool was_member = self != first_assigned.end() && self->second <= asked;
        if (was_member && holder != nullptr && !holder->empty() && *holder != from.id)
            return *holder + " had taken over its name";
        return std::nullopt;
    }

    void on_commit(const group_commit& sent) {
        if (const auto why = fault_of(sent, sent.at))
            zombies_[sent.number] = sent.id + " committed in generation " + std::to_string(sent.generation) +
                                    " of group " + std::to_string(sent.group) + ", though " + *why;
    }
    void on_result(const group_commit_result& got) {
        const auto zombie = zombies_.extract(got.number);
        if (zombie && got.code == kafka::error_code::none)
            violated(zombie.mapped());
    }
    void on_alive(const group_alive& told) {
        if (const auto why = fault_of(told, told.asked))
            violated(told.id + " was taken for alive in generation " + std::to_string(told.generation) +
                     " of group " + std::to_string(told.group) + ", though " + *why);
    }

    std::map<std::uint64_t, by_time<std::int32_t>> newest_;
    std::set<std::uint64_t> with_epochs_;
    /// In groups with epochs, by member.
    std::map<std::pair<std::uint64_t, std::string>, by_time<std::int32_t>> own_;
    std::map<std::pair<std::uint64_t, std::uint64_t>, static_name> names_;
    std::map<std::uint64_t, std::string> zombies_;
};

} // namespace

std::unique_ptr<checker> make_zombies_fenced(const history& of) {
    return std::make_unique<zombies_fenced>(of);
}

} // namespace barnabas::sim
