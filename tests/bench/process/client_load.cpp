// The load of the client benchmark through Barnabas' own library, as a program uses it.
#include "tests/bench/process/client_load.hpp"

#include "actors/client/application/record_consumer.hpp"
#include "actors/client/application/record_producer.hpp"

#include <atomic>
#include <chrono>
#include <set>
#include <string>

namespace barnabas::bench {
namespace {

void produce(const client_load& load) {
    client::properties settings{{"bootstrap.servers", load.bootstrap}};
    for (const auto& [key, value] : common_settings)
        settings[key] = value;
    auto producer = client::make_producer(settings);
    if (!producer)
        give_up(producer.failure().detail);
    const std::string value(load.value_bytes, 'v');
    std::atomic<std::uint64_t> delivered{0};
    const load_measure measure;
    for (std::uint64_t n = 0; n < load.records; ++n) {
        client::producer_record record;
        record.topic = load.topic;
        record.value = value;
        record.partition = static_cast<std::int32_t>(n / 1000 % static_cast<std::uint64_t>(load.partitions));
        producer->send(record, [&](const client::delivery_report& report) {
            if (!report.ok())
                give_up("not delivered: " + report.why.detail);
            delivered.fetch_add(1, std::memory_order_relaxed);
        });
    }
    if (!producer->flush(std::chrono::minutes(2)) || delivered.load() != load.records)
        give_up("not everything was delivered within two minutes");
    measure.say(load.records * load.value_bytes);
}

void consume(const client_load& load) {
    auto consumer = client::make_consumer({{"bootstrap.servers", load.bootstrap},
                                           {"group.id", "client-bench"},
                                           {"auto.offset.reset", "earliest"},
                                           {"enable.auto.commit", "false"},
                                           {"check.crcs", check_crcs()},
                                           {"max.poll.records", "1000"}});
    if (!consumer)
        give_up(consumer.failure().detail);
    std::set<client::partition_name> partitions;
    for (int p = 0; p < load.partitions; ++p)
        partitions.insert({load.topic, p});
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
    const load_measure measure;
    if (auto assigned = consumer->assign(partitions); !assigned)
        give_up(assigned.failure().detail);
    while (records < load.records) {
        const auto some = consumer->poll(std::chrono::seconds(1));
        if (!some)
            give_up(some.failure().detail);
        records += some->size();
        for (const auto& one : *some)
            bytes += one.value ? one.value->size() : 0;
    }
    measure.say(bytes);
}

} // namespace
} // namespace barnabas::bench

int main(int count, char** words) {
    const auto load = barnabas::bench::told(count, words);
    load.produce ? barnabas::bench::produce(load) : barnabas::bench::consume(load);
}
