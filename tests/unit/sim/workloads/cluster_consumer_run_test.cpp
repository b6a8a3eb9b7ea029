#include "actors/client/consumer_actor.hpp"
#include "actors/client/consumer_messages.hpp"
#include "sim/cluster/client_host.hpp"
#include "sim/cluster/simulated_broker.hpp"
#include "sim/network/network_fabric.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

// The consumer of a cluster, against a broker that dies and a network that fails: it never skips a record,
// keeps their order, gives none twice while it has a partition, and reads on when all is well again.
namespace barnabas::sim::cluster_consumer_run_test {
namespace {

using client::partition_name;

constexpr std::int64_t faulty_time = 40 * second;
constexpr std::int64_t healing_time = 60 * second;
constexpr std::int32_t partitions = 3;
constexpr const char* topic = "t";

/// What is known of a partition.
struct partition_story {
    /// By offset: the text that was read there first.
    std::map<std::int64_t, std::string> read;
    /// Offsets below this were given to some member of the group, all of them.
    std::int64_t group_to = 0;
};

/// A program with a consumer: polls, works a while, polls again; now and then it closes and another begins.
struct program {
    std::string name;
    bool in_group = false;
    std::size_t client = 0;
    std::uint64_t life = 0;
    bool closing = false;
    bool closed = true;
    /// Where it is in each partition that it has; nothing: it has just been given it.
    std::map<partition_name, std::int64_t> places{};
    std::size_t given = 0;
};

class consumer_run {
public:
    explicit consumer_run(std::uint64_t seed)
        : world_(seed), fabric_(world_, faults_of(seed)), broker_(world_, fabric_, watched_, settings()),
          host_(world_, fabric_, watched_, "client", {}), draws_(world_.draws(draw_stream::workload)) {
        strategy_ = seed % 3 == 0 ? "cooperative-sticky" : (seed % 3 == 1 ? "range" : "sticky");
        for (const auto* name : {"alone", "member a", "member b"}) {
            programs_.emplace_back().name = name;
            programs_.back().in_group = programs_.size() > 1;
        }
    }

    void go() {
        broker_.start();
        make_topic();
        world_.run_for(3 * second);
        start_producer();
        for (auto& one : programs_)
            open(one);
        plan_fault();
        world_.run_for(faulty_time);
        heal();
        world_.run_until([this] { return sends_ == outcomes_; }, world_.now() + healing_time);
        EXPECT_EQ(sends_, outcomes_);
        world_.run_until([this] { return all_read(); }, world_.now() + healing_time);
        judge();
        for (auto& one : programs_)
            close(one);
        world_.run_for(20 * second);
        for (const auto& one : programs_)
            EXPECT_TRUE(one.closed) << one.name << " did not close";
        EXPECT_FALSE(world_.failed()) << world_.failure();
        EXPECT_EQ(host_.end(), 0u) << "actors that were leaked";
    }

    std::size_t records = 0;
    std::size_t handovers = 0;
    std::size_t members_closed = 0;

private:
    static network_faults faults_of(std::uint64_t seed) {
        runtime::random draws(seed);
        return seed % 2 == 1 ? network_faults::drawn(draws) : network_faults{};
    }
    broker_settings settings() {
        broker_settings made;
        auto config = simulated_config("broker");
        made.config = std::make_shared<const broker_config>(std::move(config));
        made.may_give_up = [](const error&) { return false; };
        return made;
    }

    // ---- what is produced

    void make_topic() {
        client::admin_events events;
        events.on_created = [](const std::string&, const result<void>&) {};
        const auto made = host_.spawn([&](runtime::node_services& node) {
            return client::spawn_topic_admin(node, client_of({"broker", 9092}, "admin", 1), events);
        });
        host_.send(made, client::create_topic{{topic, partitions, {}}});
        admin_ = made;
    }
    void start_producer() {
        client::producer_events events;
        events.on_outcome = [this](const client::produce_outcome& outcome) {
            ++outcomes_;
            if (outcome.what == client::delivery::acked && outcome.base_offset.get() >= 0)
                acked_[outcome.token] = outcome.base_offset.get();
        };
        producer_ = host_.spawn([&](runtime::node_services& node) {
            return client::spawn_producer(node, client_of({"broker", 9092}, "producer", 2), {}, events);
        });
        send_next();
    }
    void send_next() {
        world_.schedule_after(draws_.between(20 * millisecond, 300 * millisecond), world_owner, [this] {
            if (healed_)
                return;
            client::outgoing_batch batch;
            batch.token = sends_++;
            batch.topic = topic;
            batch.partition = static_cast<std::int32_t>(draws_.below(partitions));
            const auto count = draws_.between(1, 20);
            for (std::int64_t i = 0; i < count; ++i)
                batch.records.push_back(
                    {timestamp_ms(1), std::nullopt, std::to_string(batch.token) + "/" + std::to_string(i)});
            if (draws_.chance(1, 3))
                batch.compression = batch::codec::lz4;
            sent_[batch.token] = {batch.partition, count};
            host_.send(producer_, client::send_batch{std::move(batch)});
            send_next();
        });
    }

    // ---- what is read

    void open(program& one) {
        client::consumer_actor_options options;
        std::map<std::string, std::string> keys{
            {"bootstrap.servers", "broker:9092"},  {"request.timeout.ms", "4000"},
            {"default.api.timeout.ms", "15000"},   {"auto.offset.reset", "earliest"},
            {"max.partition.fetch.bytes", "4096"}, {"max.poll.records", "30"},
            {"auto.commit.interval.ms", "500"}};
        if (one.in_group) {
            keys["group.id"] = "g";
            keys["session.timeout.ms"] = "6000";
            keys["heartbeat.interval.ms"] = "1000";
            keys["max.poll.interval.ms"] = "12000";
            keys["partition.assignment.strategy"] = strategy_;
        } else {
            keys.erase("auto.commit.interval.ms");
        }
        const auto settings = client::read_consumer_settings(keys);
        ASSERT_TRUE(settings.has_value()) << to_string(settings.failure());
        options.settings = *settings;
        options.number = 10 + opened_++;
        one.closed = one.closing = false;
        one.places.clear();
        const auto life = ++one.life;
        one.client = host_.spawn([&](runtime::node_services& node) {
            return client::spawn_cluster_consumer(node, options, {nullptr, [this, &one, life] {
                                                                      EXPECT_EQ(life, one.life);
                                                                      one.closed = true;
                                                                      after_close(one);
                                                                  }});
        });
        host_.send(one.client, client::consumer_task{[this, &one](client::cluster_consumer& consumer,
                                                                  monotonic_ns) { begin(one, consumer); }});
        poll_later(one);
        if (one.in_group)
            close_sometime(one);
    }
    void begin(program& one, client::cluster_consumer& consumer) {
        if (one.in_group) {
            EXPECT_TRUE(consumer.subscribe({{topic}, nullptr}).has_value());
            return;
        }
        std::set<partition_name> all;
        for (std::int32_t number = 0; number < partitions; ++number)
            all.insert({topic, number});
        EXPECT_TRUE(consumer.assign(all).has_value());
        for (const auto& name : all)
            one.places[name] = -1;
    }
    void poll_later(program& one) {
        // Once in a while it works for longer than a member may.
        const auto pause =
            draws_.chance(1, 200) && !healed_ ? 15 * second : draws_.between(0, 200 * millisecond);
        world_.schedule_after(pause, world_owner, [this, &one, life = one.life] {
            if (one.closing || one.life != life)
                return;
            host_.send(
                one.client, client::consumer_task{[this, &one, life](client::cluster_consumer& consumer,
                                                                     monotonic_ns now) {
                    consumer.poll(now + second, now, [this, &one, life](result<client::poll_answer> said) {
                        if (one.life == life && !one.closing)
                            hear(one, std::move(said));
                    });
                }});
        });
    }
    void hear(program& one, result<client::poll_answer> said) {
        if (!said) {
            // Without its disk a broker may refuse; nothing else ends a poll here.
            EXPECT_EQ(said.code(), errc::request_timed_out) << one.name << ": " << to_string(said.failure());
            return poll_later(one);
        }
        if (said->change)
            on_change(one, *said->change);
        for (const auto& record : said->records)
            on_record(one, record);
        poll_later(one);
    }
    void on_change(program& one, const client::rebalance_event& change) {
        ++handovers;
        for (const auto& name : change.partitions)
            if (change.what == client::rebalance_event::kind::assigned) {
                EXPECT_TRUE(one.places.try_emplace(name, -1).second) << one.name << " has it already";
            } else {
                EXPECT_EQ(one.places.erase(name), 1u) << one.name << " did not have it";
            }
    }
    void on_record(program& one, const client::consumed_record& record) {
        ++records;
        ++one.given;
        const auto place = one.places.find(*record.where);
        ASSERT_NE(place, one.places.end())
            << one.name << " was given a record of a partition that it does not have";
        auto& story = stories_[record.where->partition];
        // Nothing compacts or deletes here, so offsets are without gaps.
        if (place->second >= 0)
            EXPECT_EQ(record.offset, place->second) << one.name << " in " << record.where->partition;
        else if (one.in_group)
            EXPECT_LE(record.offset, story.group_to) << one.name << " began behind what nobody read";
        else
            EXPECT_EQ(record.offset, 0) << one.name;
        place->second = record.offset + 1;
        if (one.in_group)
            story.group_to = std::max(story.group_to, record.offset + 1);
        const auto text = std::string(client::text_of(record.value));
        const auto [known, is_new] = story.read.try_emplace(record.offset, text);
        EXPECT_EQ(known->second, text) << "another record at offset " << record.offset;
    }

    // ---- lives of members

    void close_sometime(program& one) {
        world_.schedule_after(draws_.between(5 * second, 25 * second), world_owner,
                              [this, &one, life = one.life] {
                                  if (!healed_ && one.life == life && one.name == "member b")
                                      close(one);
                              });
    }
    void close(program& one) {
        if (std::exchange(one.closing, true))
            return;
        host_.send(one.client, client::close_client{});
    }
    void after_close(program& one) {
        ++members_closed;
        world_.schedule_after(second, world_owner, [this, &one] {
            if (!judged_)
                open(one);
        });
    }

    // ---- faults

    void plan_fault() {
        world_.schedule_after(draws_.between(100 * millisecond, 6 * second), world_owner, [this] {
            if (healed_)
                return;
            harm();
            plan_fault();
        });
    }
    void harm() {
        const auto server = broker_.host().number();
        const auto user = host_.host().number();
        const auto long_time = draws_.between(100 * millisecond, 8 * second);
        switch (draws_.below(6)) {
        case 0:
        case 1: return kill(long_time);
        case 2: fabric_.reset_connections(server); return;
        case 3: return fabric_.clog(server, user, long_time);
        case 4:
            return fabric_.set_connects(user, server,
                                        connect_mode{static_cast<std::uint8_t>(draws_.below(4))}, long_time);
        default:
            fabric_.isolate(server);
            world_.schedule_after(long_time, world_owner, [this, server] { fabric_.rejoin(server); });
        }
    }
    void kill(std::int64_t down) {
        if (!broker_.running())
            return;
        broker_.crash(draws_.chance(1, 2) ? crash_kind::kill : crash_kind::power_cut, {});
        world_.schedule_after(down, world_owner, [this] {
            if (!broker_.running())
                broker_.start();
        });
    }
    void heal() {
        healed_ = true;
        fabric_.rejoin(broker_.host().number());
        fabric_.heal();
        if (!broker_.running())
            broker_.start();
    }

    // ---- the end

    std::int64_t acked_end(std::int32_t partition) const {
        std::int64_t end = 0;
        for (const auto& [token, base] : acked_)
            if (sent_.at(token).first == partition)
                end = std::max(end, base + sent_.at(token).second);
        return end;
    }
    bool all_read() const {
        for (std::int32_t number = 0; number < partitions; ++number) {
            const auto found = stories_.find(number);
            const auto end = acked_end(number);
            if (end == 0)
                continue;
            const auto& alone = programs_.front().places;
            const auto place = alone.find({topic, number});
            if (found == stories_.end() || found->second.group_to < end || place == alone.end() ||
                place->second < end)
                return false;
        }
        return true;
    }
    void judge() {
        judged_ = true;
        for (std::int32_t number = 0; number < partitions; ++number) {
            const auto end = acked_end(number);
            EXPECT_GE(stories_[number].group_to, end) << "the group does not read on in " << number;
            EXPECT_GE((programs_.front().places[{topic, number}]), end) << "alone, in " << number;
        }
        for (const auto& [token, base] : acked_)
            for (std::int64_t i = 0; i < sent_.at(token).second; ++i)
                EXPECT_EQ(stories_[sent_.at(token).first].read[base + i],
                          std::to_string(token) + "/" + std::to_string(i));
    }

    world world_;
    network_fabric fabric_;
    observation watched_;
    simulated_broker broker_;
    client_host host_;
    runtime::random& draws_;
    std::string strategy_;
    std::vector<program> programs_;
    std::map<std::int32_t, partition_story> stories_;
    std::size_t admin_ = 0;
    std::size_t producer_ = 0;
    std::uint64_t opened_ = 0;
    std::uint64_t sends_ = 0;
    std::uint64_t outcomes_ = 0;
    std::map<std::uint64_t, std::pair<std::int32_t, std::int64_t>> sent_;
    std::map<std::uint64_t, std::int64_t> acked_;
    bool healed_ = false;
    bool judged_ = false;
};

TEST(cluster_consumer_run, never_skips_keeps_order_and_reads_on_under_all_faults) {
    std::size_t records = 0;
    std::size_t handovers = 0;
    std::size_t closed = 0;
    for (std::uint64_t seed = 1; seed <= 18 && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        consumer_run run(seed);
        run.go();
        records += run.records;
        handovers += run.handovers;
        closed += run.members_closed;
    }
    EXPECT_GT(records, 10'000u) << "too little to judge";
    EXPECT_GT(handovers, 60u) << "partitions hardly moved";
    EXPECT_GT(closed, 60u) << "members hardly went";
}

} // namespace
} // namespace barnabas::sim::cluster_consumer_run_test
