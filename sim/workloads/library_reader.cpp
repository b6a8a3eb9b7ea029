#include "sim/workloads/library_reader.hpp"

#include "actors/client/consumer_actor.hpp"
#include "actors/client/consumer_messages.hpp"
#include "protocol/model/assert.hpp"
#include "sim/cluster/simulated_broker.hpp"

#include <map>
#include <set>
#include <utility>

namespace barnabas::sim {

namespace {

constexpr std::int64_t reader_poll_wait = 500 * millisecond;
/// What a program does with its records.
constexpr std::int64_t work_ns = millisecond;

client::consumer_settings settings_of(const reader_options& options, const std::string& name) {
    const std::map<std::string, std::string> keys{
        {"bootstrap.servers", "broker:" + std::to_string(simulated_broker::port)},
        {"client.id", name},
        {"request.timeout.ms", std::to_string(client_request_timeout_ns / millisecond)},
        {"reconnect.backoff.max.ms", "500"},
        {"auto.offset.reset", "earliest"},
        {"isolation.level", options.read_committed ? "read_committed" : "read_uncommitted"},
        {"max.poll.records", std::to_string(options.records_max)},
        {"fetch.max.wait.ms", std::to_string(options.max_wait_ms)},
        {"fetch.min.bytes", std::to_string(options.min_bytes)},
        {"fetch.max.bytes", std::to_string(options.max_bytes)},
        {"max.partition.fetch.bytes", std::to_string(options.partition_max_bytes)},
        // Topics have their makers.
        {"allow.auto.create.topics", "false"}};
    auto made = client::read_consumer_settings(keys);
    BARNABAS_ASSERT(made.has_value());
    return std::move(*made);
}

} // namespace

library_reader::library_reader(parts with, const reader_options& options) : with_(std::move(with)) {
    client::consumer_actor_options made;
    made.settings = settings_of(options, with_.name);
    made.settings.planted = with_.planted;
    client_ = with_.host->spawn([&](runtime::node_services& node) {
        return client::spawn_cluster_consumer(node, std::move(made), {});
    });
    with_.host->send(client_, client::consumer_task{[this](client::cluster_consumer& consumer, monotonic_ns) {
                         begin(consumer);
                     }});
    poll();
}

void library_reader::begin(client::cluster_consumer& consumer) {
    std::set<client::partition_name> all;
    for (const auto& topic : with_.topics)
        for (std::int32_t number = 0; number < topic.partitions; ++number)
            all.insert({topic.name, number});
    const auto assigned = consumer.assign(all);
    BARNABAS_ASSERT(assigned.has_value());
}

void library_reader::poll() {
    if (resting_)
        return;
    auto task = [this](client::cluster_consumer& consumer, monotonic_ns now) {
        consumer.poll(now + reader_poll_wait, now,
                      [this, &consumer](const result<client::poll_answer>& said) {
                          if (!resting_)
                              hear(consumer, said);
                      });
    };
    with_.host->send(client_, client::consumer_task{std::move(task)});
}

void library_reader::hear(const client::cluster_consumer& consumer, const result<client::poll_answer>& said) {
    tell_extents(consumer);
    if (!said)
        with_.on_problem(said.failure());
    else
        for (const auto& record : said->records)
            with_.on_record(record.where->topic, consumer.find(*record.where)->topic, record);
    with_.time->schedule_after(work_ns, world_owner, [this] { poll(); });
}

void library_reader::tell_extents(const client::cluster_consumer& consumer) {
    for (const auto& name : consumer.assignment()) {
        const auto* one = consumer.find(name);
        extent now{name.topic, one->topic, name.partition, log_offset(one->high_watermark),
                   log_offset(one->log_start)};
        if (one->log_start < 0 || told_[name] == now)
            continue;
        told_[name] = now;
        with_.on_extent(now);
    }
}

} // namespace barnabas::sim
