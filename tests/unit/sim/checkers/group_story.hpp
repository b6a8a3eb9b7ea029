#pragma once

#include "tests/unit/sim/checkers/story.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace barnabas::sim {

/// Members of consumer groups by hand.
namespace group_tests {

using kafka::error_code;

inline constexpr std::uint64_t group = 0;
inline constexpr std::int32_t partition = 0;

struct name {
    std::string id = "a";
    std::uint64_t instance = 0;
};

/// Time passes by a second with each act.
class group_story : public story {
public:
    using story::story;

    virtual_time act() {
        pass(1);
        return now();
    }
    void assigned(const name& who, std::int32_t generation, virtual_time asked, bool lasting = true) {
        group_assigned told{group,       0,          who.instance, who.id, generation,
                            {partition}, generation, lasting,      asked,  act()};
        tell(told);
    }
    void assigned(const name& who, std::int32_t generation) { assigned(who, generation, act()); }
    void joined(const name& who, std::int32_t generation, bool as_new) {
        const auto asked = act();
        tell(group_joined{group, 0, who.instance, who.id, generation, as_new, asked, act()});
    }
    void alive(const name& who, std::int32_t generation, virtual_time asked) {
        tell(group_alive{group, 0, who.instance, who.id, generation, asked, act()});
    }
    std::uint64_t commit(std::int64_t offset, const name& who = {}, std::int32_t generation = 1) {
        tell(group_commit{++commits_, group, who.instance, who.id, generation, partition, log_offset(offset),
                          act()});
        return commits_;
    }
    void answered(std::uint64_t commit, std::optional<error_code> code = error_code::none) {
        tell(group_commit_result{commit, code, act()});
    }
    void committed(std::int64_t offset) { answered(commit(offset)); }
    void seen(std::int64_t offset) { seen(offset, act()); }
    void seen(std::int64_t offset, virtual_time asked) {
        tell(group_offset_seen{group, partition, log_offset(offset), asked, act()});
    }
    void started(std::uint32_t member, staying_out excuse = {}) {
        tell(group_member_started{group, member, excuse, act()});
    }
    void heard(std::uint32_t member) {
        const auto asked = act();
        tell(group_alive{group, member, 0, "a", 1, asked, now()});
    }
    /// A member of the consumer protocol says what it owns, and is taken for alive.
    void says(const std::string& id, std::int32_t epoch, std::optional<std::vector<std::int32_t>> owned) {
        const auto asked = act();
        tell(group_alive{group, 0, 0, id, epoch, asked, act(), std::move(owned)});
    }
    void uses(std::uint32_t member, std::vector<std::int32_t> partitions) {
        tell(group_owned{group, member, std::move(partitions)});
    }
    void wants(std::uint32_t member, std::vector<std::int32_t> partitions) {
        tell(group_wanted{group, member, std::move(partitions)});
    }
    void tell(const group_event& event) { told().on_group(event); }

private:
    std::uint64_t commits_ = 0;
};

} // namespace group_tests
} // namespace barnabas::sim
