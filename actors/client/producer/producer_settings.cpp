#include "actors/client/producer/producer_settings.hpp"

#include "actors/client/cluster/key_table.hpp"
#include "actors/client/limits.hpp"
#include "protocol/batch/compression.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace barnabas::client {

namespace {

constexpr std::array<key_row, 19> producer_rows{{
    {{"acks", "all", "Who must have a record before it counts as written: 0, 1 or all."},
     config_type::string,
     one_of("all -1 0 1")},
    {{"enable.idempotence", "true", "Repetitions are written once, and in order. Needs acks=all."},
     config_type::boolean,
     {}},
    {{"max.in.flight.requests.per.connection", "5", "Requests without an answer, per broker."},
     config_type::int32,
     between(1, int32_most)},
    {{"batch.size", "16384", "Bytes of a batch; a larger record gets a batch of its own."},
     config_type::int32,
     between(0, int32_most)},
    {{"linger.ms", "5", "How long a batch waits for more records."},
     config_type::int64,
     between(0, int64_most)},
    {{"max.request.size", "1048576", "The largest request, and the largest record."},
     config_type::int32,
     between(0, int32_most)},
    {{"buffer.memory", "33554432", "Bytes of records that wait for their answers."},
     config_type::int64,
     between(0, int64_most)},
    {{"max.block.ms", "60000", "How long to wait for room in the buffer, and for a topic to be known."},
     config_type::int64,
     between(0, int64_most)},
    {{"delivery.timeout.ms", "120000", "How long a record may take in all."},
     config_type::int32,
     between(0, int32_most)},
    {{"retries", "2147483647", "How often a batch is sent again after errors that may pass."},
     config_type::int32,
     between(0, int32_most)},
    {{"compression.type", "none", "How batches are compressed."},
     config_type::string,
     one_of("none gzip snappy lz4 zstd")},
    {{"compression.gzip.level", "-1", "1 (fast) to 9 (small), or -1."},
     config_type::int32,
     between_or(1, 9, -1)},
    {{"compression.lz4.level", "9", "1 to 17."}, config_type::int32, between(1, 17)},
    {{"compression.zstd.level", "3", "-131072 (fast) to 22 (small)."},
     config_type::int32,
     between(-131072, 22)},
    {{"partitioner.class", "",
      "Empty for Kafka's default, or org.apache.kafka.clients.producer.RoundRobinPartitioner."},
     config_type::string,
     {}},
    {{"partitioner.ignore.keys", "false", "Keys do not choose the partition."}, config_type::boolean, {}},
    {{"partitioner.adaptive.partitioning.enable", "true",
      "Records without a key avoid partitions whose queue is long."},
     config_type::boolean,
     {}},
    {{"metadata.max.idle.ms", "300000", "A topic without records is no longer asked for after this long."},
     config_type::int64,
     between(5000, int64_most)},
    {{"partitioner.availability.timeout.ms", "0", "Only 0."}, config_type::int64, between(0, 0)},
}};

constexpr auto keys_of_producers = keys_of(producer_rows);

/// What librdkafka calls some of them.
constexpr std::array<other_name, 9> other_producer_names{{
    {"queue.buffering.max.ms", "here it is linger.ms"},
    {"queue.buffering.max.kbytes", "here it is buffer.memory, in bytes"},
    {"queue.buffering.max.messages", "here buffer.memory bounds what waits, in bytes"},
    {"compression.codec", "here it is compression.type"},
    {"request.required.acks", "here it is acks"},
    {"message.send.max.retries", "here it is retries"},
    {"message.timeout.ms", "here it is delivery.timeout.ms"},
    {"message.max.bytes", "here it is max.request.size"},
    {"max.in.flight", "here it is max.in.flight.requests.per.connection"},
}};

error unknown_to_producers(std::string_view given) {
    std::vector<std::string_view> names;
    for (const auto& key : keys_of_producers)
        names.push_back(key.name);
    for (const auto& key : client_keys())
        names.push_back(key.name);
    const bool own = std::any_of(other_producer_names.begin(), other_producer_names.end(),
                                 [given](const auto& one) { return one.name == given; });
    const auto others = own ? std::span<const other_name>(other_producer_names) : other_names_of_clients();
    return unknown_key("producer", given, others, names);
}

/// Of Kafka's producer, and without it the program would not do what it says.
constexpr std::string_view transactions_key = "transactional.id";

result<void> take_partitioner(const key_values& read, producer_settings& made) {
    constexpr std::string_view round_robin = "org.apache.kafka.clients.producer.RoundRobinPartitioner";
    const auto& name = read.at("partitioner.class").text;
    made.ignore_keys = read.at("partitioner.ignore.keys").boolean;
    made.adaptive = read.at("partitioner.adaptive.partitioning.enable").boolean;
    made.round_robin = name == round_robin;
    if (made.round_robin || name.empty())
        return {};
    return wrong_key("partitioner.class=" + name +
                     ": this producer loads no Java classes; without the key it has Kafka's default "
                     "partitioner, besides that " +
                     std::string(round_robin) + "; for any other, give each record its partition");
}

bool is_client_key(std::string_view name) {
    const auto all = client_keys();
    return name != "default.api.timeout.ms" &&
           std::any_of(all.begin(), all.end(), [&](const auto& key) { return key.name == name; });
}

using properties_map = std::map<std::string, std::string>;

batch::codec codec_of(std::string_view name) {
    constexpr std::array<std::string_view, 5> names{"none", "gzip", "snappy", "lz4", "zstd"};
    const auto found = std::find(names.begin(), names.end(), name);
    return static_cast<batch::codec>(found - names.begin());
}

std::optional<int> level_of(batch::codec codec, const key_values& read) {
    switch (codec) {
    case batch::codec::gzip: return static_cast<int>(read.at("compression.gzip.level").number);
    case batch::codec::lz4: return static_cast<int>(read.at("compression.lz4.level").number);
    case batch::codec::zstd: return static_cast<int>(read.at("compression.zstd.level").number);
    default: return std::nullopt;
    }
}

/// Idempotence asks for things that a program may have said otherwise: then it is off, unless it was asked
/// for in so many words.
result<bool> idempotence_of(const producer_settings& made, const key_values& read,
                            const properties_map& properties) {
    if (!read.at("enable.idempotence").boolean)
        return false;
    const bool asked = properties.contains("enable.idempotence");
    if (made.in_flight_max > limits::idempotent_in_flight_max)
        return wrong_key("max.in.flight.requests.per.connection is at most 5 with enable.idempotence=true");
    if (made.acks != -1 && asked)
        return wrong_key("enable.idempotence=true needs acks=all");
    if (made.retries == 0 && asked)
        return wrong_key("enable.idempotence=true needs retries above 0");
    return made.acks == -1 && made.retries > 0;
}

/// What must fit together.
result<void> check_times(producer_settings& made, const properties_map& properties) {
    const auto least = made.linger_ns + made.cluster.request_timeout_ns;
    if (made.delivery_timeout_ns >= least)
        return {};
    if (properties.contains("delivery.timeout.ms"))
        return wrong_key("delivery.timeout.ms is below linger.ms + request.timeout.ms");
    made.delivery_timeout_ns = least;
    return {};
}

} // namespace

std::span<const client_key> producer_keys() {
    return keys_of_producers;
}

bool is_used_by_producers(std::string_view name) {
    return is_among(producer_rows, name) || is_client_key(name);
}

result<producer_settings> read_producer_settings(const properties_map& properties) {
    if (const auto safe = check_security(properties); !safe)
        return safe.failure();
    properties_map of_cluster;
    for (const auto& [name, value] : properties) {
        if (is_among(producer_rows, name))
            continue;
        if (is_client_key(name))
            of_cluster[name] = value;
        else if (name == transactions_key)
            return wrong_key("transactional.id: this producer has no transactions yet");
        else if (!is_key_of_kafka(name))
            return unknown_to_producers(name);
    }
    of_cluster.try_emplace("client.id", "barnabas-producer");
    of_cluster.try_emplace("connections.max.idle.ms", "540000");
    of_cluster["retries"] = "0";
    auto cluster = read_settings(of_cluster);
    if (!cluster)
        return cluster.failure();
    const auto read = read_key_values(producer_rows, properties);
    if (!read)
        return read.failure();
    const auto ns = [&](std::string_view key) { return nanoseconds_of(*read, key); };
    const auto count = [&](std::string_view key) { return static_cast<std::size_t>(read->at(key).number); };
    producer_settings made;
    made.cluster = std::move(*cluster);
    const auto& acks = read->at("acks").text;
    made.acks = static_cast<std::int16_t>(acks == "0" ? 0 : acks == "1" ? 1 : -1);
    made.in_flight_max = count("max.in.flight.requests.per.connection");
    made.batch_bytes = count("batch.size");
    made.linger_ns = ns("linger.ms");
    made.request_bytes_max = count("max.request.size");
    made.buffer_bytes = count("buffer.memory");
    made.max_block_ns = ns("max.block.ms");
    made.topic_idle_ns = ns("metadata.max.idle.ms");
    made.delivery_timeout_ns = ns("delivery.timeout.ms");
    made.retries = read->at("retries").number;
    made.compression = codec_of(read->at("compression.type").text);
    made.compression_level = level_of(made.compression, *read);
    if (const auto taken = take_partitioner(*read, made); !taken)
        return taken.failure();
    const auto idempotent = idempotence_of(made, *read, properties);
    if (!idempotent)
        return idempotent.failure();
    made.idempotent = *idempotent;
    if (const auto fits = check_times(made, properties); !fits)
        return fits.failure();
    return made;
}

} // namespace barnabas::client
