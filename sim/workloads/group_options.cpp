#include "sim/workloads/group_options.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace barnabas::sim {

namespace {

constexpr const char* for_ever = "2147483647";
constexpr std::uint64_t members_most = 40;
/// Groups of this number and above have no members.
constexpr std::uint64_t memberless_groups = 50;

void draw_versions(member_options& one, runtime::random draws) {
    one.fetch_version_max = static_cast<std::int16_t>(draws.between(1, 9));
    // Static names came with version 5, ids to come back with (KIP-394) with 4.
    if (draws.chance(1, 2))
        one.join_version_max =
            static_cast<std::int16_t>(one.instance == 0 ? draws.below(4) : draws.between(5, 9));
}

std::optional<std::string> value_of(const broker_lines& config, std::string_view key) {
    const auto found =
        std::find_if(config.rbegin(), config.rend(), [&](const auto& line) { return line.first == key; });
    return found == config.rend() ? std::nullopt : std::optional(found->second);
}

} // namespace

std::vector<member_options> drawn_members(runtime::random draws) {
    std::vector<member_options> members;
    if (!draws.chance(1, 3))
        return members;
    const auto count = draws.log_between(1, members_most);
    const auto groups = static_cast<std::uint64_t>(draws.between(1, 4));
    const auto rude = draws.chance(2, 3);
    const auto statics = draws.chance(1, 2);
    const auto late = draws.chance(1, 3);
    const auto old = draws.chance(1, 4);
    for (std::uint64_t i = 0; i < count; ++i) {
        auto& one = members.emplace_back();
        one.group = draws.below(groups);
        if (statics && draws.chance(1, 2))
            one.instance = draws.chance(1, 8) ? 1 : i + 1;
        one.session_timeout_ms = static_cast<std::int32_t>(draws.log_between(1'000, 6'000));
        one.rebalance_timeout_ms = static_cast<std::int32_t>(draws.log_between(500, 4'000));
        one.heartbeat_ns =
            static_cast<std::int64_t>(one.session_timeout_ms) * millisecond / draws.between(3, 6);
        // Many members commit more seldom each, so that a run costs no more.
        one.commit_ns = static_cast<std::int64_t>(draws.log_between(20 + 5 * count, 1'000)) * millisecond;
        if (rude)
            one.rude_ns = static_cast<std::int64_t>(draws.log_between(1'000, 30'000)) * millisecond;
        if (late && draws.chance(1, 2))
            one.start_ns = static_cast<std::int64_t>(draws.below(30'000)) * millisecond;
        if (old)
            draw_versions(one, draws.split("versions").split(i));
    }
    if (draws.chance(1, 6)) {
        auto& one = members.emplace_back();
        one.group = memberless_groups;
        one.without_generation = true;
    }
    return members;
}

broker_lines drawn_group_config(runtime::random draws) {
    broker_lines lines{
        {"group.min.session.timeout.ms", "1000"},
        {"group.initial.rebalance.delay.ms", std::to_string(draws.below(1'000))},
        {"offsets.topic.num.partitions", std::to_string(draws.between(1, 3))},
        // Compaction leaves the active segment alone, and what is committed in a run is little.
        {"offsets.topic.segment.bytes", std::to_string(draws.log_between(2'000, 200'000))},
        {"log.cleaner.backoff.ms", std::to_string(draws.log_between(20, 2'000))},
        // Clocks jump; in most runs no member is to lose what it committed by that.
        {"offsets.retention.minutes", draws.chance(1, 8) ? "1" : for_ever},
        {"offsets.retention.check.interval.ms", std::to_string(draws.log_between(100, 600'000))},
    };
    if (draws.chance(1, 8))
        lines.emplace_back("group.max.size", std::to_string(draws.between(1, 8)));
    return lines;
}

group_admin_options group_admin_options::drawn(runtime::random draws) {
    group_admin_options made;
    if (draws.chance(1, 8))
        made.interval_ns = static_cast<std::int64_t>(draws.log_between(100, 5'000)) * millisecond;
    return made;
}

void draw_consumers(std::vector<member_options>& members, runtime::random draws) {
    if (!draws.chance(1, 2))
        return;
    // All, or members of both protocols side by side in every group.
    const auto all = draws.chance(1, 2);
    const auto old = draws.chance(1, 4);
    const auto revoke_ms = draws.log_between(1, 3'000);
    for (auto& one : members) {
        if (one.without_generation || !(all || draws.chance(1, 2)))
            continue;
        one.consumer = true;
        one.revoke_ns = static_cast<std::int64_t>(draws.log_between(1, revoke_ms)) * millisecond;
        if (old && draws.chance(1, 2))
            one.heartbeat_version_max = 0;
    }
}

void draw_long_winded(std::vector<member_options>& members, std::uint64_t record_bytes,
                      runtime::random draws) {
    const auto model = std::find_if(members.begin(), members.end(),
                                    [](const auto& one) { return !one.consumer && !one.without_generation; });
    if (model == members.end() || !draws.chance(1, 8))
        return;
    auto one = *model;
    one.instance = 0;
    one.rude_ns = 0;
    one.metadata_bytes = record_bytes + 1;
    members.push_back(one);
}

broker_lines drawn_consumer_config(runtime::random draws) {
    broker_lines lines{
        {"group.consumer.min.session.timeout.ms", "500"},
        {"group.consumer.session.timeout.ms", std::to_string(draws.log_between(1'000, 6'000))},
        {"group.consumer.min.heartbeat.interval.ms", "50"},
        {"group.consumer.heartbeat.interval.ms", std::to_string(draws.log_between(100, 500))},
        {"group.consumer.assignors", draws.chance(1, 2) ? "uniform,range" : "range,uniform"},
    };
    if (draws.chance(1, 8))
        lines.emplace_back("group.consumer.max.size", std::to_string(draws.between(1, 8)));
    return lines;
}

bool offsets_expire(const broker_lines& config) {
    return value_of(config, "offsets.retention.minutes") != for_ever;
}

bool limits_groups(const broker_lines& config) {
    return value_of(config, "group.max.size") || value_of(config, "group.consumer.max.size");
}

} // namespace barnabas::sim
