// The load of the client benchmark through librdkafka, by the calls that its documentation names as the
// fastest.
#include "tests/bench/process/client_load.hpp"

#include <librdkafka/rdkafka.h>

#include <array>
#include <vector>

namespace barnabas::bench {
namespace {

std::uint64_t delivered = 0;

void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        give_up(std::string("not delivered: ") + rd_kafka_err2str(message->err));
    ++delivered;
}

void set(rd_kafka_conf_t* settings, const char* key, const char* value) {
    std::array<char, 512> why{};
    if (rd_kafka_conf_set(settings, key, value, why.data(), why.size()) != RD_KAFKA_CONF_OK)
        give_up(why.data());
}

rd_kafka_t* client_of(rd_kafka_type_t type, rd_kafka_conf_t* settings) {
    std::array<char, 512> why{};
    auto* client = rd_kafka_new(type, settings, why.data(), why.size());
    if (client == nullptr)
        give_up(why.data());
    return client;
}

void produce(const client_load& load) {
    auto* settings = rd_kafka_conf_new();
    set(settings, "bootstrap.servers", load.bootstrap.c_str());
    for (const auto& [key, value] : common_settings)
        set(settings, key, value);
    // Its own bounds on a batch and on the queue are lower than what the bytes allow.
    set(settings, "batch.num.messages", "100000");
    set(settings, "queue.buffering.max.messages", "1000000");
    rd_kafka_conf_set_dr_msg_cb(settings, on_delivery);
    auto* client = client_of(RD_KAFKA_PRODUCER, settings);
    auto* topic = rd_kafka_topic_new(client, load.topic.c_str(), nullptr);
    std::vector<char> value(load.value_bytes, 'v');
    const load_measure measure;
    for (std::uint64_t n = 0; n < load.records; ++n) {
        const auto partition =
            static_cast<std::int32_t>(n / 1000 % static_cast<std::uint64_t>(load.partitions));
        while (rd_kafka_produce(topic, partition, RD_KAFKA_MSG_F_COPY, value.data(), value.size(), nullptr, 0,
                                nullptr) != 0) {
            if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
                give_up(rd_kafka_err2str(rd_kafka_last_error()));
            rd_kafka_poll(client, 10);
        }
        if (n % 1000 == 0)
            rd_kafka_poll(client, 0);
    }
    if (rd_kafka_flush(client, 120000) != RD_KAFKA_RESP_ERR_NO_ERROR || delivered != load.records)
        give_up("not everything was delivered within two minutes");
    measure.say(load.records * load.value_bytes);
}

rd_kafka_queue_t* assigned_queue(rd_kafka_t* client, const client_load& load) {
    auto* partitions = rd_kafka_topic_partition_list_new(load.partitions);
    for (int p = 0; p < load.partitions; ++p)
        rd_kafka_topic_partition_list_add(partitions, load.topic.c_str(), p)->offset =
            RD_KAFKA_OFFSET_BEGINNING;
    if (rd_kafka_assign(client, partitions) != RD_KAFKA_RESP_ERR_NO_ERROR)
        give_up("the partitions cannot be assigned");
    rd_kafka_topic_partition_list_destroy(partitions);
    return rd_kafka_queue_get_consumer(client);
}

void consume(const client_load& load) {
    auto* settings = rd_kafka_conf_new();
    set(settings, "bootstrap.servers", load.bootstrap.c_str());
    set(settings, "group.id", "client-bench");
    set(settings, "enable.auto.commit", "false");
    set(settings, "check.crcs", check_crcs().c_str());
    auto* client = client_of(RD_KAFKA_CONSUMER, settings);
    rd_kafka_poll_set_consumer(client);
    std::array<rd_kafka_message_t*, 1000> messages{};
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
    const load_measure measure;
    auto* queue = assigned_queue(client, load);
    while (records < load.records) {
        const auto count = rd_kafka_consume_batch_queue(queue, 1000, messages.data(), messages.size());
        for (ssize_t n = 0; n < count; ++n) {
            const auto* message = messages[static_cast<std::size_t>(n)];
            if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
                ++records;
                bytes += message->len;
            }
            rd_kafka_message_destroy(messages[static_cast<std::size_t>(n)]);
        }
    }
    measure.say(bytes);
}

} // namespace
} // namespace barnabas::bench

int main(int count, char** words) {
    const auto load = barnabas::bench::told(count, words);
    load.produce ? barnabas::bench::produce(load) : barnabas::bench::consume(load);
    // What is left in the client's threads is not waited for: the figure is said.
    std::fflush(stdout);
    std::_Exit(0);
}
