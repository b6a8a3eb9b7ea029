#include "actors/client/cluster_actor.hpp"
#include "actors/client/cluster_messages.hpp"
#include "sim/cluster/client_host.hpp"
#include "sim/cluster/simulated_broker.hpp"
#include "sim/network/network_fabric.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

// The client of a cluster, against a broker that dies and a network that fails: every call has one outcome,
// in time, and what was confirmed is so in the end.
namespace barnabas::sim::cluster_admin_test {
namespace {

using client::admin;

constexpr std::int64_t call_timeout = 15 * second;
constexpr std::int64_t faulty_time = 60 * second;

/// What is known of a topic, whose name is used for one creation and at most one deletion.
struct topic_story {
    enum class fate { open, there, refused, gone };
    fate created = fate::open;
    bool deletion_tried = false;
    bool deleted = false;
    std::int32_t partitions = 0;
    /// No fault met its creation: no attempt of it can still be on its way.
    bool clean = false;
};

/// Admin calls of one client, one after the other per user, each outcome heard.
class admin_run {
public:
    explicit admin_run(std::uint64_t seed)
        : world_(seed), fabric_(world_, faults_of(seed)), broker_(world_, fabric_, watched_, settings()),
          host_(world_, fabric_, watched_, "client", {}), draws_(world_.draws(draw_stream::workload)),
          faults_by_chance_(seed % 2 == 1) {
        client_ = host_.spawn([this](runtime::node_services& node) {
            client::cluster_actor_options options;
            options.settings = *client::read_settings({{"bootstrap.servers", "broker:9092"},
                                                       {"request.timeout.ms", "4000"},
                                                       {"default.api.timeout.ms", "15000"}});
            return client::spawn_cluster_client(node, options, {nullptr, [this] { closed_ = true; }});
        });
    }

    void go() {
        broker_.start();
        for (int user = 0; user < 3; ++user)
            ask(user);
        plan_fault();
        world_.run_for(faulty_time);
        heal();
        world_.run_for(30 * second);
        stopping_ = true;
        world_.run_for(call_timeout + 5 * second);
        EXPECT_EQ(open_calls_, 0) << "a call without an outcome";
        audit();
        const auto last = calls_.list_topics();
        host_.send(client_, client::close_client{});
        world_.run_for(second);
        EXPECT_TRUE(closed_ && last.is_done());
        EXPECT_FALSE(world_.failed()) << world_.failure();
        EXPECT_EQ(host_.end(), 0u) << "actors that were leaked";
    }

    std::size_t confirmed = 0;
    std::size_t timeouts = 0;

private:
    static network_faults faults_of(std::uint64_t seed) {
        runtime::random draws(seed);
        return seed % 2 == 1 ? network_faults::drawn(draws) : network_faults{};
    }
    broker_settings settings() {
        broker_settings made;
        made.config = std::make_shared<const broker_config>(simulated_config("broker"));
        made.may_give_up = [](const error&) { return false; };
        return made;
    }

    // ---- calls

    void ask(int user) {
        if (stopping_)
            return;
        const auto dice = draws_.below(10);
        if (dice < 4)
            create(user);
        else if (dice < 6 && !deletable_[user].empty())
            remove(user);
        else if (dice < 8)
            hear(user, calls_.describe_topics({"u0-0", "u1-1", "nobody"}), 3);
        else
            hear(user, calls_.create_partitions({{"nobody", {4, {}}}}), 1);
    }
    /// Each call has one outcome, with one result per resource, at its deadline or before.
    template <class Later>
    void hear(int user, const Later& later, std::size_t resources) {
        ++open_calls_;
        const auto since = world_.now();
        auto told = std::make_shared<int>(0);
        later.on_done([this, user, since, told, resources](const auto& all) {
            EXPECT_EQ(++*told, 1) << "a second outcome";
            EXPECT_EQ(all.size(), resources);
            EXPECT_LE(world_.now() - since, call_timeout + second) << "after the deadline";
            for (const auto& [name, one] : all)
                timeouts += !one && one.code() == errc::request_timed_out;
            --open_calls_;
            world_.schedule_after(draws_.between(millisecond, second), world_owner,
                                  [this, user] { ask(user); });
        });
    }
    void create(int user) {
        const auto name = "u" + std::to_string(user) + "-" + std::to_string(next_name_++);
        const bool nonsense = draws_.chance(1, 5);
        auto& story = stories_[name];
        story.partitions = static_cast<std::int32_t>(draws_.between(1, 4));
        const auto since = world_.now();
        const auto later = calls_.create_topics({{name, nonsense ? 0 : story.partitions, 1, {}, {}}});
        later.on_done([this, name, user, since, nonsense](const admin::created& all) {
            auto& told = stories_[name];
            const auto& outcome = all.at(name);
            told.clean = !faults_by_chance_ && last_fault_ + 12 * second < since.get();
            if (outcome) {
                EXPECT_FALSE(nonsense) << "made without partitions";
                EXPECT_EQ(outcome->partitions, told.partitions);
                told.created = topic_story::fate::there;
                deletable_[user].push_back(name);
                ++confirmed;
            } else if (outcome.code() == errc::invalid_partitions) {
                EXPECT_TRUE(nonsense);
                told.created = topic_story::fate::refused;
            } else if (outcome.code() == errc::topic_already_exists) {
                // Nobody else uses the name, so it was an own attempt, and the call says that there was one.
                EXPECT_NE(outcome.failure().detail.find("cut off"), std::string::npos);
                told.created = topic_story::fate::there;
            } else {
                EXPECT_EQ(outcome.code(), errc::request_timed_out) << to_string(outcome.failure());
            }
        });
        hear(user, later, 1);
    }
    void remove(int user) {
        const auto name = deletable_[user].back();
        deletable_[user].pop_back();
        stories_[name].deletion_tried = true;
        const auto later = calls_.delete_topics({name});
        later.on_done([this, name](const admin::changed& all) {
            const auto& outcome = all.at(name);
            stories_[name].deleted = outcome.has_value();
            const bool own_work = outcome.code() != errc::unknown_topic_or_partition ||
                                  outcome.failure().detail.find("cut off") != std::string::npos;
            EXPECT_TRUE(own_work) << name << " was confirmed, and is gone though nobody deleted it";
        });
        hear(user, later, 1);
    }

    // ---- faults

    void plan_fault() {
        world_.schedule_after(draws_.between(100 * millisecond, 6 * second), world_owner, [this] {
            if (healed_)
                return;
            last_fault_ = world_.now().get();
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
        const auto how = draws_.chance(1, 2) ? crash_kind::kill : crash_kind::power_cut;
        broker_.crash(how, {});
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

    void audit() {
        std::vector<std::string> names;
        for (const auto& [name, story] : stories_)
            names.push_back(name);
        const auto listed = calls_.list_topics();
        const auto described = calls_.describe_topics(names);
        world_.run_for(call_timeout);
        ASSERT_TRUE(listed.is_done() && listed.get() && described.is_done());
        std::set<std::string> there;
        for (const auto& one : *listed.get())
            EXPECT_TRUE(stories_.contains(one.name) && there.insert(one.name).second) << one.name;
        for (const auto& [name, story] : stories_) {
            const bool stays = story.created == topic_story::fate::there && !story.deletion_tried;
            const bool absent = story.created == topic_story::fate::refused || (story.deleted && story.clean);
            EXPECT_TRUE(!stays || there.contains(name)) << name << " was confirmed";
            EXPECT_FALSE(absent && there.contains(name)) << name << " was refused or deleted";
            const auto& found = described.get().at(name);
            EXPECT_EQ(found.has_value(), there.contains(name)) << name;
            const auto partitions = static_cast<std::size_t>(story.partitions);
            EXPECT_TRUE(!found || found->partitions.size() == partitions) << name;
        }
    }

    world world_;
    network_fabric fabric_;
    observation watched_;
    simulated_broker broker_;
    client_host host_;
    runtime::random& draws_;
    bool faults_by_chance_;
    std::size_t client_ = 0;
    admin calls_{[this](std::unique_ptr<client::cluster_call> call, std::optional<std::int64_t> timeout_ns) {
        host_.send(client_,
                   client::submit_call{
                       std::make_shared<std::unique_ptr<client::cluster_call>>(std::move(call)), timeout_ns});
    }};
    std::map<std::string, topic_story> stories_;
    std::map<int, std::vector<std::string>> deletable_;
    int next_name_ = 0;
    int open_calls_ = 0;
    std::int64_t last_fault_ = 0;
    bool healed_ = false;
    bool stopping_ = false;
    bool closed_ = false;
};

TEST(cluster_admin, what_was_confirmed_is_so_under_all_faults) {
    std::size_t confirmed = 0;
    std::size_t timeouts = 0;
    for (std::uint64_t seed = 1; seed <= 24 && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        admin_run run(seed);
        run.go();
        confirmed += run.confirmed;
        timeouts += run.timeouts;
    }
    EXPECT_GT(confirmed, 200u) << "the faults left nothing to judge";
    EXPECT_GT(timeouts, 5u) << "no fault was hard enough to see";
}

} // namespace
} // namespace barnabas::sim::cluster_admin_test
