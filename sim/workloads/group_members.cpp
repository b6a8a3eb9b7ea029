#include "sim/workloads/group_members.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::sim {

namespace {

std::vector<std::int32_t> numbers_of(const client::counted_topic& topic) {
    std::vector<std::int32_t> numbers;
    for (std::int32_t partition = 0; partition < topic.partitions; ++partition)
        numbers.push_back(topic.first_number + partition);
    return numbers;
}

} // namespace

group_members::group_members(world& time, network_fabric& network, observation& watched, parts with)
    : world_(time), network_(network), watched_(watched), with_(std::move(with)) {}

void group_members::start(const std::vector<member_options>& members) {
    if (with_.topics.empty() || members.empty())
        return;
    note_groups(members);
    for (std::uint32_t number = 0; number < members.size(); ++number)
        start_one(members[number], number, excuse_of(members[number], members));
    start_admin();
}

staying_out group_members::excuse_of(const member_options& one,
                                     const std::vector<member_options>& members) const {
    const auto of_name = std::count_if(members.begin(), members.end(), [&](const member_options& other) {
        return other.group == one.group && other.instance == one.instance;
    });
    staying_out excuse;
    excuse.shared_name = of_name > 1 ? one.instance : 0;
    excuse.of_full_group = limits_groups(with_.broker_config) && !one.without_generation;
    excuse.by_itself = one.metadata_bytes != 0 || one.without_sync;
    return excuse;
}

void group_members::note_groups(const std::vector<member_options>& members) {
    std::int32_t first_number = 0;
    for (const auto& topic : with_.topics) {
        topics_.push_back({topic.name, topic.partitions, first_number});
        first_number += topic.partitions;
    }
    for (const auto& one : members) {
        auto& spoken = spoken_[one.group];
        (one.consumer ? spoken.consumer : spoken.classic) = true;
    }
    for (const auto& [group, spoken] : spoken_)
        if (spoken.consumer)
            tell(group_has_epochs{group, spoken.classic});
}

void group_members::start_one(const member_options& options, std::uint32_t number, staying_out excuse) {
    const auto name = "member-" + std::to_string(number);
    auto& host = *hosts_.emplace_back(
        std::make_unique<client_host>(world_, network_, watched_, name, with_.scheduler));
    const auto begin = [=, this, &host] {
        if (ended_)
            return;
        tell(group_member_started{options.group, number, excuse, world_.now()});
        if (!options.consumer && !options.without_generation && !excuse.may_be())
            tell(group_wanted{options.group, number, numbers_of(topic_of(options.group))});
        spawn_one(options, number, host);
    };
    if (options.start_ns == 0)
        return begin();
    // Whoever comes at all is there when the faults are over.
    world_.schedule(std::min(world_.now() + options.start_ns, with_.rude_until), world_owner, begin);
}

void group_members::spawn_one(const member_options& options, std::uint32_t number, client_host& host) {
    const identity who{options.group, number, options.instance};
    const auto client = client_of(with_.broker, "member-" + std::to_string(number), number);
    const auto polite_from = host.host().clock().monotonic_at(with_.rude_until);
    host.spawn([&](runtime::node_services& node) {
        if (options.consumer) {
            auto membership = consumer_of(options);
            membership.rude_until = polite_from;
            return client::spawn_group_consumer(node, client, std::move(membership), events_of(who));
        }
        auto membership = membership_of(options);
        membership.rude_until = polite_from;
        return client::spawn_group_member(node, client, std::move(membership), events_of(who));
    });
}

client::group_consumer_options group_members::consumer_of(const member_options& options) const {
    client::group_consumer_options membership;
    membership.group = "g" + std::to_string(options.group);
    if (options.instance != 0)
        membership.instance = "i" + std::to_string(options.instance);
    membership.topics = topics_;
    membership.first_topic = options.group % topics_.size();
    membership.session_timeout_ms = options.session_timeout_ms;
    membership.rebalance_timeout_ms = options.rebalance_timeout_ms;
    membership.commit_ns = options.commit_ns;
    membership.revoke_ns = options.revoke_ns;
    membership.rude_ns = options.rude_ns;
    membership.heartbeat_version_max = options.heartbeat_version_max;
    membership.fetch_version_max = options.fetch_version_max;
    return membership;
}

client::group_member_options group_members::membership_of(const member_options& options) const {
    const auto& topic = topic_of(options.group);
    client::group_member_options membership;
    membership.group = "g" + std::to_string(options.group);
    if (options.instance != 0)
        membership.instance = "i" + std::to_string(options.instance);
    membership.topic = topic;
    membership.session_timeout_ms = options.session_timeout_ms;
    membership.rebalance_timeout_ms = options.rebalance_timeout_ms;
    membership.heartbeat_ns = options.heartbeat_ns;
    membership.commit_ns = options.commit_ns;
    membership.rude_ns = options.rude_ns;
    membership.metadata_bytes = options.metadata_bytes;
    membership.without_generation = options.without_generation;
    membership.without_sync = options.without_sync;
    membership.join_version_max = options.join_version_max;
    membership.fetch_version_max = options.fetch_version_max;
    return membership;
}

void group_members::start_admin() {
    group_admin::parts parts;
    parts.broker = with_.broker;
    parts.next_commit = [this] { return ++commits_; };
    parts.on_event = [this](const group_event& event) { tell(event); };
    parts.on_problem = with_.on_problem;
    for (const auto& [group, spoken] : spoken_) {
        const auto& one = topic_of(group);
        // Whoever speaks the consumer protocol may have come to read any topic.
        const auto topics = spoken.consumer ? topics_ : std::vector<client::counted_topic>{one};
        parts.groups.push_back({group, "g" + std::to_string(group), topics});
        if (offsets_expire(with_.broker_config))
            tell(group_offsets_expire{group});
    }
    admin_ = std::make_unique<group_admin>(world_, network_, watched_, with_.admin, std::move(parts));
    admin_->begin();
}

client::group_member_events group_members::events_of(const identity& who) {
    using told = client::group_member_events;
    client::group_member_events events;
    events.on_joined = [=, this](const told::joined& joined) {
        const auto now = world_.now();
        tell(group_joined{who.group, who.number, who.instance, joined.member, joined.generation,
                          joined.as_new, now - joined.asked_ns_ago, now});
    };
    events.on_assigned = [=, this](const told::assigned& assigned) {
        const auto now = world_.now();
        const auto asked = now - assigned.asked_ns_ago;
        tell(group_assigned{who.group, who.number, who.instance, assigned.member, assigned.generation,
                            assigned.partitions, assigned.made_for, is_lasting(who.group, asked), asked,
                            now});
    };
    events.on_fetched = [=, this](const told::fetched& fetched) {
        const auto now = world_.now();
        tell(
            group_offset_seen{who.group, fetched.partition, fetched.offset, now - fetched.asked_ns_ago, now});
    };
    events.on_alive = [=, this](const told::alive& alive) {
        const auto now = world_.now();
        // Numbers of partitions are the same for a topic and the next one of its name, but coordinators tell
        // the two apart.
        const bool is_known = !(with_.topics_go && spoken_.at(who.group).consumer);
        tell(group_alive{who.group, who.number, who.instance, alive.member, alive.generation,
                         now - alive.asked_ns_ago, now, is_known ? alive.owned : std::nullopt});
        if (alive.interval_ms && !ended_)
            with_.on_interval({who.group, *alive.interval_ms, now - alive.asked_ns_ago});
    };
    add_commit_events(who, events);
    add_owner_events(who, events);
    events.on_problem = with_.on_problem;
    return events;
}

void group_members::add_commit_events(const identity& who, client::group_member_events& events) {
    using told = client::group_member_events;
    // Members count their commits; the run counts all.
    auto numbers = std::make_shared<std::map<std::uint64_t, std::uint64_t>>();
    events.on_commit = [=, this](const told::commit& commit) {
        (*numbers)[commit.number] = ++commits_;
        open_[commits_] = who.group;
        tell(group_commit{commits_, who.group, who.instance, commit.member, commit.generation,
                          commit.partition, commit.offset, world_.now()});
    };
    events.on_commit_result = [=, this](std::uint64_t commit, std::optional<kafka::error_code> code) {
        const auto known = numbers->extract(commit);
        if (!known)
            return;
        const auto group = open_.extract(known.mapped());
        if (code == kafka::error_code::none)
            kept_.try_emplace(group.mapped(), world_.now());
        tell(group_commit_result{known.mapped(), code, world_.now()});
    };
}

void group_members::on_topic_goes(std::uint32_t topic) {
    const auto& of = topics_[topic];
    for (const auto& [group, spoken] : spoken_) {
        // Whoever speaks the consumer protocol may have come to read any topic.
        if (!spoken.consumer && group % topics_.size() != topic)
            continue;
        for (std::int32_t partition = 0; partition < of.partitions; ++partition) {
            removals_[topic].push_back(++commits_);
            tell(group_commit{
                commits_, group, 0, {}, -1, of.first_number + partition, log_offset(-1), world_.now()});
        }
    }
}

void group_members::on_topic_gone(std::uint32_t topic) {
    for (const auto number : std::exchange(removals_[topic], {}))
        tell(group_commit_result{number, kafka::error_code::none, world_.now()});
}

void group_members::add_owner_events(const identity& who, client::group_member_events& events) {
    events.on_owned = [=, this](const std::vector<std::int32_t>& partitions) {
        tell(group_owned{who.group, who.number, partitions});
    };
    events.on_wanted = [=, this](const std::vector<std::int32_t>& partitions) {
        tell(group_wanted{who.group, who.number, partitions});
    };
}

void group_members::tell(const group_event& event) {
    with_.on_event(event);
}

bool group_members::is_lasting(std::uint64_t group, virtual_time asked) const {
    if (offsets_expire(with_.broker_config) || with_.admin.touches(group) || with_.topics_go)
        return false;
    const auto kept = kept_.find(group);
    return kept != kept_.end() && kept->second <= asked;
}

void group_members::audit() {
    if (admin_ != nullptr)
        admin_->audit();
}

std::uint64_t group_members::end() {
    ended_ = true;
    if (admin_ != nullptr)
        admin_->rest();
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
