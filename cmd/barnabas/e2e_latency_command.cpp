#include "actors/client/application/record_consumer.hpp"
#include "cmd/barnabas/cluster_tool.hpp"
#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/json_text.hpp"
#include "cmd/barnabas/producer_tool.hpp"
#include "cmd/barnabas/tools/kafka_tool.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <random>

// `barnabas e2e-latency`, which is Kafka's kafka-e2e-latency.sh.
namespace barnabas {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::array e2e_latency_options{
    tools::bootstrap_server,
    cli::option{"topic", "NAME", "The topic to use; made with one partition if it is not there. Required."},
    cli::option{"num-records", "COUNT", "How many records, one after the other. Required."},
    cli::option{"producer-acks", "ACKS", "Who must have a record: 1 or all. Required."},
    cli::option{"record-size", "BYTES", "Bytes of each value. Required."},
    cli::option{"record-key-size", "BYTES", "Bytes of each key; 0: no key.", "0"},
    cli::option{"num-headers", "COUNT", "Headers of each record.", "0"},
    cli::option{"record-header-key-size", "BYTES", "Bytes of each header's key.", "0"},
    cli::option{"record-header-size", "BYTES", "Bytes of each header's value; -1: null.", "0"},
    cli::option{"command-config", "FILE", "Properties of all clients, in Kafka's own keys."},
    tools::output_format,
    tools::zookeeper,
    tools::version,
};

constexpr std::string_view e2e_latency_notes =
    "Sends a record, waits until it is read again, sends the next; shows how long that takes. Options and\n"
    "output are those of Kafka's kafka-e2e-latency.sh; its old form without names of options works as well.\n"
    "\n"
    "Examples:\n"
    "  barnabas e2e-latency --bootstrap-server localhost:9092 --topic t --num-records 10000 \\\n"
    "                       --producer-acks all --record-size 100\n"
    "  barnabas e2e-latency localhost:9092 t 10000 all 100\n";

constexpr std::string_view old_form_sentence =
    "WARNING: Positional argument usage is deprecated and will be removed in Apache Kafka 5.0. Please use "
    "named arguments instead: --bootstrap-server, --topic, --num-records, --producer-acks, --record-size, "
    "--command-config\n";

/// In the order of the old form.
constexpr std::array<std::string_view, 6> names_in_order{"bootstrap-server", "topic",       "num-records",
                                                         "producer-acks",    "record-size", "command-config"};
constexpr std::size_t required_names = 5;

bool is_old_form(const cli::parsed_options& options) {
    return std::none_of(names_in_order.begin(), names_in_order.begin() + required_names,
                        [&](auto name) { return options.has(name); });
}

/// By name, or by place in the old form.
std::optional<std::string> value_of(const cli::parsed_options& options, std::string_view name) {
    if (!is_old_form(options))
        return options.value(name);
    const auto place = static_cast<std::size_t>(
        std::find(names_in_order.begin(), names_in_order.end(), name) - names_in_order.begin());
    const auto& given = options.positionals();
    return place < given.size() && !given[place].empty() ? std::optional(given[place]) : options.value(name);
}

std::optional<std::int64_t> size_of(const cli::parsed_options& options, std::string_view name) {
    return tools::whole_number(value_of(options, name).value_or(""));
}

std::optional<std::string> find_e2e_misuse(const cli::parsed_options& options) {
    const auto given = options.positionals().size();
    if (is_old_form(options) && given < required_names)
        return "Invalid number of arguments. Expected 5 or 6 positional arguments, but got " +
               std::to_string(given) +
               ". Usage: bootstrap-server topic num-records producer-acks record-size [optional] "
               "command-config";
    if (!is_old_form(options) && given > 0)
        return "'" + options.positionals().front() + "' is no option; name all of them";
    for (std::size_t i = 0; i < required_names; ++i)
        if (!value_of(options, names_in_order[i]))
            return "Missing required argument \"[" + std::string(names_in_order[i]) + "]\"";
    if (const auto count = size_of(options, "num-records"); !count || *count < 1)
        return "Value for --num-records must be a positive integer.";
    for (const auto* name : {"record-size", "record-key-size", "num-headers", "record-header-key-size"})
        if (const auto size = size_of(options, name); !size || *size < 0 || *size > INT32_MAX)
            return std::string("Value for --") + name + " must be a non-negative integer.";
    if (const auto size = size_of(options, "record-header-size"); !size || *size < -1 || *size > INT32_MAX)
        return "Value for --record-header-size must be a non-negative integer or -1 for null.";
    if (const auto acks = value_of(options, "producer-acks"); acks != "1" && acks != "all")
        return "Invalid value for --producer-acks. Latency testing requires synchronous acknowledgement. "
               "Please use '1' or 'all'.";
    return std::nullopt;
}

/// The keys of all three clients.
result<client::properties> common_keys(const cli::parsed_options& options) {
    client::properties keys;
    if (const auto path = value_of(options, "command-config"))
        if (const auto read = add_file(*path, keys); !read)
            return read.failure();
    keys["bootstrap.servers"] = *value_of(options, "bootstrap-server");
    // What only a consumer has is a producer's as well: of Kafka's, and passed over.
    return without_unknown_keys(client_kind::producer, std::move(keys));
}

/// The topic's partitions; it is made if it is not there.
result<std::set<client::partition_name>> partitions_of(const std::string& topic,
                                                       const client::properties& keys) {
    auto cluster = connect_tool(keys_of_every_client(keys));
    if (!cluster)
        return cluster.failure();
    const auto& calls = cluster->admin_calls();
    const auto told = calls.describe_topics({topic}).get().at(topic);
    std::set<client::partition_name> names;
    if (told) {
        for (const auto& one : told->partitions)
            names.insert({topic, one.partition});
        return names;
    }
    if (told.code() != errc::unknown_topic_or_partition)
        return told.failure();
    std::printf("Topic \"%s\" does not exist. Will create topic with 1 partition(s) and replication factor = "
                "1\n",
                topic.c_str());
    const auto made = calls.create_topics({{topic, 1, 1, {}, {}}}).get().at(topic);
    if (!made)
        return error{made.code(), "Creation of topic " + topic + " failed: " + made.failure().detail};
    names.insert({topic, 0});
    return names;
}

/// A record of letters, another letter for each part of it.
class drawn_record {
public:
    explicit drawn_record(const cli::parsed_options& options)
        : topic_(*value_of(options, "topic")), value_size_(*size_of(options, "record-size")),
          key_size_(*size_of(options, "record-key-size")),
          header_key_size_(*size_of(options, "record-header-key-size")),
          header_size_(*size_of(options, "record-header-size")),
          headers_(static_cast<std::size_t>(*size_of(options, "num-headers"))) {}

    client::producer_record draw() {
        key_ = letters(key_size_);
        value_ = letters(value_size_);
        shown_headers_.clear();
        for (auto& one : headers_) {
            one = {letters(header_key_size_), letters(header_size_)};
            shown_headers_.push_back(
                {one.first, header_size_ < 0 ? std::nullopt : std::optional<std::string_view>(one.second)});
        }
        client::producer_record made{topic_, std::nullopt, value_, shown_headers_};
        if (key_size_ > 0)
            made.key = key_;
        return made;
    }

    /// What differs in the only record of the set; nothing when it is the drawn one.
    std::optional<std::string> difference_from(const client::record_set& read) const {
        const auto& one = read[0];
        if (client::text_of(one.value) != value_)
            return "The message value read [" + std::string(client::text_of(one.value)) +
                   "] did not match the message value sent [" + value_ + "]";
        if (one.key.has_value() != (key_size_ > 0) || client::text_of(one.key) != key_)
            return "The message key read [" + std::string(client::text_of(one.key, "null")) +
                   "] did not match the message key sent [" + key_ + "]";
        const auto headers = read.headers_of(one);
        if (headers.size() != shown_headers_.size())
            return "Header count mismatch between sent and received messages";
        for (std::size_t i = 0; i < headers.size(); ++i)
            if (headers[i].key != shown_headers_[i].key ||
                headers[i].value.has_value() != shown_headers_[i].value.has_value() ||
                client::text_of(headers[i].value) != shown_headers_[i].value.value_or(""))
                return "The message header read [" + std::string(headers[i].key) +
                       "] did not match the message header sent [" + std::string(shown_headers_[i].key) + "]";
        if (read.size() != 1)
            return "Only one result was expected during this test. We found [" + std::to_string(read.size()) +
                   "]";
        return std::nullopt;
    }

private:
    std::string letters(std::int64_t size) {
        const auto letter = static_cast<char>('A' + draws_() % 26);
        return std::string(static_cast<std::size_t>(std::max<std::int64_t>(size, 0)), letter);
    }

    std::string topic_;
    std::int64_t value_size_;
    std::int64_t key_size_;
    std::int64_t header_key_size_;
    std::int64_t header_size_;
    std::string key_;
    std::string value_;
    std::vector<std::pair<std::string, std::string>> headers_;
    std::vector<client::record_header> shown_headers_;
    std::mt19937 draws_{0};
};

/// How long a record may take.
constexpr std::chrono::milliseconds poll_most{60'000};

/// Reads at the end of all partitions from now on.
result<void> begin_at_end(client::record_consumer& consumer,
                          const std::set<client::partition_name>& partitions) {
    if (const auto assigned = consumer.assign(partitions); !assigned)
        return assigned;
    for (const auto& name : partitions)
        if (const auto moved = consumer.seek_to_time(name, client::offset_times::latest); !moved)
            return moved;
    const auto deadline = clock::now() + poll_most;
    for (const auto& name : partitions)
        while (!consumer.position(name)) {
            constexpr std::chrono::milliseconds look_up{20};
            if (const auto polled = consumer.poll(look_up); !polled)
                return polled.failure();
            if (clock::now() > deadline)
                return error{errc::request_timed_out,
                             "the end of " + to_string(name) + " could not be found out in 60 s"};
        }
    return {};
}

/// Sends the record and reads it again.
result<std::chrono::nanoseconds> turn(client::record_producer& producer, client::record_consumer& consumer,
                                      drawn_record& record) {
    const auto drawn = record.draw();
    const auto begun = clock::now();
    const auto report = producer.send_later(drawn).get();
    if (!report.ok())
        return report.why;
    while (true) {
        const auto read = consumer.poll(poll_most);
        const auto elapsed = clock::now() - begun;
        if (!read)
            return read.failure();
        if (read->empty() && elapsed < poll_most)
            continue;
        if (read->empty())
            return error{errc::request_timed_out,
                         "poll() timed out before finding a result (timeout:[60000ms])"};
        if (const auto difference = record.difference_from(*read))
            return error{errc::invalid_record, *difference};
        return elapsed;
    }
}

double in_ms(std::chrono::nanoseconds time) {
    return std::chrono::duration<double, std::milli>(time).count();
}

tools::said shown(std::vector<std::chrono::nanoseconds> latencies, bool json) {
    std::chrono::nanoseconds all{};
    for (const auto one : latencies)
        all += one;
    const auto average = in_ms(all) / static_cast<double>(latencies.size());
    std::sort(latencies.begin(), latencies.end());
    const auto part = [&](double of) {
        return latencies[static_cast<std::size_t>(static_cast<double>(latencies.size()) * of)];
    };
    const std::array<std::chrono::nanoseconds, 3> parts{part(0.5), part(0.99), part(0.999)};
    if (json)
        return {json_object()
                        .add("records", latencies.size())
                        .add("avgLatencyMs", average)
                        .add("p50LatencyMs", in_ms(parts[0]))
                        .add("p99LatencyMs", in_ms(parts[1]))
                        .add("p999LatencyMs", in_ms(parts[2]))
                        .text() +
                    "\n",
                {}};
    std::array<char, 160> text{};
    std::snprintf(text.data(), text.size(),
                  "Avg latency: %.4f ms\nPercentiles: 50th = %d, 99th = %d, 99.9th = %d\n", average,
                  static_cast<int>(in_ms(parts[0])), static_cast<int>(in_ms(parts[1])),
                  static_cast<int>(in_ms(parts[2])));
    return {text.data(), {}};
}

result<tools::said> measure(const cli::parsed_options& options) {
    if (is_old_form(options))
        std::fputs(old_form_sentence.data(), stdout);
    const auto keys = common_keys(options);
    if (!keys)
        return keys.failure();
    const auto partitions = partitions_of(*value_of(options, "topic"), *keys);
    if (!partitions)
        return partitions.failure();
    auto producer_keys = *keys, consumer_keys = *keys;
    producer_keys["linger.ms"] = "0";
    producer_keys["acks"] = *value_of(options, "producer-acks");
    consumer_keys["auto.offset.reset"] = "latest";
    // Both are made from one file: what only the other uses is no mistake.
    std::vector<std::string> unused_by_producer, unused_by_consumer, unused;
    client::application_options sending;
    sending.on_trouble = say_trouble;
    sending.on_unused_keys = [&](const auto& keys_of_file) { unused_by_producer = keys_of_file; };
    auto producer = client::make_producer(producer_keys, std::move(sending));
    client::record_consumer_options handling;
    handling.on_trouble = say_trouble;
    handling.on_unused_keys = [&](const auto& keys_of_file) { unused_by_consumer = keys_of_file; };
    auto consumer = client::make_consumer(consumer_keys, std::move(handling));
    if (!producer || !consumer)
        return !producer ? producer.failure() : consumer.failure();
    std::set_intersection(unused_by_producer.begin(), unused_by_producer.end(), unused_by_consumer.begin(),
                          unused_by_consumer.end(), std::back_inserter(unused));
    if (!unused.empty())
        say_unused_keys(unused);
    if (const auto begun = begin_at_end(*consumer, *partitions); !begun)
        return begun.failure();
    drawn_record record(options);
    std::vector<std::chrono::nanoseconds> latencies;
    const bool json = tools::wants_json(options);
    for (std::int64_t i = 0; i < *size_of(options, "num-records"); ++i) {
        const auto elapsed = turn(*producer, *consumer, record);
        if (!elapsed)
            return elapsed.failure();
        latencies.push_back(*elapsed);
        constexpr std::int64_t told_every = 1000;
        if (i % told_every == 0 && !json) {
            std::printf("%lld\t%s\n", static_cast<long long>(i), number_text(in_ms(*elapsed)).c_str());
            std::fflush(stdout);
        }
    }
    return shown(std::move(latencies), json);
}

} // namespace

const cli::command& e2e_latency_command() {
    static const cli::command command = {
        "e2e-latency",       "Measures how long records take from a producer to a consumer.",
        e2e_latency_options, {"[SERVERS]", "[TOPIC]", "[COUNT]", "[ACKS]", "[BYTES]", "[FILE]"},
        e2e_latency_notes,   true};
    return command;
}

int run_e2e_latency(const cli::parsed_options& options) {
    return tools::run_tool({"e2e-latency", find_e2e_misuse, measure, "barnabas e2e-latency: "}, options);
}

} // namespace barnabas
