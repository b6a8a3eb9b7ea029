#include "sim/checkers/room_checkers.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <variant>

namespace barnabas::sim {

namespace {

/// The broker looks at the room once a second; a coordinator that was refused before loads its log again.
constexpr std::int64_t known_after_ns = 3 * second;
/// Single ones may have been under way since before.
constexpr std::uint64_t refusals_min = 3;
/// A member that was let in may die before it learns what it is to do, and others wait for it.
constexpr std::int64_t assigned_within_ns = 8 * second;

class groups_use_the_reserve final : public room_checker {
public:
    using room_checker::room_checker;
    const char* name() const override { return "groups_use_the_reserve"; }

    void on_group(const group_event& event) override {
        if (const auto* commit = std::get_if<group_commit>(&event))
            commits_[commit->number] = {commit->group, commit->at};
        else if (const auto* result = std::get_if<group_commit_result>(&event))
            on_commit_result(*result);
        else if (const auto* joined = std::get_if<group_joined>(&event))
            on_joined(*joined);
        else if (const auto* assigned = std::get_if<group_assigned>(&event))
            groups_[assigned->group].joins = 0;
    }

    void on_life_ended(std::uint64_t /*life*/) override { since_.reset(); }

    /// The broker's own reckoning may be a little lower than what is free.
    void on_room(const room_reading& room) override {
        const auto half = room.reserve - room.reserve / 2;
        const bool in_first_half =
            room.free && *room.free < room.reserve && *room.free >= half + room.reserve / 10;
        if (!room.serves || !in_first_half)
            since_.reset();
        else if (!since_) {
            since_ = room.at;
            groups_.clear();
        }
    }

private:
    struct asked_commit {
        std::uint64_t group = 0;
        virtual_time at;
    };
    struct group_state {
        std::uint64_t refused = 0;
        std::uint64_t joins = 0;
        virtual_time first_join;
    };

    bool is_due(virtual_time asked) const { return since_ && asked - *since_ >= known_after_ns; }

    void on_commit_result(const group_commit_result& result) {
        const auto commit = commits_.extract(result.number);
        if (!commit || !result.code || !is_due(commit.mapped().at))
            return;
        auto& group = groups_[commit.mapped().group];
        const bool no_room = *result.code == kafka::error_code::coordinator_not_available ||
                             *result.code == kafka::error_code::kafka_storage_error;
        group.refused = no_room ? group.refused + 1 : 0;
        if (group.refused >= refusals_min)
            violated("commits of group " + std::to_string(commit.mapped().group) + " were refused, " +
                     std::to_string(group.refused) +
                     " one after another, though half of the reserve is free and more");
    }

    void on_joined(const group_joined& joined) {
        if (!is_due(joined.asked))
            return;
        auto& group = groups_[joined.group];
        if (group.joins++ == 0)
            group.first_join = joined.at;
        if (group.joins >= refusals_min && joined.at - group.first_join > assigned_within_ns)
            violated("members of group " + std::to_string(joined.group) + " joined " +
                     std::to_string(group.joins) +
                     " times and none was assigned anything, though half of the reserve is free and more");
    }

    /// Since when no more than the first half of the reserve is in use, and some of it.
    std::optional<virtual_time> since_;
    std::map<std::uint64_t, asked_commit> commits_;
    std::map<std::uint64_t, group_state> groups_;
};

} // namespace

std::unique_ptr<room_checker> make_groups_use_the_reserve(const history& of) {
    return std::make_unique<groups_use_the_reserve>(of);
}

} // namespace barnabas::sim
