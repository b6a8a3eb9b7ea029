#include "actors/client/application/record_consumer.hpp"
#include "cmd/barnabas/cluster_tool.hpp"
#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/json_text.hpp"
#include "cmd/barnabas/tools/kafka_tool.hpp"
#include "cmd/barnabas/topic_pattern.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <random>

// `barnabas consumer-perf-test`, which is Kafka's kafka-consumer-perf-test.sh.
namespace barnabas {

namespace {

using clock = std::chrono::system_clock;
using milliseconds = std::chrono::milliseconds;

constexpr std::array perf_options{
    cli::option{"bootstrap-server", "HOST:PORT,...", "Brokers to begin with. Required."},
    cli::option{"broker-list", "HOST:PORT,...", "The old name of --bootstrap-server."},
    cli::option{"topic", "NAME", "The topic to read."},
    cli::option{"include", "PATTERN", "Topics that the regular expression matches."},
    cli::option{"num-records", "COUNT", "How many records to read. Required."},
    cli::option{"messages", "COUNT", "The old name of --num-records."},
    cli::option{"group", "NAME", "The group to be a member of; without it one that nobody else has."},
    cli::option{"fetch-size", "BYTES", "How much to fetch of a partition at a time.", "1048576"},
    cli::option{"from-latest", "",
                "Begin at the end when the group has no offset yet, else at the first record."},
    cli::option{"timeout", "MS", "How long no record may come.", "10000"},
    cli::option{"reporting-interval", "MS", "Time between lines of --show-detailed-stats.", "5000"},
    cli::option{"show-detailed-stats", "", "A line for every interval."},
    cli::option{"hide-header", "", "Without the line of names."},
    cli::option{"print-metrics", "", "Refused: this consumer keeps no metrics yet."},
    cli::option{"socket-buffer-size", "BYTES", "Accepted; the system chooses."},
    cli::option{"threads", "COUNT", "Accepted; of no effect in Kafka either."},
    cli::option{"num-fetch-threads", "COUNT", "Accepted; of no effect in Kafka either."},
    cli::option{
        "command-property", "NAME=VALUE", "A property of the consumer, in Kafka's own keys.", {}, true},
    cli::option{"command-config", "FILE", "Properties of the consumer."},
    cli::option{"consumer.config", "FILE", "The old name of --command-config."},
    tools::output_format,
    tools::zookeeper,
    tools::version,
};

constexpr std::string_view perf_notes =
    "Options and output are those of Kafka's kafka-consumer-perf-test.sh.\n"
    "\n"
    "Example:\n"
    "  barnabas consumer-perf-test --bootstrap-server localhost:9092 --topic orders --num-records 1000000\n";

constexpr double bytes_per_mb = 1024.0 * 1024.0;
constexpr double ms_per_second = 1000.0;

struct perf_wishes {
    client::properties keys;
    std::int64_t records = 0;
    milliseconds timeout{};
    milliseconds interval{};
    bool detailed = false;
    bool json = false;
    std::optional<topic_pattern> pattern;
};

/// Local time as "yyyy-MM-dd HH:mm:ss:SSS".
std::string time_text(clock::time_point at) {
    const auto seconds = clock::to_time_t(at);
    std::tm parts{};
    localtime_r(&seconds, &parts);
    std::array<char, 32> text{};
    const auto size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
    const auto ms = std::chrono::duration_cast<milliseconds>(at.time_since_epoch()).count() % 1000;
    std::array<char, 8> tail{};
    std::snprintf(tail.data(), tail.size(), ":%03d", static_cast<int>(ms));
    return std::string(text.data(), size) + tail.data();
}

double per_second(double amount, milliseconds time) {
    return time.count() <= 0 ? 0.0 : amount * ms_per_second / static_cast<double>(time.count());
}

milliseconds between(clock::time_point from, clock::time_point to) {
    return std::chrono::duration_cast<milliseconds>(to - from);
}

double megabytes_of(std::size_t bytes) {
    return static_cast<double>(bytes) / bytes_per_mb;
}

std::int64_t ms_of(clock::time_point at) {
    return std::chrono::duration_cast<milliseconds>(at.time_since_epoch()).count();
}

/// What was read between two times, part of which went into joining the group.
struct span {
    clock::time_point from;
    clock::time_point to;
    milliseconds joining;
    std::int64_t records;
    std::size_t bytes;

    milliseconds time() const { return between(from, to); }
    milliseconds fetching() const { return time() - joining; }
    double megabytes_per_second() const { return per_second(megabytes_of(bytes), time()); }
    double records_per_second() const { return per_second(static_cast<double>(records), time()); }

    /// The last four columns.
    std::string fetching_text() const {
        std::array<char, 128> text{};
        std::snprintf(text.data(), text.size(), "%lld, %lld, %.4f, %.4f",
                      static_cast<long long>(joining.count()), static_cast<long long>(fetching().count()),
                      per_second(megabytes_of(bytes), fetching()),
                      per_second(static_cast<double>(records), fetching()));
        return text.data();
    }
    json_object as_json(const char* kind) const {
        return json_object()
            .add("kind", kind)
            .add("startMs", ms_of(from))
            .add("endMs", ms_of(to))
            .add("megabytes", megabytes_of(bytes))
            .add("megabytesPerSecond", megabytes_per_second())
            .add("records", records)
            .add("recordsPerSecond", records_per_second())
            .add("rebalanceMs", joining.count())
            .add("fetchMs", fetching().count())
            .add("fetchMegabytesPerSecond", per_second(megabytes_of(bytes), fetching()))
            .add("fetchRecordsPerSecond", per_second(static_cast<double>(records), fetching()));
    }
};

/// What was read, in all and since the last line.
class perf_meter {
public:
    void begin(clock::time_point now) { started_ = told_at_ = rebalancing_since_ = now; }
    void on_rebalance(const client::rebalance_event& event) {
        const auto now = clock::now();
        if (event.what != client::rebalance_event::kind::assigned) {
            rebalancing_since_ = now;
            return;
        }
        joining_ += between(rebalancing_since_, now);
        joining_told_ += between(rebalancing_since_, now);
    }
    void add(const client::record_set& set) {
        for (const auto& one : set)
            bytes_ += (one.key ? one.key->size() : 0) + (one.value ? one.value->size() : 0);
        records_ += static_cast<std::int64_t>(set.size());
    }
    std::int64_t records() const noexcept { return records_; }
    clock::time_point told_at() const noexcept { return told_at_; }

    void tell_interval(clock::time_point now, bool json) {
        span of{told_at_, now, joining_told_, records_ - told_records_, bytes_ - told_bytes_};
        if (json)
            std::printf("%s\n", of.as_json("interval").text().c_str());
        else
            std::printf("%s, 0, %.4f, %.4f, %lld, %.4f, %s\n", time_text(now).c_str(), megabytes_of(bytes_),
                        of.megabytes_per_second(), static_cast<long long>(records_), of.records_per_second(),
                        of.fetching_text().c_str());
        std::fflush(stdout);
        told_at_ = now;
        told_bytes_ = bytes_;
        told_records_ = records_;
        joining_told_ = {};
    }
    void tell_all(clock::time_point now, bool json) const {
        const span of{started_, now, joining_, records_, bytes_};
        if (json)
            std::printf("%s\n", of.as_json("total").text().c_str());
        else
            std::printf("%s, %s, %.4f, %.4f, %lld, %.4f, %s\n", time_text(started_).c_str(),
                        time_text(now).c_str(), megabytes_of(bytes_), of.megabytes_per_second(),
                        static_cast<long long>(records_), of.records_per_second(),
                        of.fetching_text().c_str());
    }

private:
    clock::time_point started_;
    clock::time_point told_at_;
    clock::time_point rebalancing_since_;
    milliseconds joining_{};
    milliseconds joining_told_{};
    std::size_t bytes_ = 0;
    std::size_t told_bytes_ = 0;
    std::int64_t records_ = 0;
    std::int64_t told_records_ = 0;
};

std::optional<std::string> find_misuse(const cli::parsed_options& options) {
    if (!options.has("bootstrap-server") && !options.has("broker-list"))
        return "Missing required argument \"[bootstrap-server]\"";
    if (options.has("topic") == options.has("include"))
        return "Exactly one of --include/--topic is required.";
    if (options.has("num-records") == options.has("messages"))
        return "Exactly one of --num-records/--messages is required.";
    if (options.has("print-metrics"))
        return "--print-metrics: this consumer keeps no metrics yet; --show-detailed-stats tells how it "
               "reads";
    return find_clash(options, "command-config", {"consumer.config"});
}

result<client::properties> keys_of(const cli::parsed_options& options) {
    client::properties keys{{"client.id", "perf-consumer-client"}, {"check.crcs", "false"}};
    for (const auto* name : {"command-config", "consumer.config"})
        if (const auto path = options.value(name)) {
            const auto given = file_properties(*path);
            if (!given)
                return given.failure();
            for (const auto& [key, value] : *given)
                keys[key] = value;
        }
    for (const auto& one : options.values("command-property")) {
        const auto sign = one.find('=');
        keys[one.substr(0, sign)] = sign == std::string::npos ? "" : one.substr(sign + 1);
    }
    constexpr unsigned names = 100'000;
    keys["bootstrap.servers"] =
        *options.value(options.has("bootstrap-server") ? "bootstrap-server" : "broker-list");
    keys["group.id"] =
        options.value("group").value_or("perf-consumer-" + std::to_string(std::random_device()() % names));
    keys["auto.offset.reset"] = options.has("from-latest") ? "latest" : "earliest";
    keys["max.partition.fetch.bytes"] = *options.value("fetch-size");
    return without_unknown_keys(client_kind::consumer, std::move(keys));
}

result<perf_wishes> wishes_of(const cli::parsed_options& options) {
    perf_wishes wishes;
    auto keys = keys_of(options);
    if (!keys)
        return keys.failure();
    wishes.keys = std::move(*keys);
    constexpr std::int64_t most = INT32_MAX;
    const auto records =
        options.number(options.has("num-records") ? "num-records" : "messages", 1, INT64_MAX);
    const auto timeout = options.number("timeout", 1, most);
    const auto interval = options.number("reporting-interval", 1, most);
    for (const auto* one : {&records, &timeout, &interval})
        if (!*one)
            return one->failure();
    wishes.records = *records;
    wishes.timeout = milliseconds(*timeout);
    wishes.interval = milliseconds(*interval);
    wishes.detailed = options.has("show-detailed-stats");
    wishes.json = tools::wants_json(options);
    if (const auto text = options.value("include")) {
        auto pattern = topic_pattern::parse(*text);
        if (!pattern)
            return pattern.failure();
        wishes.pattern = std::move(*pattern);
    }
    return wishes;
}

void print_header(bool detailed) {
    std::printf("%s, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, "
                "fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec\n",
                detailed ? "time, threadId" : "start.time, end.time");
}

result<void> read_all(client::record_consumer& consumer, const perf_wishes& wishes, perf_meter& meter) {
    constexpr milliseconds look_up{100};
    auto last = clock::now();
    while (meter.records() < wishes.records) {
        const auto records = consumer.poll(look_up);
        if (auto gave_up = wishes.pattern ? wishes.pattern->trouble() : std::nullopt)
            return std::move(*gave_up);
        if (!records)
            return records.failure();
        const auto now = clock::now();
        meter.add(*records);
        if (!records->empty())
            last = now;
        if (wishes.detailed && now - meter.told_at() >= wishes.interval)
            meter.tell_interval(now, wishes.json);
        if (now - last <= wishes.timeout)
            continue;
        std::fprintf(wishes.json ? stderr : stdout,
                     "WARNING: Exiting before consuming the expected number of messages: timeout (%lld ms) "
                     "exceeded. You can use the --timeout option to increase the timeout.\n",
                     static_cast<long long>(wishes.timeout.count()));
        return {};
    }
    return {};
}

result<void> subscribe(client::record_consumer& consumer, const cli::parsed_options& options,
                       const perf_wishes& wishes) {
    if (const auto topic = options.value("topic"))
        return consumer.subscribe({*topic});
    return consumer.subscribe_matching(
        [pattern = *wishes.pattern](const std::string& name) { return pattern.matches(name); });
}

/// Lines are printed while records are read, so nothing is left to say.
result<tools::said> measure(const cli::parsed_options& options) {
    const auto wishes = wishes_of(options);
    if (!wishes)
        return wishes.failure();
    say_renamed(options, renamed_words::of_consumer_perf, "messages", "num-records");
    say_renamed(options, renamed_words::of_consumer_perf, "consumer.config", "command-config");
    perf_meter meter;
    client::record_consumer_options handling;
    handling.on_rebalance = [&meter](const client::rebalance_event& event) { meter.on_rebalance(event); };
    handling.on_trouble = say_trouble;
    handling.on_unused_keys = say_unused_keys;
    auto consumer = client::make_consumer(wishes->keys, std::move(handling));
    if (!consumer)
        return consumer.failure();
    if (!options.has("hide-header") && !wishes->json)
        print_header(wishes->detailed);
    meter.begin(clock::now());
    auto done = subscribe(*consumer, options, *wishes);
    if (done)
        done = read_all(*consumer, *wishes, meter);
    if (!done)
        return done.failure();
    if (!wishes->detailed || wishes->json)
        meter.tell_all(clock::now(), wishes->json);
    consumer->close();
    return tools::said{};
}

} // namespace

const cli::command& consumer_perf_command() {
    static const cli::command command = {
        "consumer-perf-test", "Measures how fast records are read.", perf_options, {}, perf_notes, true};
    return command;
}

int run_consumer_perf(const cli::parsed_options& options) {
    return tools::run_tool({"consumer-perf-test", find_misuse, measure, "barnabas consumer-perf-test: "},
                           options);
}

} // namespace barnabas
