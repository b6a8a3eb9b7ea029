#include "cmd/barnabas/cluster_tool.hpp"
#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/json_text.hpp"
#include "cmd/barnabas/latency_stats.hpp"
#include "cmd/barnabas/producer_tool.hpp"
#include "cmd/barnabas/tools/kafka_tool.hpp"

#include <array>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <random>

namespace barnabas {

namespace {

constexpr std::array producer_perf_options{
    cli::option{"topic", "NAME", "The topic to produce to."},
    cli::option{"num-records", "COUNT", "How many records."},
    cli::option{"record-size", "BYTES", "Bytes of each value."},
    cli::option{"payload-file", "FILE", "Values are lines of this file instead, drawn by chance."},
    cli::option{"payload-delimiter", "TEXT", "What stands between values in that file.", "\\n"},
    cli::option{"payload-monotonic", "", "Values are the numbers of the records instead."},
    cli::option{"throughput", "COUNT", "Records a second at most; -1: as fast as it goes."},
    cli::option{"bootstrap-server", "HOST:PORT,...", "Brokers to begin with."},
    cli::option{
        "command-property", "KEY=VALUE...", "Properties of the producer, in Kafka's own keys.", {}, true},
    cli::option{"producer-props", "KEY=VALUE...", "The same, by its name before Kafka 4.2.", {}, true},
    cli::option{"command-config", "FILE", "Properties of the producer."},
    cli::option{"producer.config", "FILE", "The same, by its name before Kafka 4.2."},
    cli::option{"print-metrics", "", "Show the producer's metrics at the end."},
    cli::option{"reporting-interval", "MS", "A line is printed so often.", "5000"},
    cli::option{"warmup-records", "COUNT", "So many first records are told apart at the end.", "0"},
    cli::option{"transactional-id", "ID", "Refused: this producer has no transactions yet."},
    cli::option{"transaction-duration-ms", "MS", "Refused: this producer has no transactions yet."},
    tools::output_format,
    tools::zookeeper,
    tools::version,
};

constexpr std::string_view producer_perf_notes =
    "Options, output and exit status are those of Kafka's kafka-producer-perf-test.sh.\n"
    "\n"
    "Example:\n"
    "  barnabas producer-perf-test --topic t --num-records 1000000 --record-size 100 --throughput -1 "
    "--producer-props bootstrap.servers=localhost:9092 acks=all\n";

using tools::wrong;

constexpr std::int64_t most = INT64_MAX;

struct plan {
    std::string topic;
    std::int64_t records = 0;
    std::int64_t throughput = -1;
    std::int64_t warmup = 0;
    std::chrono::milliseconds interval{0};
    bool monotonic = false;
    bool json = false;
    std::vector<std::string> payloads;
};

result<std::vector<std::string>> read_payloads(const std::string& path, std::string delimiter) {
    std::ifstream file(path, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (delimiter == "\\n")
        delimiter = "\n";
    if (delimiter.empty())
        return wrong("--payload-delimiter is empty: where would a payload end?");
    std::vector<std::string> payloads;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find(delimiter, at), text.size());
        payloads.push_back(text.substr(at, end - at));
        at = end + delimiter.size();
    }
    if (payloads.empty())
        return wrong("File does not exist or empty file provided: " + path);
    return payloads;
}

/// Capital letters, as Kafka's tool sends; always the same ones.
std::string letters(std::int64_t size) {
    std::mt19937 draws(0);
    std::string text;
    while (static_cast<std::int64_t>(text.size()) < size)
        text += static_cast<char>('A' + draws() % 26);
    return text;
}

result<void> read_values(const cli::parsed_options& options, plan& made) {
    made.monotonic = options.has("payload-monotonic");
    const auto sources = options.has("record-size") + options.has("payload-file") + made.monotonic;
    if (sources != 1)
        return wrong("one of the arguments --record-size --payload-file --payload-monotonic is required");
    if (options.has("payload-file")) {
        auto payloads = read_payloads(*options.value("payload-file"), *options.value("payload-delimiter"));
        if (!payloads)
            return payloads.failure();
        made.payloads = std::move(*payloads);
    }
    if (options.has("record-size")) {
        const auto size = options.number("record-size", 1, INT32_MAX);
        if (!size)
            return size.failure();
        made.payloads.push_back(letters(*size));
    }
    return {};
}

result<plan> plan_of(const cli::parsed_options& options) {
    plan made;
    made.topic = *options.value("topic");
    const auto records = options.number("num-records", 1, most);
    const auto throughput = options.number("throughput", -1, most);
    const auto warmup = options.number("warmup-records", 0, most);
    const auto interval = options.number("reporting-interval", 1, INT32_MAX);
    for (const auto* number : {&records, &throughput, &warmup, &interval})
        if (!*number)
            return number->failure();
    if (*warmup >= *records)
        return wrong(
            "The value for --warmup-records must be strictly fewer than the number of records in the "
            "test, --num-records.");
    made.records = *records;
    made.throughput = *throughput;
    made.warmup = *warmup;
    made.interval = std::chrono::milliseconds(*interval);
    made.json = tools::wants_json(options);
    if (const auto done = read_values(options, made); !done)
        return done.failure();
    return made;
}

result<text_map> keys_of(const cli::parsed_options& options) {
    text_map keys{{"client.id", "perf-producer-client"}};
    if (const auto added = add_given_keys(options, {"producer.config", "command-config"},
                                          {"producer-props", "command-property"}, keys);
        !added)
        return added.failure();
    if (const auto servers = options.value("bootstrap-server"))
        keys["bootstrap.servers"] = *servers;
    if (!keys.contains("bootstrap.servers"))
        return wrong("one of --bootstrap-server and --producer-props bootstrap.servers=... is required");
    return keys;
}

/// What failed, said once each: thousands of records may fail for one reason. Used by the sending thread and
/// the producer's.
class failure_tally {
public:
    void add(const error& why) {
        const std::lock_guard lock(mutex_);
        auto& [count, sentence] = tally_[why.code];
        if (++count > 1)
            return;
        sentence = why.detail;
        std::fprintf(stderr, "%s\n", sentence.c_str());
    }
    void say_counts() const {
        const std::lock_guard lock(mutex_);
        for (const auto& [code, one] : tally_)
            if (one.first > 1)
                std::fprintf(stderr, "%lld records were not delivered: %s\n",
                             static_cast<long long>(one.first), one.second.c_str());
    }

private:
    mutable std::mutex mutex_;
    std::map<errc, std::pair<std::int64_t, std::string>> tally_;
};

struct perf_run {
    latency_stats all;
    std::unique_ptr<latency_stats> steady;
    failure_tally failures;
};

void send_all(client::record_producer& producer, const plan& what, perf_run& run) {
    std::mt19937 draws(0);
    const throttle pace(what.throughput);
    std::string number;
    for (std::int64_t i = 0; i < what.records; ++i) {
        std::string_view value;
        if (what.monotonic)
            value = number = std::to_string(i);
        else
            value = what.payloads[what.payloads.size() == 1 ? 0 : draws() % what.payloads.size()];
        if (i == what.warmup && i > 0)
            run.steady =
                std::make_unique<latency_stats>(what.records - what.warmup, what.interval, what.json);
        auto* stats = run.steady != nullptr ? run.steady.get() : &run.all;
        const auto started = latency_stats::clock::now();
        producer.send({what.topic, std::nullopt, value},
                      [stats, &run, started, bytes = value.size()](const client::delivery_report& report) {
                          if (!report.ok()) {
                              run.failures.add(report.why);
                              return run.all.on_failed();
                          }
                          run.all.on_delivered(started, bytes);
                          if (stats != &run.all)
                              stats->on_delivered(started, bytes);
                      });
        pace.wait(i + 1);
    }
}

using metric_rows = std::vector<std::pair<const char*, double>>;

metric_rows rows_of(const client::producer_metrics& metrics) {
    const auto batches = static_cast<double>(std::max<std::uint64_t>(metrics.batches, 1));
    return {
        {"batch-size-avg", static_cast<double>(metrics.batch_bytes) / batches},
        {"compression-rate-avg", static_cast<double>(metrics.batch_bytes) /
                                     static_cast<double>(std::max<std::uint64_t>(metrics.record_bytes, 1))},
        {"record-error-total", static_cast<double>(metrics.record_errors)},
        {"record-queue-time-avg", static_cast<double>(metrics.queue_time_ns) / batches / 1e6},
        {"record-queue-time-max", static_cast<double>(metrics.queue_time_ns_max) / 1e6},
        {"record-retry-total", static_cast<double>(metrics.record_retries)},
        {"record-send-total", static_cast<double>(metrics.records_sent)},
        {"request-total", static_cast<double>(metrics.requests)}};
}

void print_metrics(const metric_rows& rows, const std::string& client, bool json) {
    if (json) {
        json_object metrics;
        for (const auto& [name, value] : rows)
            metrics.add(name, value);
        std::printf("%s\n", json_object().add("kind", "metrics").add("metrics", metrics).text().c_str());
        return;
    }
    const auto shown = [&](const char* name) {
        return std::string("producer-metrics:") + name + ":{client-id=" + client + "}";
    };
    std::size_t widest = 0;
    for (const auto& [name, value] : rows)
        widest = std::max(widest, shown(name).size());
    std::printf("\n%s   Value\n", tools::padded("Metric Name", widest).c_str());
    for (const auto& [name, value] : rows)
        std::printf("%s : %.3f\n", tools::padded(shown(name), widest).c_str(), value);
}

/// The interval lines are printed while records are sent, so nothing is left to say.
result<tools::said> measure(const cli::parsed_options& options) {
    const auto what = plan_of(options);
    if (!what)
        return what.failure();
    say_renamed(options, renamed_words::of_producer_perf, "producer-props", "command-property");
    say_renamed(options, renamed_words::of_producer_perf, "producer.config", "command-config");
    const auto keys = keys_of(options);
    if (!keys)
        return keys.failure();
    auto producer = connect_producer(*keys);
    if (!producer)
        return producer.failure();
    perf_run run{{what->records, what->interval, what->json}, nullptr, {}};
    send_all(*producer, *what, run);
    producer->flush();
    run.failures.say_counts();
    run.all.print_total(false);
    if (run.steady != nullptr)
        run.steady->print_total(true);
    if (options.has("print-metrics"))
        print_metrics(rows_of(producer->metrics()), keys->at("client.id"), what->json);
    producer->close();
    return tools::said{};
}

std::optional<std::string> find_misuse(const cli::parsed_options& options) {
    for (const auto* name : {"topic", "num-records", "throughput"})
        if (!options.has(name))
            return "argument --" + std::string(name) + " is required";
    for (const auto* name : {"transactional-id", "transaction-duration-ms"})
        if (options.has(name))
            return "--" + std::string(name) + ": this producer has no transactions yet";
    return std::nullopt;
}

} // namespace

const cli::command& producer_perf_command() {
    static const cli::command command = {"producer-perf-test",  "Measures how fast records are produced.",
                                         producer_perf_options, {},
                                         producer_perf_notes,   true};
    return command;
}

int run_producer_perf(const cli::parsed_options& options) {
    return tools::run_tool({"producer-perf-test", find_misuse, measure, "barnabas producer-perf-test: "},
                           options);
}

} // namespace barnabas
