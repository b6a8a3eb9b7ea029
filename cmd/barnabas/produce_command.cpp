#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/line_input.hpp"
#include "cmd/barnabas/producer_tool.hpp"
#include "cmd/barnabas/tools/kafka_tool.hpp"

#include <array>
#include <atomic>
#include <cstdio>

namespace barnabas {

namespace {

constexpr std::array produce_options{
    cli::option{"bootstrap-server", "HOST:PORT,...", "Brokers to begin with.", "localhost:9092", false, false,
                'b'},
    cli::option{"key", "KEY", "The key of every record.", {}, false, false, 'k'},
    cli::option{"key-separator", "TEXT", "A line is a key, this, and a value.", {}, false, false, 'K'},
    cli::option{"header", "KEY=VALUE", "A header of every record.", {}, true, false, 'H'},
    cli::option{
        "partition", "NUMBER", "The partition; by the key, or any, if not given.", {}, false, false, 'p'},
    cli::option{"compression", "CODEC", "none, gzip, snappy, lz4 or zstd.", "none", false, false, 'z'},
    cli::option{
        "property", "KEY=VALUE", "A property of the producer, in Kafka's own keys.", {}, true, false, 'X'},
    cli::option{"command-config", "FILE", "Properties of the producer."},
    cli::option{"quiet", "", "Say nothing of records that were delivered.", {}, false, false, 'q'},
    cli::option{"output", "FORMAT", "text or json.", "text"},
};

constexpr std::string_view produce_notes =
    "Each line of standard input is a record. The exit status is 1 when some record was not delivered.\n"
    "\n"
    "Examples:\n"
    "  echo hello | barnabas produce greetings\n"
    "  barnabas produce orders -K : < orders.txt\n";

constexpr int exit_ok = 0;
constexpr int exit_failed = 1;

int fail(const error& why, bool json = false) {
    if (json)
        return tools::print({tools::error_json(why), {}, exit_failed});
    std::fprintf(stderr, "%s produce: %s\n", program_name, why.detail.c_str());
    return exit_failed;
}

result<text_map> keys_of(const cli::parsed_options& options) {
    text_map keys{{"client.id", "barnabas-produce"}, {"compression.type", *options.value("compression")}};
    if (const auto added = add_given_keys(options, {"command-config"}, {"property"}, keys); !added)
        return added.failure();
    keys["bootstrap.servers"] = *options.value("bootstrap-server");
    return keys;
}

/// What is the same for every record.
struct shape {
    std::string topic;
    std::optional<std::string> key;
    std::optional<std::string> separator;
    std::vector<std::pair<std::string, std::string>> headers;
    std::optional<std::int32_t> partition;
    bool json = false;
    bool quiet = false;
};

result<shape> shape_of(const cli::parsed_options& options) {
    shape made;
    made.topic = options.positionals().front();
    made.key = options.value("key");
    made.separator = options.value("key-separator");
    made.json = options.value("output") == "json";
    made.quiet = options.has("quiet");
    // In the order given; a key may be there several times.
    for (const auto& one : options.values("header")) {
        const auto sign = one.find('=');
        if (sign == std::string::npos || sign == 0)
            return error{errc::invalid_request, "--header " + one + ": expected is KEY=VALUE"};
        made.headers.emplace_back(one.substr(0, sign), one.substr(sign + 1));
    }
    if (options.has("partition")) {
        const auto number = options.number("partition", 0, INT32_MAX);
        if (!number)
            return number.failure();
        made.partition = static_cast<std::int32_t>(*number);
    }
    if (const auto format = *options.value("output"); format != "text" && format != "json")
        return error{errc::invalid_request, "--output=" + format + ": allowed are text and json"};
    if (made.separator && made.separator->empty())
        return error{errc::invalid_request, "--key-separator is empty"};
    return made;
}

void show(const client::delivery_report& report, const shape& how) {
    if (!report.ok() && !how.json) {
        std::fprintf(stderr, "%s produce: %s\n", program_name, report.why.detail.c_str());
        return;
    }
    if (how.quiet && report.ok())
        return;
    if (!how.json) {
        std::printf("Produced to partition %d at offset %lld with timestamp %lld.\n", report.partition,
                    static_cast<long long>(report.offset), static_cast<long long>(report.timestamp_ms));
        return;
    }
    std::fputs(report_json(report).c_str(), stdout);
}

/// How many were not delivered.
std::uint64_t produce_lines(client::record_producer& producer, const shape& how) {
    std::vector<client::record_header> headers;
    for (const auto& [key, value] : how.headers)
        headers.push_back({key, value});
    line_input input;
    std::string line;
    // A record that is not taken is told of on this thread, any other on the producer's.
    std::atomic<std::uint64_t> failed{0};
    for (std::uint64_t number = 1; input.next(line); ++number) {
        client::producer_record record{how.topic, how.key, line, headers, how.partition};
        if (how.separator) {
            const auto end = line.find(*how.separator);
            if (end == std::string::npos) {
                fail({errc::invalid_record, "No key separator '" + *how.separator +
                                                "' found on line number " + std::to_string(number) + ": '" +
                                                line + "'; what stood before it was sent"},
                     how.json);
                ++failed;
                break;
            }
            record.key = std::string_view(line).substr(0, end);
            record.value = std::string_view(line).substr(end + how.separator->size());
        }
        producer.send(record, [&](const client::delivery_report& report) {
            failed += report.ok() ? 0 : 1;
            show(report, how);
        });
        if (input.is_idle())
            producer.flush(std::chrono::milliseconds(0));
    }
    producer.close();
    return failed;
}

} // namespace

const cli::command& produce_command() {
    static const cli::command command = {
        "produce", "Sends lines as records.", produce_options, {"TOPIC"}, produce_notes};
    return command;
}

int run_produce(const cli::parsed_options& options) {
    const auto how = shape_of(options);
    if (!how)
        return fail(how.failure());
    auto keys = keys_of(options);
    if (!keys)
        return fail(keys.failure(), how->json);
    choose_batch_size(how->topic, *keys);
    auto producer = connect_producer(*keys);
    if (!producer)
        return fail(producer.failure(), how->json);
    return produce_lines(*producer, *how) == 0 ? exit_ok : exit_failed;
}

} // namespace barnabas
