#include "protocol/batch/big_endian.hpp"
#include "sim/checkers/checkers.hpp"
#include "sim/cluster/simulated_broker.hpp"
#include "sim/network/network_fabric.hpp"
#include "sim/workloads/hostile/hostile_clients.hpp"
#include "sim/workloads/hostile/requests.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace barnabas::sim::hostile_test {
namespace {

/// Accepts, reads, and says nothing.
struct silent_server {
    silent_server(world& time, network_fabric& fabric)
        : network(fabric.boot(fabric.add_host("broker"), 1, time.open_owner())) {
        auto opened = network->listen({"", simulated_broker::port},
                                      [this](std::shared_ptr<runtime::byte_stream> stream) {
                                          stream->attach({[](runtime::read_completion) {}, [] {}});
                                          streams.push_back(std::move(stream));
                                      });
        listener = std::move(*opened);
    }

    std::unique_ptr<node_network> network;
    std::unique_ptr<runtime::listening_socket> listener;
    std::vector<std::shared_ptr<runtime::byte_stream>> streams;
};

/// Says at once what it has been told to say to whoever connects.
struct reciting_server {
    reciting_server(world& time, network_fabric& fabric, std::vector<std::int32_t> correlations)
        : network(fabric.boot(fabric.add_host("broker"), 1, time.open_owner())) {
        const auto answer_all = [this, ids = std::move(correlations)](auto stream) {
            stream->attach({[](runtime::read_completion) {}, [] {}});
            for (const auto id : ids)
                stream->write({empty_answer(id)});
            streams.push_back(std::move(stream));
        };
        auto opened = network->listen({"", simulated_broker::port}, answer_all);
        listener = std::move(*opened);
    }
    static slice empty_answer(std::int32_t correlation) {
        std::string bytes(8, '\0');
        batch::store_big_endian(reinterpret_cast<std::byte*>(bytes.data()), std::int32_t{4});
        batch::store_big_endian(reinterpret_cast<std::byte*>(bytes.data()) + 4, correlation);
        return slice::copy_of(std::string_view(bytes));
    }

    std::unique_ptr<node_network> network;
    std::unique_ptr<runtime::listening_socket> listener;
    std::vector<std::shared_ptr<runtime::byte_stream>> streams;
};

hostile_options only(hostile_kind kind) {
    hostile_options made;
    made.kinds.add(kind);
    made.connections = 30;
    return made;
}

hostile_clients::parts parts_for(virtual_time healthy_since, std::vector<hostile_report>& reports) {
    hostile_clients::parts made;
    made.broker = {"broker", simulated_broker::port};
    made.topics = {"checked", "hostile"};
    made.healthy_since = [healthy_since] { return healthy_since; };
    made.on_ignored = [&reports](const hostile_report& each) { reports.push_back(each); };
    return made;
}

TEST(hostile_clients, a_server_that_neither_answers_nor_closes_is_reported_where_it_owes_something) {
    const auto owes = [](hostile_kind kind) {
        return kind != hostile_kind::half_request_then_silence &&
               kind != hostile_kind::half_request_then_close && kind != hostile_kind::noise &&
               kind != hostile_kind::slow_reader && kind != hostile_kind::never_reads &&
               kind != hostile_kind::connection_storm;
    };
    for (const auto kind : all_of(hostile_kind{})) {
        world run(1);
        network_fabric fabric(run);
        observation watched;
        silent_server server(run, fabric);
        std::vector<hostile_report> reports;
        hostile_clients clients(run, fabric, watched, only(kind), parts_for(virtual_time(0), reports));
        clients.begin();
        run.run_for(30 * second);
        EXPECT_GT(clients.attacks(), 5U);
        EXPECT_EQ(!reports.empty(), owes(kind)) << name_of(kind);
        for (const auto& each : reports)
            EXPECT_EQ(each.kind, kind);
    }
}

/// The history of `answer_or_close` by hand: what a server says to clients that sent two requests.
bool answers_are_refused(const std::vector<std::int32_t>& correlations) {
    world run(1);
    network_fabric fabric(run);
    observation watched;
    reciting_server server(run, fabric, correlations);
    std::vector<hostile_report> reports;
    hostile_clients clients(run, fabric, watched, only(hostile_kind::same_everywhere),
                            parts_for(virtual_time(0), reports));
    clients.begin();
    run.run_for(30 * second);
    history told;
    told.add(make_answer_or_close(told));
    for (const auto& each : reports)
        told.on_bytes_ignored(each.what);
    return told.broken().has_value();
}

TEST(answer_or_close, refuses_answers_out_of_order_and_one_that_is_missing) {
    EXPECT_TRUE(answers_are_refused({1, 0}));
    EXPECT_TRUE(answers_are_refused({0, 2}));
    EXPECT_TRUE(answers_are_refused({0, 0}));
    EXPECT_TRUE(answers_are_refused({0}));
}
TEST(answer_or_close, accepts_answers_in_order) {
    EXPECT_FALSE(answers_are_refused({0, 1}));
}

TEST(hostile_clients, a_broker_that_is_not_whole_owes_nothing) {
    world run(1);
    network_fabric fabric(run);
    observation watched;
    silent_server server(run, fabric);
    std::vector<hostile_report> reports;
    hostile_clients clients(run, fabric, watched, only(hostile_kind::bad_length),
                            parts_for(end_of_time, reports));
    clients.begin();
    run.run_for(30 * second);
    EXPECT_TRUE(reports.empty());
}

/// What was begun in half a minute, by a run of that seed.
std::vector<planned_attack> attacks_of(std::uint64_t seed,
                                       std::optional<std::vector<planned_attack>> planned) {
    world run(seed);
    network_fabric fabric(run);
    observation watched;
    silent_server server(run, fabric);
    std::vector<hostile_report> reports;
    std::vector<planned_attack> begun;
    auto with = parts_for(end_of_time, reports);
    with.planned = std::move(planned);
    with.on_attack = [&](const planned_attack& attack) { begun.push_back(attack); };
    hostile_options options;
    options.kinds.add(hostile_kind::noise);
    options.kinds.add(hostile_kind::bad_version);
    hostile_clients clients(run, fabric, watched, options, with);
    clients.begin();
    run.run_for(30 * second);
    return begun;
}

TEST(hostile_clients, attacks_that_are_planned_are_carried_out_whatever_the_seed) {
    const auto drawn = attacks_of(4, {});
    EXPECT_GT(drawn.size(), 10U);
    EXPECT_EQ(attacks_of(5, drawn), drawn);
    EXPECT_NE(attacks_of(5, {}), drawn);
    EXPECT_TRUE(attacks_of(5, std::vector<planned_attack>{}).empty());
}

/// A broker that nobody harms but these clients.
struct attacked_broker {
    attacked_broker(const hostile_options& options, std::uint64_t seed)
        : run(seed), fabric(run), broker(run, fabric, watched, settings()),
          clients(run, fabric, watched, options, parts_for(virtual_time(0), reports)) {
        watched.on_log = [this](virtual_time, const std::string&, log_level level, const std::string& line) {
            if (level == log_level::error)
                errors.push_back(line);
        };
        broker.start();
        run.run_until([this] { return broker.started(); }, virtual_time(5 * second));
        clients.begin();
    }
    static broker_settings settings() {
        auto config = simulated_config("broker");
        EXPECT_TRUE(config.set("connections.max.idle.ms", "20000"));
        broker_settings made;
        made.config = std::make_shared<const broker_config>(std::move(config));
        return made;
    }

    world run;
    network_fabric fabric;
    observation watched;
    std::vector<std::string> errors;
    std::vector<hostile_report> reports;
    simulated_broker broker;
    hostile_clients clients;
};

TEST(hostile_clients, a_broker_answers_or_closes_whatever_is_sent) {
    for (const auto kind : all_of(hostile_kind{})) {
        attacked_broker attacked(only(kind), 1 + static_cast<std::uint64_t>(kind));
        ASSERT_TRUE(attacked.run.run_for(60 * second)) << attacked.run.failure();
        EXPECT_GT(attacked.clients.tried()[static_cast<std::size_t>(kind)], 30U);
        EXPECT_TRUE(attacked.reports.empty()) << attacked.reports.front().what;
        EXPECT_TRUE(attacked.errors.empty()) << attacked.errors.front();
        attacked.clients.rest();
        attacked.run.run_for(10 * second);
        EXPECT_EQ(attacked.fabric.open_connections(), 0U) << name_of(kind);
    }
}

TEST(hostile_clients, all_kinds_together_leave_the_broker_able_to_stop) {
    hostile_options all;
    all.kinds.bits = (1U << all_of(hostile_kind{}).size()) - 1;
    all.interval_ns = 200 * millisecond;
    attacked_broker attacked(all, 5);
    ASSERT_TRUE(attacked.run.run_for(60 * second)) << attacked.run.failure();
    EXPECT_TRUE(attacked.reports.empty()) << attacked.reports.front().what;
    // Sound batches got in: the broker refused what was wrong, not everybody.
    EXPECT_GT(attacked.broker.host().disk().used_bytes(), 100'000U);
    EXPECT_TRUE(attacked.broker.host().disk().files().list("/data/hostile-0").has_value());
    attacked.clients.rest();
    bool stopped = false;
    attacked.broker.stop(20 * second, [&](bool by_itself) { stopped = by_itself; });
    attacked.run.run_for(30 * second);
    EXPECT_TRUE(stopped);
}

TEST(hostile_options, every_kind_is_drawn_in_some_runs_and_many_runs_have_none) {
    std::uint32_t seen = 0;
    int without = 0;
    for (std::uint64_t seed = 0; seed < 1'000; ++seed) {
        const auto made = hostile_options::drawn(runtime::random(seed));
        seen |= made.kinds.bits;
        without += made.kinds.none();
    }
    EXPECT_EQ(seen, (1U << all_of(hostile_kind{}).size()) - 1);
    EXPECT_NEAR(without, 600, 60);
}

TEST(hostile_requests, a_mended_checksum_belongs_to_the_bytes) {
    runtime::random draws(1);
    const auto sound = hostile::sound_batch(draws);
    const auto again = slice::copy_of(sound.bytes());
    hostile::mend_crc(again);
    EXPECT_EQ(again, sound);
}

} // namespace
} // namespace barnabas::sim::hostile_test
