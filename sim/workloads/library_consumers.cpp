#include "sim/workloads/library_consumers.hpp"

#include "actors/client/consumer_actor.hpp"
#include "actors/client/consumer_messages.hpp"
#include "protocol/model/assert.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::sim {

namespace {

constexpr std::int64_t poll_interval = 12 * second;
constexpr std::int64_t consumer_poll_wait = 500 * millisecond;
constexpr std::int64_t audit_interval = 500 * millisecond;

const char* assignor_of(std::uint64_t group) {
    constexpr const char* names[] = {"range", "cooperative-sticky", "sticky", "roundrobin"};
    return names[group % std::size(names)];
}

} // namespace

program_options program_options::drawn(runtime::random draws) {
    program_options made;
    made.auto_commit = draws.chance(1, 2);
    made.named = draws.chance(1, 4);
    made.by_regex = draws.chance(1, 3);
    made.records_max = draws.log_between(1, 200);
    made.pause_ns = static_cast<std::int64_t>(draws.log_between(5, 400)) * millisecond;
    if (draws.chance(2, 3))
        made.restart_ns = static_cast<std::int64_t>(draws.log_between(2'000, 20'000)) * millisecond;
    if (draws.chance(1, 3))
        made.late_permille = draws.between(1, 10);
    if (draws.chance(2, 3))
        made.seek_permille = draws.log_between(1, 100);
    return made;
}

library_consumers::library_consumers(world& time, network_fabric& network, observation& watched, parts with)
    : world_(time), network_(network), watched_(watched), with_(std::move(with)) {}

void library_consumers::start(const std::vector<program_options>& programs) {
    if (with_.topics.empty())
        return;
    for (const auto& options : programs) {
        const auto number = static_cast<std::uint32_t>(programs_.size());
        const auto name = "program-" + std::to_string(number);
        auto& one = *programs_.emplace_back(std::make_unique<program>());
        one.options = options;
        one.number = number;
        one.host = std::make_unique<client_host>(world_, network_, watched_, name, with_.scheduler);
        one.draws = world_.draws(draw_stream::workload).split(name);
        tell_started(one);
        open(one);
    }
}

std::map<std::string, std::string> library_consumers::properties_of(const program& one) const {
    const auto& options = one.options;
    std::map<std::string, std::string> keys{
        {"bootstrap.servers", "broker:" + std::to_string(with_.broker.port)},
        {"client.id", "program-" + std::to_string(one.number)},
        {"request.timeout.ms", "2000"},
        {"default.api.timeout.ms", "5000"},
        {"reconnect.backoff.max.ms", "500"},
        {"auto.offset.reset", options.latest ? "latest" : "earliest"},
        {"max.partition.fetch.bytes", "4096"},
        {"max.poll.records", std::to_string(options.records_max)},
        // Topics have their makers.
        {"allow.auto.create.topics", "false"}};
    if (options.group == 0)
        return keys;
    keys["group.id"] = "p" + std::to_string(options.group);
    keys["enable.auto.commit"] = options.auto_commit ? "true" : "false";
    keys["auto.commit.interval.ms"] = "300";
    keys["max.poll.interval.ms"] = std::to_string(poll_interval / millisecond);
    if (options.named)
        keys["group.instance.id"] = "program-" + std::to_string(one.number);
    if (options.by_heartbeat) {
        keys["group.protocol"] = "consumer";
        return keys;
    }
    keys["session.timeout.ms"] = "3000";
    keys["heartbeat.interval.ms"] = "500";
    keys["partition.assignment.strategy"] = assignor_of(options.group);
    return keys;
}

// ---- lives

void library_consumers::open(program& one) {
    client::consumer_actor_options options;
    auto settings = client::read_consumer_settings(properties_of(one));
    BARNABAS_ASSERT(settings.has_value());
    options.settings = std::move(*settings);
    options.settings.planted = with_.planted;
    options.number = lives_;
    one.life = lives_++;
    one.closing = one.polls = one.commit_failed = false;
    one.has.clear();
    one.is = {};
    one.heard_at = {};
    one.looked_at = world_.now();
    client::consumer_actor_events events;
    events.on_trouble = [this, &one, life = one.life](const std::string& sentence) {
        one.commit_failed = one.commit_failed || (life == one.life && sentence.starts_with("auto-commit"));
        with_.tell("program " + std::to_string(one.number) + ": " + sentence);
    };
    events.on_closed = [this, &one] { after_close(one); };
    one.client = one.host->spawn([&](runtime::node_services& node) {
        return client::spawn_cluster_consumer(node, std::move(options), std::move(events));
    });
    with_.tell("program " + std::to_string(one.number) + " begins as consumer " + std::to_string(one.life));
    with_.on_event(consumer_started{one.life, one.options.group, one.options.latest});
    tell_wanted(one, true);
    run(one, [this, &one](client::cluster_consumer& consumer, monotonic_ns) { begin(one, consumer); });
    poll_later(one);
    close_sometime(one);
}

void library_consumers::begin(program& one, client::cluster_consumer& consumer) {
    result<void> begun;
    if (one.options.group == 0) {
        one.has = all_partitions();
        begun = consumer.assign(one.has);
        for (const auto& name : one.has)
            with_.on_event(consumer_assigned{one.life, place_of(name)});
    } else if (one.options.by_heartbeat && one.options.by_regex) {
        begun = consumer.subscribe({{}, nullptr, "t[0-9]+"});
    } else {
        client::wanted_topics wanted;
        for (const auto& topic : with_.topics)
            wanted.names.insert(topic.name);
        begun = consumer.subscribe(std::move(wanted));
    }
    BARNABAS_ASSERT(begun.has_value());
}

void library_consumers::close_sometime(program& one) {
    if (one.options.restart_ns == 0)
        return;
    const auto mean = one.options.restart_ns;
    world_.schedule_after(one.draws.between(mean / 2, 3 * mean / 2), world_owner,
                          [this, &one, life = one.life] {
                              if (life == one.life && world_.now() < with_.rude_until)
                                  close(one);
                          });
}

void library_consumers::close(program& one) {
    if (std::exchange(one.closing, true) || ended_)
        return;
    tell_wanted(one, false);
    if (!one.polls)
        tell_gone(one);
    one.host->send(one.client, client::close_client{});
}

/// Until its last poll is answered it may be given records, and may commit them.
void library_consumers::tell_gone(program& one) {
    for (const auto& name : std::exchange(one.has, {}))
        with_.on_event(consumer_given_up{one.life, place_of(name), false});
    tell_owned(one);
}

void library_consumers::after_close(program& one) {
    if (std::exchange(one.polls, false) && !ended_)
        tell_gone(one);
    world_.schedule_after(one.draws.between(10 * millisecond, second), world_owner, [this, &one] {
        if (!ended_)
            open(one);
    });
}

std::uint64_t library_consumers::end() {
    ended_ = true;
    std::uint64_t leaked = 0;
    for (auto& one : programs_)
        leaked += one->host->end();
    return leaked;
}

std::vector<std::uint32_t> library_consumers::hosts() const {
    std::vector<std::uint32_t> numbers;
    for (const auto& one : programs_)
        numbers.push_back(one->host->host().number());
    return numbers;
}

// ---- what a program does

void library_consumers::run(program& one, task what) {
    one.host->send(one.client,
                   client::consumer_task{[this, &one, life = one.life, what = std::move(what)](
                                             client::cluster_consumer& consumer, monotonic_ns now) {
                       if (life == one.life && !one.closing && !ended_)
                           what(consumer, now);
                   }});
}

bool library_consumers::is_rude(const program& one, std::uint64_t permille) {
    auto& draws = programs_[one.number]->draws;
    return draws.chance(permille, 1'000) && world_.now() < with_.rude_until;
}

void library_consumers::poll_later(program& one) {
    auto pause = one.draws.between(0, 2 * one.options.pause_ns);
    if (is_rude(one, one.options.late_permille))
        pause =
            std::min(one.draws.between(poll_interval, 2 * poll_interval), with_.rude_until - world_.now());
    world_.schedule_after(pause, world_owner, [this, &one, life = one.life] {
        if (life == one.life && !one.closing && !ended_)
            poll(one);
    });
}

void library_consumers::poll(program& one) {
    run(one, [this, &one, life = one.life](client::cluster_consumer& consumer, monotonic_ns now) {
        if (one.options.group == 0 && is_rude(one, one.options.seek_permille))
            go_back(one, consumer);
        one.polls = true;
        consumer.poll(now + consumer_poll_wait, now,
                      [this, &one, life, &consumer](result<client::poll_answer> said) {
                          if (life != one.life || ended_)
                              return;
                          one.polls = false;
                          if (!one.closing)
                              return hear(one, consumer, std::move(said));
                          if (said)
                              tell_delivered(one, *said);
                          tell_gone(one);
                      });
    });
}

/// To what it was given before, or to where everything begins.
void library_consumers::go_back(program& one, client::cluster_consumer& consumer) {
    if (one.has.empty())
        return;
    const auto& name =
        *std::next(one.has.begin(), static_cast<std::ptrdiff_t>(one.draws.below(one.has.size())));
    const auto at = consumer.position(name);
    const bool to_the_beginning = !at || one.draws.chance(1, 4);
    const auto least = std::max<std::int64_t>(consumer.find(name)->log_start, 0);
    const auto offset = to_the_beginning ? 0 : one.draws.between(std::min(least, *at), *at);
    const auto moved = to_the_beginning ? consumer.seek_to_time(name, client::offset_times::earliest)
                                        : consumer.seek(name, offset);
    BARNABAS_ASSERT(moved.has_value());
    with_.on_event(consumer_sought{one.life, place_of(name), log_offset(offset)});
}

void library_consumers::hear(program& one, client::cluster_consumer& consumer,
                             result<client::poll_answer> said) {
    look_at_membership(one, consumer);
    if (!said) {
        with_.tell("program " + std::to_string(one.number) + " ends: " + to_string(said.failure()));
        return close(one);
    }
    if (said->change)
        return on_change(one, consumer, *said->change);
    tell_delivered(one, *said);
    if (said->records.empty())
        return poll_later(one);
    after_records(one, consumer);
}

void library_consumers::tell_delivered(const program& one, const client::poll_answer& said) {
    for (const auto& record : said.records)
        with_.on_event(consumer_delivered{one.life, place_of(*record.where), log_offset(record.offset)});
}

void library_consumers::on_change(program& one, client::cluster_consumer& consumer,
                                  const client::rebalance_event& change) {
    using kind = client::rebalance_event::kind;
    // A program that commits by itself does so before it lets go.
    const bool commits = change.what == kind::revoked && !one.options.auto_commit;
    const bool committed = change.what == kind::revoked && one.options.auto_commit && !one.commit_failed;
    one.commit_failed = false;
    if (commits)
        commit(one, consumer);
    for (const auto& name : change.partitions) {
        with_.tell("consumer " + std::to_string(one.life) +
                   (change.what == kind::assigned ? " has " : " gives up ") + name.topic + "-" +
                   std::to_string(name.partition) + " at " +
                   std::to_string(consumer.position(name).value_or(-1)) + (committed ? ", committed" : ""));
        if (change.what == kind::assigned) {
            one.has.insert(name);
            with_.on_event(consumer_assigned{one.life, place_of(name)});
        } else {
            one.has.erase(name);
            with_.on_event(consumer_given_up{one.life, place_of(name), committed});
        }
    }
    if (change.what == kind::assigned)
        tell_assigned(one, change.partitions);
    tell_owned(one);
    if (!commits)
        poll_later(one);
}

void library_consumers::after_records(program& one, client::cluster_consumer& consumer) {
    if (one.options.group == 0)
        return poll_later(one);
    if (one.draws.chance(1, 10))
        return look_at_committed(one, consumer);
    if (!one.options.auto_commit && one.draws.chance(1, 3))
        return commit(one, consumer);
    poll_later(one);
}

/// And waits until it knows what came of it.
void library_consumers::commit(program& one, client::cluster_consumer& consumer) {
    std::map<place, log_offset> positions;
    for (const auto& name : one.has)
        if (const auto at = consumer.position(name))
            positions[place_of(name)] = log_offset(*at);
    const auto numbers = tell_commits(one, consumer.identity(), positions);
    consumer.commit(std::nullopt,
                    [this, &one, life = one.life, positions, numbers](const result<void>& said) {
                        tell_results(numbers, said.has_value());
                        if (said && !positions.empty())
                            kept_.try_emplace(one.options.group, world_.now());
                        with_.tell("a commit of consumer " + std::to_string(life) +
                                   (said ? " is confirmed" : " failed: " + to_string(said.failure())));
                        tell_committed(one, positions, said.has_value());
                        if (life == one.life && !one.closing && !ended_)
                            poll_later(one);
                    });
}

void library_consumers::tell_committed(const program& one, const std::map<place, log_offset>& positions,
                                       bool done) const {
    const auto group = one.options.group;
    for (const auto& [where, offset] : positions) {
        if (done)
            with_.on_event(consumer_committed{group, where, offset});
        else
            with_.on_event(consumer_commit_lost{group, where, offset});
        with_.tell("group " + std::to_string(group) + (done ? " is" : " may be") + " committed at " +
                   std::to_string(offset.get()) + " of " + to_string(where));
    }
}

void library_consumers::look_at_committed(program& one, client::cluster_consumer& consumer) {
    ask_committed(one, consumer, one.has, [this, &one, life = one.life](bool) {
        if (life == one.life && !one.closing && !ended_)
            poll_later(one);
    });
}

/// A partition that is asked for and not in the answer has no offset.
void library_consumers::ask_committed(program& one, client::cluster_consumer& consumer,
                                      const std::set<partition_name>& partitions,
                                      std::function<void(bool)> done) {
    const auto group = one.options.group;
    const auto question = ++questions_;
    with_.on_event(consumer_committed_asked{question, group});
    const auto hear = [=, this,
                       done = std::move(done)](const result<client::committed_offsets_by_partition>& said) {
        for (const auto& name : said ? partitions : std::set<partition_name>()) {
            const auto found = said->find(name);
            if (found != said->end())
                with_.on_event(consumer_committed_seen{question, group, place_of(name),
                                                       log_offset(found->second.offset)});
            // Where they grow old they go by themselves.
            else if (!offsets_expire(with_.broker_config))
                with_.on_event(consumer_committed_seen{question, group, place_of(name), log_offset(-1)});
        }
        done(said.has_value());
    };
    consumer.committed(partitions, hear);
}

// ---- the audit

void library_consumers::audit() {
    for (const auto& one : programs_)
        if (one->options.group != 0)
            unaudited_.insert(one->options.group);
    audit_later();
}

void library_consumers::audit_later() {
    for (const auto group : unaudited_)
        audit_group(group);
    if (!unaudited_.empty())
        world_.schedule_after(audit_interval, world_owner, [this] {
            if (!ended_)
                audit_later();
        });
}

/// Whoever of it has a consumer now.
void library_consumers::audit_group(std::uint64_t group) {
    const auto found = std::find_if(programs_.begin(), programs_.end(), [&](const auto& one) {
        return one->options.group == group && !one->closing;
    });
    if (found == programs_.end())
        return;
    auto& one = **found;
    run(one, [this, &one](client::cluster_consumer& consumer, monotonic_ns) {
        ask_committed(one, consumer, all_partitions(), [this, group = one.options.group](bool told) {
            if (told)
                unaudited_.erase(group);
        });
    });
}

// ---- names and numbers

place library_consumers::place_of(const partition_name& name) const {
    return {static_cast<std::uint32_t>(std::stoul(name.topic.substr(1))), name.partition, 0};
}

std::set<client::partition_name> library_consumers::all_partitions() const {
    std::set<partition_name> all;
    for (const auto& topic : with_.topics)
        for (std::int32_t number = 0; number < topic.partitions; ++number)
            all.insert({topic.name, number});
    return all;
}

} // namespace barnabas::sim
