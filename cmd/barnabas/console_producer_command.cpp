#include "cmd/barnabas/cluster_tool.hpp"
#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/line_input.hpp"
#include "cmd/barnabas/producer_tool.hpp"
#include "cmd/barnabas/record_lines.hpp"
#include "cmd/barnabas/tools/kafka_tool.hpp"

#include <array>
#include <cstdio>

namespace barnabas {

namespace {

constexpr std::array console_producer_options{
    cli::option{"topic", "NAME", "The topic to produce to."},
    cli::option{"bootstrap-server", "HOST:PORT,...", "Brokers to begin with."},
    cli::option{"broker-list", "HOST:PORT,...", "The same, by its name before Kafka 2.5."},
    cli::option{"sync", "", "Wait for each record's answer before the next is read."},
    cli::option{"compression-codec",
                "[CODEC]",
                "none, gzip, snappy, lz4 or zstd; gzip if none is named.",
                {},
                false,
                false,
                0,
                "gzip"},
    cli::option{"batch-size", "BYTES", "Bytes of a batch; 262144 if the topic takes it, else 16384."},
    cli::option{"max-partition-memory-bytes", "BYTES", "The same, by its name before Kafka 4.2."},
    cli::option{"message-send-max-retries", "COUNT", "How often a batch is sent again.", "3"},
    cli::option{"retry-backoff-ms", "MS", "Pause before it is.", "100"},
    cli::option{"timeout", "MS", "How long a batch waits for more records while there is input.", "1000"},
    cli::option{"request-required-acks", "ACKS", "0, 1 or all (-1).", "-1"},
    cli::option{"request-timeout-ms", "MS", "How long to wait for a broker's answer.", "1500"},
    cli::option{"metadata-expiry-ms", "MS", "After how long leaders are asked for anew.", "300000"},
    cli::option{"max-block-ms", "MS", "How long to wait for a topic, and for room in the buffer.", "60000"},
    cli::option{"max-memory-bytes", "BYTES", "Bytes of records that wait for their answers.", "33554432"},
    cli::option{"socket-buffer-size", "BYTES", "Accepted; the system chooses.", "102400"},
    cli::option{"line-reader", "CLASS", "Accepted for Kafka's own LineMessageReader."},
    cli::option{"reader-config", "FILE", "Reader properties."},
    cli::option{"reader-property",
                "KEY=VALUE",
                "How lines are read: parse.key, key.separator, parse.headers, headers.delimiter, "
                "headers.separator, headers.key.separator, null.marker, ignore.error.",
                {},
                true},
    cli::option{"property", "KEY=VALUE", "The same, by its name before Kafka 4.2.", {}, true},
    cli::option{
        "command-property", "KEY=VALUE", "A property of the producer, in Kafka's own keys.", {}, true},
    cli::option{"producer-property", "KEY=VALUE", "The same, by its name before Kafka 4.2.", {}, true},
    cli::option{"command-config", "FILE", "Properties of the producer."},
    cli::option{"producer.config", "FILE", "The same, by its name before Kafka 4.2."},
    cli::option{"output", "FORMAT", "text, as Kafka's tool, or json: a line for each record.", "text"},
    cli::option{"version", "", "Show the version."},
};

constexpr std::string_view console_producer_notes =
    "Options, output and exit status are those of Kafka's kafka-console-producer.sh. Each line of standard "
    "input is a record.\nWhile nothing more is to be read, records do not wait for --timeout.\n"
    "\n"
    "Examples:\n"
    "  barnabas console-producer --bootstrap-server localhost:9092 --topic orders\n"
    "  barnabas console-producer --bootstrap-server localhost:9092 --topic orders --property parse.key=true "
    "--property key.separator=:\n";

constexpr int exit_ok = 0;
constexpr int exit_failed = 1;

/// Options that stand for a key of the producer: their defaults give way to --command-property.
struct key_row {
    std::string_view option;
    const char* key;
};
constexpr std::array<key_row, 8> key_rows{{{"message-send-max-retries", "retries"},
                                           {"retry-backoff-ms", "retry.backoff.ms"},
                                           {"timeout", "linger.ms"},
                                           {"request-required-acks", "acks"},
                                           {"request-timeout-ms", "request.timeout.ms"},
                                           {"metadata-expiry-ms", "metadata.max.age.ms"},
                                           {"max-block-ms", "max.block.ms"},
                                           {"max-memory-bytes", "buffer.memory"}}};

std::string_view given_name(const cli::parsed_options& options, std::string_view now,
                            std::string_view before) {
    return !options.has(now) && options.has(before) ? before : now;
}

result<text_map> producer_keys_of(const cli::parsed_options& options) {
    text_map keys{{"client.id", "console-producer"}};
    // Only one of both names is given.
    if (const auto added = add_given_keys(options, {"command-config", "producer.config"},
                                          {"producer-property", "command-property"}, keys);
        !added)
        return added.failure();
    for (const auto& row : key_rows)
        if (options.has(row.option) || !keys.contains(row.key))
            keys[row.key] = *options.value(row.option);
    if (const auto bytes = options.value(given_name(options, "batch-size", "max-partition-memory-bytes")))
        keys["batch.size"] = *bytes;
    if (const auto codec = options.value("compression-codec"))
        keys["compression.type"] = *codec;
    const auto servers = options.value(given_name(options, "bootstrap-server", "broker-list"));
    keys["bootstrap.servers"] = *servers;
    return keys;
}

result<record_lines> reader_of(const cli::parsed_options& options) {
    text_map properties;
    if (const auto file = options.value("reader-config"))
        if (const auto read = add_file(*file, properties); !read)
            return read.failure();
    for (const auto* name : {"property", "reader-property"}) {
        const auto pairs = parse_pairs(name, options.values(name));
        if (!pairs)
            return pairs.failure();
        for (const auto& [key, value] : *pairs)
            properties[key] = value;
    }
    return record_lines::from(properties);
}

std::optional<std::string> find_misuse(const cli::parsed_options& options) {
    if (const auto format = options.value("output"); format != "text" && format != "json")
        return "--output=" + *format + ": allowed are text and json";
    if (!options.has("topic"))
        return "Missing required argument \"[topic]\"";
    if (!options.has("bootstrap-server") && !options.has("broker-list"))
        return "Missing required argument \"[bootstrap-server]\"";
    if (auto clash = find_clash(options, "broker-list", {"bootstrap-server"}))
        return clash;
    if (auto clash = find_clash(options, "command-config", {"producer.config"}))
        return clash;
    if (auto clash = find_clash(options, "batch-size", {"max-partition-memory-bytes"}))
        return clash;
    if (options.has("line-reader") && !options.value("line-reader")->ends_with("LineMessageReader"))
        return "--line-reader " + *options.value("line-reader") +
               ": classes cannot be loaded here; lines are read as Kafka's LineMessageReader does";
    return std::nullopt;
}

void warn_of_old_names(const cli::parsed_options& options) {
    say_renamed(options, renamed_words::of_most, "property", "reader-property");
    say_renamed(options, renamed_words::of_most, "producer-property", "command-property");
    say_renamed(options, renamed_words::of_most, "producer.config", "command-config");
    say_renamed(options, renamed_words::of_most, "max-partition-memory-bytes", "batch-size");
}

std::string size_of(const std::optional<std::string_view>& text) {
    return text ? std::to_string(text->size()) + " bytes" : "null";
}

/// What is said of a record that was not delivered.
client::delivery_callback complaint_about(const client::producer_record& record) {
    return [key = size_of(record.key), value = size_of(record.value)](const client::delivery_report& report) {
        if (!report.ok())
            std::fprintf(stderr,
                         "ERROR Error when sending message to topic %s with key: %s, value: %s with error: "
                         "%s\n",
                         report.topic.c_str(), key.c_str(), value.c_str(), report.why.detail.c_str());
    };
}

void print_report(const client::delivery_report& report) {
    std::fputs(report_json(report).c_str(), stdout);
}

int fail(const error& why, bool json) {
    if (json)
        return tools::print({tools::error_json(why), {}, exit_failed});
    std::fprintf(stderr, "%s console-producer: %s\n", program_name, why.detail.c_str());
    return exit_failed;
}

int produce_lines(client::record_producer& producer, record_lines& reader,
                  const cli::parsed_options& options) {
    const auto topic = *options.value("topic");
    const bool waits = options.has("sync");
    const bool json = tools::wants_json(options);
    const bool console = line_input::is_console() && !json;
    line_input input;
    std::string line;
    while (true) {
        if (console)
            std::printf(">"), std::fflush(stdout);
        if (!input.next(line))
            return exit_ok;
        const auto record = reader.read(topic, line);
        if (!record)
            return fail(record.failure(), json);
        if (waits) {
            const auto report = producer.send_later(*record).get();
            if (json)
                print_report(report);
            if (!report.ok())
                return json ? exit_failed : fail(report.why, json);
            continue;
        }
        producer.send(*record, json ? client::delivery_callback(print_report) : complaint_about(*record));
        if (input.is_idle())
            producer.flush(std::chrono::milliseconds(0));
    }
}

} // namespace

const cli::command& console_producer_command() {
    static const cli::command command = {
        "console-producer",       "Sends lines as records, as kafka-console-producer.sh.",
        console_producer_options, {},
        console_producer_notes,   true};
    return command;
}

int run_console_producer(const cli::parsed_options& options) {
    if (options.has("version")) {
        std::printf("%s\n", BARNABAS_VERSION);
        return exit_ok;
    }
    if (const auto misuse = find_misuse(options)) {
        std::fprintf(stderr, "%s console-producer: %s (see --help)\n", program_name, misuse->c_str());
        return exit_failed;
    }
    const bool json = tools::wants_json(options);
    if (!json)
        warn_of_old_names(options);
    std::fflush(stdout);
    auto reader = reader_of(options);
    if (!reader)
        return fail(reader.failure(), json);
    auto keys = producer_keys_of(options);
    if (!keys)
        return fail(keys.failure(), json);
    choose_batch_size(*options.value("topic"), *keys);
    auto producer = connect_producer(*keys);
    if (!producer)
        return fail(producer.failure(), json);
    const int status = produce_lines(*producer, *reader, options);
    producer->close();
    return status;
}

} // namespace barnabas
