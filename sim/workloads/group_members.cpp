#include "sim/workloads/group_members.hpp"

#include <map>

namespace barnabas::sim {

std::vector<member_options> drawn_members(runtime::random draws) {
    std::vector<member_options> members;
    if (!draws.chance(1, 3))
        return members;
    const auto count = draws.log_between(1, 12);
    const auto groups = draws.between(1, 2);
    const auto rude = draws.chance(2, 3);
    const auto statics = draws.chance(1, 2);
    for (std::uint64_t i = 0; i < count; ++i) {
        auto& one = members.emplace_back();
        one.group = draws.below(static_cast<std::uint64_t>(groups));
        if (statics && draws.chance(1, 2))
            one.instance = draws.chance(1, 8) ? 1 : i + 1;
        one.session_timeout_ms = static_cast<std::int32_t>(draws.log_between(1'000, 6'000));
        one.rebalance_timeout_ms = static_cast<std::int32_t>(draws.log_between(500, 4'000));
        one.heartbeat_ns =
            static_cast<std::int64_t>(one.session_timeout_ms) * millisecond / draws.between(3, 6);
        one.commit_ns = static_cast<std::int64_t>(draws.log_between(20, 1'000)) * millisecond;
        if (rude)
            one.rude_ns = static_cast<std::int64_t>(draws.log_between(1'000, 30'000)) * millisecond;
    }
    return members;
}

std::vector<std::pair<std::string, std::string>> drawn_group_config(runtime::random draws) {
    return {
        {"group.min.session.timeout.ms", "1000"},
        {"group.initial.rebalance.delay.ms", std::to_string(draws.below(1'000))},
        {"offsets.topic.num.partitions", std::to_string(draws.between(1, 3))},
        {"offsets.topic.segment.bytes", std::to_string(draws.log_between(20'000, 1'000'000))},
        // Clocks jump; no member is to lose what it committed by that.
        {"offsets.retention.minutes", "2147483647"},
        {"offsets.retention.check.interval.ms", std::to_string(draws.log_between(100, 600'000))},
    };
}

void group_members::start(const std::vector<member_options>& members) {
    if (with_.topics.empty())
        return;
    for (std::uint32_t number = 0; number < members.size(); ++number)
        start_one(members[number], number);
}

void group_members::start_one(const member_options& options, std::uint32_t number) {
    const auto name = "member-" + std::to_string(number);
    const auto& topic = with_.topics[options.group % with_.topics.size()];
    client::group_member_options membership;
    membership.group = "g" + std::to_string(options.group);
    if (options.instance != 0)
        membership.instance = "i" + std::to_string(options.instance);
    membership.topic = topic.name;
    membership.partitions = topic.partitions;
    membership.session_timeout_ms = options.session_timeout_ms;
    membership.rebalance_timeout_ms = options.rebalance_timeout_ms;
    membership.heartbeat_ns = options.heartbeat_ns;
    membership.commit_ns = options.commit_ns;
    membership.rude_ns = options.rude_ns;
    auto& host = *hosts_.emplace_back(
        std::make_unique<client_host>(world_, network_, watched_, name, with_.scheduler));
    host.spawn([&](runtime::node_services& node) {
        return client::spawn_group_member(node, client_of(with_.broker, name, number), membership,
                                          events_of(options, number));
    });
}

client::group_member_events group_members::events_of(const member_options& options, std::uint32_t number) {
    using told = client::group_member_events;
    const auto group = options.group;
    const auto instance = options.instance;
    // Members count their commits; the run counts all.
    auto numbers = std::make_shared<std::map<std::uint64_t, std::uint64_t>>();
    client::group_member_events events;
    events.on_joined = [=, this](const told::joined& joined) {
        const auto now = world_.now();
        with_.on_event(group_joined{group, number, instance, joined.member, joined.generation, joined.as_new,
                                    now - joined.asked_ns_ago, now});
    };
    events.on_assigned = [=, this](const told::assigned& assigned) {
        with_.on_event(group_assigned{group, number, instance, assigned.member, assigned.generation,
                                      assigned.partitions, world_.now()});
    };
    events.on_commit = [=, this](const told::commit& commit) {
        (*numbers)[commit.number] = ++commits_;
        with_.on_event(group_commit{commits_, group, instance, commit.member, commit.generation,
                                    commit.partition, commit.offset, world_.now()});
    };
    events.on_commit_result = [=, this](std::uint64_t commit, std::optional<kafka::error_code> code) {
        if (const auto known = numbers->extract(commit))
            with_.on_event(group_commit_result{known.mapped(), code, world_.now()});
    };
    events.on_fetched = [=, this](const told::fetched& fetched) {
        const auto now = world_.now();
        with_.on_event(
            group_offset_seen{group, fetched.partition, fetched.offset, now - fetched.asked_ns_ago, now});
    };
    events.on_alive = [=, this] { with_.on_event(group_alive{group, number, world_.now()}); };
    events.on_problem = with_.on_problem;
    return events;
}

std::uint64_t group_members::end() {
    std::uint64_t leaked = 0;
    for (auto& host : hosts_)
        leaked += host->end();
    return leaked;
}

std::vector<std::uint32_t> group_members::hosts() const {
    std::vector<std::uint32_t> numbers;
    for (const auto& host : hosts_)
        numbers.push_back(host->host().number());
    return numbers;
}

} // namespace barnabas::sim
