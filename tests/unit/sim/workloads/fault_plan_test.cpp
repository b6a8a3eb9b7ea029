#include "runtime/config/broker_config.hpp"
#include "sim/clock/host_clock.hpp"
#include "sim/network/link_table.hpp"
#include "sim/scheduler/scheduler_options.hpp"
#include "sim/workloads/broker_config.hpp"
#include "sim/workloads/fault_plan.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <type_traits>

namespace barnabas::sim::fault_plan_test {
namespace {

constexpr virtual_time begin{second / 2};
constexpr virtual_time healing{38 * second};
constexpr std::uint64_t plans = 10'000;

fault_plan drawn(std::uint64_t seed, bool disk_harm_allowed = false) {
    return fault_plan::drawn(runtime::random(seed), {begin, healing, disk_harm_allowed});
}

template <class Options>
std::map<std::string, std::string> fields(const Options& of) {
    std::map<std::string, std::string> shown;
    for_each_field(of, [&](const char* name, const auto& member) {
        std::string text;
        if constexpr (has_names<std::remove_cvref_t<decltype(member)>>)
            text = name_of(member);
        else if constexpr (std::is_same_v<std::remove_cvref_t<decltype(member)>, virtual_time>)
            text = std::to_string(member.get());
        else
            text = std::to_string(member);
        EXPECT_TRUE(shown.emplace(name, text).second) << name << " is shown twice";
    });
    return shown;
}

/// As a parser of schedules would: members are assigned in the order in which they are shown.
template <class Options>
Options assigned(const std::map<std::string, std::string>& from) {
    Options made;
    for_each_field(made, [&](const char* name, auto& member) {
        using type = std::remove_cvref_t<decltype(member)>;
        const auto& text = from.at(name);
        if constexpr (has_names<type>)
            member = *value_named<type>(text);
        else if constexpr (std::is_same_v<type, virtual_time>)
            member = virtual_time(std::stoll(text));
        else if constexpr (std::is_signed_v<type>)
            member = static_cast<type>(std::stoll(text));
        else
            member = static_cast<type>(std::stoull(text));
    });
    return made;
}

void expect_share(std::uint64_t count, std::uint64_t of, double share) {
    EXPECT_NEAR(static_cast<double>(count) / static_cast<double>(of), share, 0.02);
}

TEST(fault_plan, modes_have_the_shares_asked_for) {
    std::map<swarm_mode, std::uint64_t> modes;
    std::map<schedule_style, std::uint64_t> styles;
    for (std::uint64_t seed = 0; seed < plans; ++seed) {
        const auto plan = drawn(seed);
        ++modes[plan.mode];
        EXPECT_EQ(plan.any, plan.mode != swarm_mode::no_faults);
        EXPECT_FALSE(plan.lossy);
        if (plan.any)
            ++styles[plan.style];
        const auto kinds = plan.kinds.size() + plan.background.size();
        if (plan.mode == swarm_mode::one_kind) {
            EXPECT_EQ(kinds, 1U);
        } else if (plan.mode == swarm_mode::every_kind) {
            // Where a disk may do harm, that is drawn beside the others; that one directory of several hangs,
            // or a file loses its end, is left to its scenario.
            EXPECT_EQ(kinds, all_of(fault_kind{}).size() - 13 + all_of(background_kind{}).size() - 7);
        } else if (plan.mode == swarm_mode::no_faults) {
            EXPECT_TRUE(plan.faults.empty());
        }
    }
    expect_share(modes[swarm_mode::no_faults], plans, 0.15);
    expect_share(modes[swarm_mode::one_kind], plans, 0.10);
    expect_share(modes[swarm_mode::every_kind], plans, 0.05);
    for (const auto style : all_of(schedule_style{}))
        expect_share(styles[style], plans, 0.85 / 3);
}

TEST(fault_plan, every_kind_exists_in_its_share_of_runs_and_faults_are_of_kinds_that_exist) {
    std::map<fault_kind, std::uint64_t> kinds;
    std::map<background_kind, std::uint64_t> background;
    std::uint64_t swarms = 0;
    for (std::uint64_t seed = 0; seed < plans; ++seed) {
        const auto plan = drawn(seed, true);
        const std::set<fault_kind> exist(plan.kinds.begin(), plan.kinds.end());
        std::set<fault_kind> happen;
        for (const auto& each : plan.faults)
            happen.insert(each.kind);
        EXPECT_EQ(happen, exist);
        if (plan.mode != swarm_mode::some_kinds)
            continue;
        ++swarms;
        for (const auto kind : plan.kinds)
            ++kinds[kind];
        for (const auto kind : plan.background)
            ++background[kind];
    }
    expect_share(kinds[fault_kind::crash], swarms, 0.6);
    expect_share(kinds[fault_kind::crash_loop], swarms, 0.1);
    expect_share(kinds[fault_kind::swizzle], swarms, 0.3);
    expect_share(kinds[fault_kind::clog], swarms, 0.4);
    expect_share(kinds[fault_kind::clock_jump], swarms, 0.2);
    expect_share(kinds[fault_kind::harmed_index], swarms, 0.1);
    expect_share(kinds[fault_kind::full_of_names], swarms, 0.06);
    expect_share(background[background_kind::resets], swarms, 0.4);
    EXPECT_EQ(kinds.size(), all_of(fault_kind{}).size() - 3);
}

TEST(fault_plan, no_fault_outlasts_healing_and_targets_have_their_moments) {
    std::map<fault_moment, std::uint64_t> moments;
    for (std::uint64_t seed = 0; seed < plans / 10; ++seed) {
        const auto plan = drawn(seed);
        for (const auto& each : plan.faults) {
            EXPECT_GT(each.at, virtual_time(0));
            EXPECT_LE(each.at + each.lasts_ns, healing);
            if (plan.style == schedule_style::targeted)
                ++moments[each.moment];
            else
                EXPECT_EQ(each.moment, fault_moment::at_time);
        }
    }
    EXPECT_EQ(moments.size(), all_of(fault_moment{}).size());
}

TEST(fault_plan, only_where_allowed_syncs_lie_and_the_plan_says_so) {
    std::uint64_t lossy = 0;
    std::uint64_t failing = 0;
    for (std::uint64_t seed = 0; seed < plans; ++seed) {
        const auto plan = drawn(seed, true);
        const bool emptied = std::any_of(plan.kinds.begin(), plan.kinds.end(),
                                         [](auto kind) { return kind == fault_kind::empty_directory; });
        EXPECT_EQ(plan.lossy, plan.loses() || emptied);
        lossy += plan.lossy;
        failing += plan.disk.fails();
    }
    EXPECT_GT(lossy, plans * 9 / 100);
    EXPECT_LT(lossy, plans * 13 / 100);
    EXPECT_GT(failing, plans * 6 / 100);
    EXPECT_LT(failing, plans * 9 / 100);
}

TEST(fault_plan, others_move_the_room_of_half_of_the_full_disks_and_lies_come_true_within_half_a_minute) {
    std::uint64_t full = 0;
    std::uint64_t moved = 0;
    for (std::uint64_t seed = 0; seed < plans; ++seed) {
        const auto plan = drawn(seed, true);
        EXPECT_GE(plan.disk.sync_lie_high, 10 * millisecond);
        EXPECT_LE(plan.disk.sync_lie_high, 30 * second);
        for (const auto& each : plan.faults) {
            if (each.kind != fault_kind::full_disk)
                continue;
            ++full;
            moved += each.bytes_per_second > 0;
            EXPECT_TRUE(each.bytes_per_second == 0 ||
                        (each.bytes_per_second >= 1'000'000 && each.bytes_per_second <= 10'000'000));
        }
    }
    EXPECT_NEAR(static_cast<double>(moved) / static_cast<double>(full), 0.5, 0.1);
}

TEST(fault_plan, a_disk_that_lies_or_fails_changes_nothing_else) {
    for (std::uint64_t seed = 0; seed < 1'000; ++seed) {
        const auto without = drawn(seed);
        auto with = drawn(seed, true);
        EXPECT_EQ(fields(with.network), fields(without.network));
        std::erase_if(with.faults,
                      [](const planned_fault& one) { return one.kind >= fault_kind::full_disk; });
        ASSERT_EQ(with.faults.size(), without.faults.size());
        for (std::size_t i = 0; i < with.faults.size(); ++i)
            EXPECT_EQ(fields(with.faults[i]), fields(without.faults[i]));
        if (with.lossy || with.disk.fails() || with.disk.read_rot_chance > 0 ||
            with.disk.index_rot_chance > 0)
            continue;
        EXPECT_EQ(fields(with.disk), fields(without.disk));
        EXPECT_EQ(with.last_crash, without.last_crash);
    }
}

TEST(fault_plan, one_kind_of_background_leaves_the_rest_of_the_network_healthy) {
    for (std::uint64_t seed = 0; seed < plans; ++seed) {
        const auto plan = drawn(seed);
        if (plan.mode != swarm_mode::one_kind || plan.background.empty())
            continue;
        const auto& network = plan.network;
        const int harms = (network.reset_chance > 0) + (network.half_open_chance > 0) +
                          (network.refuse_chance > 0) + (network.hang_chance > 0) +
                          (network.mute_chance > 0) + (network.clog_chance > 0) +
                          (plan.disk.stall_chance > 0);
        EXPECT_LE(harms, 1);
    }
}

TEST(fields, a_fault_shows_what_its_kind_uses_and_comes_back_from_it) {
    for (std::uint64_t seed = 0; seed < 1'000; ++seed) {
        for (const auto& fault : drawn(seed).faults) {
            const auto shown = fields(fault);
            EXPECT_EQ(shown.count("losses"), 0U);
            EXPECT_EQ(shown.count("lasts_ns"), (fields_used(fault.kind) & uses_lasts) != 0 ? 1U : 0U);
            EXPECT_EQ(fields(assigned<planned_fault>(shown)), shown);
        }
    }
    planned_fault reset;
    reset.kind = fault_kind::reset_connections;
    EXPECT_EQ(fields(reset).size(), 3U);
}

TEST(fields, options_come_back_from_what_they_show) {
    runtime::random draws(3);
    const auto network = network_faults::drawn(draws);
    EXPECT_EQ(fields(assigned<network_faults>(fields(network))), fields(network));
    const auto disk = disk_faults::drawn(draws);
    EXPECT_EQ(fields(assigned<disk_faults>(fields(disk))), fields(disk));
    const auto losses = power_cut_faults::drawn(draws);
    EXPECT_EQ(fields(assigned<power_cut_faults>(fields(losses))), fields(losses));
    const auto clock = clock_options::drawn(draws);
    EXPECT_EQ(fields(assigned<clock_options>(fields(clock))), fields(clock));
    const auto scheduler = scheduler_options::drawn(draws, 3);
    EXPECT_EQ(fields(assigned<scheduler_options>(fields(scheduler))), fields(scheduler));
    const connection_harm harm{7, harm_kind::clog, 1, 99, second};
    EXPECT_EQ(assigned<connection_harm>(fields(harm)), harm);
    static_assert(has_fields<fault_plan>);
}

template <class Enum>
void expect_names() {
    std::set<std::string> names;
    for (const auto value : all_of(Enum{})) {
        EXPECT_TRUE(names.insert(name_of(value)).second);
        EXPECT_EQ(value_named<Enum>(name_of(value)), value);
    }
    EXPECT_FALSE(value_named<Enum>("?").has_value());
}

TEST(fields, names_of_enums_are_different_and_lead_back) {
    expect_names<fault_kind>();
    expect_names<fault_moment>();
    expect_names<link_ways>();
    expect_names<background_kind>();
    expect_names<swarm_mode>();
    expect_names<schedule_style>();
    expect_names<harm_kind>();
    expect_names<connect_mode>();
    expect_names<choice_policy>();
    expect_names<crash_kind>();
}

TEST(broker_config, everything_drawn_is_accepted_and_every_key_varies) {
    std::map<std::string, std::set<std::string>> seen;
    for (std::uint64_t seed = 0; seed < 1'000; ++seed) {
        broker_config config;
        for (const auto& [key, value] : drawn_broker_config(runtime::random(seed))) {
            const auto done = config.set(key, value);
            EXPECT_TRUE(done.has_value()) << key << "=" << value;
            seen[key].insert(value);
        }
        EXPECT_EQ(config.text_of("log.retention.ms"), "-1");
    }
    EXPECT_GT(seen.size(), 15U);
    EXPECT_GT(seen["connections.max.idle.ms"].size(), 100U);
}

} // namespace
} // namespace barnabas::sim::fault_plan_test
